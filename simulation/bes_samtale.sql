-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_packages.sql
-- Interviews: a week after a benefit begins and then every month or so, four in five of them held.
create table interviews as
with numbered as (
    select
        spells.person,
        spells.spell_no,
        spells.benefit,
        unnest(range(40)) as nth,
        spells.start_date + 7 + cast(nth * 30 as integer) + cast(floor(21 * noise(spells.person, 650 + nth)) as integer) as planned,
        spells.end_date
    from spells
    inner join benefits on spells.benefit = benefits.source_code
    where benefits.has_activation = 'true'
),

happened as (
    select
        *,
        noise(person, 700 + nth) as luck,
        -- One in ten is put off by a week.
        planned + if(luck > 0.9, 7, 0) as day
    from numbered
)

select
    happened.person,
    people.cpr,
    happened.benefit,
    happened.spell_no,
    number_of('I', happened.person, spell_no, nth) as samtale_id,
    happened.planned as planlagt_dato,
    if(luck between 0.2 and 1, day, null) as afholdt_dato,
    cast(date_trunc('month', coalesce(afholdt_dato, planned)) as date) as month,
    ['Jobsamtale', 'Opfølgningssamtale', 'Fælles jobsamtale'][1 + cast(floor(3 * noise(happened.person, 750 + nth)) as integer)] as samtaletype,
    ['Personligt fremmøde', 'Personligt fremmøde', 'Telefon', 'Video', 'Brev'][1 + cast(floor(5 * noise(happened.person, 800 + nth)) as integer)] as kontaktform,
    residences.municipality as unit,
    cast(null as varchar) as rule_id,
    cast(null as varchar) as fate
from happened
inner join people on happened.person = people.person
inner join residences
    on happened.person = residences.person and day between residences.valid_from and coalesce(residences.valid_to, date '9999-12-31')
where day >= lives_from() and day <= date '2025-12-31' and day <= coalesce(happened.end_date, date '9999-12-31') and happened.planned >= lives_from();

create table planted_interviews as
select idle.cpr, units.unit, listed.*
from (
    values
    -- Held after the extract of 21 June. One that is only planned for later passes.
    ('V-BES-07', 'set_aside', 1, date '2024-05-01', 'P1', date '2024-05-20', date '2024-07-01', 'Telefon'),
    ('V-BES-07', 'set_aside', 3, date '2024-05-01', 'P2', null, date '2024-06-22', 'Video'),
    ('V-BES-07', 'passes', 3, date '2024-05-01', 'P3', date '2024-08-20', null, 'Video'),
    ('V-BES-13', 'set_aside', 2, date '2024-06-01', 'P4', date '2024-05-30', date '2024-05-31', 'Telefon'),
    ('V-BES-13', 'passes', 2, date '2024-06-01', 'P5', date '2024-05-30', date '2024-06-01', 'Telefon'),
    ('V-BES-79', 'set_aside', 2, date '2024-07-01', 'P6', null, date '2024-07-04', 'Røgsignal')
) as listed (rule_id, fate, unit_no, month, samtale_id, planlagt_dato, afholdt_dato, kontaktform)
inner join units on listed.unit_no = units.unit_no
inner join idle on listed.unit_no = idle.unit_no and idle.nth = 1
where getvariable('faults');

create view delivery as
select
    file_of('bes_samtale', system, packages.unit, packages.month, chunk, extracted_at) as file_name,
    packages.unit as kommunekode,
    strftime(packages.month, '%Y-%m') as maaned,
    rows.samtale_id,
    rows.cpr,
    coalesce(rows.samtaletype, 'Jobsamtale') as samtaletype,
    rows.kontaktform,
    rows.planlagt_dato,
    rows.afholdt_dato,
    packages.extracted_at as udtraekstid
from (
    select * from interviews
    union all by name
    select * from planted_interviews
) as rows
inner join packages on rows.unit = packages.unit and rows.month = packages.month
where packages.chunk = getvariable('chunk')
order by file_name, kommunekode, samtale_id;

-- A national file is written when the last of its municipalities is.
create table delivery_facts as
select
    file_of('bes_samtale', system, unit, month, chunk, extracted_at) as file_name,
    max(extracted_at) as extracted_at,
    true as synthetic,
    chunk
from packages
group by file_name, chunk;

-- Months in which nothing happened are delivered, too.
create table delivery_parts as
select file_of('bes_samtale', system, unit, month, chunk, extracted_at) as file_name, unit, strftime(month, '%Y-%m') as period
from packages
where system <> 'A';

create view planted_faults as
select 'bes_samtale' as contract, unit as municipality, strftime(month, '%Y-%m') as period, rule_id, count(*) as row_count, fate, cast(null as varchar) as file_name
from planted_interviews
where getvariable('chunk') = 202512
group by all
union all by name
select 'bes_samtale' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

create table truth_interviews as
select interviews.person, spell_no, benefit, afholdt_dato as held, kontaktform as contact_form, unit as municipality
from interviews
where afholdt_dato is not null
order by all;
