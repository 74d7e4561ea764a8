select
    unit_code as municipality_code,
    base_period_key as quarter_key,
    cast(folketal as bigint) as population_count,
    delivery_id,
    line_number
from {{ source('landing', 'bor_folketal') }}
