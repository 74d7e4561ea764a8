{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'delivering_municipality_key', 'month': 'month_key', 'reads': {'int_residence__spells': {'units': 'all'}}
}}) }}
-- Every delivered row of a benefit spell with its days in the month, what the benefit is by the law of those days, and the one
-- reason for which it cannot be used (V-BES-03, 04, 09, 10).
with

staged as (
    select
        *,
        {{ flis_project.month_start('month_key') }} as month_start,
        last_day({{ flis_project.month_start('month_key') }}) as month_end,
        greatest(start_date, {{ flis_project.month_start('month_key') }}) as first_day,
        least(coalesce(end_date, date '9999-12-31'), last_day({{ flis_project.month_start('month_key') }})) as last_day
    from {{ ref('stg_employment__benefit_spell') }}
    where {{ flis_project.within_reach(unit_code='municipality_code', month='month_key') }}
),

persons as (
    select
        person.person_key,
        person.birth_date,
        -- A benefit of working age lasts until the end of the month in which pension age is reached.
        last_day(cast(person.birth_date + to_months(pension.years * 12 + pension.months) as date)) as working_age_to
    from {{ ref('int_person__latest') }} as person
    left join {{ ref('pension_ages') }} as pension
        on person.birth_date between pension.born_from and pension.born_to
),

-- Rows of people of the register with no day on which the person lived in the country.
present as (
    select distinct staged.delivery_id, staged.line_number
    from staged
    inner join {{ ref('int_residence__spells') }} as residence
        on
            staged.person_key = residence.person_key
            and staged.first_day <= coalesce(residence.valid_to, date '9999-12-31')
            and staged.last_day >= residence.valid_from
)

select
    staged.* exclude (source_code, source_category, municipality_code, acting_municipality_code, residence_municipality_code),
    {{ municipality_key('staged.municipality_code') }} as delivering_municipality_key,
    {{ municipality_key('coalesce(staged.acting_municipality_code, staged.municipality_code)') }} as acting_municipality_key,
    {{ municipality_key('coalesce(staged.residence_municipality_code, staged.municipality_code)') }} as delivered_municipality_key,
    benefit.benefit_key,
    benefit.family_key,
    benefit.rank,
    category.visitation_category_key,
    persons.birth_date,
    persons.person_key is not null as is_registered,
    case
        when staged.first_day > staged.last_day then 'V-BES-09'
        when staged.start_date < persons.birth_date then 'V-BES-10'
        when benefit.benefit_key is null then 'V-BES-04'
        when persons.person_key is not null and present.line_number is null then 'V-BES-03'
        when benefit.ends_at_pension_age and staged.month_start > persons.working_age_to then 'V-BES-03'
    end as rule_id,
    case
        when staged.first_day > staged.last_day
            then 'From ' || staged.start_date || ' to ' || coalesce(cast(staged.end_date as varchar), 'now') || ': no day of the month.'
        when staged.start_date < persons.birth_date then 'Begins on ' || staged.start_date || ', before the person was born.'
        when benefit.benefit_key is null then 'There is no benefit ' || staged.source_code || ' on ' || staged.first_day || '.'
        when persons.person_key is not null and present.line_number is null then 'The person has died or left the country before the month.'
        when benefit.ends_at_pension_age and staged.month_start > persons.working_age_to
            then 'The person reached pension age in the month that ends on ' || persons.working_age_to || '.'
    end as reason
from staged
left join {{ ref('int_benefit__dated') }} as benefit
    on
        staged.source_code = benefit.source_code
        and staged.first_day between benefit.valid_from and coalesce(benefit.valid_to, date '9999-12-31')
left join persons on staged.person_key = persons.person_key
left join present on staged.delivery_id = present.delivery_id and staged.line_number = present.line_number
left join {{ ref('visitation_categories') }} as category on staged.source_category = category.source_category
