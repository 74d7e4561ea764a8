select
    unit_code as municipality_code,
    base_period_key as year_key,
    base_period_key as account_year,
    opgjort_pr as made_date,
    funktion as function_code,
    {{ account_key('funktion') }} as function_key,
    cast(coalesce(dranst, 0) as integer) as dranst,
    beloeb_forventet as amount,
    delivery_id,
    line_number
from {{ source('landing', 'oko_forventet') }}
