-- Who of the simulated people (`_people.sql`) is on which benefit, and how it comes to be delivered. Whoever has a benefit has a
-- profile: a chain of benefits with their lengths and the time between them, which began before the period. Chains end where the
-- person dies or leaves, and in the month in which pension age is reached.
--
-- It leaves, as the truth that deliveries are made from:
-- * spells: person, spell_no, benefit (source code), start_date, end_date (empty: after the period), degree. One person's never
--   overlap. Benefits that the law abolished on 1 July 2025 go on as their successors.
-- * spell_months: a row per spell, month and municipality that delivers it, with the ends as delivered and when each became known.
-- * extracts: when each municipality's system writes the file of which months, and what the file is called.

-- Presence in the country, whichever the municipality; one that began before the period counts back to the birth.
create table stays as
with flagged as (
    select
        residences.*,
        coalesce(valid_from = lag(valid_to) over stretch + 1, false) as goes_on
    from residences
    window stretch as (partition by person order by valid_from)
),

numbered as (
    select *, sum(cast(not goes_on as integer)) over (partition by person order by valid_from) as stay_no
    from flagged
)

select
    numbered.person,
    if(stay_no = 1 and min(valid_from) < lives_from(), any_value(people.birth_date), min(valid_from)) as first_day,
    if(bool_or(valid_to is null), date '9999-12-31', max(valid_to)) as last_day
from numbered
inner join people on numbered.person = people.person
group by numbered.person, stay_no;

create table adults as
select
    people.*,
    date_diff('day', people.birth_date, date '2024-07-01') / 365.25 as age,
    -- Benefits of working age last until the end of the month in which pension age is reached.
    last_day(cast(
        people.birth_date
        + to_months(cast(pension_ages.years as integer) * 12 + cast(pension_ages.months as integer)) as date
    )) as works_until
from people
inner join pension_ages on people.birth_date between cast(pension_ages.born_from as date) and cast(pension_ages.born_to as date)
where people.birth_date < date '2007-06-01' and people.birth_date > date '1950-01-01';

-- Shares of the age band that have a profile. One profile a person: the bands of the same ages stand beside each other.
create table profiled as
with shares as (
    select *, sum(share) over (partition by lowest, highest, of_whom order by profile) - share as share_below
    from (
        values
        ('cash', 18, 30, '', 0.045), ('insured', 18, 30, '', 0.055), ('sick', 18, 30, '', 0.055), ('pensioner', 18, 30, '', 0.016),
        ('cash', 30, 60, '', 0.030), ('insured', 30, 60, '', 0.070), ('sick', 30, 60, '', 0.085), ('pensioner', 30, 60, '', 0.055),
        ('flex', 30, 60, '', 0.034), ('to_pension', 30, 60, '', 0.012), ('resource', 30, 60, '', 0.012), ('retrained', 30, 60, '', 0.004),
        ('cash', 60, 68, '', 0.012), ('insured', 60, 68, '', 0.040), ('sick', 60, 68, '', 0.080), ('pensioner', 60, 68, '', 0.140),
        ('flex', 60, 68, '', 0.040), ('to_pension', 60, 68, '', 0.010), ('senior', 60, 68, '', 0.090), ('early', 60, 68, '', 0.020),
        ('retired', 60, 68, '', 0.070), ('sick', 68, 75, '', 0.040), ('newcomer', 18, 60, '24', 0.060), ('newcomer', 18, 60, '25', 0.180),
        ('parent', 22, 41, 'K', 0.080)
    ) as band (profile, lowest, highest, of_whom, share)
)

select adults.person, shares.profile, adults.birth_date, adults.works_until
from adults
inner join shares
    on
        adults.age >= shares.lowest and adults.age < shares.highest
        and noise(adults.person, if(shares.of_whom = '', 200, 201)) >= shares.share_below
        and noise(adults.person, if(shares.of_whom = '', 200, 201)) < shares.share_below + shares.share
        and shares.of_whom in ('', adults.origin, adults.sex)
-- Who is of two is of the special one.
qualify row_number() over (partition by adults.person order by shares.of_whom desc, shares.profile) = 1;

