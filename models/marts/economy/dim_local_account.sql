{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_ref_kontoplan_lokal') }}
    where action = 'set_aside' and line_number is not null
)

select
    {{ municipality_key('staged.municipality_code') }} as municipality_key,
    staged.account_year as year_key,
    staged.local_account_code,
    staged.local_account_name,
    staged.function_key,
    staged.dranst,
    staged.grouping,
    staged.art_key,
    staged.valid_from,
    staged.valid_to,
    staged.delivery_id,
    staged.line_number
from {{ ref('stg_economy__local_account') }} as staged
anti join left_out
    on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
order by year_key, municipality_key, local_account_code
