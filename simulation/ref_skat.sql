-- include: _ledger.sql
-- Income tax of every municipality, 2019 to 2025: invented, and like the real ones. Rates lie between 22.5 and 27.8 with one
-- decimal, the richer the lower, and most stay as they are for years; the base is what inhabitants earn, and grows by 3 % a year.
create table wealth as
select
    unit,
    unit_key,
    population_2019,
    noise(unit_key, 31, 1) as richness
from units;

create table delivery as
select
    'ref_skat_2026-01-15.csv' as file_name,
    unit as kommunekode,
    cast(year as varchar) as indkomstaar,
    cast(round(
        26.6 - 2.6 * richness + 1.4 * (noise(unit_key, 31, 2) - 0.5)
        -- Every fourth municipality changes its rate once, by up to half a point.
        + if(noise(unit_key, 31, 3) < 0.25 and year >= 2020 + 5 * noise(unit_key, 31, 4), noise(unit_key, 31, 5) - 0.5, 0),
        1
    ) as decimal(5, 2)) as udskrivningsprocent,
    cast(round(
        population_2019 * (150000 + 75000 * richness * richness) * power(1.03, year - 2019) * (0.99 + 0.02 * noise(unit_key, 31, year))
    ) as bigint) as udskrivningsgrundlag
from wealth
cross join range(2019, 2026) as years (year)
order by kommunekode, indkomstaar;

create table delivery_facts as
select
    'ref_skat_2026-01-15.csv' as file_name,
    timestamp '2026-01-15 00:00:00' as extracted_at,
    true as synthetic;

create table truth_income_tax as
select
    kommunekode as municipality,
    cast(indkomstaar as integer) as year,
    udskrivningsprocent as rate_pct,
    udskrivningsgrundlag as tax_base_dkk
from delivery
order by all;
