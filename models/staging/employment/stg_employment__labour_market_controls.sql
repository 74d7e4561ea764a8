select
    unit_code as control_code,
    base_period_key as month_key,
    series,
    kategori as source_category,
    cast(vaerdi as decimal(18, 2)) as published_value,
    delivery_id,
    line_number
from {{ source('landing', 'bes_jobindsats__controls') }}
