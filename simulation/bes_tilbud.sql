-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_told.sql
-- include: _benefit_packages.sql
-- Active offers: some weeks of a benefit that goes with activation, at so many hours. Files span three months, so that an end which
-- became known late is corrected.
create table offers as
with numbered as (
    select
        spells.person,
        spells.spell_no,
        unnest(range(8)) as nth,
        spells.start_date + 45 + cast(nth * 150 as integer) + cast(floor(60 * noise(spells.person, 850 + nth)) as integer) as start_date,
        coalesce(spells.end_date, date '2026-06-30') as spell_end
    from spells
    inner join benefits on spells.benefit = benefits.source_code
    where benefits.has_activation = 'true' and spells.benefit <> 'syg'
)

select
    person,
    number_of('T', person, spell_no, nth) as tilbud_id,
    ['Vejledning og opkvalificering', 'Virksomhedspraktik', 'Løntilskud', 'Nytteindsats', 'Særligt tilrettelagt nytteindsats']
        [1 + cast(floor(5 * power(noise(person, 870 + nth), 1.6)) as integer)] as tilbudstype,
    start_date,
    least(start_date + 13 + cast(floor(100 * noise(person, 890 + nth)) as integer), spell_end) as end_date,
    cast([7.5, 15, 20, 25, 30, 37][1 + cast(floor(6 * noise(person, 910 + nth)) as integer)] as decimal(6, 2)) as hours
from numbered
where start_date <= least(spell_end, date '2025-12-31') and noise(person, 930 + nth) < 0.55;

create table offer_months as
with months as (
    select
        offers.*,
        cast(unnest(range(
            cast(date_trunc('month', greatest(start_date, lives_from())) as timestamp),
            cast(least(end_date, date '2025-12-31') as timestamp) + interval 1 day, interval 1 month
        )) as date) as month
    from offers
    where end_date >= lives_from()
)

select
    months.*,
    people.cpr,
    residences.municipality as unit,
    cast(end_date + cast(floor(40 * noise(months.person, 950 + nth_of_month)) as integer) as timestamp) as end_known_at,
    cast(null as varchar) as rule_id,
    cast(null as varchar) as fate,
    cast(null as varchar) as spoil
