-- Published populations that are right in themselves and still wrong: nothing but zeros, another level than the quarter before.
{{
    flis_project.plausibility(
        'bor_folketal', ref('stg_citizens__population'), 'municipality_code', 'quarter_key', 'population_count',
        {'all_zero': 'V-BOR-27', 'level_shift': 'V-BOR-28'},
        shift_pct=20
    )
}}
