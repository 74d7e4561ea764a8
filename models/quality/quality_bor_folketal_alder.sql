{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'quarter': 'base_period_key', 'reads': {'stg_citizens__population_by_age': {'before': {'years': 100}}}
}}) }}
-- V-BOR-09: the register against the publisher, on the first day of every quarter that both have. And what only the quarter before
-- tells (V-BOR-95 to 98).
with

counted as (
    select
        municipality_key,
        quarter_key,
        sum(population_count) filter (where vintage = 'frozen_by_age') as frozen_count,
        sum(population_count) filter (where vintage = 'current') as current_count,
        max(delivery_id) filter (where vintage = 'frozen_by_age') as delivery_id
    from {{ ref('fct_population') }}
    where
        vintage in ('frozen_by_age', 'current')
        and month_key % 3 = 0
        and {{ flis_project.within_reach(unit='municipality_key') }}
    group by municipality_key, quarter_key
),

published as (
    select *
    from {{ ref('stg_citizens__population_by_age') }}
    where {{ flis_project.within_reach(unit_code='municipality_code') }}
),

implausible as (
    {{
        flis_project.plausibility(
            'bor_folketal_alder', 'published', 'municipality_code', 'quarter_key', 'population_count',
            {
                'all_zero': 'V-BOR-95', 'repeats_previous_period': 'V-BOR-96', 'value_lost': 'V-BOR-97', 'level_shift': 'V-BOR-98'
            },
            dimensions=['age', 'sex_code'], lost='age', least_amount=15
        )
    }}
)

select
    'V-BOR-09' as rule_id,
    'flag' as action,
    'bor_folketal_alder' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(null as bigint) as line_number,
    municipality_key,
    cast(quarter_key as integer) as base_period_key,
    '' as slot,
    cast(1 as bigint) as row_count,
    cast(current_count - frozen_count as decimal(18, 2)) as amount,
    'The register has ' || current_count || ' inhabitants, the publisher ' || frozen_count
    || ': words that came after 30 days, or a wrong delivery.' as reason
from counted
where
    current_count <> frozen_count
    and abs(current_count - frozen_count) >= {{ var('population_vintage_tolerance_pct') }} / 100.0 * frozen_count
union all
select *
from implausible
order by rule_id, municipality_key, base_period_key
