{{ config(materialized='partitioned', meta={'partition': {'part': 'source', 'unit': var('unit_key'), 'whole': 'inherited'}}) }}
with

units as (
    select distinct
        {{ var('unit_code') }} as unit_code,
        {{ var('unit_key') }} as unit_key
    from {{ ref(var('unit_project'), var('unit_model')) }}
)

select
    reached.source,
    reached.series,
    units.unit_key as {{ var('unit_key') }},
    reached.data_to
from {{ source('landing_zone', 'data_to') }} as reached
left join units on reached.unit_code = units.unit_code
order by reached.source, reached.series, units.unit_key
