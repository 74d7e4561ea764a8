-- What is planted in the register's deliveries. Every rule has rows that it must catch and rows that it must let pass.
-- Somebody who moved to another municipality and whose move was told at once; nothing else happens to them for two months.
create table quiet_moves as
with spaced as (
    select
        *,
        lag(event_date) over stretch as event_before,
        lead(event_date) over stretch as event_after,
        lag(address_no) over stretch as address_before,
        lag(event_date) over stretch as began_before
    from register_events
    window stretch as (partition by person order by event_date)
)

select
    *,
    month_no(event_date) as month,
    row_number() over (partition by month_no(event_date) order by hash(person, getvariable('seed')), person) as nth
from spaced
where
    kind = 'move'
    and month_no(registered_at) = month_no(event_date)
    and month_no(event_date) between 4 and 20
    and event_before < event_date - 70
    and coalesce(event_after, date '9999-12-31') > event_date + 70;

-- V-BOR-04. Overlaps: in the extract of the month after the move the old address still stands, open. Gaps: the old address ends
-- days before the new one begins, in the month of the move.
create table planted_intervals as
select
    person, began_before as begins, address_before as address_no, from_municipality as unit,
    month + 1 as month,
    'overlap' as kind,
    cast(null as date) as ends
from quiet_moves
where getvariable('faults') and nth <= 1 + cast(ceil(20 * getvariable('scale')) as integer) and month % 2 = 0
union all by name
select
    person, began_before as begins, address_before as address_no, from_municipality as unit,
    month,
    'gap' as kind,
    greatest(month_from(month) - 3, began_before + 1) as ends
from quiet_moves
where getvariable('faults') and nth <= 1 + cast(ceil(20 * getvariable('scale')) as integer) and month % 2 = 1 and day(event_date) >= 2;

-- V-BOR-15. Old addresses under the code that the municipality had before 2007, of people to whom nothing happens.
create table planted_codes as
select
    only_event.person,
    only_event.unit,
    former.former_code
from register_events as only_event
inner join (
    select former_code, municipality_code, row_number() over (partition by municipality_code order by former_code) as nth
    from (
        select former_code, min(municipality_code) as municipality_code, min(last_day) as last_day
        from former_municipalities
        group by former_code
        having count(*) = 1
    )
    where last_day = '2006-12-31'
) as former
    on only_event.unit = former.municipality_code and former.nth = 1
where
    getvariable('faults')
    and only_event.kind = 'settled'
    and only_event.event_date < date '2007-01-01'
    and only_event.person % 3 = 0
    and (select count(*) from register_events as every_event where every_event.person = only_event.person) = 1;

-- Rows about nobody, one for each way in which a row can be wrong by itself. They stand in the extract of one municipality and
-- month. Numbers have a seventh digit that nobody else's has, and a first of January, for which no check digits are asked.
create table strangers as
select
    row_number() over () as stranger,
    units.unit,
    units.unit_no,
    wrong.*
from (
    values
    ('V-BOR-01', 'set_aside', 1, 4, '123456789', null, null, null, null, null, null),
    ('V-BOR-01', 'set_aside', 2, 4, '3102859001', null, null, null, null, null, null),
    ('V-BOR-01', 'set_aside', 3, 5, '0113859002', null, null, null, null, null, null),
    ('V-BOR-03', 'set_aside', 1, 5, '6101579003', null, null, null, null, null, null),
    ('V-BOR-03', 'set_aside', 2, 5, '010157A123', null, null, null, null, null, null),
    -- A code that never was; one that became two; one that had ended when the address began; two of Greenland.
    ('V-BOR-05', 'set_aside', 1, 8, null, '0999', null, null, null, null, null),
    ('V-BOR-05', 'set_aside', 2, 9, null, '0601', date '2001-05-01', null, null, null, null),
    ('V-BOR-05', 'set_aside', 3, 10, null, '0501', date '2015-05-01', null, null, null, null),
    ('V-BOR-05', 'set_aside', 1, 11, null, '0957', null, null, '05', null, null),
    ('V-BOR-05', 'set_aside', 4, 12, null, '0955', null, null, '07', null, null),
    ('V-BOR-05', 'set_aside', 2, 12, null, '', null, null, null, null, null),
    -- Born after the extract, or after the address began; dead before birth; older than anybody.
    ('V-BOR-06', 'set_aside', 1, 13, null, null, null, date '2091-01-01', null, null, null),
    ('V-BOR-06', 'set_aside', 2, 13, null, null, date '1980-01-01', date '1985-01-01', null, null, null),
    ('V-BOR-06', 'set_aside', 3, 14, null, null, date '1985-01-01', date '1990-01-01', '90', null, null),
    ('V-BOR-06', 'set_aside', 4, 14, null, null, null, date '1900-01-01', null, null, null),
    ('V-BOR-32', 'set_aside', 1, 7, null, null, null, null, null, '0998', null),
    ('V-BOR-37', 'set_aside', 1, 8, null, null, null, null, '02', null, null),
    ('V-BOR-39', 'set_aside', 2, 7, null, null, null, null, null, null, 'X'),
    ('V-BOR-46', 'set_aside', 3, 9, null, null, date '2020-02-01', null, null, null, null)
) as wrong (rule_id, fate, wanted_no, month, own_cpr, own_residence, own_from, own_birth, own_status, own_unit, own_sex)
inner join units on wrong.wanted_no = units.unit_no
where getvariable('faults');
