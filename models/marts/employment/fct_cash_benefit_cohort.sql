{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all', 'after': {'months': 2}}}) }}
-- Whoever of 16 to 66 years is on cash benefit as the month begins, and what becomes of them in that month and the next two: an
-- ordinary job, or a better visitation than ready for activity. One row per person and month, where the person lives on its
-- first day.
with

cash_benefits as (
    select spell.*, {{ flis_project.month_start('spell.month_key') }} as month_start
    from {{ ref('fct_benefit_spell') }} as spell
    inner join {{ ref('benefits') }} as benefit on spell.benefit_key = benefit.benefit_key
    where benefit.benefit_group_code = 'cash_benefit' and {{ flis_project.within_reach(month='spell.month_key') }}
),

recipients as (
    select cash_benefits.*, category.visitation_category_code
    from cash_benefits
    left join {{ ref('visitation_categories') }} as category
        on cash_benefits.visitation_category_key = category.visitation_category_key
    where cash_benefits.start_date = cash_benefits.month_start and cash_benefits.age_key between 16 and 66
),

employed as (
    select distinct person_key, month_key
    from {{ ref('fct_job') }}
    where not is_subsidised and paid_hours > 0 and {{ flis_project.within_reach(month='month_key') }}
),

upgraded as (
    select distinct cash_benefits.person_key, cash_benefits.month_key
    from cash_benefits
    inner join {{ ref('visitation_categories') }} as category
        on cash_benefits.visitation_category_key = category.visitation_category_key
    where category.visitation_category_code in ('job_ready', 'education_ready', 'obviously_education_ready')
),

followed as (
    select
        recipients.*,
        coalesce(recipients.visitation_category_code = 'activity_ready', false) as is_activity_ready,
        exists (
            select 1
            from employed
            where employed.person_key = recipients.person_key and employed.month_key between recipients.month_key and recipients.month_key + 2
        ) as is_in_job,
        exists (
            select 1
            from upgraded
            where upgraded.person_key = recipients.person_key and upgraded.month_key between recipients.month_key and recipients.month_key + 2
        ) as is_assessed_better
    from recipients
)

select
    municipality_key,
    month_key,
    person_key,
    benefit_key,
    visitation_category_key,
    age_key,
    is_activity_ready,
    is_in_job,
    is_activity_ready and is_assessed_better as is_upgraded,
    is_in_job or (is_activity_ready and is_assessed_better) as is_in_job_or_upgraded,
    delivery_id,
    line_number
from followed
order by month_key, municipality_key
