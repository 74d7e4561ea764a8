-- include: _people.sql
-- include: _register.sql
-- What happened to people, month by month: once soon after the month, and again when late words have come. A move over a
-- municipal border is an event of both municipalities. Read in chunks: a month each.
create macro delivers_itself(unit_no) as unit_no % 5 = 3;

-- Both deliveries of a month: soon after it, and three months later (or when the data end).
create table event_extracts as
select
    month,
    delivery_no,
    least(month_from(month + if(delivery_no = 1, 1, 4)) + 9, knowledge_ends() + delivery_no - 1) as known_before
from (select unnest(range(1, last_month() + 1)) as month)
cross join (values (1), (2)) as twice (delivery_no);

create table all_events as
with typed as (
    select
        events.person,
        events.event_date,
        events.from_municipality,
        events.to_municipality,
        events.registered_at,
        side.kind,
        if(side.of_new, events.to_municipality, events.from_municipality) as unit
    from people_events as events
    inner join (
        values
        ('move', 'TIL', true), ('move', 'FRA', false), ('within', 'INTERN', true), ('birth', 'FOD', true), ('death', 'DOD', false),
        ('immigration', 'IND', true), ('emigration', 'UDV', false), ('lost', 'FORSV', false), ('found', 'GENF', true)
    ) as side (of_kind, kind, of_new)
        on events.kind = side.of_kind
)

select typed.*, month_no(typed.event_date) as month, units.unit_no, people.cpr, people.checks
from typed
inner join units on typed.unit = units.unit
inner join people on typed.person = people.person;

-- Some of everything that can be wrong. lacking: the final delivery leaves out some who came; twice: the first delivery has some
-- rows twice, the second no longer; missing: the municipality is in neither delivery of the month.
create table planted_parts as
select planted.*, units.unit
from (
    values
    ('lacking', 1, 5), ('lacking', 2, 9), ('lacking', 4, 11), ('twice', 1, 7), ('twice', 3, 8), ('missing', 4, 9)
) as planted (kind, unit_no, month)
inner join units using (unit_no)
where getvariable('faults');

-- Single rows about nobody. own_days: how long before or after the first of the month.
create table strangers as
select row_number() over () as stranger, units.unit, units.unit_no, wrong.*
from (
    values
    ('V-BOR-01', 'set_aside', 1, 3, '12345', 4, 'IND', null, null),
    ('V-BOR-01', 'set_aside', 3, 3, '3013759001', 4, 'IND', null, null),
    ('V-BOR-03', 'set_aside', 2, 3, '7003659001', 4, 'IND', null, null),
    -- Dated before its month, and in the next one: a month carried forward. The last day of the month passes.
    ('V-BOR-16', 'set_aside', 2, 6, null, -20, 'IND', null, null),
    ('V-BOR-16', 'set_aside', 3, 6, null, 32, 'DOD', null, null),
    -- It came from, or went to, a municipality that is not one: told, and used.
    ('V-BOR-05', 'flagged', 1, 10, null, 9, 'INTERN', '0999', null),
    ('V-BOR-05', 'flagged', 2, 10, null, 9, 'INTERN', '0957', null),
    ('V-BOR-05', 'passes', 2, 10, null, 9, 'INTERN', '0411', null),
    -- Of somebody who is born later.
    ('V-BOR-06', 'set_aside', 2, 15, (select min(cpr) from people where birth_date >= date '2025-05-01'), 3, 'DOD', null, null),
    ('V-BOR-62', 'set_aside', 1, 12, null, 5, 'IND', null, '0998'),
    ('V-BOR-63', 'set_aside', 1, 12, null, 5, 'IND', null, '0411'),
    ('V-BOR-68', 'set_aside', 2, 12, null, 5, 'FLYT', null, null)
) as wrong (rule_id, fate, wanted_no, month, own_cpr, own_days, own_kind, own_from, own_unit)
inner join units on wrong.wanted_no = units.unit_no
where getvariable('faults') and (wrong.rule_id <> 'V-BOR-06' or wrong.own_cpr is not null);

