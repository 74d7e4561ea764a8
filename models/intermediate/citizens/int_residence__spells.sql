{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'from': 'valid_from', 'to': 'valid_to', 'whole': 'compared'}}) }}
-- Where people live, from day to day. A state stands in every month that it touches, as that month knows it: one that goes on is
-- closed by what the months after it say, and one that a later month no longer has ends where the next begins.
with

-- A state as its last month has it; abroad, lost and dead are states too, and end a residence.
lasting as (
    select
        person_key,
        municipality_key,
        valid_from,
        max(month_key) as month_key,
        arg_max(coalesce(valid_to, date '9999-12-31'), month_key) as known_to
    from {{ ref('int_register__states') }}
    where not is_displaced
    group by person_key, municipality_key, valid_from
),

newest_month as (
    select max(month_key) as month_key from lasting
),

closed as (
    select
        lasting.person_key,
        lasting.municipality_key,
        lasting.valid_from,
        least(
            case
                when lasting.known_to < date '9999-12-31' or lasting.month_key = newest_month.month_key then lasting.known_to
                -- Open in a month that is not the newest, and gone in the next: it was there until that month's end.
                else cast({{ flis_project.month_start('(lasting.month_key + 1)') }} - interval 1 day as date)
            end,
            coalesce(
                cast(lead(lasting.valid_from) over (partition by lasting.person_key order by lasting.valid_from, lasting.month_key)
                - interval 1 day as date), date '9999-12-31'
            )
        ) as valid_to
    from lasting
    cross join newest_month
),

numbered as (
    select
        *,
        not coalesce(
            lag(municipality_key) over stretch = municipality_key and lag(valid_to) over stretch = valid_from - interval 1 day, false
        ) as is_new
    from closed
    where municipality_key is not null and valid_to >= valid_from
    window stretch as (partition by person_key order by valid_from)
),

joined as (
    select *, sum(cast(is_new as integer)) over (partition by person_key order by valid_from) as spell_number
    from numbered
)

select
    person_key,
    min(municipality_key) as municipality_key,
    min(valid_from) as valid_from,
    nullif(max(valid_to), date '9999-12-31') as valid_to
from joined
group by person_key, spell_number
order by person_key, valid_from
