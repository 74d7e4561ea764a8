-- What is planted in the deliveries of benefit spells, beside what `_benefits.sql` does to spells that there are. A planted row
-- stands in the last delivery of its month only, so that it is counted once.

-- People of the register who have no benefit and stay where they are, and people who have one all the time. A number without the
-- right check digit would be told of beside what is planted.
create table idle as
select
    people.person,
    people.cpr,
    people.birth_date,
    units.unit_no,
    row_number() over (partition by units.unit_no order by people.person) as nth
from people
inner join residences on people.person = residences.person and residences.valid_to is null and residences.valid_from < lives_from()
inner join units on residences.municipality = units.unit
anti join spells on people.person = spells.person
where people.birth_date between date '1961-01-02' and date '2003-12-31' and people.death_date is null and dayofyear(people.birth_date) > 1
    and people.checks;

create table busy as
select
    spells.person,
    people.cpr,
    people.birth_date,
    spells.benefit,
    spells.start_date,
    units.unit_no,
    row_number() over (partition by units.unit_no order by spells.person) as nth
from spells
inner join people on spells.person = people.person
inner join residences on people.person = residences.person and residences.valid_to is null and residences.valid_from < lives_from()
inner join units on residences.municipality = units.unit
where
    spells.benefit in ('fop', 'flx', 'sen') and spells.start_date < date '2023-12-01' and coalesce(spells.end_date > date '2025-03-01', true)
    and people.checks;

-- Who died or left the country for good, in the first ten months of a year, and who is past pension age.
create table departed as
select
    stays.person,
    people.cpr,
    people.birth_date,
    cast(date_trunc('month', stays.last_day + 40) as date) as month,
    units.unit_no,
    row_number() over (partition by units.unit_no order by stays.last_day, stays.person) as nth
from stays
inner join people on stays.person = people.person
inner join residences on people.person = residences.person and residences.valid_to = stays.last_day
inner join units on residences.municipality = units.unit
where
    month(stays.last_day) <= 10 and people.birth_date < date '2000-01-01' and people.checks
    and not exists (select 1 from stays as later where later.person = stays.person and later.first_day > stays.last_day);

create table aged as
select
    people.person,
    people.cpr,
    people.birth_date,
    units.unit_no,
    row_number() over (partition by units.unit_no order by people.person) as nth
from people
inner join residences on people.person = residences.person and residences.valid_to is null and residences.valid_from < lives_from()
inner join units on residences.municipality = units.unit
anti join spells on people.person = spells.person
where people.birth_date < date '1953-01-01' and people.death_date is null and people.checks;

