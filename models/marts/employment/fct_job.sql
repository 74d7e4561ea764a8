{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_bes_job') }}
    where action = 'set_aside' and line_number is not null
)

select
    {{ municipality_key('staged.municipality_code') }} as municipality_key,
    staged.month_key,
    staged.person_key,
    staged.paid_hours,
    staged.paid_amount,
    staged.is_subsidised,
    staged.delivery_id,
    staged.line_number
from {{ ref('stg_employment__job') }} as staged
anti join left_out on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
order by staged.month_key, municipality_key
