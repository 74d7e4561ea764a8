select
    dranst,
    cast(dranst as varchar) as dranst_code,
    name_da,
    name_en,
    evidence
from {{ ref('account_dranst') }}
order by dranst
