select
    unit_code as municipality_code,
    base_period_key as year_key,
    base_period_key as account_year,
    version as source_version,
    version_gyldig_fra as in_force_from,
    funktion as function_code,
    {{ account_key('funktion') }} as function_key,
    cast(coalesce(dranst, 0) as integer) as dranst,
    cast(ejerforhold as integer) as ownership,
    cast(gruppering as integer) as grouping,
    {{ account_key('art') }} as art_key,
    beloeb as amount,
    delivery_id,
    line_number
from {{ source('landing', 'oko_budget') }}
