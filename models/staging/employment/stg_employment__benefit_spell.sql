select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    ydelse_kode as source_code,
    visitationskategori as source_category,
    sats_kode as rate_code,
    handlekommune as acting_municipality_code,
    bopaelskommune as residence_municipality_code,
    cast(grad as decimal(5, 4)) as degree,
    start as start_date,
    slut as end_date,
    haendelsestid as event_date,
    konteringstid as registered_at,
    delivery_id,
    line_number
from {{ source('landing', 'bes_ydelsesforloeb') }}
