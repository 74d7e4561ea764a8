{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'quarter': 'quarter_key'}}) }}
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    quarter_key,
    {{ flis_project.quarter_start('quarter_key') }} as status_date,
    'frozen' as vintage,
    population_count,
    delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_citizens__population') }}
order by quarter_key, municipality_key
