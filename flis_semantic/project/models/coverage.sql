{{ config(materialized='partitioned', meta={'partition': {
    'part': 'source', 'unit': var('unit_key'), 'from': 'start_date', 'to': 'end_date'
}}) }}
{# Findings of the project's quality models that hold a unit × base period back; a key left out means every one of them. #}
{%- set models = var('hold_findings_models') or [] %}
with

units as (
    select distinct
        {{ var('unit_code') }} as unit_code,
        {{ var('unit_key') }} as unit_key
    from {{ ref(var('unit_project'), var('unit_model')) }}
),

expected as (
    select
        landed.*,
        units.unit_key
    from {{ source('landing_zone', 'coverage') }} as landed
    left join units on landed.unit_code = units.unit_code
),

findings as (
    {%- for model in models %}
    {{ 'union all' if not loop.first }}
    select
        contract as source,
        {{ var('unit_key') }} as unit_key,
        base_period_key,
        rule_id
    from {{ ref(var('unit_project'), model) }}
    where action = 'hold'
    {%- else %}
    select
        cast(null as varchar) as source,
        cast(null as integer) as unit_key,
        cast(null as integer) as base_period_key,
        cast(null as varchar) as rule_id
    where false
    {%- endfor %}
),

findings_by_part as (
    select
        expected.source,
        expected.unit_code,
        expected.base_period_key,
        min(findings.rule_id) as rule_id
    from (select distinct source, unit_code, unit_key, base_period_key from expected) as expected
    inner join findings
        on
            expected.source = findings.source
            and (expected.unit_key = findings.unit_key or findings.unit_key is null)
            and (expected.base_period_key = findings.base_period_key or findings.base_period_key is null)
    group by expected.source, expected.unit_code, expected.base_period_key
),

-- An approval answers for the findings about what had been received by then.
held as (
    select
        expected.*,
        case
            when expected.approved_at is null or expected.approved_at < expected.received_at then found.rule_id
        end as held_by_rule
    from expected
    left join findings_by_part as found
        on
            expected.source = found.source
            and expected.unit_code = found.unit_code
            and expected.base_period_key = found.base_period_key
),

judged as (
    select
        *,
        case
            when exempt_reason is not null then 'exempt'
            when delivery_id is null then 'missing'
            when held_reason is not null or held_by_rule is not null then 'held'
            when approved_at is not null then 'approved'
            when is_provisional then 'provisional'
            else 'delivered'
        end as state
    from held
)

select
    source,
    series,
    unit_key as {{ var('unit_key') }},
    base_period_key,
    start_date,
    end_date,
    state,
    case state
        when 'exempt' then exempt_reason
        when 'held' then coalesce(held_reason, held_by_rule)
        when 'approved' then approved_reason
    end as state_reason,
    due_date,
    delivery_id,
    synthetic
from judged
order by source, start_date, series, unit_key
