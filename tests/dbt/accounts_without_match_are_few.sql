-- Municipalities and months in which accounts without a match in the account plan are above a thousandth of what was posted: their
-- chart needs mapping, or the plan needs a function.
{{ config(severity='warn', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}

with

posted as (
    select
        {{ municipality_key('municipality_code') }} as municipality_key,
        month_key,
        sum(abs(amount)) as amount
    from {{ ref('stg_economy__posting') }}
    where {{ flis_project.within_reach(unit_code='municipality_code', month='month_key') }}
    group by municipality_code, month_key
),

without_match as (
    select
        municipality_key,
        base_period_key as month_key,
        count(*) as row_count,
        sum(abs(amount)) as amount
    from {{ ref('quality_oko_postering') }}
    where rule_id = 'V-OKO-01' and {{ flis_project.within_reach(unit='municipality_key', month='base_period_key') }}
    group by municipality_key, base_period_key
)

select
    without_match.*,
    posted.amount as posted_amount
from without_match
inner join posted
    on without_match.municipality_key = posted.municipality_key and without_match.month_key = posted.month_key
where without_match.amount > 0.001 * posted.amount
order by without_match.amount desc
