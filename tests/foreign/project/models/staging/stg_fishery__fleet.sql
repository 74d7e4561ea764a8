select
    unit_code as county_letters,
    base_period_key as quarter_key,
    bateaux as boat_count,
    delivery_id,
    line_number
from {{ source('landing', 'flotte') }}
