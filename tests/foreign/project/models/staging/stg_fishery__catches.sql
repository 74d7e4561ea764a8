select
    unit_code as county_letters,
    base_period_key as month_key,
    debarque_le as landed_on,
    espece as species_as_written,
    tonnes,
    delivery_id,
    line_number
from {{ source('landing', 'prises') }}
