-- The population that was received, against the facts of Statistics Denmark in the seed.
{{ config(severity='warn') }}

select
    published.municipality_code,
    published.quarter,
    published.population_count as published_count,
    population.population_count as received_count
from {{ ref('published_population') }} as published
inner join {{ ref('dim_period') }} as period
    on period.grain = 'quarter' and published.quarter = period.period
inner join {{ ref('fct_population') }} as population
    on
        {{ municipality_key('published.municipality_code') }} = population.municipality_key
        and period.period_key = population.quarter_key
where population.vintage = 'frozen' and published.population_count <> population.population_count
