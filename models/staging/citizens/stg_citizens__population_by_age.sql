select
    unit_code as municipality_code,
    base_period_key as quarter_key,
    koen as sex_code,
    cast(alder as integer) as age,
    cast(antal as bigint) as population_count,
    delivery_id,
    line_number
from {{ source('landing', 'bor_folketal_alder') }}
