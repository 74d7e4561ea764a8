select
    unit_code as municipality_code,
    base_period_key as month_key,
    slot,
    cast(regnskabsaar as integer) as account_year,
    bilagsnr as voucher_code,
    konto_lokal as local_account_code,
    funktion as function_code,
    modpart_kommune as counterpart_code,
    linjenr as voucher_line,
    {{ account_key('funktion') }} as function_key,
    -- Accounts of the balance sheet have no dranst.
    cast(coalesce(dranst, 0) as integer) as dranst,
    cast(ejerforhold as integer) as ownership,
    cast(gruppering as integer) as grouping,
    {{ account_key('art') }} as art_key,
    beloeb as amount,
    posteringsdato as posting_date,
    delivery_id,
    line_number
from {{ source('landing', 'oko_postering') }}
