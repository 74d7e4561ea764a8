-- include: _people.sql
-- The labour force of the simulated people: three in four of those aged 16 to 66, at the end of November.
create table delivery as
select
    'ref_arbejdsstyrke_' || year || '_' || year + 1 || '-10-01.csv' as file_name,
    units.unit as kommunekode,
    cast(year as varchar) as aar,
    cast(round(count(*) * (0.74 + 0.04 * any_value(noise(units.unit_key, year)))) as bigint) as arbejdsstyrke
from units
inner join residences on units.unit = residences.municipality
inner join people on residences.person = people.person
cross join (values (2022), (2023), (2024)) as counted (year)
-- Nobody's life is known before 2024: the years before count the people of its first day.
where
    greatest(make_date(year, 11, 30), lives_from()) between residences.valid_from and coalesce(residences.valid_to, date '9999-12-31')
    and people.birth_date <= make_date(year - 16, 11, 30) and people.birth_date > make_date(year - 67, 11, 30)
group by units.unit, year
order by file_name, kommunekode;

create table delivery_facts as
select
    file_name,
    cast(regexp_extract(file_name, '[0-9]{4}-[0-9]{2}-[0-9]{2}') as timestamp) as extracted_at,
    true as synthetic
from delivery
group by file_name;

create table truth_labour_force as
select kommunekode as municipality, cast(aar as integer) as year, arbejdsstyrke as persons
from delivery
order by all;
