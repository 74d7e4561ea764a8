select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    case haendelse_type
        when 'TIL' then 'arrival'
        when 'FRA' then 'departure'
        when 'INTERN' then 'internal_move'
        when 'FOD' then 'birth'
        when 'DOD' then 'death'
        when 'IND' then 'immigration'
        when 'UDV' then 'emigration'
        when 'FORSV' then 'disappearance'
        when 'GENF' then 'reappearance'
    end as event_kind,
    fra_kommune as from_municipality_code,
    til_kommune as to_municipality_code,
    dato as event_date,
    registreret_tid as registered_at,
    delivery_id,
    line_number
from {{ source('landing', 'bor_haendelse') }}
