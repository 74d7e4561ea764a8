{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'within': 'year', 'reads': {'int_benefit_spell__pieces': {'units': 'all'}}
}}) }}
-- What the law, the benefit spells and the ledger say of reimbursements (V-BES-01, 04, 06, 16).
with

staged as (
    select
        *,
        cast(week_start_date as date) as monday
    from {{ ref('stg_employment__reimbursement') }}
    where {{ flis_project.within_reach(unit_code='municipality_code', month='month_key') }}
),

judged as (
    select
        staged.*,
        case
            when isodow(monday) <> 1 or date_trunc('month', monday) <> {{ flis_project.month_start('month_key') }} then 'V-BES-16'
            when benefit.benefit_key is null or not benefit.is_reimbursed then 'V-BES-04'
        end as rule_id,
        case
            when isodow(monday) <> 1 then monday || ' is no Monday.'
            when date_trunc('month', monday) <> {{ flis_project.month_start('month_key') }} then 'The week begins on ' || monday || '.'
            when benefit.benefit_key is null then 'There is no benefit ' || staged.source_code || ' on ' || monday || '.'
            when not benefit.is_reimbursed then 'The state does not reimburse ' || staged.source_code || '.'
        end as reason,
        benefit.benefit_key
    from staged
    left join {{ ref('int_benefit__dated') }} as benefit
        on
            staged.source_code = benefit.source_code
            and staged.monday between benefit.valid_from and coalesce(benefit.valid_to, date '9999-12-31')
),

-- V-BES-06. The step by the seniority, the amount by the step, and the seniority by the spell that the week is one of: whoever
-- has had the benefit for twenty weeks has had benefits for twenty weeks.
compared as (
    select
        judged.*,
        right_step.step as right_step,
        given_step.reimbursement_pct,
        (judged.monday - cast(date_trunc('week', spell.spell_start_date) as date)) // 7 + 1 as spell_weeks
    from judged
    left join {{ ref('reimbursement_steps') }} as right_step
        on judged.seniority_weeks between right_step.first_week and coalesce(right_step.last_week, 99999)
    left join {{ ref('reimbursement_steps') }} as given_step on judged.step = given_step.step
    left join {{ ref('int_benefit_spell__pieces') }} as spell
        on
            judged.person_key = spell.person_key
            and judged.month_key = spell.month_key
            and judged.benefit_key = spell.benefit_key
            and judged.monday between spell.first_day and spell.last_day
    where judged.rule_id is null
),

inconsistent as (
    select
        *,
        case
            when step <> right_step then 'Week ' || seniority_weeks || ' is step ' || right_step || ', not ' || step || '.'
            when abs(reimbursed_amount - round(entitled_amount * reimbursement_pct / 100, 2)) > 0.01
                then 'The reimbursement is not ' || reimbursement_pct || ' per cent of the expenditure.'
            when seniority_weeks < spell_weeks then 'The benefit has lasted ' || spell_weeks || ' weeks, the seniority is ' || seniority_weeks || '.'
        end as fault
    from compared
    where fault is not null
),

-- V-BES-01. A year's reimbursements by the week that they are for, beside what the ledger has of the state's reimbursement of
-- benefits (dranst 2), where both have the whole year. The ledger goes by the day of payment, so it is near and not equal.
yearly as (
    select municipality_code, month_key // 12 as account_year, min(delivery_id) as delivery_id, count(*) as row_count, sum(reimbursed_amount) as amount
    from judged
    where rule_id is null
    group by municipality_code, account_year
    having count(distinct month_key) = 12
),

booked as (
    select municipality_code, account_year, -sum(amount) as amount
    from {{ ref('stg_economy__posting') }}
    where
        {{ flis_project.within_reach(unit_code='municipality_code', month='month_key') }}
        and dranst = 2 and (function_key between 55771 and 55773 or function_key between 55880 and 55883) and slot <> '0'
    group by municipality_code, account_year
    having count(distinct month_key) = 12
),

unreconciled as (
    select yearly.*, booked.amount as booked_amount
    from yearly
    inner join booked on yearly.municipality_code = booked.municipality_code and yearly.account_year = booked.account_year
    where abs(yearly.amount - booked.amount) > 0.05 * abs(booked.amount)
),

findings as (
    select
        rule_id, 'set_aside' as action, municipality_code, month_key, delivery_id, line_number, 1 as row_count,
        reimbursed_amount as amount, reason
    from judged
    where rule_id is not null
    union all
    select 'V-BES-06', 'flag', municipality_code, month_key, delivery_id, line_number, 1, reimbursed_amount, fault
    from inconsistent
    union all
    select
        'V-BES-01', 'flag', municipality_code, account_year * 12 + 11, delivery_id, null, row_count, amount,
        'Reimbursements of ' || account_year || ' are ' || amount || ' DKK, the ledger has ' || booked_amount || '.'
    from unreconciled
)

{{ row_findings('bes_refusion', 'findings') }}
