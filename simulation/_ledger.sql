-- What the recipes of the ledger share: who delivers from which system, and what a municipality of its size would spend on
-- each function. Amounts are whole øre and come from hashes of whole numbers, so that nothing depends on the order of work.
create macro noise(a, b, c) as hash(a, b, c, getvariable('seed')) % 1000003 / 1000003.0;
create macro between_by(a, b, c, low, high) as low + (high - low) * noise(a, b, c);

-- The municipalities of a small scale come first: three of the demonstration, then big and small in turn.
create table ordered_units as
select
    municipality_code as unit,
    cast(municipality_code as integer) as unit_key,
    row_number() over (
        order by list_position(['0101', '0751', '0563', '0147', '0461', '0825', '0851', '0561', '0265', '0370'], municipality_code),
        municipality_code
    ) as unit_no
from municipalities
where unit_kind = 'member';

create table units as
select
    ordered_units.*,
    -- The system that the municipality's postings come from.
    case when unit_no % 5 in (1, 3) then 'A' when unit_no % 5 in (2, 4) then 'B' else 'C' end as system,
    lead(unit, 1, '0101') over (order by unit_no) as neighbour,
    cast(before.population_count as bigint) as population_2019,
    cast(after.population_count as bigint) as population_2020,
    between_by(unit_key, 0, 1, 0.92, 1.10) as level
from ordered_units
inner join published_population as before on unit = before.municipality_code and before.quarter = '2019-Q1'
inner join published_population as after on unit = after.municipality_code and after.quarter = '2020-Q1'
where unit_no <= greatest(4, least(98, cast(ceil(98 * 2 * getvariable('scale')) as integer)));

