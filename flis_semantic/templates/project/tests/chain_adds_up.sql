-- Every row of a delivery is somewhere, and nowhere twice. What is left over here was lost or counted double by our code.
with

chain as (
    select
        contract,
        delivery_id,
        max(rows) filter (where stage = 'delivered') as delivered,
        max(rows) filter (where stage = 'set_aside') as set_aside,
        max(rows) filter (where stage = 'accepted') as accepted,
        max(rows) filter (where stage = 'superseded') as superseded,
        max(rows) filter (where stage = 'landed') as landed,
        max(rows) filter (where stage = 'control') as control,
        max(rows) filter (where stage = 'staged') as staged,
        max(rows) filter (where stage = 'unmapped') as unmapped,
        max(rows) filter (where stage = 'mart') as mart
    from {{ ref('quality_chain') }}
    group by contract, delivery_id
)

select *
from chain
where
    delivered <> accepted + set_aside
    or accepted <> landed + superseded
    or landed <> staged + control
    or staged <> mart + unmapped
