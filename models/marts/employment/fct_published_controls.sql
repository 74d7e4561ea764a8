{{ config(materialized='partitioned', meta={'partition': {'month': 'base_period_key'}}) }}
select
    'bes_jobindsats' as source,
    series,
    source_category,
    'country' as area_level,
    control_code as area_code,
    month_key as base_period_key,
    published_value,
    delivery_id
from {{ ref('stg_employment__labour_market_controls') }}
order by series, base_period_key, source_category
