-- Population as a delivery, for trying the system where the published file is not at hand. Nothing is made up: the numbers
-- are Statistics Denmark's (FOLK1A, CC BY 4.0), from the seed published_population. Seed and scale change nothing.
create table delivery as
select
    'population_by_quarter_2019_2026.csv' as file_name,
    right(population.municipality_code, 3) as kommunekode,
    municipality.name_da as navn,
    replace(population.quarter, '-', '') as kvartal,
    population.population_count as folketal
from published_population as population
inner join municipalities as municipality on population.municipality_code = municipality.municipality_code
order by population.municipality_code, population.quarter;

create table delivery_facts as
select
    'population_by_quarter_2019_2026.csv' as file_name,
    timestamp '2026-08-22 00:00:00' as extracted_at,
    false as synthetic;
