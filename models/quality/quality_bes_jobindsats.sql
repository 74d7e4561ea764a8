-- Published measures that are right in themselves and still wrong: the month before once more, or nothing but zeros. A category of
-- a measure is a cell of its own.
{{
    flis_project.plausibility(
        'bes_jobindsats', ref('stg_employment__labour_market_published'), 'municipality_code', 'month_key', 'published_value',
        {'all_zero': 'V-BES-37', 'repeats_previous_period': 'V-BES-38'},
        dimensions=['series', 'source_category']
    )
}}
