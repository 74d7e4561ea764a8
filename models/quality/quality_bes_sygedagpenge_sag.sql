{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'base_period_key', 'units': 'all'}}) }}
-- What the register of persons and other municipalities say of sickness-benefit cases (V-BES-03, 09, 10, 15).
with

cases as (
    select
        staged.*,
        greatest(start_date, {{ flis_project.month_start('month_key') }}) as first_day,
        least(coalesce(end_date, date '9999-12-31'), last_day({{ flis_project.month_start('month_key') }})) as last_day
    from {{ ref('stg_employment__sickness_case') }} as staged
    where {{ flis_project.within_reach(month='staged.month_key') }}
),

absent as (
    {{ without_residence('cases') }}
),

judged as (
    select
        cases.*,
        case
            when first_day > last_day then 'V-BES-09'
            when start_date < person.birth_date then 'V-BES-10'
            when absent.line_number is not null then 'V-BES-03'
        end as rule_id,
        case
            when first_day > last_day then 'From ' || start_date || ' to ' || coalesce(cast(end_date as varchar), 'now') || ': no day of the month.'
            when start_date < person.birth_date then 'Begins on ' || start_date || ', before the person was born.'
            when absent.line_number is not null then 'The person has died or left the country.'
        end as reason
    from cases
    left join {{ ref('int_person__latest') }} as person on cases.person_key = person.person_key
    left join absent on cases.delivery_id = absent.delivery_id and cases.line_number = absent.line_number
),

repeated as (
    select *
    from judged
    where rule_id is null
    qualify row_number() over (
        partition by case_code, person_key, month_key order by registered_at desc nulls last, delivery_id desc, line_number desc
    ) > 1
),

findings as (
    select
        rule_id, 'set_aside' as action, municipality_code, month_key, delivery_id, line_number, 1 as row_count,
        cast(null as decimal(18, 2)) as amount, reason
    from judged
    where rule_id is not null
    union all
    select
        'V-BES-15', 'repair', municipality_code, month_key, delivery_id, line_number, 1, null,
        'Case ' || case_code || ' was registered later by another municipality.'
    from repeated
)

{{ row_findings('bes_sygedagpenge_sag', 'findings') }}