-- A chain's steps: how many days a benefit lasts and how many pass until the next one. A chain begins anew when it is through.
create table patterns as
select *, sum(shortest + (longest - shortest) / 3 + pause_shortest + (pause_longest - pause_shortest) / 3) over (partition by profile) as cycle_days
from (
    values
    ('cash', 1, 'kth', 40, 1400, 60, 700), ('cash', 2, 'syg', 14, 200, 0, 300), ('insured', 1, 'dag', 20, 500, 100, 1100),
    ('insured', 2, 'syg', 14, 150, 0, 40), ('insured', 3, 'dag', 30, 400, 200, 1200), ('sick', 1, 'syg', 10, 250, 200, 1500),
    ('sick', 2, 'syg', 30, 640, 0, 0), ('sick', 3, 'jaf', 60, 700, 300, 1500), ('pensioner', 1, 'fop', 20000, 20000, 0, 0),
    ('flex', 1, 'led', 30, 600, 0, 0), ('flex', 2, 'flx', 100, 1500, 0, 0), ('to_pension', 1, 'syg', 100, 600, 0, 0),
    ('to_pension', 2, 'res', 200, 900, 0, 0), ('to_pension', 3, 'fop', 20000, 20000, 0, 0), ('resource', 1, 'kth', 100, 900, 0, 0),
    ('resource', 2, 'res', 365, 1800, 30, 900), ('retrained', 1, 'frv', 60, 250, 0, 0), ('retrained', 2, 'rev', 200, 1000, 500, 1500),
    ('senior', 1, 'syg', 60, 400, 0, 200), ('senior', 2, 'sen', 20000, 20000, 0, 0), ('early', 1, 'tid', 20000, 20000, 0, 0),
    ('retired', 1, 'dag', 60, 500, 0, 100), ('retired', 2, 'eft', 20000, 20000, 0, 0), ('newcomer', 1, 'sho', 200, 1600, 30, 500),
    ('newcomer', 2, 'dag', 30, 200, 100, 800), ('newcomer', 3, 'ovg', 100, 900, 60, 600), ('parent', 1, 'barsel', 150, 330, 900, 2000)
) as pattern (profile, step, benefit, shortest, longest, pause_shortest, pause_longest);

-- Twelve times through a chain is more than the period has room for.
create table chains as
with steps as (
    select
        profiled.person,
        profiled.birth_date,
        profiled.works_until,
        patterns.*,
        turn * 3 + patterns.step as place,
        shortest + cast(floor((longest - shortest) * power(noise(profiled.person, 210 + place), 2)) as integer) as days,
        pause_shortest + cast(floor((pause_longest - pause_shortest) * power(noise(profiled.person, 260 + place), 2)) as integer) as pause
    from profiled
    inner join patterns on profiled.profile = patterns.profile
    cross join (select unnest(range(12)) as turn)
    where turn = 0 or patterns.cycle_days < 10000
),

dated as (
    select
        *,
        lives_from() - cast(floor(least(cycle_days, 1400) * noise(person, 202)) as integer)
        -- What ends for good began earlier, so that most of its ends lie behind, and some in the period.
        - if(cycle_days > 10000, 300, 0)
        + cast(sum(days + pause) over (partition by person order by place) as integer) - days - pause as start_date
    from steps
)

select
    person,
    place,
    -- Those under thirty are on education aid.
    if(benefit = 'kth' and start_date < birth_date + interval 30 year, 'udh', benefit) as benefit,
    start_date,
    least(start_date + days - 1, if(benefit = 'syg', date '9999-12-31', works_until)) as end_date,
    case
        when benefit = 'dag' and noise(person, 310 + place) < 0.25 then 0.4 + 0.1 * floor(5 * noise(person, 311 + place))
        when benefit = 'syg' and noise(person, 310 + place) < 0.25 then 0.5
        else 1.0
    end as degree
from dated
where start_date <= date '2025-12-31' and start_date > birth_date + interval 16 year;

create table spells as
with present as (
    select chains.*, greatest(chains.start_date, stays.first_day) as first_day, least(chains.end_date, stays.last_day) as last_day
    from chains
    inner join stays on chains.person = stays.person and chains.start_date <= stays.last_day and chains.end_date >= stays.first_day
),

-- What the law abolished goes on under another name.
lawful as (
    select
        present.* replace (
            case when part.of_successor and benefits.successor_code is not null then benefits.successor_code else present.benefit end as benefit,
            if(part.of_successor, greatest(first_day, cast(benefits.valid_to as date) + 1), first_day) as first_day,
            if(part.of_successor, last_day, least(last_day, coalesce(cast(benefits.valid_to as date), last_day))) as last_day
        ),
        part.of_successor
    from present
    inner join benefits on present.benefit = benefits.source_code
    cross join (values (false), (true)) as part (of_successor)
    where not part.of_successor or benefits.valid_to is not null
)

select
    person,
    row_number() over (partition by person order by first_day) as spell_no,
    benefit,
    of_successor,
    first_day as start_date,
    if(last_day > date '2026-06-30', null, last_day) as end_date,
    cast(degree as decimal(5, 4)) as degree,
    -- How somebody is assessed, and after how many months that changes for the better.
    if(benefit in ('kth', 'udh', 'sho', 'ovg'), noise(person, 400 + place), null) as assessed,
    if(noise(person, 420 + place) < 0.35, 1 + cast(floor(14 * noise(person, 440 + place)) as integer), 999) as improves_after
from lawful
where first_day <= last_day and first_day <= date '2025-12-31' and last_day >= lives_from();

