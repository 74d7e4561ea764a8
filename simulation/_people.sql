-- Simulated lives, 2024-01-01 to 2025-12-31: who lives where, is born, moves, leaves and dies. Nobody in them exists. At scale 1
-- as many people as the country has, spread over municipalities by their real numbers; a scale below 0.005 takes the first
-- municipalities only, so that each keeps enough people. What happens to a person comes from a hash of the person, so that
-- nothing depends on the order of work.
--
-- It leaves, as the truth that deliveries are made from:
-- * units: unit (municipality code), unit_key, unit_no, population.
-- * people: person, cpr, checks (whether the number fits modulus 11), sex (M, K), birth_date, death_date, origin (FOLK1E),
--   citizenship, mother (person).
-- * people_events: person, event_date, kind (birth, death, move, within, immigration, emigration, lost, found),
--   from_municipality, to_municipality, registered_at. An event belongs to its date; at most one per person and date.
-- * life_events: the same, and of kind settled where somebody lived when the period began.
-- * addresses: person, municipality, address_no, valid_from, valid_to, registered_at. A row per address; the last day is
--   inclusive, empty while it goes on; a person who is abroad, lost or dead has none.
-- * residences: as addresses, neighbouring addresses in one municipality joined.
create macro noise(a, b) as hash(a, b, getvariable('seed')) % 1000003 / 1000003.0;
create macro lives_from() as date '2024-01-01';
create macro lives_days() as 731;
create macro day_of(share) as lives_from() + cast(floor(least(share, 0.999999) * lives_days()) as integer);

-- The municipalities of a small scale come first: three of the demonstration, then big and small in turn.
create table units as
select
    municipality_code as unit,
    cast(municipality_code as integer) as unit_key,
    row_number() over (
        order by list_position(['0101', '0751', '0563', '0147', '0461', '0825', '0851', '0561', '0265', '0370'], municipality_code),
        municipality_code
    ) as unit_no,
    cast(population_count as bigint) as population
from municipalities
inner join published_population using (municipality_code)
where unit_kind = 'member' and quarter = '2026-Q1'
qualify unit_no <= greatest(4, least(98, cast(ceil(19600 * getvariable('scale')) as integer)));

-- Where somebody goes who moves: by the number of people there.
create table destinations as
select
    unit as destination,
    (sum(population) over (order by unit_no) - population) / sum(population) over () as share_below
from units;

-- Thousands of people by age, five years a band.
create table ages as
select
    lowest,
    (sum(thousands) over (order by lowest) - thousands) / sum(thousands) over () as share_below,
    thousands / sum(thousands) over () as share
from (
    values
    (0, 303), (5, 305), (10, 330), (15, 345), (20, 375), (25, 405), (30, 420), (35, 365), (40, 335), (45, 360), (50, 400), (55, 425),
    (60, 380), (65, 345), (70, 310), (75, 285), (80, 170), (85, 90), (90, 36), (95, 9), (100, 1)
) as bands (lowest, thousands);

-- Those who live here when the period begins, and those who come to the country for the first time within it.
create table settlers as
with counted as (
    select
        unit,
        cast(unit_key as bigint) * 1000000 + unnest(range(greatest(60, cast(round(population * getvariable('scale')) as bigint)))) as person,
        false as arrives
    from units
    union all
    select
        unit,
        1000000000 + cast(unit_key as bigint) * 1000000
        + unnest(range(greatest(3, cast(round(population * getvariable('scale') * 0.025) as bigint)))) as person,
        true as arrives
    from units
),

aged as (
    select
        counted.*,
        -- Who arrives is between 18 and 43, a few are children.
        if(
            arrives,
            if(noise(person, 1) < 0.15, 1 + 16 * noise(person, 2), 18 + 25 * noise(person, 2)),
            ages.lowest + 5 * (noise(person, 1) - ages.share_below) / ages.share
        ) as age
    from counted
    asof inner join ages on noise(counted.person, 1) >= ages.share_below
),

