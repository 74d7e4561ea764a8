{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'month_key', 'units': 'all', 'reads': {'fct_interview': {'units': 'all', 'before': {'months': 8}}}
}}) }}
-- Who has been unemployed for six to nine months as the month ends, on unemployment insurance or cash benefit, and how many
-- interviews were held in the spell's first six months. One row per person and month, where the person lives on its last day.
with

months as (
    select distinct
        month_key,
        last_day({{ flis_project.month_start('month_key') }}) as month_end
    from {{ ref('fct_benefit_spell') }}
    where {{ flis_project.within_reach(month='month_key') }}
),

unemployed as (
    select spell.*
    from {{ ref('fct_benefit_spell') }} as spell
    inner join months on spell.month_key = months.month_key
    inner join {{ ref('benefits') }} as benefit on spell.benefit_key = benefit.benefit_key
    where
        benefit.benefit_group_code in ('unemployment_insurance', 'cash_benefit')
        and coalesce(spell.end_date, months.month_end) = months.month_end
        and spell.spell_start_date + interval 6 month <= months.month_end + 1
        and spell.spell_start_date + interval 9 month >= months.month_end + 1
),

interviews as (
    select person_key, interview_date
    from {{ ref('fct_interview') }}
    where is_held and {{ flis_project.within_reach(month='month_key') }}
)

select
    unemployed.municipality_key,
    unemployed.month_key,
    unemployed.person_key,
    unemployed.benefit_key,
    unemployed.visitation_category_key,
    count(interviews.interview_date) as interview_count,
    unemployed.spell_start_date,
    unemployed.delivery_id,
    unemployed.line_number
from unemployed
left join interviews
    on
        unemployed.person_key = interviews.person_key
        and interviews.interview_date >= unemployed.spell_start_date
        and interviews.interview_date < unemployed.spell_start_date + interval 6 month
group by all
order by unemployed.month_key, unemployed.municipality_key
