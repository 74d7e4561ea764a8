{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'year_key'}}) }}
-- A budget holds for its whole year. The revised one begins as the original: until a revision is decided, the original is what
-- there is to spend. Supplementary appropriations explain the difference and are in no version.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_oko_budget') }}
    where action = 'set_aside' and line_number is not null
),

budget as (
    select staged.*
    from {{ ref('stg_economy__budget') }} as staged
    anti join left_out
        on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
    where staged.source_version in ('oprindeligt', 'korrigeret')
),

-- The budgets that a municipality decided: the original one, and every revision with its date.
decided as (
    select distinct
        municipality_code,
        year_key,
        source_version,
        case when source_version = 'korrigeret' then in_force_from end as decided_from,
        case
            when source_version = 'korrigeret' then greatest(in_force_from, make_date(year_key, 1, 1))
            else make_date(year_key, 1, 1)
        end as valid_from
    from budget
),

-- Each holds until the next one. One that is replaced on the day it begins is in force on no day.
intervals as (
    select
        *,
        least(
            coalesce(
                cast(lead(valid_from) over (
                    partition by municipality_code, year_key order by valid_from, decided_from nulls first
                ) - interval 1 day as date),
                make_date(year_key, 12, 31)
            ),
            make_date(year_key, 12, 31)
        ) as valid_to
    from decided
),

versions as (
    select
        municipality_code,
        year_key,
        source_version,
        decided_from,
        'revised' as version,
        valid_from,
        valid_to,
        case when source_version = 'korrigeret' then 1 else 0 end as source_row_count
    from intervals
    union all
    select
        municipality_code,
        year_key,
        source_version,
        decided_from,
        'original' as version,
        valid_from,
        make_date(year_key, 12, 31) as valid_to,
        1 as source_row_count
    from decided
    where source_version = 'oprindeligt'
)

select
    {{ municipality_key('budget.municipality_code') }} as municipality_key,
    budget.year_key,
    versions.version,
    {{ account_columns() }},
    budget.amount,
    versions.valid_from,
    versions.valid_to,
    budget.delivery_id,
    budget.line_number,
    versions.source_row_count
from budget
inner join versions
    on
        budget.municipality_code = versions.municipality_code
        and budget.year_key = versions.year_key
        and budget.source_version = versions.source_version
        and (budget.source_version = 'oprindeligt' or budget.in_force_from = versions.decided_from)
order by year_key, municipality_key, version
