select
    step as reimbursement_step,
    cast(step as varchar) as reimbursement_step_code,
    name_da,
    name_en,
    first_week,
    last_week,
    reimbursement_pct,
    evidence
from {{ ref('reimbursement_steps') }}
order by step
