{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'base_period_key'}}) }}
-- V-BES-03. Pay of a month that began after the person's death.
with

findings as (
    select
        'V-BES-03' as rule_id, 'set_aside' as action, staged.municipality_code, staged.month_key, staged.delivery_id, staged.line_number,
        1 as row_count, staged.paid_amount as amount,
        'The person died on ' || person.death_date || '.' as reason
    from {{ ref('stg_employment__job') }} as staged
    inner join {{ ref('int_person__latest') }} as person on staged.person_key = person.person_key
    where {{ flis_project.month_start('staged.month_key') }} > person.death_date
)

{{ row_findings('bes_job', 'findings') }}
