-- What the register of persons knows, and when. A move that is told weeks later is not in the extract of the day before, so
-- every state of a person has versions: from the day on which it became known, with the end that was known then.
-- Months are numbered from 2024-01 (1) to 2025-12 (24). A month's part of the register are the states that hold as the month
-- begins or begin in it.
create macro month_no(day) as (year(day) - 2024) * 12 + month(day);
create macro month_from(number) as cast(lives_from() + to_months(cast(number as integer) - 1) as date);
create macro month_label(number) as strftime(month_from(number), '%Y-%m');
create macro last_month() as 24;
create macro knowledge_ends() as date '2026-01-10';

-- People beside the lives, who are rightly there: of Christiansø, one who grows very old, and one whose number fits no modulus.
create table more_people as
select
    3000000000 + nth as person,
    if(nth <= 8, '0411', '0101') as municipality,
    -- The seventh digit 9 is nobody else's; on a first of January no check digits are asked for.
    case when nth <= 8 then '0101' || (60 + nth) || '900' || nth when nth = 9 then '0101101111' else '1506559122' end as cpr,
    case
        when nth <= 8 then make_date(1960 + cast(nth as integer), 1, 1) when nth = 9 then date '1910-01-01' else date '1955-06-15'
    end as birth_date,
    if(nth % 2 = 1, 'M', 'K') as sex
from (select unnest(range(1, 11)) as nth);

create table register_people as
select person, cpr, checks, sex, birth_date, death_date, origin, citizenship, mother from people
union all by name
select person, cpr, false as checks, sex, birth_date, cast(null as date) as death_date, '1' as origin, '5100' as citizenship from more_people;

create table register_events as
with everything as (
    select person, event_date, kind, from_municipality, to_municipality, registered_at from life_events
    union all by name
    select person, date '2011-05-01' as event_date, 'settled' as kind, municipality as to_municipality, event_date as registered_at
    from more_people
)

select
    *,
    last_value(to_municipality ignore nulls) over (partition by person order by event_date) as unit,
    case kind when 'emigration' then '80' when 'lost' then '70' when 'death' then '90' else '01' end as status,
    cast(row_number() over (partition by person order by event_date) as integer) as address_no
from everything;

-- A state lasts until the next event of the person that is known. known_on: the day on which this version became known; the
-- version before it, where there is one, had the end `ended_before`, and is known until then.
create table register_versions as
with pairs as (
    select
        this.person,
        this.event_date as begins,
        greatest(later.registered_at, this.registered_at) as known_on,
        min(later.event_date) as ends
    from register_events as this
    inner join register_events as later on this.person = later.person and this.event_date < later.event_date
    group by all
),

all_versions as (
    select person, begins, known_on, min(ends) over (partition by person, begins order by known_on) as ends from pairs
    union all by name
    select person, event_date as begins, registered_at as known_on from register_events
),

-- One version per day: what is known at its end.
daily as (
    select person, begins, known_on, min(ends) as ends
    from all_versions
    group by person, begins, known_on
),

changes as (
    select *, lag(ends) over stretch as ended_before, lag(known_on) over stretch as known_before
    from daily
    window stretch as (partition by person, begins order by known_on)
)

select
    changes.* exclude (known_before),
    changes.known_before is null as is_first,
    coalesce(lead(changes.known_on) over (partition by changes.person, changes.begins order by changes.known_on), date '9999-12-31') as known_until,
    register_events.unit,
    register_events.status,
    register_events.address_no,
    if(register_events.status = '01', register_events.unit, null) as municipality
from changes
inner join register_events on changes.person = register_events.person and changes.begins = register_events.event_date
where changes.known_before is null or changes.ends is distinct from changes.ended_before;

-- Changes come day by day, and tell every month that they touch: what begins and ends, and what a late word takes away again.
-- A month that has not come in full yet is not told.
create table register_changes as
select
    known_on,
    unnest(range(greatest(month_no(begins), 1), least(month_no(coalesce(ends, known_on)), month_no(known_on), last_month()) + 1)) as month,
    false as is_deleted,
    person,
    begins,
    ends,
    unit,
    status,
    municipality,
    address_no
from register_versions
where is_first and known_on between lives_from() and knowledge_ends()
union all by name
select known_on, month_no(ends) as month, false as is_deleted, person, begins, ends, unit, status, municipality, address_no
from register_versions
where not is_first and known_on between lives_from() and knowledge_ends() and month_no(ends) between 1 and last_month()
union all by name
select
    known_on,
    unnest(range(
        greatest(month_no(ends) + 1, 1), least(month_no(coalesce(ended_before, known_on)), month_no(known_on), last_month()) + 1
    )) as month,
    true as is_deleted,
    person, begins, ends, unit, status, municipality, address_no
from register_versions
where not is_first and known_on between lives_from() and knowledge_ends();

-- One file of changes a day. Two of them are lost: after the first, the months until then are asked for anew; what follows
-- the second waits in every month that came in full before it.
create table change_files as
with days as (
    select known_on, row_number() over (order by known_on) as sequence from (select distinct known_on from register_changes)
)

select
    known_on,
    sequence,
    'bor_borger_status_delta_' || strftime(known_on, '%Y-%m-%d') || '_' || lpad(cast(sequence as varchar), 4, '0') || '.jsonl.gz' as file_name,
    cast(known_on as timestamp) + interval 23 hour as extracted_at,
    getvariable('faults') and known_on in (
        (select max(known_on) from days where known_on <= date '2024-02-20'), (select max(known_on) from days where known_on <= date '2025-10-14')
    ) as is_lost
from days;

create macro healed_on() as date '2024-03-05';

-- Until when the register in force knows, month by month: what was registered before that day.
create table register_knowledge as
with full_extracts as (
    select
        month,
        month_from(month) as status_date,
        if(getvariable('faults') and month <= 2, healed_on(), month_from(month)) as extracted_on
    from (select unnest(range(1, last_month() + 1)) as month)
)

select
    month,
    status_date,
    extracted_on,
    coalesce((select min(known_on) from change_files where is_lost and known_on >= extracted_on), knowledge_ends() + 1) as known_before
from full_extracts;

-- The truth as it was known on a day, by municipality: who lives there as the status date begins.
create macro population_known(status_date, known_before) as table
select to_municipality as municipality, person
from (
    select person, to_municipality
    from register_events
    where event_date < status_date and registered_at < known_before
    qualify row_number() over (partition by person order by event_date desc) = 1
)
where to_municipality is not null;
