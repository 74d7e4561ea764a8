{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_oko_balance') }}
    where action = 'set_aside' and line_number is not null
)

select
    {{ municipality_key('balance.municipality_code') }} as municipality_key,
    balance.month_key,
    balance.function_key,
    balance.function_key // 10000 as main_account,
    balance.function_key // 100 as main_function_key,
    balance.opening_amount,
    balance.closing_amount,
    balance.delivery_id,
    balance.line_number
from {{ ref('stg_economy__balance') }} as balance
anti join left_out
    on balance.delivery_id = left_out.delivery_id and balance.line_number = left_out.line_number
order by balance.month_key // 12, municipality_key, balance.month_key
