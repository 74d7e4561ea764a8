{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'before': {'years': 100}
}}) }}
-- Published measures that are right in themselves and still wrong: the month before once more, or nothing but zeros. A category of
-- a measure is a cell of its own.
with

published as (
    select *
    from {{ ref('stg_employment__labour_market_published') }}
    where {{ flis_project.within_reach(unit_code='municipality_code') }}
)

{{
    flis_project.plausibility(
        'bes_jobindsats', 'published', 'municipality_code', 'month_key', 'published_value',
        {'all_zero': 'V-BES-37', 'repeats_previous_period': 'V-BES-38'},
        dimensions=['series', 'source_category']
    )
}}
