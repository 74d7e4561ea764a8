{{ config(materialized='partitioned', meta={'partition': {'month': 'base_period_key'}}) }}
-- V-OKO-08. What one municipality paid another (art 4.7) is what the other received (art 7.7); asked where both have delivered.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('int_posting__judged') }}
    where
        action in ('set_aside', 'repair')
        and line_number is not null
        and {{ flis_project.within_reach(month='base_period_key') }}
),

payments as (
    select
        posting.month_key,
        case when posting.art_key = 47 then posting.municipality_code else posting.counterpart_code end as payer_code,
        case when posting.art_key = 47 then posting.counterpart_code else posting.municipality_code end as payee_code,
        -- Whoever has it in the ledger; the payer, where both have something.
        case when bool_or(posting.art_key = 47) then payer_code else payee_code end as municipality_code,
        min(posting.delivery_id) as delivery_id,
        count(*) as row_count,
        sum(posting.amount) as amount
    from {{ ref('stg_economy__posting') }} as posting
    anti join left_out
        on posting.delivery_id = left_out.delivery_id and posting.line_number = left_out.line_number
    where
        posting.art_key in (47, 77)
        and posting.counterpart_code is not null
        and posting.slot <> '0'
        and {{ flis_project.within_reach(month='posting.month_key') }}
    group by posting.month_key, payer_code, payee_code
),

delivered as (
    select distinct municipality_code, month_key
    from {{ ref('stg_economy__posting') }}
    where slot = '' and {{ flis_project.within_reach(month='month_key') }}
),

unmirrored as (
    select payments.*
    from payments
    semi join delivered as payer
        on payments.payer_code = payer.municipality_code and payments.month_key = payer.month_key
    semi join delivered as payee
        on payments.payee_code = payee.municipality_code and payments.month_key = payee.month_key
    where payments.amount <> 0
)

select
    'V-OKO-08' as rule_id,
    'flag' as action,
    'oko_postering' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(null as bigint) as line_number,
    {{ municipality_key('municipality_code') }} as municipality_key,
    cast(month_key as integer) as base_period_key,
    '' as slot,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    'Payments of ' || payer_code || ' to ' || payee_code || ' differ by ' || amount || ' DKK between the two.' as reason
from unmirrored
order by base_period_key, municipality_key
