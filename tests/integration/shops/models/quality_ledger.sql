select
    'V-L-20' as rule_id, 'hold' as action, 'ledger' as contract, delivery_id, line_number,
    cast(unit_code as integer) as shop_key, base_period_key, slot, 1 as row_count, amount, 'More than 1000.' as reason
from {{ source('landing', 'ledger') }} where amount > 1000
union all
select
    'V-L-21' as rule_id, 'set_aside' as action, 'ledger' as contract, delivery_id, line_number,
    cast(unit_code as integer) as shop_key, base_period_key, slot, 1 as row_count, amount, 'Zero.' as reason
from {{ source('landing', 'ledger') }} where amount = 0
