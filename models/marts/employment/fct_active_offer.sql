{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all'}}) }}
-- Active offers in pieces: the days of an offer on which the person had a benefit that activation goes with, where the person lived
-- on them. An offer without such a day has one piece without a benefit. Full time is 37 hours a week.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_bes_tilbud') }}
    where action = 'set_aside' and line_number is not null
),

offers as (
    select
        staged.*,
        {{ municipality_key('staged.municipality_code') }} as acting_municipality_key,
        type.offer_type_key,
        greatest(staged.start_date, {{ flis_project.month_start('staged.month_key') }}) as first_day,
        least(coalesce(staged.end_date, date '9999-12-31'), last_day({{ flis_project.month_start('staged.month_key') }})) as last_day,
        cast(least(1, staged.weekly_hours / 37) as decimal(5, 4)) as degree
    from {{ ref('stg_employment__active_offer') }} as staged
    anti join left_out on staged.delivery_id = left_out.delivery_id and staged.line_number = left_out.line_number
    left join {{ ref('offer_types') }} as type on staged.source_category = type.source_category
    where {{ flis_project.within_reach(month='staged.month_key') }}
),

supported as (
    select spell.*, coalesce(spell.end_date, last_day(spell.start_date)) as last_day
    from {{ ref('fct_benefit_spell') }} as spell
    inner join {{ ref('benefits') }} as benefit on spell.benefit_key = benefit.benefit_key
    where benefit.has_activation and {{ flis_project.within_reach(month='spell.month_key') }}
),

pieces as (
    select
        supported.municipality_key,
        offers.acting_municipality_key,
        offers.month_key,
        offers.person_key,
        supported.benefit_key,
        offers.offer_type_key,
        offers.degree,
        greatest(offers.first_day, supported.start_date) as start_date,
        least(offers.last_day, supported.last_day) as last_day,
        offers.start_date as spell_start_date,
        offers.end_date as spell_end_date,
        offers.registered_at,
        offers.delivery_id,
        offers.line_number
    from offers
    inner join supported
        on
            offers.person_key = supported.person_key
            and offers.month_key = supported.month_key
            and offers.first_day <= supported.last_day
            and offers.last_day >= supported.start_date
),

alone as (
    select
        coalesce(residence.municipality_key, offers.acting_municipality_key) as municipality_key,
        offers.acting_municipality_key,
        offers.month_key,
        offers.person_key,
        cast(null as integer) as benefit_key,
        offers.offer_type_key,
        offers.degree,
        offers.first_day as start_date,
        offers.last_day,
        offers.start_date as spell_start_date,
        offers.end_date as spell_end_date,
        offers.registered_at,
        offers.delivery_id,
        offers.line_number
    from offers
    anti join pieces on offers.delivery_id = pieces.delivery_id and offers.line_number = pieces.line_number
    left join {{ ref('int_residence__spells') }} as residence
        on
            offers.person_key = residence.person_key
            and offers.first_day between residence.valid_from and coalesce(residence.valid_to, date '9999-12-31')
)

select * exclude (last_day), last_day as end_date
from (
    select * from pieces
    union all
    select * from alone
) as found
order by month_key, municipality_key, person_key
