{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'base_period_key'}}) }}
-- V-BES-13. An interview belongs to the month in which it was held.
with

findings as (
    select
        'V-BES-13' as rule_id, 'set_aside' as action, municipality_code, month_key, delivery_id, line_number, 1 as row_count,
        cast(null as decimal(18, 2)) as amount,
        'Held on ' || held_date || '.' as reason
    from {{ ref('stg_employment__interview') }}
    where date_trunc('month', held_date) <> {{ flis_project.month_start('month_key') }}
)

{{ row_findings('bes_samtale', 'findings') }}
