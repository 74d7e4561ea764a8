{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'base_period_key'}}) }}
with

accounts as (
    select distinct function_code, function_key, dranst, account_year from {{ ref('stg_economy__budget') }}
),

bad_accounts as (
    {{ account_findings('accounts') }}
),

-- V-OKO-11. The newest revised budget less the original is what the supplementary appropriations add up to, account by account.
last_revisions as (
    select municipality_code, year_key, max(in_force_from) as in_force_from
    from {{ ref('stg_economy__budget') }}
    where source_version = 'korrigeret'
    group by municipality_code, year_key
),

reconciled as (
    select
        staged.municipality_code,
        staged.year_key,
        staged.function_code,
        staged.dranst,
        min(staged.delivery_id) as delivery_id,
        sum(case staged.source_version when 'korrigeret' then staged.amount when 'oprindeligt' then -staged.amount else 0 end) as change,
        coalesce(sum(staged.amount) filter (where staged.source_version = 'tillaegsbevilling'), 0) as appropriated
    from {{ ref('stg_economy__budget') }} as staged
    anti join bad_accounts
        on
            staged.function_key = bad_accounts.function_key
            and staged.dranst = bad_accounts.dranst
            and staged.account_year = bad_accounts.account_year
    inner join last_revisions
        on staged.municipality_code = last_revisions.municipality_code and staged.year_key = last_revisions.year_key
    where staged.source_version <> 'korrigeret' or staged.in_force_from = last_revisions.in_force_from
    group by staged.municipality_code, staged.year_key, staged.function_code, staged.dranst
)

{{ table_findings('oko_budget', ref('stg_economy__budget'), 'year_key', 'staged.amount') }}
union all
select
    'V-OKO-11' as rule_id,
    'flag' as action,
    'oko_budget' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(null as bigint) as line_number,
    {{ municipality_key('municipality_code') }} as municipality_key,
    cast(year_key as integer) as base_period_key,
    '' as slot,
    cast(1 as bigint) as row_count,
    cast(appropriated - change as decimal(18, 2)) as amount,
    'Function ' || function_code || ', dranst ' || dranst || ': appropriations of ' || appropriated || ' DKK, but the budget changed by '
    || change || '.' as reason
from reconciled
where appropriated <> change
order by rule_id, municipality_key, base_period_key, line_number
