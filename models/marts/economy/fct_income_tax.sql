{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    year_key,
    income_tax_rate_pct,
    tax_base_dkk,
    delivery_id,
    line_number
from {{ ref('stg_economy__income_tax') }}
order by municipality_key, year_key
