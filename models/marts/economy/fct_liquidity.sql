{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'day': 'day_key'}}) }}
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    day_key,
    function_key,
    function_key // 10000 as main_account,
    function_key // 100 as main_function_key,
    balance_amount,
    delivery_id,
    line_number
from {{ ref('stg_economy__liquidity') }}
order by extract(year from date '1970-01-01' + day_key), municipality_key, day_key