create view file_parts as
select
    event_extracts.month,
    event_extracts.delivery_no,
    event_extracts.known_before,
    cast(event_extracts.known_before as timestamp) + interval 4 hour as extracted_at,
    units.unit,
    units.unit_no,
    if(
        delivers_itself(units.unit_no),
        'haendelser_' || units.unit || '_' || month_label(event_extracts.month) || '_' || event_extracts.delivery_no || '.csv',
        'bor_haendelse_national_' || month_label(event_extracts.month) || '_' || event_extracts.delivery_no || '.parquet'
    ) as file_name
from event_extracts
cross join units
left join planted_parts as missing
    on units.unit = missing.unit and event_extracts.month = missing.month and missing.kind = 'missing'
where missing.unit is null;

-- The ones that a final delivery leaves out: of the municipality's newcomers every third.
create view lacking_events as
select all_events.person, all_events.event_date, all_events.kind, all_events.unit, all_events.month
from all_events
inner join planted_parts as lacking
    on all_events.unit = lacking.unit and all_events.month = lacking.month and lacking.kind = 'lacking'
where all_events.kind in ('TIL', 'IND')
qualify row_number() over (partition by all_events.unit, all_events.month order by hash(all_events.person), all_events.person) % 3 = 1;

create view delivery as
with told as (
    select
        parts.file_name,
        parts.extracted_at,
        parts.delivery_no,
        parts.unit_no,
        events.*  exclude (unit_no),
        cast(null as integer) as stranger
    from all_events as events
    inner join file_parts as parts
        on events.unit = parts.unit and events.month = parts.month and events.registered_at < parts.known_before
    anti join (select * from lacking_events where getvariable('faults')) as lacking
        on
            events.person = lacking.person and events.event_date = lacking.event_date and events.kind = lacking.kind
            and parts.delivery_no = 2
    where events.month = getvariable('chunk')
    union all by name
    select
        parts.file_name,
        parts.extracted_at,
        parts.delivery_no,
        parts.unit_no,
        coalesce(strangers.own_unit, parts.unit) as unit,
        parts.month,
        coalesce(own_cpr, '010157' || (9200 + stranger)) as cpr,
        true as checks,
        strangers.own_kind as kind,
        if(own_days = -20, month_from(parts.month) - 20, month_from(parts.month) + own_days - 1) as event_date,
        if(own_from is null, null, coalesce(own_from, parts.unit)) as from_municipality,
        parts.unit as to_municipality,
        least(event_date + 1, cast(parts.extracted_at as date)) as registered_at,
        stranger
    from strangers
    inner join file_parts as parts on strangers.unit = parts.unit and strangers.month = parts.month
    where parts.month = getvariable('chunk')
),

copies as (
    select told.*, unnest(range(if(
        told.delivery_no = 1 and told.stranger is null and twice.unit is not null and told.person % 2 = 0, 2, 1
    ))) as copy
    from told
    left join planted_parts as twice on told.unit = twice.unit and told.month = twice.month and twice.kind = 'twice'
)

select
    file_name,
    extracted_at as udtraekstid,
    unit as kommunekode,
    month_label(month) as maaned,
    if(file_name like 'haend%' and length(cpr) = 10, cpr[:6] || '-' || cpr[7:], cpr) as cpr,
    kind as haendelse_type,
    event_date as dato,
    cast(registered_at as timestamp) + interval 9 hour as registreret_tid,
    from_municipality as fra_kommune,
    to_municipality as til_kommune,
    if(file_name like 'haend%', 'P-data', 'Serviceplatformen') as kildesystem,
    checks,
    stranger,
    copy
from copies
order by file_name, kommunekode, dato, cpr, kind, copy;

create table delivery_facts as
select distinct file_name, extracted_at, true as synthetic, month as chunk
from file_parts;

-- A municipality to which nothing happened in a month has delivered that nothing did.
create table delivery_parts as
select file_name, unit, month_label(month) as period from file_parts;

