{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    year_key,
    labour_force_count,
    delivery_id,
    line_number
from {{ ref('stg_employment__labour_force') }}
order by municipality_key, year_key
