-- A delivery in the form of Jobindsats.dk, made up but plausible per inhabitant: 98 municipalities and the country (000),
-- 2024M01 to 2026M07 at scale 1 (a smaller scale keeps the latest months, a larger one goes further back, 60 at most).
-- Deterministic: the same seed and scale give the same bytes.
create macro noise(key) as md5_number_lower(key || '|' || getvariable('seed')) % 1000000 / 1000000.0;
create macro between_by(key, low, high) as low + (high - low) * noise(key);

create table months as
select
    month_key,
    month_key // 12 || 'M' || lpad(cast(month_key % 12 + 1 as varchar), 2, '0') as label,
    month_key = 2026 * 12 + 6 as is_last,
    -- Most unemployed in January, fewest in July.
    1 + 0.08 * cos(2 * pi() * (month_key % 12) / 12) as season
from (
    select unnest(range(
        2026 * 12 + 7 - greatest(1, least(60, cast(round(31 * getvariable('scale')) as integer))), 2026 * 12 + 7
    )) as month_key
);

create table units as
select
    right(municipality.municipality_code, 3) as code,
    municipality.name_da as name,
    cast(population.population_count as double) as population
from municipalities as municipality
inner join published_population as population
    on municipality.municipality_code = population.municipality_code and population.quarter = '2026-Q1'
where municipality.unit_kind = 'member';

-- What would be counted, before anybody rounds it. Full-time persons, persons and courses per municipality and month.
create table counted as
select
    unit.code,
    unit.name,
    month.month_key,
    month.label,
    month.is_last,
    unit.population,
    unit.population * 0.64 as working_age,
    unit.population * between_by('workforce' || unit.code, 0.48, 0.54) as workforce,
    workforce * between_by('unemployed' || unit.code, 0.018, 0.042) * month.season
    * between_by('unemployed' || unit.code || month.month_key, 0.97, 1.03) as unemployed,
    unemployed * between_by('insured' || unit.code, 0.78, 0.92) as insured,
    unemployed - insured as assisted,
    unemployed * between_by('long' || unit.code, 0.14, 0.24) as long_term,
    long_term * between_by('long insured' || unit.code, 0.65, 0.85) as long_term_insured,
    unit.population * between_by('cash' || unit.code, 0.008, 0.022)
    * between_by('cash' || unit.code || month.month_key, 0.98, 1.02) as recipients,
    recipients * 0.977 as recipients_fte,
    between_by('degree' || unit.code, 0.10, 0.30) * between_by('degree' || unit.code || month.month_key, 0.9, 1.1) as degree,
    degree * between_by('affected' || unit.code, 2.2, 2.8) as affected,
    recipients * between_by('hours' || unit.code, 0.08, 0.20) as with_hours,
    (unemployed + recipients) * degree as activated,
    activated * between_by('courses' || unit.code, 1.1, 1.5) as courses
from units as unit
cross join months as month;

-- The country is counted apart: a person who moved is one person there and two in the municipalities.
create table counted_with_country as
select * from counted
union all
select
    '000' as code,
    'Hele landet' as name,
    month_key,
    label,
    is_last,
    sum(population),
    sum(working_age),
    sum(workforce),
    sum(unemployed),
    sum(insured),
    sum(assisted),
    sum(long_term),
    sum(long_term_insured),
    sum(recipients) * 0.997,
    sum(recipients_fte),
    sum(degree * recipients) / sum(recipients),
    sum(affected * recipients) / sum(recipients),
    sum(with_hours) * 0.998,
    sum(activated) * 0.999,
    sum(courses)
from counted
group by month_key, label, is_last;

create table measured as
select code, name, month_key, label, maaling, felt, cast(null as varchar) as kategori, kind, amount
from counted_with_country
cross join lateral (
    values
    ('unemployment', 'total', 'count', unemployed),
    ('unemployment', 'totalRate', 'share', 100 * unemployed / workforce),
    ('unemployment', 'dagpenge', 'count', insured),
    ('unemployment', 'dagpengeRate', 'share', 100 * insured / workforce),
    ('unemployment', 'kontanthjaelp', 'count', assisted),
    ('unemployment', 'kontanthjaelpRate', 'share', 100 * assisted / workforce),
    ('longterm', 'total', 'count', long_term),
    ('longterm', 'dagpenge', 'count', long_term_insured),
    ('longterm', 'kontanthjaelp', 'count', long_term - long_term_insured),
    ('cashAssistance', 'persons', 'count', recipients),
    ('cashAssistance', 'fullTime', 'count', recipients_fte),
    ('cashAssistance', 'populationRate', 'share', 100 * recipients_fte / working_age),
    ('cashAssistance', 'workforceRate', 'share', 100 * recipients_fte / workforce),
    ('activation', 'degree', 'share', 100 * degree),
    ('activation', 'affectedShare', 'share', 100 * affected),
    ('ordinaryHours', 'persons', 'count', with_hours),
    ('ordinaryHours', 'share', 'share', 100 * with_hours / recipients)
) as measure (maaling, felt, kind, amount)
where
    -- Municipalities with hardly any long-term unemployed have no row at all; hours in ordinary jobs come a month later.
    not (maaling = 'longterm' and population < 4000)
    and not (maaling = 'ordinaryHours' and is_last)
union all
select code, name, month_key, label, maaling, felt, kategori, kind, amount
from counted_with_country
cross join lateral (
    values
    ('offers', 'activatedTotal', null, 'count', activated),
    ('offers', 'coursesTotal', null, 'count', courses),
    ('offers', 'averageCourses', null, 'mean', courses / activated)
) as measure (maaling, felt, kategori, kind, amount)
where is_last
union all
select code, name, month_key, label, 'cashVisitation', 'fullTime', category.kategori, 'count', recipients_fte * category.part
from counted_with_country
cross join (
    values ('Jobparat', 0.20), ('Aktivitetsparat', 0.66), ('Uddannelsesparat', 0.11),
    ('Åbenlys uddannelsesparat', 0.01), ('Uoplyst', 0.02)
) as category (kategori, part)
where is_last
union all
select code, name, month_key, label, 'offers', measure.felt, offer.kategori, 'count', measure.amount * offer.part
from counted_with_country
cross join (
    values ('Vejledning og opkvalificering', 0.68), ('Virksomhedspraktik', 0.22), ('Nytteindsats', 0.04),
    ('Særligt tilrettelagt nytteindsats', 0.03), ('Løntilskud', 0.03)
) as offer (kategori, part)
cross join lateral (values ('activated', activated * 1.04), ('courses', courses)) as measure (felt, amount)
where is_last;

create table delivery as
select
    'jobindsats_2026-08-22.csv.gz' as file_name,
    code as kommunekode,
    name as navn,
    maaling,
    felt,
    label || coalesce('|' || kategori, '') as periode,
    case kind
        -- Too few persons to be told: blank, not zero.
        when 'count' then case when round(amount) >= 5 then cast(cast(round(amount) as bigint) as varchar) end
        when 'share' then cast(round(amount, 1) as varchar)
        else cast(round(amount, 2) as varchar)
    end as vaerdi
from measured
order by code, maaling, felt, kategori, month_key;

create table delivery_facts as
select
    'jobindsats_2026-08-22.csv.gz' as file_name,
    timestamp '2026-08-22 00:00:00' as extracted_at,
    true as synthetic;
