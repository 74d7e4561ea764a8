select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    ydelse_kode as source_code,
    cast(anciennitet_uger as integer) as seniority_weeks,
    cast(trin as integer) as step,
    refusionsberettiget_udgift as entitled_amount,
    refusionsbeloeb as reimbursed_amount,
    uge_start as week_start_date,
    konteringstid as registered_at,
    delivery_id,
    line_number
from {{ source('landing', 'bes_refusion') }}