placed as (
    select
        *,
        case
            when arrives then case when noise(person, 3) < 0.2 then '1' when noise(person, 3) < 0.7 then '24' else '25' end
            when noise(person, 3) < 0.045 then '24'
            when noise(person, 3) < 0.125 then '25'
            when age < 45 and noise(person, 3) < 0.135 then '34'
            when age < 45 and noise(person, 3) < 0.19 then '35'
            else '1'
        end as origin,
        if(noise(person, 4) < case when age < 60 then 0.506 when age < 80 then 0.49 else 0.38 end, 'M', 'K') as sex,
        lives_from() - 1 - cast(floor(age * 365.25) as integer) as counted_back
    from aged
)

select
    person,
    unit,
    arrives,
    sex,
    origin,
    -- Who came from a place without registers is often written down as born on the first day of the year.
    if(
        origin in ('24', '25') and year(counted_back) between 1960 and 1999 and noise(person, 5) < 0.08,
        date_trunc('year', counted_back), counted_back
    )::date as birth_date,
    case
        when origin in ('1', '34') or noise(person, 6) < 0.35 then '5100'
        when origin = '24' then ['5154', '5180', '5120', '5110', '5158'][1 + cast(floor(noise(person, 7) * 5) as integer)]
        else ['5172', '5103', '5122', '5151', '5152'][1 + cast(floor(noise(person, 7) * 5) as integer)]
    end as citizenship,
    if(arrives, day_of(noise(person, 8)), lives_from()) as here_from,
    -- The older, the likelier to die within the period.
    if(
        noise(person, 9) < 1.7 * (0.0002 + 0.00003 * exp(0.093 * age)),
        greatest(here_from + 1, day_of(noise(person, 10))), null
    ) as death_date,
    if(noise(person, 11) < case when origin = '1' then 0.014 when age < 40 then 0.16 else 0.05 end, day_of(noise(person, 12)), null) as leaves,
    -- A few are not at the address where they should be, and nobody knows where: lost, some found again.
    noise(person, 13) < 0.06 as is_lost,
    if(noise(person, 14) < 0.3, leaves + 20 + cast(floor(300 * noise(person, 15)) as integer), null) as returns
from placed;

-- What could happen to a settler; what comes while the person is away or dead does not. Of two things on one day the first
-- counts. `goes_to`: empty where the municipality stays the same.
create table settler_events as
with half_years as (
    select
        settlers.*,
        half,
        age_class.chance,
        day_of((half + noise(person, 20 + half)) / 4) as some_day
    from settlers
    cross join (select unnest(range(4)) as half)
    inner join (values (0, 0.05), (1, 0.24), (2, 0.08), (3, 0.03)) as age_class (class, chance)
        on age_class.class = case
            when birth_date > date '2007-01-01' then 0 when birth_date > date '1993-01-01' then 1 when birth_date > date '1960-01-01' then 2 else 3
        end
    where noise(person, 30 + half) < age_class.chance
),

moves as (
    select
        half_years.person,
        -- Homes change hands on the first and the fifteenth.
        case
            when noise(half_years.person, 40 + half) < 0.3 then date_trunc('month', some_day)::date
            when noise(half_years.person, 40 + half) < 0.4 then date_trunc('month', some_day)::date + 14
            else some_day
        end as event_date,
        'move' as kind,
        5 as rank,
        if(noise(half_years.person, 50 + half) < 0.35, destination, null) as goes_to
    from half_years
    asof inner join destinations on noise(half_years.person, 60 + half) >= destinations.share_below
),

returned as (
    select person, returns as event_date, if(is_lost, 'found', 'immigration') as kind, 4 as rank, destination as goes_to
    from settlers
    asof inner join destinations on noise(settlers.person, 16) >= destinations.share_below
    where returns is not null and leaves is not null
),

