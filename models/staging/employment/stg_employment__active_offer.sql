select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    tilbud_id as offer_code,
    tilbudstype as source_category,
    cast(timer_pr_uge as decimal(6, 2)) as weekly_hours,
    start as start_date,
    slut as end_date,
    konteringstid as registered_at,
    delivery_id,
    line_number
from {{ source('landing', 'bes_tilbud') }}
