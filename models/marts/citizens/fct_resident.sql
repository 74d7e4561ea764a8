{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all'}}) }}
-- Who lives where as each month begins. What happens on the first day is not in it: it is an event of the month.
select
    states.municipality_key,
    states.month_key,
    states.person_key,
    states.sex_key,
    states.origin_key,
    {{ age_on('states.birth_date', 'months.month_start') }} as age,
    date_diff('day', states.birth_date, months.month_start) / 365.25 as age_exact,
    months.month_start as status_date,
    states.delivery_id,
    states.line_number
from {{ ref('int_register__states') }} as states
inner join (
    select distinct month_key, {{ flis_project.month_start('month_key') }} as month_start from {{ ref('int_register__states') }}
) as months
    on states.month_key = months.month_key
where
    states.is_resident
    and not states.is_displaced
    and states.valid_from < months.month_start
    and (states.valid_to is null or states.valid_to >= months.month_start - interval 1 day)
order by states.month_key, states.municipality_key
