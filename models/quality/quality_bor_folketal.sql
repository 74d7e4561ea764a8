{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'quarter': 'base_period_key', 'before': {'years': 100}
}}) }}
-- Published populations that are right in themselves and still wrong: nothing but zeros, another level than the quarter before.
with

published as (
    select *
    from {{ ref('stg_citizens__population') }}
    where {{ flis_project.within_reach(unit_code='municipality_code') }}
)

{{
    flis_project.plausibility(
        'bor_folketal', 'published', 'municipality_code', 'quarter_key', 'population_count',
        {'all_zero': 'V-BOR-27', 'level_shift': 'V-BOR-28'},
        shift_pct=20
    )
}}
