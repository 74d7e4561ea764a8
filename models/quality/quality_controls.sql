with

-- Persons are left out: a mover counts in two municipalities, so they do not add up to the country.
comparable as (
    select
        series,
        'sum' as method
    from (
        values
        ('unemployment.total'), ('unemployment.dagpenge'), ('unemployment.kontanthjaelp'),
        ('longterm.total'), ('longterm.dagpenge'), ('longterm.kontanthjaelp'),
        ('cashAssistance.fullTime'), ('cashVisitation.fullTime'),
        ('offers.courses'), ('offers.coursesTotal')
    ) as additive (series)
    union all
    select
        'unemployment.totalRate' as series,
        'implied_workforce' as method
),

sums as (
    select
        series,
        source_category,
        month_key,
        sum(published_value) as computed_value,
        count(published_value) as member_count
    from {{ ref('stg_employment__labour_market_published') }}
    group by series, source_category, month_key
),

-- A share is recomputed with the workforce that count and rounded share imply; a share of zero implies none.
shares as (
    select
        'unemployment.totalRate' as series,
        cast(null as varchar) as source_category,
        month_key,
        round(
            100.0 * sum(cast(gross_unemployed_count as double))
            / nullif(sum(100.0 * gross_unemployed_count / nullif(gross_unemployed_share_pct, 0)), 0),
            3
        ) as computed_value,
        count(*) as member_count
    from {{ ref('fct_labour_market_published') }}
    where gross_unemployed_count is not null and gross_unemployed_share_pct > 0
    group by month_key
),

computed as (
    select * from sums where series <> 'unemployment.totalRate'
    union all
    select * from shares
),

compared as (
    select
        control.source,
        control.series,
        control.source_category,
        control.area_level,
        control.area_code,
        control.base_period_key,
        comparable.method,
        control.published_value,
        cast(computed.computed_value as decimal(18, 3)) as computed_value,
        cast(computed.computed_value as decimal(18, 3)) - control.published_value as difference,
        coalesce(computed.member_count, 0) as member_count
    from {{ ref('fct_published_controls') }} as control
    inner join comparable on control.series = comparable.series
    left join computed
        on
            control.series = computed.series
            and control.source_category is not distinct from computed.source_category
            and control.base_period_key = computed.month_key
)

select
    *,
    round(100.0 * difference / nullif(published_value, 0), 3) as relative_difference_pct,
    coalesce(
        case method
            when 'sum' then abs(100.0 * difference / nullif(published_value, 0)) <= {{ var('control_tolerance_pct') }}
            else abs(difference) <= {{ var('control_tolerance_points') }}
        end,
        false
    ) as is_within_tolerance
from compared
order by source, series, base_period_key, source_category
