with

units as (
    select distinct
        {{ var('unit_code') }} as unit_code,
        {{ var('unit_key') }} as unit_key
    from {{ ref(var('unit_project'), var('unit_model')) }}
)

select
    expected.source,
    expected.series,
    units.unit_key as {{ var('unit_key') }},
    expected.base_period_key,
    expected.state,
    expected.delivery_id,
    expected.synthetic
from {{ source('landing_zone', 'coverage') }} as expected
left join units on expected.unit_code = units.unit_code
order by expected.source, expected.series, units.unit_key, expected.base_period_key
