select
    unit_code as municipality_code,
    base_period_key as month_key,
    person_key,
    sag_id as case_code,
    arbejdsstatus as employment_status,
    refusion_til_arbejdsgiver as is_reimbursed_to_employer,
    foerste_fravaersdag as start_date,
    slut as end_date,
    revurdering_uge_22 as reassessment_date,
    konteringstid as registered_at,
    delivery_id,
    line_number
from {{ source('landing', 'bes_sygedagpenge_sag') }}
