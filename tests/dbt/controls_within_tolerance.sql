-- Published totals that the municipalities do not add up to. Mostly blanks of small municipalities; worth a look.
{{ config(severity='warn') }}

select
    series,
    source_category,
    base_period_key,
    published_value,
    computed_value,
    member_count,
    relative_difference_pct
from {{ ref('quality_controls') }}
where not is_within_tolerance
order by abs(relative_difference_pct) desc
