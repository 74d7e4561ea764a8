{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
-- What happened to people, by the municipality whose population it changes. signed_count adds up to the change.
with

left_out as (
    select delivery_id, line_number
    from {{ ref('quality_bor_haendelse') }}
    where action = 'set_aside' and line_number is not null
),

former as (
    select former_code, min(municipality_code) as municipality_code
    from {{ ref('former_municipalities') }}
    group by former_code
    having count(*) = 1
),

codes as (
    select municipality_code as code, municipality_code from {{ ref('municipalities') }}
    union all
    select former_code as code, municipality_code from former
)

select
    {{ municipality_key('event.municipality_code') }} as municipality_key,
    event.month_key,
    {{ municipality_key('from_code.municipality_code') }} as from_municipality_key,
    {{ municipality_key('to_code.municipality_code') }} as to_municipality_key,
    case event.event_kind when 'departure' then to_municipality_key else from_municipality_key end as other_municipality_key,
    event.person_key,
    person.sex_key,
    person.origin_key,
    case when person.citizenship_code = '5100' then 1 when person.citizenship_code is not null then 2 end as citizenship_key,
    event.event_kind,
    {{ age_on('person.birth_date', 'event.event_date') }} as age,
    case when event.event_kind = 'birth' then {{ age_on('mother.birth_date', 'event.event_date') }} end as mother_age,
    case
        when event.event_kind in ('arrival', 'birth', 'immigration', 'reappearance') then 1
        when event.event_kind in ('departure', 'death', 'emigration', 'disappearance') then -1
        else 0
    end as signed_count,
    event.event_date,
    event.registered_at,
    event.delivery_id,
    event.line_number
from {{ ref('stg_citizens__citizen_event') }} as event
anti join left_out
    on event.delivery_id = left_out.delivery_id and event.line_number = left_out.line_number
left join {{ ref('int_person__latest') }} as person on event.person_key = person.person_key
left join {{ ref('int_person__latest') }} as mother on person.mother_key = mother.person_key
left join codes as from_code on event.from_municipality_code = from_code.code
left join codes as to_code on event.to_municipality_code = to_code.code
order by event.month_key, municipality_key