-- Kroner per inhabitant and year. Profile: which arts the amount is made of.
create table plan as
select row_number() over () as plan_no, *
from (
    values
    ('0.22.01', 1, '000', 'P', -20), ('0.22.02', 3, '010', 'K', 180), ('0.25.10', 1, '000', 'S', 220), ('0.25.11', 1, '000', 'I', -60),
    ('0.25.15', 1, '000', 'G', 40), ('0.25.15', 2, '000', 'R', -15), ('0.25.18', 1, '000', 'G', 60), ('0.25.19', 1, '000', 'I', -150),
    ('0.25.19', 3, '000', 'K', 250), ('0.28.20', 1, '000', 'S', 350), ('0.32.31', 1, '000', 'S', 600), ('0.32.31', 3, '001', 'K', 350),
    ('0.38.50', 1, '000', 'P', 60), ('0.48.71', 1, '000', 'P', 60), ('0.52.81', 1, '000', 'P', 15), ('0.55.91', 1, '000', 'P', 10),
    ('0.58.95', 1, '000', 'S', 380), ('1.22.03', 1, '000', 'P', 30), ('1.35.40', 1, '000', 'P', 20), ('1.38.61', 1, '000', 'P', 40),
    ('1.38.61', 3, '000', 'K', 30), ('2.22.05', 1, '000', 'S', 80), ('2.28.11', 1, '000', 'S', 650), ('2.28.14', 1, '000', 'P', 180),
    ('2.28.22', 3, '000', 'K', 700), ('2.32.31', 1, '000', 'P', 450), ('3.22.01', 1, '000', 'S', 8100), ('3.22.01', 1, '200', 'L', 420),
    ('3.22.01', 1, '000', 'D', 160), ('3.22.01', 3, '000', 'K', 600), ('3.22.02', 1, '000', 'P', 250), ('3.22.04', 1, '000', 'S', 260),
    ('3.22.05', 1, '000', 'S', 900), ('3.22.06', 1, '000', 'P', 260), ('3.22.07', 1, '000', 'H', 330), ('3.22.08', 1, '000', 'S', 1300),
    ('3.22.10', 1, '000', 'G', 900), ('3.22.12', 1, '000', 'G', 130), ('3.32.50', 1, '000', 'S', 450), ('3.35.63', 1, '000', 'G', 120),
    ('3.38.73', 1, '000', 'G', 230), ('3.38.76', 1, '000', 'S', 190), ('4.62.81', 1, '000', 'H', 4000), ('4.62.82', 1, '000', 'S', 500),
    ('4.62.84', 1, '000', 'P', 170), ('4.62.85', 1, '000', 'S', 400), ('4.62.88', 1, '000', 'S', 160), ('4.62.89', 1, '000', 'S', 240),
    ('4.62.90', 1, '000', 'H', 150), ('5.22.07', 1, '000', 'R', -200), ('5.22.07', 2, '000', 'R', -450), ('5.25.10', 1, '000', 'P', 700),
    ('5.25.11', 1, '000', 'S', 550), ('5.25.14', 1, '000', 'S', 4300), ('5.25.14', 1, '200', 'L', 260), ('5.25.14', 1, '000', 'D', 70),
    ('5.25.14', 3, '000', 'K', 300), ('5.25.15', 1, '000', 'P', 60), ('5.25.16', 1, '000', 'S', 250), ('5.25.19', 1, '002', 'G', 900),
    ('5.28.20', 1, '000', 'P', 800), ('5.28.21', 1, '000', 'S', 900), ('5.28.22', 1, '000', 'S', 750), ('5.28.23', 1, '000', 'S', 700),
    ('5.28.24', 1, '000', 'P', 60), ('5.28.25', 1, '000', 'P', 200), ('5.30.26', 1, '000', 'S', 2250), ('5.30.27', 1, '000', 'S', 4600),
    ('5.30.27', 1, '200', 'L', 280), ('5.30.28', 1, '000', 'S', 1400), ('5.30.29', 1, '000', 'S', 500), ('5.30.31', 1, '000', 'P', 450),
    ('5.30.36', 1, '000', 'T', 60), ('5.32.30', 1, '000', 'I', -350), ('5.32.30', 1, '005', 'P', 120), ('5.32.30', 3, '000', 'K', 200),
    ('5.35.40', 1, '000', 'S', 200), ('5.38.37', 1, '000', 'P', 200), ('5.38.38', 1, '000', 'S', 900), ('5.38.41', 1, '000', 'P', 250),
    ('5.38.42', 1, '000', 'P', 250), ('5.38.42', 2, '000', 'R', -60), ('5.38.44', 1, '000', 'P', 70), ('5.38.45', 1, '000', 'S', 190),
    ('5.38.50', 1, '000', 'S', 1450), ('5.38.50', 1, '200', 'L', 90), ('5.38.51', 1, '000', 'S', 2050), ('5.38.52', 1, '000', 'S', 700),
    ('5.38.53', 1, '000', 'P', 150), ('5.38.58', 1, '000', 'P', 150), ('5.38.59', 1, '000', 'S', 550), ('5.46.60', 1, '000', 'P', 40),
    ('5.46.61', 1, '000', 'T', 350), ('5.46.61', 2, '000', 'R', -150), ('5.48.65', 1, '000', 'T', 60), ('5.48.66', 1, '000', 'T', 1300),
    ('5.48.66', 2, '000', 'R', -250), ('5.48.68', 1, '000', 'T', 2900), ('5.48.68', 2, '000', 'R', -1300), ('5.57.71', 1, '000', 'T', 1900),
    ('5.57.71', 2, '000', 'R', -800), ('5.57.72', 1, '000', 'T', 120), ('5.57.72', 2, '000', 'R', -50), ('5.57.73', 1, '000', 'T', 2400),
    ('5.57.73', 2, '000', 'R', -700), ('5.57.77', 1, '000', 'T', 500), ('5.57.78', 1, '000', 'T', 1900), ('5.58.80', 1, '000', 'T', 60),
    ('5.58.81', 1, '000', 'T', 2100), ('5.58.81', 2, '000', 'R', -1100), ('5.58.82', 1, '000', 'T', 900), ('5.58.82', 2, '000', 'R', -250),
    ('5.58.83', 1, '000', 'T', 300), ('5.58.83', 2, '003', 'R', -80), ('5.68.90', 1, '000', 'P', 500), ('6.42.41', 1, '000', 'L', 150),
    ('6.42.42', 1, '000', 'P', 20), ('6.42.43', 1, '000', 'P', 60), ('6.45.50', 1, '000', 'P', 330), ('6.45.50', 1, '200', 'L', 20),
    ('6.45.50', 1, '000', 'D', 40), ('6.45.50', 3, '015', 'K', 50), ('6.45.51', 1, '000', 'S', 2800), ('6.45.52', 1, '000', 'S', 800),
    ('6.45.53', 1, '000', 'S', 900), ('6.45.54', 1, '000', 'L', 40), ('6.45.55', 1, '000', 'L', 60), ('6.45.56', 1, '000', 'S', 90),
    ('6.45.57', 1, '000', 'L', 350), ('6.45.58', 1, '000', 'L', 200), ('6.52.72', 1, '001', 'Q', 300), ('6.52.72', 1, '002', 'Q', 250),
    ('6.52.72', 1, '010', 'Q', 350), ('7.22.05', 4, '000', 'F', -60), ('7.58.77', 4, '000', 'E', 15), ('7.62.80', 7, '000', 'F', -13500),
    ('7.62.81', 7, '000', 'F', -200), ('7.62.82', 7, '000', 'H', 125), ('7.62.86', 7, '000', 'F', -600), ('7.65.87', 2, '000', 'R', -15),
    ('7.65.87', 7, '000', 'F', -5), ('7.68.90', 7, '000', 'F', -49500), ('7.68.94', 7, '000', 'F', -4900),
    -- A works department that is paid by the others: with some it earns more than the roads' own men cost.
    ('2.22.05', 1, '000', 'V', -520), ('0.28.20', 1, '000', 'W', 260), ('0.32.31', 1, '000', 'W', 260)
) as planned (funktion, dranst, gruppering, profile, kroner);

