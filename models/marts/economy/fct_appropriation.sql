{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
-- Supplementary appropriations: what changed the budget. No figure adds them; quality reconciles them with the revised budget.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_oko_budget') }}
    where action = 'set_aside' and line_number is not null
)

select
    {{ municipality_key('staged.municipality_code') }} as municipality_key,
    staged.year_key,
    {{ account_columns() }},
    staged.amount,
    staged.in_force_from as decided_date,
    staged.delivery_id,
    staged.line_number
from {{ ref('stg_economy__budget') }} as staged
anti join left_out
    on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
where staged.source_version = 'tillaegsbevilling'
order by year_key, municipality_key, decided_date
