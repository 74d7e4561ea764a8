{{ config(materialized='partitioned', meta={'partition': {'part': 'source', 'whole': 'inherited'}}) }}
select
    source,
    series,
    base_grain,
    starts_key,
    due_key,
    starts_date,
    data_to,
    extracted_at,
    synthetic
from {{ source('landing_zone', 'source_status') }}
order by source, series
