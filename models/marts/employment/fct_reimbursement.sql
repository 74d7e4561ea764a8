{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_bes_refusion') }}
    where action = 'set_aside' and line_number is not null
)

select
    {{ municipality_key('staged.municipality_code') }} as municipality_key,
    staged.month_key,
    staged.person_key,
    benefit.benefit_key,
    staged.step as reimbursement_step,
    staged.seniority_weeks,
    staged.entitled_amount,
    staged.reimbursed_amount,
    staged.week_start_date,
    staged.registered_at,
    staged.delivery_id,
    staged.line_number
from {{ ref('stg_employment__reimbursement') }} as staged
anti join left_out on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
left join {{ ref('benefits') }} as benefit on staged.source_code = benefit.source_code
order by staged.month_key, municipality_key
