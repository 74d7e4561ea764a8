{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all', 'before': {'months': 11}}}) }}
-- Whoever was gross unemployed on at least 80 per cent of the 364 days (52 weeks) that end with the month: on unemployment insurance,
-- or on cash benefit and ready for a job. One row per person and month, where the person lived on the last day of unemployment.
with

unemployed as (
    select
        spell.person_key,
        spell.municipality_key,
        spell.month_key,
        spell.age_key,
        spell.start_date,
        coalesce(spell.end_date, last_day(spell.start_date)) as end_date,
        spell.delivery_id,
        spell.line_number
    from {{ ref('fct_benefit_spell') }} as spell
    inner join {{ ref('benefits') }} as benefit on spell.benefit_key = benefit.benefit_key
    left join {{ ref('visitation_categories') }} as category on spell.visitation_category_key = category.visitation_category_key
    where
        {{ flis_project.within_reach(month='spell.month_key') }}
        and (
            benefit.benefit_group_code = 'unemployment_insurance'
            or (benefit.benefit_group_code = 'cash_benefit' and category.visitation_category_code = 'job_ready')
        )
),

months as (
    select distinct
        month_key,
        last_day({{ flis_project.month_start('month_key') }}) as month_end
    from {{ ref('fct_benefit_spell') }}
    where {{ flis_project.within_reach(month='month_key') }}
),

-- 364 days that end with a month begin within the eleventh month before it.
counted as (
    select
        months.month_key,
        unemployed.person_key,
        sum(unemployed.end_date - greatest(unemployed.start_date, months.month_end - 363) + 1) as unemployed_days,
        arg_max(
            {'municipality_key': unemployed.municipality_key, 'age_key': unemployed.age_key, 'delivery_id': unemployed.delivery_id, 'line_number': unemployed.line_number},
            unemployed.end_date
        ) as latest
    from unemployed
    inner join months
        on
            months.month_key between unemployed.month_key and unemployed.month_key + 11
            and unemployed.end_date >= months.month_end - 363
    group by months.month_key, unemployed.person_key
)

select
    latest.municipality_key,
    month_key,
    person_key,
    latest.age_key,
    cast(unemployed_days as integer) as unemployed_days,
    latest.delivery_id,
    latest.line_number
from counted
where unemployed_days >= 0.8 * 364
order by month_key, latest.municipality_key
