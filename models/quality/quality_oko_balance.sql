{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'base_period_key', 'before': {'months': 1}}}) }}
with

accounts as (
    select distinct function_code, function_key, dranst, account_year from {{ ref('stg_economy__balance') }}
),

bad_accounts as (
    {{ account_findings('accounts') }}
),

-- V-OKO-12. A month opens as the one before closed; a new year may be opened anew, so January is not asked.
breaks as (
    select
        this_month.*,
        month_before.closing_amount as closed_amount
    from {{ ref('stg_economy__balance') }} as this_month
    inner join {{ ref('stg_economy__balance') }} as month_before
        on
            this_month.municipality_code = month_before.municipality_code
            and this_month.function_key = month_before.function_key
            and this_month.month_key = month_before.month_key + 1
    where this_month.opening_amount <> month_before.closing_amount and this_month.month_key % 12 <> 0
)

{{ table_findings('oko_balance', ref('stg_economy__balance'), 'month_key', 'staged.closing_amount') }}
union all
select
    'V-OKO-12' as rule_id,
    'flag' as action,
    'oko_balance' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(line_number as bigint) as line_number,
    {{ municipality_key('municipality_code') }} as municipality_key,
    cast(month_key as integer) as base_period_key,
    '' as slot,
    cast(1 as bigint) as row_count,
    cast(opening_amount - closed_amount as decimal(18, 2)) as amount,
    'Function ' || function_code || ' opens with ' || opening_amount || ' DKK, the month before closed with ' || closed_amount || '.' as reason
from breaks
order by rule_id, municipality_key, base_period_key, line_number
