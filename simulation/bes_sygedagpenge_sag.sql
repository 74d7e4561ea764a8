-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_packages.sql
-- Sickness-benefit cases: one per spell of sickness benefit. Who moves takes the case along; in the month of the move two
-- municipalities have it, and the one registered last counts.
create table case_months as
select
    number_of('S', person, spell_no, null) as sag_id,
    person,
    cpr,
    month,
    unit,
    spells.start_date,
    spells.end_date,
    registered_at,
    cast(spells.end_date + cast(floor(40 * noise(person, 970)) as integer) as timestamp) as end_known_at,
    if(noise(person, 971) < 0.7, 'Beskæftiget', 'Ledig') as status,
    row_number() over (partition by person, spell_no, month order by part_start) as part_no,
    cast(null as varchar) as rule_id,
    cast(null as varchar) as fate
from spell_months
inner join spells using (person, spell_no)
where spell_months.benefit = 'syg' and first_day <= coalesce(true_end, date '9999-12-31');

create table planted_cases as
select persons.person, persons.cpr, units.unit, listed.* exclude (whose, start_date), coalesce(listed.month, persons.month) as planted_month, listed.start_date
from (
    values
    ('V-BES-03', 'set_aside', 2, 'departed', null, 'Q1', date '2023-12-10', null),
    ('V-BES-09', 'set_aside', 1, 'idle', date '2024-06-01', 'Q2', date '2024-05-10', date '2024-05-31'),
    ('V-BES-09', 'passes', 1, 'idle', date '2024-06-01', 'Q3', date '2024-05-10', date '2024-06-01'),
    ('V-BES-10', 'set_aside', 3, 'idle', date '2024-07-01', 'Q4', date '1951-07-10', null),
    ('V-BES-141', 'set_aside', 2, 'idle', date '2024-08-01', 'Q5', date '2024-08-10', date '2024-08-09')
) as listed (rule_id, fate, unit_no, whose, month, sag_id, start_date, end_date)
inner join units on listed.unit_no = units.unit_no
inner join (
    select 'idle' as whose, person, cpr, unit_no, cast(null as date) as month from idle where nth = 3
    union all
    select 'departed', person, cpr, unit_no, month from departed where nth = 1
) as persons on listed.whose = persons.whose and listed.unit_no = persons.unit_no
where getvariable('faults');

create view cases_told as
select
    extracts.unit,
    extracts.system,
    extracts.chunk,
    extracts.month,
    extracts.age,
    extracts.extracted_at,
    rows.*  exclude (unit, month, end_date, end_known_at),
    if(rows.end_known_at is null or rows.end_known_at <= extracts.extracted_at, rows.end_date, null) as slut
from extracts
inner join (
    select * from case_months
    union all by name
    select
        unit, planted_month as month, person, cpr, sag_id, start_date, end_date, rule_id, fate, 1 as part_no,
        cast(planted_month + 20 as timestamp) as registered_at
    from planted_cases
) as rows on extracts.unit = rows.unit and extracts.month = rows.month and rows.registered_at <= extracts.extracted_at
where rows.rule_id is null or extracts.age = least(2, date_diff('month', extracts.month, date '2025-12-01'));

create view delivery as
select
    file_of('bes_sygedagpenge_sag', system, unit, month, chunk, extracted_at) as file_name,
    unit as kommunekode,
    strftime(month, '%Y-%m') as maaned,
    sag_id,
    cpr,
    start_date as foerste_fravaersdag,
    slut,
    coalesce(status, 'Ledig') as arbejdsstatus,
    if(status = 'Beskæftiget', 'true', 'false') as refusion_til_arbejdsgiver,
    if(coalesce(slut, extracted_at::date) >= start_date + 154, start_date + 154, null) as revurdering_uge_22,
    registered_at as konteringstid,
    extracted_at as udtraekstid
from cases_told
where chunk = getvariable('chunk')
order by file_name, kommunekode, maaned, sag_id;

-- A national file is written when the last of its municipalities is.
create table delivery_facts as
select
    file_of('bes_sygedagpenge_sag', system, unit, month, chunk, extracted_at) as file_name,
    max(extracted_at) as extracted_at,
    true as synthetic,
    chunk
from extracts
group by file_name, chunk;

-- Months in which nothing happened are delivered, too.
create table delivery_parts as
select file_of('bes_sygedagpenge_sag', system, unit, month, chunk, extracted_at) as file_name, unit, strftime(month, '%Y-%m') as period
from extracts
where system <> 'A';

create view planted_faults as
select 'bes_sygedagpenge_sag' as contract, unit as municipality, strftime(month, '%Y-%m') as period, rule_id, count(*) as row_count, fate, cast(null as varchar) as file_name
from (
    select unit, planted_month as month, rule_id, fate from planted_cases
    union all
    select unit, month, 'V-BES-15', 'repaired'
    from (
        select *
        from cases_told
        where rule_id is null
        qualify chunk = max(chunk) over (partition by unit, month)
    )
    qualify row_number() over (partition by sag_id, month order by registered_at desc, part_no desc) > 1
)
where getvariable('faults') and getvariable('chunk') = 202512
group by all
union all by name
select 'bes_sygedagpenge_sag' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

create table truth_sickness_cases as
select distinct person, sag_id, start_date, end_date
from case_months
order by all;
