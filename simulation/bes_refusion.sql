-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_packages.sql
-- The state's reimbursement, week by week: who has a benefit on a Monday has it for the week. Seniority counts the weeks since the
-- person had no reimbursed benefit, whichever the benefit and the municipality.
create table seniorities as
with reimbursed as (
    select spells.*, coalesce(lag(end_date) over stretch = start_date - 1, false) as goes_on
    from spells
    inner join benefits on spells.benefit = benefits.source_code
    where benefits.is_reimbursed = 'true'
    window stretch as (partition by person order by start_date)
),

numbered as (
    select *, sum(cast(not goes_on as integer)) over (partition by person order by start_date) as stretch_no
    from reimbursed
)

select *, min(start_date) over (partition by person, stretch_no) as senior_since
from numbered;

create table weeks as
with mondays as (
    select
        seniorities.*,
        cast(unnest(range(
            cast(greatest(start_date, lives_from()) + cast((8 - isodow(greatest(start_date, lives_from()))) % 7 as integer) as timestamp),
            cast(least(coalesce(end_date, date '2025-12-31'), date '2025-12-31') as timestamp) + interval 1 day, interval 7 day
        )) as date) as monday
    from seniorities
),

stepped as (
    select
        mondays.*,
        (monday - cast(date_trunc('week', senior_since) as date)) // 7 + 1 as seniority,
        cast(round(
            case benefit when 'syg' then 4550 when 'jaf' then 3300 when 'res' then 3300 when 'led' then 4050 when 'rev' then 4550 else 2850 end
            * degree * (0.8 + 0.2 * noise(person, 980)), 2
        ) as decimal(18, 2)) as expenditure
    from mondays
)

select
    stepped.person,
    people.cpr,
    residences.municipality as unit,
    cast(date_trunc('month', monday) as date) as month,
    monday as uge_start,
    benefit as ydelse_kode,
    seniority as anciennitet_uger,
    steps.step as trin,
    expenditure,
    cast(round(expenditure * cast(steps.reimbursement_pct as integer) / 100, 2) as decimal(18, 2)) as reimbursed,
    row_number() over (partition by residences.municipality, date_trunc('month', monday) order by stepped.person, monday) as nth,
    seniority > 30 and exists (
        select 1 from spells where spells.person = stepped.person and stepped.monday - 210 >= spells.start_date and spells.spell_no = stepped.spell_no
    ) as is_senior
from stepped
inner join reimbursement_steps as steps
    on stepped.seniority >= cast(steps.first_week as integer) and stepped.seniority <= coalesce(cast(steps.last_week as integer), 99999)
inner join people on stepped.person = people.person
inner join residences
    on stepped.person = residences.person and monday between residences.valid_from and coalesce(residences.valid_to, date '9999-12-31');

-- A step that is not the seniority's, an amount that is not the step's, a seniority that began anew with a move. They count as they
-- come. Each is the first week of its kind in the municipality and month.
create table misjudged as
select weeks.person, weeks.uge_start, weeks.unit, weeks.month, listed.kind
from weeks
inner join units on weeks.unit = units.unit
inner join (values (1, date '2024-05-01', 'step'), (2, date '2024-09-01', 'amount'), (2, date '2024-10-01', 'anew'), (1, date '2025-03-01', 'anew')) as listed (
    unit_no, month, kind
) on units.unit_no = listed.unit_no and weeks.month = listed.month
where getvariable('faults') and (listed.kind <> 'anew' or is_senior)
qualify row_number() over (partition by weeks.unit, weeks.month, listed.kind order by weeks.nth) <= 2;

create table planted_weeks as
select persons.cpr, persons.person, units.unit, listed.*
from (
    values
    ('V-BES-04', 'set_aside', 1, date '2024-06-01', date '2024-06-03', 'fop', 1000.0, 800.0),
    ('V-BES-04', 'set_aside', 2, date '2025-08-01', date '2025-08-04', 'udh', 1000.0, 800.0),
    ('V-BES-16', 'set_aside', 1, date '2024-06-01', date '2024-06-04', 'kth', 1000.0, 800.0),
    ('V-BES-16', 'set_aside', 3, date '2024-07-01', date '2024-06-24', 'kth', 1000.0, 800.0),
    ('V-BES-176', 'set_aside', 3, date '2024-09-01', date '2024-09-02', 'kth', null, 0.0)
) as listed (rule_id, fate, unit_no, month, uge_start, ydelse_kode, expenditure, reimbursed)
inner join units on listed.unit_no = units.unit_no
inner join idle as persons on listed.unit_no = persons.unit_no and persons.nth = 4
where getvariable('faults');

create view delivery as
select
    file_of('bes_refusion', system, packages.unit, packages.month, chunk, extracted_at) as file_name,
    packages.unit as kommunekode,
    strftime(packages.month, '%Y-%m') as maaned,
    rows.cpr,
    rows.uge_start,
    rows.ydelse_kode,
    case when misjudged.kind = 'anew' then 2 else coalesce(rows.anciennitet_uger, 1) end as anciennitet_uger,
    case when misjudged.kind = 'step' then cast(rows.trin as integer) % 4 + 1 when misjudged.kind = 'anew' then 1 else coalesce(cast(rows.trin as integer), 1) end
        as trin,
    cast(rows.expenditure as decimal(18, 2)) as refusionsberettiget_udgift,
    cast(rows.reimbursed + if(misjudged.kind = 'amount', 100, 0) as decimal(18, 2)) as refusionsbeloeb,
    cast(rows.uge_start + 12 as timestamp) as konteringstid,
    extracted_at as udtraekstid
from (
    select * from weeks
    union all by name
    select * from planted_weeks
) as rows
inner join packages on rows.unit = packages.unit and rows.month = packages.month
left join misjudged on rows.person = misjudged.person and rows.uge_start = misjudged.uge_start
where chunk = getvariable('chunk')
order by file_name, kommunekode, uge_start, cpr, ydelse_kode;

-- A national file is written when the last of its municipalities is.
create table delivery_facts as
select
    file_of('bes_refusion', system, unit, month, chunk, extracted_at) as file_name,
    max(extracted_at) as extracted_at,
    true as synthetic,
    chunk
from packages
group by file_name, chunk;

-- Months in which nothing happened are delivered, too.
create table delivery_parts as
select file_of('bes_refusion', system, unit, month, chunk, extracted_at) as file_name, unit, strftime(month, '%Y-%m') as period
from packages
where system <> 'A';

create view planted_faults as
select 'bes_refusion' as contract, unit as municipality, strftime(month, '%Y-%m') as period, rule_id, count(*) as row_count, fate, cast(null as varchar) as file_name
from (
    select unit, month, rule_id, fate from planted_weeks
    union all
    select unit, month, 'V-BES-06', 'flagged' from misjudged
)
where getvariable('chunk') = 202512
group by all
union all by name
select 'bes_refusion' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

create table truth_reimbursements as
select weeks.person, weeks.unit as municipality, weeks.uge_start as week, ydelse_kode as benefit, expenditure,
    reimbursed + if(misjudged.kind = 'amount', 100, 0) as reimbursed
from weeks
left join misjudged on weeks.person = misjudged.person and weeks.uge_start = misjudged.uge_start
order by all;