create table profiles as
select *
from (
    values
    ('S', '1.0', 0.72), ('S', '2.9', 0.09), ('S', '4.9', 0.20), ('S', '4.5', 0.05), ('S', '7.2', -0.06), ('P', '4.9', 0.80), ('P', '4.0', 0.20),
    ('L', '1.0', 1.0), ('T', '5.2', 1.0), ('G', '5.9', 1.0), ('R', '8.6', 1.0), ('I', '7.1', 1.0), ('H', '4.8', 1.0), ('Q', '5.1', 1.0),
    ('D', '0.1', 1.0), ('E', '6.0', 1.0), ('F', '8.6', 1.0), ('K', '4.5', 0.85), ('K', '2.6', 0.12), ('K', '2.7', 0.09), ('K', '7.9', -0.04),
    ('K', '9.7', -0.02), ('V', '9.7', 1.0), ('W', '9.4', 1.0)
) as made_of (profile, art, share);

-- One cell: an account of every municipality's ledger, and what it costs per inhabitant and year.
create table cells as
select
    row_number() over (order by plan.plan_no, profiles.art) as cell,
    plan.funktion,
    cast(replace(plan.funktion, '.', '') as integer) as function_key,
    plan.dranst,
    case
        when plan.profile = 'G' then 2
        when plan.profile = 'H' then 3
        -- Buses of the region's company, places in others' schools and homes; the free choice of home help is private.
        when profiles.art in ('4.0', '4.9') and (plan.funktion in ('2.32.31', '3.22.08') or plan.funktion[1:4] in ('5.28', '5.38')) then 3
        when profiles.art = '4.9' and plan.funktion = '5.30.26' then 2
        else 1
    end as ejerforhold,
    plan.gruppering,
    profiles.art,
    plan.kroner * profiles.share as kroner,
    case when plan.funktion = '5.48.65' then 2020 else 2019 end as first_year,
    replace(plan.funktion, '.', '') || plan.dranst || plan.gruppering || replace(profiles.art, '.', '') as konto_lokal
from plan
inner join profiles on plan.profile = profiles.profile;

create table ledger_years as
select unnest([2019, 2020]) as regnskabsaar;

-- Øre of a cell in a year, as the budget has it.
create table yearly as
select
    units.unit,
    units.unit_key,
    units.unit_no,
    units.level,
    ledger_years.regnskabsaar,
    cells.*,
    if(ledger_years.regnskabsaar = 2019, units.population_2019, units.population_2020) as population,
    cast(round(
        100 * population * cells.kroner * units.level * if(ledger_years.regnskabsaar = 2019, 1, 1.019)
        * between_by(units.unit_key, cells.function_key, 7, 0.82, 1.18)
    ) as bigint) as budget_ore
from units
cross join ledger_years
cross join cells
where ledger_years.regnskabsaar >= cells.first_year;
