select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    arbejdsgiver_cvr as employer_code,
    timer as paid_hours,
    loen as paid_amount,
    stoettet as is_subsidised,
    delivery_id,
    line_number
from {{ source('landing', 'bes_job') }}
