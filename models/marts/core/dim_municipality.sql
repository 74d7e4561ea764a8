{%- set new_region = var('eastern_denmark_region_code', none) %}
with

memberships as (
    select
        municipality_code,
        region_code,
        valid_from,
        valid_to
    from {{ ref('municipality_regions') }}
),

regions as (
    select
        region_code,
        name_da,
        name_en
    from {{ ref('regions') }}
),

{% if new_region is not none %}
-- Hovedstaden (1084) and Sjælland (1085) end on 31 December 2026; their municipalities go on in Østdanmark.
dated as (
    select
        municipality_code,
        region_code,
        valid_from,
        case when region_code in ('1084', '1085') then coalesce(valid_to, date '2026-12-31') else valid_to end as valid_to
    from memberships
    union all
    select
        municipality_code,
        '{{ new_region }}' as region_code,
        date '2027-01-01' as valid_from,
        cast(null as date) as valid_to
    from memberships
    where region_code in ('1084', '1085') and valid_to is null
),

named_regions as (
    select * from regions
    union all
    select '{{ new_region }}' as region_code, 'Region Østdanmark' as name_da, 'Eastern Denmark Region' as name_en
)
{% else %}
dated as (
    select * from memberships
),

named_regions as (
    select * from regions
)
{% endif %}
select
    {{ municipality_key('municipalities.municipality_code') }} as municipality_key,
    municipalities.municipality_code,
    municipalities.name_da,
    municipalities.name_en,
    municipalities.unit_kind,
    dated.region_code,
    named_regions.name_da as region_name_da,
    named_regions.name_en as region_name_en,
    dated.valid_from,
    dated.valid_to
from {{ ref('municipalities') }} as municipalities
left join dated on municipalities.municipality_code = dated.municipality_code
left join named_regions on dated.region_code = named_regions.region_code
order by municipalities.municipality_code, dated.valid_from
