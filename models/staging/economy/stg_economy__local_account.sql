select
    unit_code as municipality_code,
    base_period_key as year_key,
    base_period_key as account_year,
    konto_lokal as local_account_code,
    kontonavn as local_account_name,
    funktion as function_code,
    {{ account_key('funktion') }} as function_key,
    cast(coalesce(dranst, 0) as integer) as dranst,
    cast(gruppering as integer) as grouping,
    {{ account_key('art') }} as art_key,
    gyldig_fra as valid_from,
    gyldig_til as valid_to,
    delivery_id,
    line_number
from {{ source('landing', 'ref_kontoplan_lokal') }}
