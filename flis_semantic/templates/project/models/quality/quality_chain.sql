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
    select
        contract,
        delivery_id,
        case when is_active then 'landed' else 'superseded' end as stage,
        sum(row_count) as row_count
    from {{ source('landing_zone', 'partitions') }}
    group by contract, delivery_id, is_active
),

-- A row per delivered row and table: add a branch for each contract.
staged as (
    select
        'visits' as contract,
        delivery_id
    from {{ ref('stg_libraries__visits') }}
),

-- A branch for each mart.
mart_rows as (
    select
        'visits' as contract,
        delivery_id,
        source_row_count
    from {{ ref('fct_visits') }}
),

counted as (
    select * from ledger_rows
    union all
    select contract, delivery_id, 'staged' as stage, count(*) as row_count from staged group by contract, delivery_id
    union all
    select contract, delivery_id, 'mart' as stage, sum(source_row_count) as row_count from mart_rows group by contract, delivery_id
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
    ('delivered'), ('set_aside'), ('accepted'), ('superseded'), ('landed'), ('control'), ('staged'), ('unmapped'), ('mart')
) as stages (stage)
left join counted
    on
        deliveries.contract = counted.contract
        and deliveries.delivery_id = counted.delivery_id
        and stages.stage = counted.stage
order by deliveries.contract, deliveries.delivery_id, stages.stage
