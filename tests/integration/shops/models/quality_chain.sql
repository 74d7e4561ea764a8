with stages as (
    select contract, delivery_id, outcome as stage, sum(row_count) as row_count
    from {{ source('landing_zone', 'row_outcomes') }} group by all
    union all
    select 'ledger', delivery_id, 'staged', count(*) from {{ source('landing', 'ledger') }} group by all
    union all
    select contract, delivery_id, 'left_out', count(distinct line_number) from {{ ref('quality_ledger') }} where action = 'set_aside' group by all
    union all
    select 'ledger', delivery_id, 'mart', count(*) from {{ ref('fct_ledger') }} group by all
)

select contract, delivery_id, stage, cast(row_count as bigint) as rows from stages
