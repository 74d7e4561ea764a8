{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'reads': {'stg_employment__job': {'before': {'years': 100}}}
}}) }}
-- V-BES-03: pay of a month that began after the person's death. And what only the month before tells (V-BES-208, 209).
with

jobs as (
    select *
    from {{ ref('stg_employment__job') }}
    where {{ flis_project.within_reach(unit_code='municipality_code') }}
),

findings as (
    select
        'V-BES-03' as rule_id, 'set_aside' as action, staged.municipality_code, staged.month_key, staged.delivery_id, staged.line_number,
        1 as row_count, staged.paid_amount as amount,
        'The person died on ' || person.death_date || '.' as reason
    from jobs as staged
    inner join {{ ref('int_person__latest') }} as person on staged.person_key = person.person_key
    where {{ flis_project.month_start('staged.month_key') }} > person.death_date
),

of_rows as (
    {{ row_findings('bes_job', 'findings') }}
),

-- Nobody has the same hours to the hundredth twice, let alone three.
implausible as (
    {{
        flis_project.plausibility(
            'bes_job', 'jobs', 'municipality_code', 'month_key', 'paid_hours',
            {'all_zero': 'V-BES-208', 'repeats_previous_period': 'V-BES-209'}, dimensions=['person_key', 'employer_code', 'is_subsidised'],
            least_rows=3
        )
    }}
)

select * from of_rows
union all
select * from implausible
order by rule_id, municipality_key, base_period_key, line_number
