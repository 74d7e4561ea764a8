select
    unit_code as district_code,
    base_period_key as month_key,
    cast(visits as bigint) as visit_count,
    delivery_id,
    line_number
from {{ source('landing', 'visits') }}