-- Numbers that nobody in the register has, with a date that is right: one with the right check digit and one without.
create table strangers as
select checks, min(cpr) as cpr
from (
    select
        '150780' || lpad(cast(serial as varchar), 4, '0') as cpr,
        (4 * 1 + 3 * 5 + 2 * 0 + 7 * 7 + 6 * 8 + 5 * 0 + 4 * (serial // 1000) + 3 * (serial // 100 % 10) + 2 * (serial // 10 % 10) + serial % 10) % 11
            = 0 as checks
    from range(1000, 4000) as serials (serial)
)
anti join people using (cpr)
group by checks;

create table planted as
with wanted as (
    select *
    from (
        values
        -- Rows that are wrong by themselves.
        ('V-BES-40', 'set_aside', 1, 'idle', 1, date '2024-03-01', 'kth', date '2024-03-02', null, null, null, null, 'field'),
        ('V-BES-42', 'set_aside', 2, 'idle', 1, date '2024-03-01', 'kth', date '2024-03-02', null, null, '0999', null, null),
        ('V-BES-43', 'set_aside', 2, 'idle', 2, date '2024-03-01', 'kth', date '2024-03-02', null, null, '0411', null, null),
        ('V-BES-45', 'set_aside', 2, 'idle', 3, date '2024-04-01', 'kth', date '2024-04-02', null, null, null, null, 'period'),
        ('V-BES-46', 'set_aside', 1, 'idle', 2, date '2024-05-01', 'kth', date '2024-05-02', null, '', null, null, null),
        ('V-BOR-01', 'set_aside', 1, 'idle', 3, date '2024-05-01', 'kth', date '2024-05-02', null, '3102801234', null, null, null),
        ('V-BOR-01', 'set_aside', 3, 'idle', 1, date '2024-05-01', 'kth', date '2024-05-02', null, '12345', null, null, null),
        ('V-BOR-03', 'set_aside', 3, 'idle', 2, date '2024-06-01', 'kth', date '2024-06-02', null, '7507801236', null, null, null),
        ('V-BES-47', 'set_aside', 2, 'idle', 4, date '2024-05-01', null, date '2024-05-02', null, null, null, null, null),
        ('V-BES-48', 'set_aside', 3, 'idle', 3, date '2024-06-01', 'kth', null, null, null, null, null, null),
        ('V-BES-49', 'set_aside', 1, 'idle', 4, date '2024-06-01', 'kth', date '2024-06-02', null, null, null, null, 'date'),
        ('V-BES-51', 'set_aside', 2, 'idle', 5, date '2024-07-01', 'kth', date '2024-07-12', date '2024-07-11', null, null, null, null),
        ('V-BES-53', 'set_aside', 1, 'idle', 5, date '2024-08-01', 'kth', date '2024-08-02', null, null, null, null, 'degree'),
        ('V-BES-54', 'set_aside', 3, 'idle', 4, date '2024-08-01', 'kth', date '2024-08-02', null, null, null, null, 'above'),
        ('V-BES-59', 'set_aside', 3, 'idle', 5, date '2024-08-01', 'kth', date '2024-08-02', null, null, null, null, 'unregistered'),
        ('V-BES-62', 'set_aside', 3, 'idle', 6, date '2024-09-01', 'kth', date '2024-09-02', date '2024-09-20', null, null, null, 'again'),
        -- A warning lets the row pass, and so does a benefit of one day, whose end is its beginning.
        ('V-BES-55', 'warned', 2, 'idle', 6, date '2024-09-01', 'kth', date '2024-09-02', date '2024-09-20', null, null, null, 'category'),
        ('V-BES-51', 'passes', 2, 'idle', 7, date '2024-09-01', 'kth', date '2024-09-05', date '2024-09-05', null, null, null, null),
        ('V-BES-54', 'passes', 3, 'idle', 7, date '2024-09-01', 'kth', date '2024-09-06', date '2024-09-09', null, null, null, null),
        -- Benefits that one of higher rank covers, and a second open spell of the same benefit, which only the older registration loses.
        ('V-BES-02', 'repaired', 1, 'busy', 1, date '2024-04-01', 'kth', date '2024-04-04', date '2024-04-20', null, null, null, null),
        ('V-BES-02', 'repaired', 2, 'busy', 1, date '2024-05-01', 'dag', date '2024-04-20', null, null, null, null, null),
        ('V-BES-02', 'repaired', 3, 'busy', 1, date '2024-05-01', 'same', date '2024-05-03', null, null, null, null, null),
        -- After death or emigration, after pension age. Sickness benefit after pension age passes.
        ('V-BES-03', 'set_aside', 1, 'departed', 1, null, 'kth', date '2023-12-05', null, null, null, null, null),
        ('V-BES-03', 'set_aside', 2, 'departed', 1, null, 'syg', date '2023-12-05', null, null, null, null, null),
        ('V-BES-03', 'set_aside', 3, 'departed', 1, null, 'dag', date '2023-12-05', null, null, null, null, null),
        ('V-BES-03', 'set_aside', 1, 'aged', 1, date '2024-10-01', 'dag', date '2024-10-05', date '2024-10-25', null, null, null, null),
        ('V-BES-03', 'set_aside', 3, 'aged', 1, date '2024-10-01', 'kth', date '2024-10-05', null, null, null, null, null),
        ('V-BES-03', 'passes', 2, 'aged', 1, date '2024-10-01', 'syg', date '2024-10-05', date '2024-10-25', null, null, null, null),
        -- Abolished, not yet there, unknown. The last month of an abolished benefit passes.
        ('V-BES-04', 'set_aside', 1, 'idle', 6, date '2025-07-01', 'udh', date '2025-06-20', null, null, null, null, null),
        ('V-BES-04', 'set_aside', 2, 'idle', 8, date '2025-08-01', 'sho', date '2025-07-01', null, null, null, null, null),
        ('V-BES-04', 'set_aside', 3, 'idle', 8, date '2024-05-01', 'xyz', date '2024-05-02', null, null, null, null, null),
        ('V-BES-04', 'passes', 3, 'idle', 9, date '2025-06-01', 'ovg', date '2025-06-15', date '2025-06-30', null, null, null, null),
        -- A spell of another month, over and not begun. One that ends on the month's first day passes.
        ('V-BES-09', 'set_aside', 1, 'idle', 7, date '2024-06-01', 'kth', date '2024-05-02', date '2024-05-31', null, null, null, null),
        ('V-BES-09', 'set_aside', 3, 'idle', 10, date '2024-07-01', 'kth', date '2024-08-01', null, null, null, null, null),
        ('V-BES-09', 'passes', 2, 'idle', 9, date '2024-10-01', 'kth', date '2024-10-01', date '2024-10-01', null, null, null, null),
        ('V-BES-10', 'set_aside', 2, 'idle', 10, date '2024-09-01', 'kth', date '1960-12-31', null, null, null, null, null),
        ('V-BES-10', 'set_aside', 3, 'idle', 11, date '2024-09-01', 'syg', date '1950-01-01', null, null, null, null, null),
        -- Nobody in the register has the number: it counts where the delivery says.
        ('V-BES-12', 'flagged', 3, 'stranger', 1, date '2024-12-01', 'kth', date '2024-12-05', date '2024-12-24', null, null, null, null),
        ('V-BOR-02', 'warned', 3, 'stranger', 2, date '2024-12-01', 'kth', date '2024-12-06', date '2024-12-25', null, null, null, null)
    ) as listed (rule_id, fate, unit_no, whose, nth, month, benefit, start, slut, own_cpr, own_unit, not_used, spoil)
),

persons as (
    select 'idle' as whose, person, cpr, birth_date, unit_no, nth, cast(null as date) as month, cast(null as varchar) as benefit from idle
    union all
    select 'busy', person, cpr, birth_date, unit_no, nth, null, benefit from busy
    union all
    select 'departed', person, cpr, birth_date, unit_no, nth, month, null from departed
    union all
    select 'aged', person, cpr, birth_date, unit_no, nth, null, null from aged
    union all
    select 'stranger', if(checks, -1, -2), cpr, null, 3, if(checks, 1, 2), null, null from strangers
)

select
    wanted.rule_id,
    wanted.fate,
    units.unit,
    wanted.unit_no,
    persons.person,
    persons.birth_date,
    coalesce(wanted.own_cpr, persons.cpr) as cpr,
    coalesce(wanted.month, persons.month) as planted_month,
    if(wanted.benefit = 'same', persons.benefit, wanted.benefit) as planted_benefit,
    wanted.start as planted_start,
    wanted.slut as planted_end,
    wanted.own_unit,
    wanted.spoil
from wanted
inner join units on wanted.unit_no = units.unit_no
inner join persons on wanted.whose = persons.whose and wanted.unit_no = persons.unit_no and wanted.nth = persons.nth
where getvariable('faults');

-- Files that are refused as a whole: what is wrong with them, and the day in their name.
create table damaged_files as
select
    'bes_ydelsesforloeb_' || unit || '_2024-04_2024-06-' || day || '.csv' as file_name,
    cast('2024-06-' || day as timestamp) as extracted_at,
    damage
from units
cross join (values ('header', 23), ('truncated', 24), ('encoding', 25), ('digest', 26), ('rows', 27), ('empty', 28)) as damaged (damage, day)
where unit_no = 1 and getvariable('faults');
