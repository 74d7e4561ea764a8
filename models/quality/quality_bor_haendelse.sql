{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'after': {'months': 1},
    'reads': {'landing.active_partitions': {'after': {'months': 1}, 'parts': ['bor_borger_status', 'bor_haendelse']}}
}}) }}
-- What the rules that need other rows or tables find among the events of persons.
with

events as (
    select
        staged.*,
        {{ flis_project.month_start('staged.month_key') }} as month_start,
        person.birth_date
    from {{ ref('stg_citizens__citizen_event') }} as staged
    left join {{ ref('int_person__latest') }} as person on staged.person_key = person.person_key
    where {{ flis_project.within_reach(unit_code='staged.municipality_code', month='staged.month_key') }}
),

-- V-BOR-16 and V-BOR-06; an event has one reason to be left out.
set_aside as (
    select
        *,
        case
            when {{ flis_project.month_key('event_date') }} <> month_key then 'V-BOR-16'
            when event_date < birth_date then 'V-BOR-06'
        end as rule_id
    from events
    where {{ flis_project.month_key('event_date') }} <> month_key or event_date < birth_date
),

-- V-BOR-05: the municipality on the other side of a move.
codes as (
    select municipality_code as code from {{ ref('municipalities') }}
    union all
    select former_code as code from {{ ref('former_municipalities') }} group by former_code having count(*) = 1
),

elsewhere as (
    select sides.*
    from (
        select events.*, unnest([from_municipality_code, to_municipality_code]) as other_code
        from events
    ) as sides
    anti join codes on sides.other_code = codes.code
    where sides.other_code is not null
),

-- V-BOR-08: as a month begins there are those of the month before, with who came and without who went. Asked where the register
-- has both months and the events of the first were delivered.
people as (
    select municipality_key, month_key, sum(population_count) as people
    from {{ ref('fct_population') }}
    where vintage = 'current' and {{ flis_project.within_reach(unit='municipality_key', month='month_key') }}
    group by municipality_key, month_key
),

delivered as (
    select contract, {{ municipality_key('unit_code') }} as municipality_key, base_period_key as month_key
    from {{ source('landing_zone', 'active_partitions') }}
    where contract in ('bor_borger_status', 'bor_haendelse') and slot = ''
),

flows as (
    select
        {{ municipality_key('events.municipality_code') }} as municipality_key,
        events.month_key,
        sum(case
            when events.event_kind in ('arrival', 'birth', 'immigration', 'reappearance') then 1
            when events.event_kind in ('departure', 'death', 'emigration', 'disappearance') then -1
            else 0
        end) as change
    from events
    anti join set_aside
        on events.delivery_id = set_aside.delivery_id and events.line_number = set_aside.line_number
    group by events.municipality_code, events.month_key
),

breaks as (
    select
        asked.municipality_key,
        asked.month_key,
        coalesce(before.people, 0) as people_before,
        coalesce(flows.change, 0) as change,
        coalesce(after.people, 0) as people_after,
        coalesce(after.people, 0) - coalesce(before.people, 0) - coalesce(flows.change, 0) as difference
    from delivered as asked
    semi join delivered as this_month
        on
            this_month.contract = 'bor_borger_status'
            and asked.municipality_key = this_month.municipality_key
            and asked.month_key = this_month.month_key
    semi join delivered as next_month
        on
            next_month.contract = 'bor_borger_status'
            and asked.municipality_key = next_month.municipality_key
            and asked.month_key = next_month.month_key - 1
    left join people as before
        on asked.municipality_key = before.municipality_key and asked.month_key = before.month_key
    left join people as after
        on asked.municipality_key = after.municipality_key and asked.month_key = after.month_key - 1
    left join flows
        on asked.municipality_key = flows.municipality_key and asked.month_key = flows.month_key
    where asked.contract = 'bor_haendelse'
),

findings as (
    select
        rule_id,
        'set_aside' as action,
        {{ municipality_key('municipality_code') }} as municipality_key,
        month_key,
        delivery_id,
        line_number,
        case rule_id
            when 'V-BOR-16' then 'The event of ' || event_date || ' lies outside the month ' || strftime(month_start, '%Y-%m') || '.'
            else 'The event of ' || event_date || ' lies before the birth of the person.'
        end as reason
    from set_aside
    union all by name
    select
        'V-BOR-05' as rule_id,
        'flag' as action,
        {{ municipality_key('municipality_code') }} as municipality_key,
        month_key,
        delivery_id,
        line_number,
        case
            when other_code like '09%' then 'Municipality ' || other_code || ' lies in Greenland.'
            else 'There is no municipality ' || other_code || ', or it became several in 2007.'
        end as reason
    from elsewhere
    union all by name
    select
        'V-BOR-08' as rule_id,
        'flag' as action,
        municipality_key,
        month_key,
        cast(difference as decimal(18, 2)) as amount,
        people_before || ' inhabitants and a change of ' || change || ' by events are not the ' || people_after || ' of the month after.' as reason
    from breaks
    where abs(difference) > {{ var('population_identity_tolerance_pct') }} / 100.0 * people_before
)

select
    rule_id,
    action,
    'bor_haendelse' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(line_number as bigint) as line_number,
    municipality_key,
    cast(month_key as integer) as base_period_key,
    '' as slot,
    cast(1 as bigint) as row_count,
    amount,
    reason
from findings
order by rule_id, municipality_key, base_period_key, line_number
