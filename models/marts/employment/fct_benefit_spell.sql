{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all'}}) }}
-- Benefit spells in pieces: one per month, municipality of residence and age in completed years. The days belong to where the
-- person lived on them; people who are not in the register live where the delivery says.
with

pieces as (
    select
        piece.* exclude (first_day, last_day, registered_at, is_going_on),
        case when piece.is_registered then residence.municipality_key else piece.delivered_municipality_key end as municipality_key,
        greatest(piece.first_day, coalesce(residence.valid_from, piece.first_day)) as first_day,
        least(piece.last_day, coalesce(residence.valid_to, piece.last_day)) as last_day,
        piece.is_going_on and (residence.valid_to is null or residence.valid_to >= piece.last_day) as is_going_on,
        piece.registered_at
    from {{ ref('int_benefit_spell__pieces') }} as piece
    left join {{ ref('int_residence__spells') }} as residence
        on
            piece.person_key = residence.person_key
            and piece.first_day <= coalesce(residence.valid_to, date '9999-12-31')
            and piece.last_day >= residence.valid_from
    where
        (not piece.is_registered or residence.person_key is not null)
        and {{ flis_project.within_reach(month='piece.month_key') }}
),

aged as (
    select
        *,
        {{ age_on('birth_date', 'first_day') }} as first_age,
        {{ age_on('birth_date', 'last_day') }} as last_age
    from pieces
),

-- Whoever has a birthday after the piece's first day is of two ages in it.
split as (
    select * exclude (first_age, last_age), first_age as age
    from aged
    where first_age is not distinct from last_age
    union all
    select
        * exclude (first_age, last_age)
        replace (cast(make_date(year(first_day), month(birth_date), day(birth_date)) - 1 as date) as last_day, false as is_going_on),
        first_age
    from aged
    where first_age <> last_age
    union all
    select
        * exclude (first_age, last_age) replace (make_date(year(first_day), month(birth_date), day(birth_date)) as first_day),
        last_age
    from aged
    where first_age <> last_age
)

select
    municipality_key,
    acting_municipality_key,
    month_key,
    person_key,
    benefit_key,
    visitation_category_key,
    age as age_key,
    degree,
    rate_code,
    birth_date,
    first_day as start_date,
    case when not is_going_on then last_day end as end_date,
    spell_start_date,
    spell_end_date,
    registered_at,
    delivery_id,
    line_number
from split
order by month_key, municipality_key, person_key
