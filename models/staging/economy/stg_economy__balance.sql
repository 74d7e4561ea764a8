select
    unit_code as municipality_code,
    base_period_key as month_key,
    base_period_key // 12 as account_year,
    funktion as function_code,
    {{ account_key('funktion') }} as function_key,
    0 as dranst,
    primo as opening_amount,
    ultimo as closing_amount,
    delivery_id,
    line_number
from {{ source('landing', 'oko_balance') }}
