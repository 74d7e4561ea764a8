select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    samtale_id as interview_code,
    samtaletype as interview_type,
    kontaktform as source_category,
    planlagt_dato as planned_date,
    afholdt_dato as held_date,
    delivery_id,
    line_number
from {{ source('landing', 'bes_samtale') }}
