select
    cast(unit_code as integer) as shop_key,
    base_period_key as month_key,
    number,
    amount,
    delivery_id
from {{ source('landing', 'ledger') }} as landed
where not exists (
    select 1 from {{ ref('quality_ledger') }} as found
    where found.action = 'set_aside' and found.delivery_id = landed.delivery_id and found.line_number = landed.line_number
)
