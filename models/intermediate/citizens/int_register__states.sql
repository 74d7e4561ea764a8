{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'record_municipality_key', 'month': 'month_key', 'units': 'all',
    'reads': {
        'landing.deliveries': {'units': 'all', 'parts': ['bor_borger_status']},
        'int_register__judged': {'units': 'all', 'parts': ['bor_borger_status']}
    }
}}) }}
-- The states of every person in every month of the register, without overlap and without gap: each holds until the next begins
-- (V-BOR-04: the latest wins). Of two that begin on one day the newest delivered holds, the other is displaced.
with

usable as (
    select
        judged.*,
        sex.sex_key,
        origin.origin_key,
        row_number() over same_day = 1 as is_newest
    from {{ ref('int_register__judged') }} as judged
    left join {{ source('landing_zone', 'deliveries') }} as delivery on judged.delivery_id = delivery.delivery_id
    left join {{ ref('sexes') }} as sex on judged.sex_code = sex.sex_code
    left join {{ ref('origins') }} as origin on judged.origin_code = origin.origin_code
    where judged.rule_id is null and {{ flis_project.within_reach(month='judged.month_key') }}
    window
        same_day as (
            partition by judged.month_key, judged.person_key, judged.valid_from
            order by delivery.rank_at desc, judged.delivery_id desc, judged.line_number desc
        )
),

ordered as (
    select
        *,
        case when is_newest then lead(valid_from) over (partition by month_key, person_key, is_newest order by valid_from) end as next_from
    from usable
)

select
    person_key,
    month_key,
    {{ municipality_key('municipality_code') }} as record_municipality_key,
    case when is_resident then {{ municipality_key('residence_municipality_code') }} end as municipality_key,
    sex_key,
    origin_key,
    mother_key,
    status_code,
    citizenship_code,
    is_resident,
    not is_newest as is_displaced,
    -- An end that the next state does not begin on, or none although there is a next.
    coalesce(is_newest and next_from is not null and replaced_on is distinct from next_from, false) as is_repaired,
    birth_date,
    valid_from,
    cast(coalesce(next_from, replaced_on) - interval 1 day as date) as valid_to,
    replaced_on,
    delivery_id,
    line_number
from ordered
order by month_key, person_key
