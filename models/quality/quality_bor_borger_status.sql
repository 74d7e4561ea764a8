{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key',
    'reads': {'landing.waiting_deltas': {'parts': ['bor_borger_status']}, 'int_register__judged': {'parts': ['bor_borger_status']}}
}}) }}
-- What the rules that need other rows or tables find in the register of persons.
with

found as (
    -- V-BOR-05 and V-BOR-06: a row that cannot be placed, or a person who cannot be.
    select
        rule_id,
        'set_aside' as action,
        municipality_code,
        month_key,
        delivery_id,
        line_number,
        1 as row_count,
        reason
    from {{ ref('int_register__judged') }}
    where rule_id is not null
    union all by name
    -- V-BOR-15: codes of before 2007, by what they became.
    select
        'V-BOR-15' as rule_id,
        'flag' as action,
        municipality_code,
        month_key,
        delivery_id,
        count(*) as row_count,
        'Municipality ' || residence_code || ' of before 2007 is ' || any_value(residence_municipality_code) || ' today.' as reason
    from {{ ref('int_register__judged') }}
    where is_former_code and rule_id is null
    group by municipality_code, month_key, delivery_id, residence_code
    union all by name
    -- V-BOR-07: changes that came behind a number that never did.
    select
        'V-BOR-07' as rule_id,
        'flag' as action,
        unit_code as municipality_code,
        base_period_key as month_key,
        min(delivery_id) as delivery_id,
        sum(row_count) as row_count,
        'The changes numbered ' || min(missing_from) || ' to ' || max(missing_to) || ' have not come: '
        || count(*) || ' later ones wait. Ask for a new full extract.' as reason
    from {{ source('landing_zone', 'waiting_deltas') }}
    where contract = 'bor_borger_status'
    group by unit_code, base_period_key
),

-- V-BOR-04. A finding is about two states: the line is the earlier one's. It is left out only where both begin on one day.
intervals as (
    select
        'V-BOR-04' as rule_id,
        'repair' as action,
        record_municipality_key as municipality_key,
        month_key,
        delivery_id,
        case when is_displaced then line_number end as line_number,
        1 as row_count,
        case
            when is_displaced then 'Another state of the person began on ' || valid_from || ' too.'
            when replaced_on is null then 'Line ' || line_number || ' is open, but the next state began on ' || cast(valid_to + interval 1 day as date) || '.'
            else 'Line ' || line_number || ' ended on ' || replaced_on || ', but the next state began on ' || cast(valid_to + interval 1 day as date) || '.'
        end as reason
    from {{ ref('int_register__states') }}
    where is_repaired or is_displaced
),

findings as (
    select * replace ({{ municipality_key('municipality_code') }} as municipality_code) from found
    union all by name
    select * rename (municipality_key as municipality_code) from intervals
)

select
    rule_id,
    action,
    'bor_borger_status' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(line_number as bigint) as line_number,
    municipality_code as municipality_key,
    cast(month_key as integer) as base_period_key,
    '' as slot,
    cast(row_count as bigint) as row_count,
    cast(null as decimal(18, 2)) as amount,
    reason
from findings
order by rule_id, municipality_key, base_period_key, line_number
