with

deliveries as (
    select *
    from {{ source('landing_zone', 'deliveries') }}
    where verdict in ('accepted', 'accepted_with_warnings')
),

ledger_rows as (
    select contract, delivery_id, 'delivered' as stage, rows_delivered as row_count from deliveries
    union all
    select contract, delivery_id, 'set_aside' as stage, rows_set_aside as row_count from deliveries
    union all
    select contract, delivery_id, 'accepted' as stage, rows_accepted as row_count from deliveries
    union all
    select contract, delivery_id, outcome as stage, row_count
    from {{ source('landing_zone', 'row_outcomes') }}
),

counted as (
    select contract, delivery_id, stage, sum(row_count) as row_count
    from (
        select * from ledger_rows
        union all
        select contract, delivery_id, stage, row_count from {{ ref('quality_chain_counted') }}
        union all
        select contract, delivery_id, stage, row_count from {{ ref('quality_chain_counted_lines') }}
    ) as rows_at_stages
    group by contract, delivery_id, stage
)

-- Every stage of every delivery has a row, so that a stage without rows reads 0 and is not absent.
select
    deliveries.contract,
    deliveries.delivery_id,
    stages.stage,
    cast(coalesce(counted.row_count, 0) as bigint) as rows
from deliveries
cross join (
    values
    ('delivered'), ('set_aside'), ('accepted'), ('superseded'), ('waiting'), ('deleted'), ('landed'), ('control'), ('staged'),
    ('left_out'), ('unmapped'), ('mart')
) as stages (stage)
left join counted
    on
        deliveries.contract = counted.contract
        and deliveries.delivery_id = counted.delivery_id
        and stages.stage = counted.stage
order by deliveries.contract, deliveries.delivery_id, stages.stage