-- Where the population of a month is not that of the month before, with everybody who came and went (V-BOR-08): because the
-- events that are in force lack somebody, or because the register knows more of one month than of the other.
create table population_breaks as
with counted as (
    select knowledge.month, known.municipality, count(*) as people
    from register_knowledge as knowledge
    cross join lateral (select * from population_known(knowledge.status_date, knowledge.known_before)) as known
    group by all
),

flows as (
    select unit, month, sum(case when kind in ('TIL', 'FOD', 'IND', 'GENF') then 1 when kind = 'INTERN' then 0 else -1 end) as change
    from all_events
    inner join event_extracts using (month)
    anti join (select * from lacking_events where getvariable('faults')) as lacking
        on all_events.person = lacking.person and all_events.event_date = lacking.event_date and all_events.kind = lacking.kind
    where event_extracts.delivery_no = 2 and all_events.registered_at < event_extracts.known_before
    group by all
)

select units.unit, after.month - 1 as month, after.people - before.people - coalesce(flows.change, 0) as difference
from units
inner join counted as after on units.unit = after.municipality
inner join counted as before on after.municipality = before.municipality and after.month = before.month + 1
left join flows on units.unit = flows.unit and before.month = flows.month
left join planted_parts as missing on units.unit = missing.unit and before.month = missing.month and missing.kind = 'missing'
where missing.unit is null and abs(difference) > 0.0005 * before.people;

create view planted_faults as
with found as (
    select strangers.unit as municipality, strangers.month, strangers.rule_id, 1 as row_count, strangers.fate, null as file_name
    from strangers
    where strangers.month = getvariable('chunk') and strangers.rule_id in ('V-BOR-05', 'V-BOR-06', 'V-BOR-16')
    union all by name
    select written.kommunekode as municipality, strangers.month, strangers.rule_id, 1 as row_count, strangers.fate, written.file_name
    from strangers
    inner join delivery as written on strangers.stranger = written.stranger
    where strangers.rule_id not in ('V-BOR-05', 'V-BOR-06', 'V-BOR-16')
    union all by name
    select
        null as municipality,
        null as month,
        'V-BOR-02' as rule_id,
        count(*) as row_count,
        if(substr(cpr, 1, 4) = '0101', 'passes', 'warned') as fate,
        file_name
    from delivery
    where not checks and copy = 0
    group by all
    union all by name
    -- Somebody who is there twice.
    select kommunekode as municipality, getvariable('chunk') as month, 'V-BOR-72' as rule_id, count(*) as row_count, 'set_aside' as fate, file_name
    from delivery
    where copy = 1
    group by all
    union all by name
    select unit as municipality, month, 'V-BOR-08' as rule_id, 1 as row_count, 'flagged' as fate, null as file_name
    from population_breaks
    where month = getvariable('chunk')
    union all by name
    select units.unit as municipality, getvariable('chunk') as month, 'V-BOR-08' as rule_id, 1 as row_count, 'passes' as fate, null as file_name
    from units
    anti join population_breaks on units.unit = population_breaks.unit and population_breaks.month = getvariable('chunk')
    where getvariable('chunk') < last_month()
    union all by name
    -- An event of the month's last day is in its month, and a birth is not before the birth.
    select
        unit as municipality,
        month,
        if(kind = 'FOD', 'V-BOR-06', 'V-BOR-16') as rule_id,
        count(*) as row_count,
        'passes' as fate,
        null as file_name
    from all_events
    where month = getvariable('chunk') and (kind = 'FOD' or event_date = month_from(month + 1) - 1)
    group by all
    union all by name
    select unit as municipality, month, 'COVERAGE' as rule_id, 1 as row_count, 'missing' as fate, null as file_name
    from planted_parts
    where kind = 'missing' and month = getvariable('chunk')
)

select
    'bor_haendelse' as contract,
    municipality,
    if(month is null, null, month_label(month)) as period,
    rule_id,
    cast(row_count as bigint) as row_count,
    fate,
    file_name
from found
where getvariable('faults')
order by all;
