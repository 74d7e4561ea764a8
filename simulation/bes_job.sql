-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_packages.sql
-- Paid hours of those whom the job centre has or had: full-time work between benefits, a few hours beside cash benefit, flex jobs.
create table worked as
with months as (
    select cast(unnest(range(timestamp '2024-01-01', timestamp '2026-01-01', interval 1 month)) as date) as month
),

clients as (
    select distinct person
    from spells
    inner join benefits on spells.benefit = benefits.source_code
    where benefits.has_activation = 'true' or spells.benefit = 'flx'
),

situations as (
    select
        clients.person,
        months.month,
        cast(epoch(months.month) // 86400 as integer) as month_number,
        coalesce(bool_or(spells.benefit = 'flx'), false) as in_flex_job,
        coalesce(bool_or(spells.benefit in ('kth', 'udh', 'sho', 'ovg')), false) as on_cash,
        count(spells.person) = 0 as is_free
    from clients
    cross join months
    left join spells
        on
            clients.person = spells.person and spells.start_date <= last_day(months.month)
            and coalesce(spells.end_date, date '9999-12-31') >= months.month
    group by all
)

select
    situations.person,
    people.cpr,
    residences.municipality as unit,
    month,
    in_flex_job as is_subsidised,
    cast(round(case
        when in_flex_job then 40 + 60 * noise(situations.person, month_number)
        when on_cash then 5 + 40 * noise(situations.person, month_number)
        else 100 + 66 * noise(situations.person, month_number)
    end, 2) as decimal(18, 2)) as hours,
    cast(10000000 + hash(situations.person, 5) % 80000000 as varchar) as employer
from situations
inner join people on situations.person = people.person
inner join residences
    on
        situations.person = residences.person
        and last_day(month) between residences.valid_from and coalesce(residences.valid_to, date '9999-12-31')
where
    people.birth_date < month - interval 16 year
    and (
        in_flex_job
        or (is_free and noise(situations.person, 990) < 0.75 and people.birth_date > month - interval 67 year)
        or (on_cash and noise(situations.person, month_number + 1) < 0.12)
    );

create table planted_jobs as
select persons.person, persons.cpr, units.unit, coalesce(listed.month, persons.month) as planted_month, listed.* exclude (month)
from (
    values
    ('V-BES-03', 'set_aside', 1, 'dead', null, 120),
    ('V-BES-03', 'set_aside', 2, 'dead', null, 120),
    ('V-BES-203', 'set_aside', 3, 'idle', date '2024-07-01', 745)
) as listed (rule_id, fate, unit_no, whose, month, hours)
inner join units on listed.unit_no = units.unit_no
inner join (
    select 'idle' as whose, person, cpr, unit_no, cast(null as date) as month from idle where nth = 5
    union all
    -- Pay of the month of the death passes; what comes two months later is an error.
    select 'dead', departed.person, departed.cpr, unit_no, cast(month + interval 1 month as date)
    from departed
    inner join people on departed.person = people.person and people.death_date is not null
    qualify row_number() over (partition by unit_no order by nth) = 1
) as persons on listed.whose = persons.whose and listed.unit_no = persons.unit_no
where getvariable('faults');

create view delivery as
select
    file_of('bes_job', system, packages.unit, packages.month, chunk, extracted_at) as file_name,
    packages.unit as kommunekode,
    strftime(packages.month, '%Y-%m') as maaned,
    rows.cpr,
    rows.employer as arbejdsgiver_cvr,
    if(rows.is_subsidised, 'true', 'false') as stoettet,
    rows.hours as timer,
    cast(rows.hours * 180 as decimal(18, 2)) as loen,
    extracted_at as udtraekstid
from (
    select * from worked
    union all by name
    select cpr, unit, planted_month as month, false as is_subsidised, cast(hours as decimal(18, 2)) as hours, '12345678' as employer from planted_jobs
) as rows
inner join packages on rows.unit = packages.unit and rows.month = packages.month
where chunk = getvariable('chunk')
order by file_name, kommunekode, cpr, arbejdsgiver_cvr;

-- A national file is written when the last of its municipalities is.
create table delivery_facts as
select
    file_of('bes_job', system, unit, month, chunk, extracted_at) as file_name,
    max(extracted_at) as extracted_at,
    true as synthetic,
    chunk
from packages
group by file_name, chunk;

-- Months in which nothing happened are delivered, too.
create table delivery_parts as
select file_of('bes_job', system, unit, month, chunk, extracted_at) as file_name, unit, strftime(month, '%Y-%m') as period
from packages
where system <> 'A';

create view planted_faults as
select 'bes_job' as contract, unit as municipality, strftime(planted_month, '%Y-%m') as period, rule_id, count(*) as row_count, fate, cast(null as varchar) as file_name
from planted_jobs
where getvariable('chunk') = 202512
group by all
union all by name
select 'bes_job' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

create table truth_jobs as
select person, unit as municipality, month, is_subsidised, hours
from worked
order by all;