possible as (
    select
        person,
        if(arrives, here_from, greatest(birth_date, lives_from() - 1 - cast(floor(7300 * power(noise(person, 17), 2)) as integer))) as event_date,
        if(arrives, 'immigration', 'settled') as kind,
        1 as rank,
        unit as goes_to
    from settlers
    union all
    select person, death_date, 'death', 2, null from settlers where death_date is not null
    union all
    select person, leaves, if(is_lost, 'lost', 'emigration'), 3, null from settlers where leaves is not null
    union all by name
    from returned
    union all by name
    from moves
)

select possible.*
from possible
inner join settlers on possible.person = settlers.person
where
    possible.event_date < lives_from() + lives_days()
    and (rank = 1 or possible.event_date > settlers.here_from)
    and (rank <= 2 or settlers.death_date is null or possible.event_date < settlers.death_date)
    and (rank < 3 or settlers.leaves is null or settlers.leaves > settlers.here_from)
    and not (rank = 5 and coalesce(possible.event_date >= settlers.leaves and possible.event_date < coalesce(settlers.returns, date '9999-12-31'), false))
qualify row_number() over (partition by possible.person, possible.event_date order by rank) = 1;

-- About one in eight women of the right age has a child within the period, on a day when she lives here. It goes where she goes.
create table children as
with located as (
    select
        person,
        event_date,
        kind,
        last_value(goes_to ignore nulls) over (partition by person order by event_date) as municipality
    from settler_events
),

mothers as (
    select person, origin, citizenship, day_of(noise(person, 71)) as birth_date
    from settlers
    where
        sex = 'K'
        and noise(person, 70) < 0.21 * (1 - abs(date_diff('day', birth_date, date '2025-01-01') / 365.25 - 31.5) / 14)
)

select
    2000000000 + mothers.person as person,
    mothers.person as mother,
    mothers.birth_date,
    located.municipality as unit,
    if(noise(mothers.person, 72) < 0.513, 'M', 'K') as sex,
    case
        when mothers.origin = '24' and noise(mothers.person, 73) < 0.6 then '34'
        when mothers.origin = '25' and noise(mothers.person, 73) < 0.7 then '35'
        when mothers.origin in ('34', '35') and noise(mothers.person, 73) < 0.3 then mothers.origin
        else '1'
    end as origin,
    if(origin = '1', '5100', mothers.citizenship) as citizenship
from mothers
asof inner join located on mothers.person = located.person and mothers.birth_date >= located.event_date
where located.kind in ('settled', 'immigration', 'found', 'move');

-- Every event of everybody, with where from and where to.
create table life_events as
with everything as (
    select * from settler_events
    union all by name
    select person, birth_date as event_date, 'birth' as kind, 1 as rank, unit as goes_to from children
    union all by name
    select children.person, mothers.event_date, mothers.kind, mothers.rank, mothers.goes_to
    from children
    inner join settler_events as mothers on children.mother = mothers.person and children.birth_date < mothers.event_date
    where mothers.kind <> 'death'
),

placed as (
    select
        person,
        event_date,
        kind,
        last_value(goes_to ignore nulls) over stretch as place,
        lag(kind in ('emigration', 'lost', 'death')) over (partition by person order by event_date) as was_away
    from everything
    window stretch as (partition by person order by event_date)
)

