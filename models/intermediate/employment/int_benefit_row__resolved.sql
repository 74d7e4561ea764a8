{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'delivering_municipality_key', 'month': 'month_key', 'units': 'all'
}}) }}
-- The days of every usable row after the overwriting rules (V-BES-02): on a day with several benefits the one of highest rank
-- counts; of two rows of one benefit, the one registered last. Only people with rows that overlap are looked at by day.
with

usable as (
    select *
    from {{ ref('int_benefit_row__judged') }}
    where rule_id is null and {{ flis_project.within_reach(month='month_key') }}
),

ordered as (
    select
        delivery_id,
        line_number,
        person_key,
        month_key,
        first_day,
        last_day,
        max(last_day) over (
            partition by person_key, month_key order by first_day, last_day
            rows between unbounded preceding and 1 preceding
        ) >= first_day as is_overlapping
    from usable
),

contested as (
    select distinct person_key, month_key
    from ordered
    where is_overlapping
),

days as (
    select
        usable.delivery_id,
        usable.line_number,
        usable.person_key,
        usable.month_key,
        cast(unnest(range(cast(usable.first_day as timestamp), cast(usable.last_day + 1 as timestamp), interval 1 day)) as date) as day,
        usable.rank,
        usable.registered_at
    from usable
    semi join contested on usable.person_key = contested.person_key and usable.month_key = contested.month_key
),

winners as (
    select person_key, day, delivery_id, line_number
    from days
    qualify row_number() over (partition by person_key, day order by rank, registered_at desc, delivery_id desc, line_number desc) = 1
),

-- Days of one row that follow each other are one piece.
numbered as (
    select
        *,
        day - cast(row_number() over (partition by delivery_id, line_number order by day) as integer) as run
    from winners
),

pieces as (
    select delivery_id, line_number, min(day) as first_day, max(day) as last_day
    from numbered
    group by delivery_id, line_number, run
    union all
    select usable.delivery_id, usable.line_number, usable.first_day, usable.last_day
    from usable
    anti join contested on usable.person_key = contested.person_key and usable.month_key = contested.month_key
)

select
    usable.* exclude (first_day, last_day, rule_id, reason),
    pieces.first_day,
    pieces.last_day,
    usable.last_day as row_last_day
from pieces
inner join usable on pieces.delivery_id = usable.delivery_id and pieces.line_number = usable.line_number
