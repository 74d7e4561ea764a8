select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    mother_key,
    status as status_code,
    kommunekode_bopael as residence_code,
    koen as sex_code,
    civilstand as civil_status_code,
    statsborgerskab as citizenship_code,
    oprindelse as origin_code,
    foedselsdato as birth_date,
    cast(gyldig_fra as date) as valid_from,
    cast(gyldig_til as date) as replaced_on,
    delivery_id,
    line_number
from {{ source('landing', 'bor_borger_status') }}
