{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'month_key', 'units': 'all', 'reads': {'source_status': {'parts': ['bes_sygedagpenge_sag']}}
}}) }}
-- Sickness-benefit cases in pieces: one per month and municipality of residence, and one before and one after the day on which
-- the case is older than 52 weeks. A case that came from two municipalities is there once (V-BES-15).
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_bes_sygedagpenge_sag') }}
    where action in ('set_aside', 'repair') and line_number is not null
),

newest as (
    select due_key as month_key
    from {{ ref('flis_project', 'source_status') }}
    where source = 'bes_sygedagpenge_sag'
),

cases as (
    select
        staged.*,
        {{ municipality_key('staged.municipality_code') }} as acting_municipality_key,
        greatest(staged.start_date, {{ flis_project.month_start('staged.month_key') }}) as first_day,
        least(coalesce(staged.end_date, date '9999-12-31'), last_day({{ flis_project.month_start('staged.month_key') }})) as last_day,
        last_day({{ flis_project.month_start('staged.month_key') }}) as month_end,
        -- 52 weeks have passed as this day begins.
        staged.start_date + 364 as long_from
    from {{ ref('stg_employment__sickness_case') }} as staged
    anti join left_out on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
    where {{ flis_project.within_reach(month='staged.month_key') }}
),

split as (
    select * replace (least(last_day, long_from - 1) as last_day), false as is_over_52_weeks
    from cases
    where first_day < long_from
    union all
    select * replace (greatest(first_day, long_from) as first_day), true as is_over_52_weeks
    from cases
    where last_day >= long_from
),

pieces as (
    select
        split.* replace (
            greatest(split.first_day, coalesce(residence.valid_from, split.first_day)) as first_day,
            least(split.last_day, coalesce(residence.valid_to, split.last_day)) as last_day
        ),
        coalesce(residence.municipality_key, split.acting_municipality_key) as municipality_key
    from split
    left join {{ ref('int_person__latest') }} as person on split.person_key = person.person_key
    left join {{ ref('int_residence__spells') }} as residence
        on
            split.person_key = residence.person_key
            and split.first_day <= coalesce(residence.valid_to, date '9999-12-31')
            and split.last_day >= residence.valid_from
    where person.person_key is null or residence.person_key is not null
)

select
    pieces.municipality_key,
    pieces.acting_municipality_key,
    pieces.month_key,
    pieces.person_key,
    pieces.case_code,
    pieces.is_over_52_weeks,
    pieces.employment_status = 'Beskæftiget' as is_employed,
    pieces.first_day as start_date,
    case
        when not (pieces.month_key = newest.month_key and pieces.last_day = pieces.month_end and coalesce(pieces.end_date > pieces.month_end, true))
            then pieces.last_day
    end as end_date,
    pieces.start_date as spell_start_date,
    pieces.end_date as spell_end_date,
    pieces.registered_at,
    pieces.delivery_id,
    pieces.line_number
from pieces
cross join newest
order by month_key, municipality_key
