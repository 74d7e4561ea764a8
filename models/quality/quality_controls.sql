{{ config(materialized='partitioned', meta={'partition': {'month': 'base_period_key'}}) }}
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
    -- Shares of the labour force: the one that the publisher divides by is not delivered, so an implied one weighs them.
    select
        series,
        'implied_workforce' as method
    from (
        values
        ('unemployment.totalRate'), ('unemployment.dagpengeRate'), ('unemployment.kontanthjaelpRate'),
        ('cashAssistance.workforceRate')
    ) as shares_of_workforce (series)
    union all
    -- Nothing that was delivered implies what this share is of: each municipality counts alike, as in its key figure.
    select
        'activation.affectedShare' as series,
        'unweighted_mean' as method
),

-- A municipality's labour force as its number and its rounded share of unemployed imply it; a share of zero implies none.
workforces as (
    select
        municipality_code,
        month_key,
        cast(max(published_value) filter (where series = 'unemployment.total') as double)
        / nullif(max(published_value) filter (where series = 'unemployment.totalRate'), 0) as workforce
    from {{ ref('stg_employment__labour_market_published') }}
    where series in ('unemployment.total', 'unemployment.totalRate')
    group by municipality_code, month_key
),

-- One row per series, category, month and method, of the municipalities that have what the method needs.
computed as (
    select
        published.series,
        published.source_category,
        published.month_key,
        comparable.method,
        case comparable.method
            when 'sum' then sum(published.published_value)
            when 'implied_workforce' then
                round(sum(cast(published.published_value as double) * workforces.workforce) / sum(workforces.workforce), 3)
            else round(avg(published.published_value), 3)
        end as computed_value,
        count(*) as member_count
    from {{ ref('stg_employment__labour_market_published') }} as published
    inner join comparable on published.series = comparable.series
    left join workforces
        on
            published.municipality_code = workforces.municipality_code
            and published.month_key = workforces.month_key
    where published.published_value is not null and (comparable.method <> 'implied_workforce' or workforces.workforce > 0)
    group by published.series, published.source_category, published.month_key, comparable.method
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
            when 'implied_workforce' then abs(difference) <= {{ var('control_tolerance_points') }}
            else abs(difference) <= {{ var('control_tolerance_mean_points') }}
        end,
        false
    ) as is_within_tolerance
from compared
order by source, series, base_period_key, source_category
