select
    unit_code as municipality_code,
    base_period_key as day_key,
    funktion as function_code,
    {{ account_key('funktion') }} as function_key,
    saldo as balance_amount,
    delivery_id,
    line_number
from {{ source('landing', 'oko_likviditet') }}