select
    person,
    event_date,
    if(was_away or kind in ('birth', 'settled', 'immigration'), null, lag(place) over (partition by person order by event_date)) as from_municipality,
    if(kind in ('emigration', 'lost', 'death'), null, place) as to_municipality,
    if(kind = 'move' and from_municipality = to_municipality, 'within', kind) as kind,
    -- Moves are told within five days, as the law says; one in twelve is told weeks later.
    event_date + case
        when kind = 'settled' then 0
        when kind in ('birth', 'death') then cast(floor(4 * noise(person, 1000 + epoch(event_date) // 86400)) as integer)
        when noise(person, 1000 + epoch(event_date) // 86400) < 0.08 then 14 + cast(floor(700 * noise(person, 1000 + epoch(event_date) // 86400)) as integer)
        else cast(floor(5.4 * noise(person, 1000 + epoch(event_date) // 86400)) as integer)
    end as registered_at
from placed;

create table people_events as
select person, event_date, kind, from_municipality, to_municipality, registered_at
from life_events
where kind <> 'settled'
order by event_date, person;

create table addresses as
select
    person,
    to_municipality as municipality,
    cast(row_number() over stretch as integer) as address_no,
    event_date as valid_from,
    lead(event_date) over stretch - 1 as valid_to,
    registered_at
from life_events
window stretch as (partition by person order by event_date)
qualify municipality is not null
order by person, valid_from;

create table residences as
with numbered as (
    select
        *,
        -- A new residence begins where the municipality is another or the address before did not last until the day before.
        coalesce(lag(municipality) over stretch = municipality and lag(valid_to) over stretch = valid_from - 1, false) as goes_on
    from addresses
    window stretch as (partition by person order by valid_from)
),

grouped as (
    select *, sum(cast(not goes_on as integer)) over (partition by person order by valid_from) as residence_no
    from numbered
)

select
    person,
    any_value(municipality) as municipality,
    min(valid_from) as valid_from,
    if(bool_or(valid_to is null), null, max(valid_to)) as valid_to,
    arg_min(registered_at, valid_from) as registered_at
from grouped
group by person, residence_no
order by person, valid_from;

-- Personal numbers: the date of birth and a serial whose seventh digit says the century and whose last says the sex. Serials
-- that pass the check modulus 11 come first; of those born on a first of January of 1960 to 1999, or on one of a few other
-- days of the century (which a rule tells, since it should not be), every other one has a number that does not.
create table serials as
with candidates as (
    select
        rest,
        century,
        sex,
        serial,
        (
            rest + 4 * (serial // 1000) + 3 * (serial // 100 % 10) + 2 * (serial // 10 % 10) + serial % 10
        ) % 11 = 0 as checks
    from (select unnest(range(11)) as rest)
    cross join (values (1, 0, 3), (2, 0, 4), (3, 4, 9)) as classes (century, lowest, highest)
    cross join (values ('M', 1), ('K', 0)) as sexes (sex, parity)
    inner join (select unnest(range(10000)) as serial)
        on serial // 1000 between lowest and highest and serial % 2 = parity
),

ranked as (
    select *, row_number() over (partition by rest, century, sex, checks order by hash(serial, getvariable('seed')), serial) as place
    from candidates
)

select rest, century, sex, serial, checks, false as mixed, row_number() over (partition by rest, century, sex order by not checks, place) as nth
from ranked
union all
select rest, century, sex, serial, checks, true as mixed, row_number() over (partition by rest, century, sex order by place, checks) as nth
from ranked
where century = 2;

create table people as
with everybody as (
    select person, sex, birth_date, death_date, origin, citizenship, cast(null as bigint) as mother from settlers
    union all
    select person, sex, birth_date, null, origin, citizenship, mother from children
),

counted as (
    select
        *,
        strftime(birth_date, '%d%m%y') as day_digits,
        list_sum(list_transform([4, 3, 2, 7, 6, 5], lambda weight, place: weight * cast(day_digits[place] as integer))) % 11 as rest,
        case when year(birth_date) < 1937 then 1 when year(birth_date) < 2000 then 2 else 3 end as century,
        century = 2 and (strftime(birth_date, '%m%d') = '0101' and year(birth_date) >= 1960 or noise(epoch(birth_date), 90) < 0.005) as mixed,
        row_number() over (partition by birth_date, sex order by person) as nth
    from everybody
)

select
    counted.person,
    counted.day_digits || lpad(cast(serials.serial as varchar), 4, '0') as cpr,
    serials.checks,
    counted.sex,
    counted.birth_date,
    counted.death_date,
    counted.origin,
    counted.citizenship,
    counted.mother
from counted
inner join serials
    on counted.rest = serials.rest and counted.century = serials.century and counted.sex = serials.sex
    and counted.mixed = serials.mixed and counted.nth = serials.nth
order by counted.person;
