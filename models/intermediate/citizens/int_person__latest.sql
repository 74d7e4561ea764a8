{{ config(materialized='partitioned', meta={'partition': {'part': 'person_key', 'whole': 'compared'}}) }}
-- What the register says of each person, as the newest month has it.
with

newest as (
    select
        person_key,
        arg_max(
            {
                'sex_key': sex_key, 'origin_key': origin_key, 'mother_key': mother_key, 'citizenship_code': citizenship_code,
                'birth_date': birth_date
            },
            (month_key, valid_from)
        ) as person,
        min(valid_from) filter (where status_code = '90') as death_date
    from {{ ref('int_register__states') }}
    where not is_displaced
    group by person_key
)

select
    person_key,
    person.sex_key,
    person.origin_key,
    person.mother_key,
    person.citizenship_code,
    person.birth_date,
    death_date
from newest
order by person_key
