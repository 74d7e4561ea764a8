select
    unit_code as county_letters,
    base_period_key as month_key,
    nuitees as night_count,
    delivery_id,
    line_number
from {{ source('landing', 'nuitees') }}
