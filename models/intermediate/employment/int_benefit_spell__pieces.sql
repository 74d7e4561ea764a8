{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'delivering_municipality_key', 'month': 'month_key', 'whole': 'compared',
    'reads': {'landing.active_partitions': {'parts': ['bes_ydelsesforloeb']}}
}}) }}
-- Pieces of whole spells: a spell goes on from one row to the next where no day lies between, in whichever municipality, and
-- where a month is not there but the row after it says that it began before.
with

-- Months that a municipality has delivered, and the newest month of all.
delivered as (
    select distinct
        {{ municipality_key('unit_code') }} as delivering_municipality_key,
        base_period_key as month_key
    from {{ source('landing_zone', 'active_partitions') }}
    where contract = 'bes_ydelsesforloeb' and slot = ''
),

newest as (
    select max(month_key) as month_key from delivered
),

followed as (
    select
        piece.*,
        lag(family_key) over stretch as previous_family_key,
        lag(last_day) over stretch as previous_last_day,
        lead(first_day) over stretch as next_first_day
    from {{ ref('int_benefit_row__resolved') }} as piece
    window stretch as (partition by person_key order by first_day, last_day)
),

placed as (
    select
        *,
        family_key = previous_family_key as is_same_family,
        first_day = month_start and start_date < first_day as reaches_back,
        coalesce(
            is_same_family and (previous_last_day = first_day - 1 or (reaches_back and start_date <= previous_last_day)), false
        ) as goes_on,
        case when reaches_back then greatest(start_date, coalesce(previous_last_day + 1, start_date)) else first_day end as spell_from
    from followed
),

numbered as (
    select *, sum(cast(not goes_on as integer)) over (partition by person_key order by first_day, last_day) as spell_number
    from placed
),

-- What the last piece of a spell says of its end: nobody knows it before the next month is there.
ended as (
    select
        numbered.*,
        case
            when numbered.last_day < numbered.month_end or numbered.end_date = numbered.month_end then numbered.last_day
            when later.month_key is not null then numbered.last_day
            else numbered.end_date
        end as known_end_date
    from numbered
    left join delivered as later
        on
            numbered.delivering_municipality_key = later.delivering_municipality_key
            and numbered.month_key + 1 = later.month_key
)

select
    ended.* exclude (
        month_start, month_end, previous_family_key, previous_last_day, next_first_day, is_same_family, reaches_back, goes_on, spell_from,
        known_end_date
    ),
    min(spell_from) over spell as spell_start_date,
    last_value(known_end_date) over (spell rows between unbounded preceding and unbounded following) as spell_end_date,
    ended.month_key = newest.month_key and ended.last_day = ended.month_end
    and coalesce(ended.end_date > ended.month_end, true) as is_going_on
from ended
cross join newest
window spell as (partition by person_key, spell_number order by first_day, last_day)
