{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
-- A forecast holds from the day on which it was made until the next one is made.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_oko_forventet') }}
    where action = 'set_aside' and line_number is not null
),

forecast as (
    select staged.*
    from {{ ref('stg_economy__forecast') }} as staged
    anti join left_out
        on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
),

made as (
    select distinct
        municipality_code,
        year_key,
        made_date
    from forecast
),

intervals as (
    select
        municipality_code,
        year_key,
        made_date,
        greatest(made_date, make_date(year_key, 1, 1)) as valid_from,
        least(
            coalesce(
                cast(lead(made_date) over (partition by municipality_code, year_key order by made_date) - interval 1 day as date),
                make_date(year_key, 12, 31)
            ),
            make_date(year_key, 12, 31)
        ) as valid_to
    from made
)

select
    {{ municipality_key('forecast.municipality_code') }} as municipality_key,
    forecast.year_key,
    forecast.function_key,
    forecast.function_key // 10000 as main_account,
    forecast.function_key // 100 as main_function_key,
    forecast.dranst,
    forecast.amount,
    forecast.made_date,
    intervals.valid_from,
    -- A forecast made after the year, or replaced before it, is in force on no day of it.
    intervals.valid_to,
    forecast.delivery_id,
    forecast.line_number
from forecast
inner join intervals
    on
        forecast.municipality_code = intervals.municipality_code
        and forecast.year_key = intervals.year_key
        and forecast.made_date = intervals.made_date
order by year_key, municipality_key, made_date