-- Where somebody with a benefit moves to another municipality, that one goes on with the spell as it was, or (four in ten) begins
-- one of its own on the day of the move, with the old one ended on the day before. Of a move before the period nobody would tell
-- that the spell is the old one.
create table delivered_spells as
with moves as (
    select spells.person, spells.spell_no, residences.valid_from as moved
    from spells
    inner join residences
        on
            spells.person = residences.person
            and residences.valid_from > greatest(spells.start_date, lives_from())
            and residences.valid_from <= coalesce(spells.end_date, date '2025-12-31')
    where noise(spells.person, 500 + epoch(residences.valid_from) // 86400) < 0.4
),

parts as (
    select spells.*, spells.start_date as part_start, false as is_taken_over
    from spells
    union all
    select spells.*, moves.moved, true
    from spells
    inner join moves on spells.person = moves.person and spells.spell_no = moves.spell_no
),

ended as (
    select
        *,
        lead(part_start) over (partition by person, spell_no order by part_start) - 1 as taken_over,
        lead(start_date) over (partition by person order by spell_no, part_start) = end_date + 1 as is_followed
    from parts
),

next_spells as (
    select
        person,
        spell_no,
        lead(start_date) over stretch as next_start,
        coalesce(lead(end_date) over stretch, date '2026-06-30') as next_end,
        -- What the law abolished ends on the day.
        cast(lead(benefits.rank) over stretch as integer) < cast(benefits.rank as integer) and benefits.valid_to is null as next_is_higher
    from spells
    inner join benefits on spells.benefit = benefits.source_code
    window stretch as (partition by person order by spell_no)
)

select
    ended.* exclude (is_followed, taken_over),
    coalesce(taken_over, ended.end_date) as part_end,
    -- Planted: the end of a benefit that another one follows was not written down in time; that of somebody who left, not at all.
    getvariable('faults') and taken_over is null and coalesce(next_start = ended.end_date + 1 and next_is_higher, false)
    and noise(ended.person, 560 + spell_no) < 0.15 as is_overlapping,
    getvariable('faults') and taken_over is null and noise(ended.person, 580 + spell_no) < 0.4
    and exists (
        select 1 from stays where stays.person = ended.person and stays.last_day = ended.end_date and ended.end_date <> last_day(ended.end_date)
    ) as is_left_open,
    if(is_overlapping, least(next_end, part_end + 10), part_end) as delivered_end
from ended
left join next_spells using (person, spell_no);

-- A row of a spell and month. `known`: when it was registered, when its end became known. After three weeks 85 per cent of the
-- months with sickness benefit are registered: 15 to 20 per cent more come later.
create table spell_months as
with months as (
    select
        delivered_spells.*,
        cast(unnest(range(
            cast(date_trunc('month', greatest(part_start, lives_from())) as timestamp),
            cast(least(coalesce(delivered_end, date '2025-12-31'), date '2025-12-31') as timestamp) + interval 1 day,
            interval 1 month
        )) as date) as month
    from delivered_spells
),

placed as (
    select
        months.*,
        greatest(part_start, month) as first_day,
        least(coalesce(delivered_end, date '9999-12-31'), last_day(month)) as last_day_in_month,
        cast(epoch(month) // 86400 as integer) as month_number
    from months
)

select
    placed.person,
    people.cpr,
    placed.spell_no,
    placed.month,
    units.unit,
    units.unit_no,
    placed.benefit,
    placed.part_start,
    placed.delivered_end,
    placed.first_day,
    placed.last_day_in_month,
    placed.end_date as true_end,
    placed.is_taken_over,
    placed.is_overlapping,
    placed.is_left_open and last_day(placed.end_date) = last_day(month) as is_left_open,
    placed.degree,
    placed.assessed,
    date_diff('month', placed.start_date, month) >= improves_after as is_improved,
    noise(placed.person, 600 + month_number) as luck,
    luck < if(placed.benefit in ('syg', 'jaf'), 0.149, 0.03) as is_late,
    cast(if(
        is_late,
        last_day(month) + 22 + cast(floor(57 * noise(placed.person, 601 + month_number)) as integer),
        first_day + cast(floor((last_day(month) + 21 - first_day) * noise(placed.person, 601 + month_number)) as integer)
    ) as timestamp) + interval 9 hour
    -- Of two municipalities that have it in one month the later one registers it later.
    + to_minutes(row_number() over (partition by placed.person, placed.spell_no, placed.month order by placed.part_start)) as registered_at,
    cast(delivered_end + cast(floor(46 * noise(placed.person, 602 + month_number)) as integer) as timestamp) as end_known_at
from placed
inner join people on placed.person = people.person
inner join residences
    on
        placed.person = residences.person
        and least(placed.first_day, coalesce(placed.end_date, placed.first_day)) between residences.valid_from
        and coalesce(residences.valid_to, date '9999-12-31')
inner join units on residences.municipality = units.unit;

-- When files are written: three weeks after the month, and again with the next two. `chunk`: the month in which the newest of the
-- three lies. System A has a file for each month, B one for three months, and the others deliver through one national file.
create table extracts as
select
    units.unit,
    units.unit_no,
    case units.unit_no % 14 when 1 then 'A' when 2 then 'B' else 'C' end as system,
    year(newest) * 100 + month(newest) as chunk,
    cast(newest - to_months(age) as date) as month,
    age,
    cast(last_day(newest) + 21 as timestamp) + interval 4 hour + to_minutes(if(system = 'C', 0, cast(units.unit_no as integer))) as extracted_at
from units
cross join (select cast(unnest(range(timestamp '2024-01-01', timestamp '2026-01-01', interval 1 month)) as date) as newest)
cross join (select unnest(range(3)) as age)
where newest - to_months(age) >= lives_from();