from (select *, cast(epoch(month) // 86400 as integer) as nth_of_month from months) as months
inner join people on months.person = people.person
inner join residences
    on
        months.person = residences.person
        and greatest(months.start_date, months.month) between residences.valid_from and coalesce(residences.valid_to, date '9999-12-31');

create table planted_offers as
select persons.cpr, units.unit, listed.* exclude (whose), coalesce(listed.month, persons.month) as planted_month, persons.person
from (
    values
    ('V-BES-03', 'set_aside', 1, 'departed', null, 'Q1', 'Løntilskud', date '2023-12-10', null, 37),
    ('V-BES-09', 'set_aside', 2, 'idle', date '2024-06-01', 'Q2', 'Løntilskud', date '2024-05-10', date '2024-05-31', 37),
    ('V-BES-09', 'passes', 2, 'idle', date '2024-06-01', 'Q3', 'Løntilskud', date '2024-05-10', date '2024-06-01', 37),
    -- Nobody who has no benefit is activated.
    ('V-BES-14', 'flagged', 3, 'idle', date '2024-07-01', 'Q4', 'Virksomhedspraktik', date '2024-07-10', date '2024-07-20', 37),
    ('V-BES-109', 'set_aside', 3, 'idle', date '2024-08-01', 'Q5', 'Cirkus', date '2024-08-10', null, 37),
    ('V-BES-113', 'set_aside', 3, 'idle', date '2024-08-01', 'Q6', 'Nytteindsats', date '2024-08-10', date '2024-08-09', 37),
    ('V-BES-116', 'set_aside', 2, 'idle', date '2024-08-01', 'Q7', 'Nytteindsats', date '2024-08-10', null, 61)
) as listed (rule_id, fate, unit_no, whose, month, tilbud_id, tilbudstype, start_date, end_date, hours)
inner join units on listed.unit_no = units.unit_no
inner join (
    select 'idle' as whose, person, cpr, unit_no, cast(null as date) as month from idle where nth = 2
    union all
    select 'departed', person, cpr, unit_no, month from departed where nth = 1
) as persons on listed.whose = persons.whose and listed.unit_no = persons.unit_no
where getvariable('faults');

create view offers_told as
select
    extracts.unit,
    extracts.unit_no,
    extracts.system,
    extracts.chunk,
    extracts.month,
    extracts.extracted_at,
    rows.cpr,
    rows.person,
    rows.tilbud_id,
    rows.tilbudstype,
    rows.start_date as start,
    if(rows.end_known_at is null or rows.end_known_at <= extracts.extracted_at, rows.end_date, null) as slut,
    cast(rows.hours as decimal(6, 2)) as timer_pr_uge,
    cast(greatest(rows.start_date, extracts.month) + 3 as timestamp) as konteringstid,
    rows.rule_id,
    rows.fate
from extracts
inner join (
    select unit, month, cpr, person, tilbud_id, tilbudstype, start_date, end_date, end_known_at, hours, rule_id, fate from offer_months
    union all by name
    select unit, planted_month as month, cpr, person, tilbud_id, tilbudstype, start_date, end_date, hours, rule_id, fate from planted_offers
) as rows on extracts.unit = rows.unit and extracts.month = rows.month
-- A row that is planted stands in the last delivery of its month.
where rows.rule_id is null or extracts.age = least(2, date_diff('month', extracts.month, date '2025-12-01'));

create view delivery as
select
    file_of('bes_tilbud', system, unit, month, chunk, extracted_at) as file_name,
    unit as kommunekode,
    strftime(month, '%Y-%m') as maaned,
    tilbud_id,
    cpr,
    tilbudstype,
    start,
    slut,
    timer_pr_uge,
    konteringstid,
    extracted_at as udtraekstid
from offers_told
where chunk = getvariable('chunk')
order by file_name, kommunekode, maaned, tilbud_id;

-- A national file is written when the last of its municipalities is.
create table delivery_facts as
select
    file_of('bes_tilbud', system, unit, month, chunk, extracted_at) as file_name,
    max(extracted_at) as extracted_at,
    true as synthetic,
    chunk
from extracts
group by file_name, chunk;

-- Months in which nothing happened are delivered, too.
create table delivery_parts as
select file_of('bes_tilbud', system, unit, month, chunk, extracted_at) as file_name, unit, strftime(month, '%Y-%m') as period
from extracts
where system <> 'A';

-- No day of the offer on a day of a benefit that goes with activation, as the last delivery of the month knows them.
create table without_benefit as
with last_offers as (
    select *, greatest(start, month) as first_day, least(coalesce(slut, date '9999-12-31'), last_day(month)) as last_day_in_month
    from offers_told
    where coalesce(fate, '') <> 'set_aside'
    qualify chunk = max(chunk) over (partition by unit, month, tilbud_id)
),

supported as (
    select kept.cpr, greatest(kept.first_day, kept.month) as first_day, kept.last_day_in_month, kept.row_no
    from accepted_rows as kept
    inner join benefits on kept.ydelse_kode = benefits.source_code
    where benefits.has_activation = 'true' and (coalesce(kept.fate <> 'set_aside', true) or kept.spoil = 'again')
)

select last_offers.unit, last_offers.month, last_offers.tilbud_id, last_offers.rule_id
from last_offers
where
    not exists (
        select 1
        from supported
        where
            supported.cpr = last_offers.cpr and supported.first_day <= last_offers.last_day_in_month
            and supported.last_day_in_month >= last_offers.first_day
            and supported.row_no not in (select row_no from contested where is_overwritten)
    )
    and not exists (
        select 1
        from contested
        inner join supported on contested.row_no = supported.row_no
        where
            contested.cpr = last_offers.cpr and not contested.is_overwritten and contested.day between last_offers.first_day and last_offers.last_day_in_month
    );

create view planted_faults as
select 'bes_tilbud' as contract, unit as municipality, strftime(month, '%Y-%m') as period, rule_id, count(*) as row_count, fate, cast(null as varchar) as file_name
from (
    select unit, planted_month as month, rule_id, fate from planted_offers where rule_id <> 'V-BES-14'
    union all
    select unit, month, 'V-BES-14', 'flagged' from without_benefit
)
where getvariable('faults') and getvariable('chunk') = 202512
group by all
union all by name
select 'bes_tilbud' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

-- The days of every offer; a day counts where it is one of a benefit that goes with activation.
create table truth_offers as
select person, tilbud_id, tilbudstype as offer_type, start_date, end_date, hours
from offers
where start_date <= date '2025-12-31' and end_date >= lives_from()
order by all;
