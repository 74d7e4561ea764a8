{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
{#- column: series, type. A month has one value per series, so the pivot picks it; it adds nothing. -#}
{%- set measures = {
    'gross_unemployed_count': ('unemployment.total', 'bigint'),
    'gross_unemployed_share_pct': ('unemployment.totalRate', 'decimal(9, 2)'),
    'unemployment_insurance_count': ('unemployment.dagpenge', 'bigint'),
    'unemployment_insurance_share_pct': ('unemployment.dagpengeRate', 'decimal(9, 2)'),
    'cash_benefit_unemployed_count': ('unemployment.kontanthjaelp', 'bigint'),
    'cash_benefit_unemployed_share_pct': ('unemployment.kontanthjaelpRate', 'decimal(9, 2)'),
    'long_term_unemployed_count': ('longterm.total', 'bigint'),
    'long_term_insurance_count': ('longterm.dagpenge', 'bigint'),
    'long_term_cash_benefit_count': ('longterm.kontanthjaelp', 'bigint'),
    'cash_benefit_person_count': ('cashAssistance.persons', 'bigint'),
    'cash_benefit_fte': ('cashAssistance.fullTime', 'decimal(18, 2)'),
    'cash_benefit_population_share_pct': ('cashAssistance.populationRate', 'decimal(9, 2)'),
    'cash_benefit_workforce_share_pct': ('cashAssistance.workforceRate', 'decimal(9, 2)'),
    'activation_degree_pct': ('activation.degree', 'decimal(9, 2)'),
    'activation_affected_share_pct': ('activation.affectedShare', 'decimal(9, 2)'),
    'ordinary_hours_person_count': ('ordinaryHours.persons', 'bigint'),
    'ordinary_hours_share_pct': ('ordinaryHours.share', 'decimal(9, 2)'),
    'offer_activated_count': ('offers.activatedTotal', 'bigint'),
    'offer_course_count': ('offers.coursesTotal', 'bigint'),
    'offer_average_courses': ('offers.averageCourses', 'decimal(9, 2)'),
} %}
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    month_key,
    {%- for column, (series, type) in measures.items() %}
    cast(max(published_value) filter (where series = '{{ series }}') as {{ type }}) as {{ column }},
    {%- endfor %}
    delivery_id,
    count(*) as source_row_count
from {{ ref('stg_employment__labour_market_published') }}
where source_category is null and series not in ('cashVisitation.fullTime', 'offers.activated', 'offers.courses')
group by municipality_code, month_key, delivery_id
order by municipality_key, month_key
