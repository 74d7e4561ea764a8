-- What the deliveries of benefit spells tell of each month (`_benefits.sql`, `_benefit_faults.sql`): every version of it, and of the last
-- one which rows are accepted, and which days of them count.
create macro rate_of(benefit, month, luck) as
case when benefit <> 'kth' then null
when month < date '2025-07-01' then ['voksensats', 'forsørgersats', 'ungesats'][1 + cast(floor(luck * 3) as integer)]
else ['mindstesats', 'grundsats', 'forhøjet sats', 'hjemmeboende'][1 + cast(floor(luck * 4) as integer)] end;

create macro category_of(benefit, assessed, is_improved) as
case benefit
when 'kth' then if(assessed < 0.4 or is_improved, 'Jobparat', 'Aktivitetsparat')
when 'udh' then if(assessed < 0.15, 'Åbenlys uddannelsesparat', if(assessed < 0.5 or is_improved, 'Uddannelsesparat', 'Aktivitetsparat'))
when 'sho' then if(assessed < 0.5 or is_improved, 'Jobparat', 'Aktivitetsparat')
when 'ovg' then if(assessed < 0.5 or is_improved, 'Jobparat', 'Aktivitetsparat') end;

-- One municipality's month never comes.
create view due as
select *
from extracts
where not (getvariable('faults') and unit_no = 4 and month = date '2024-11-01');

create view final_extracts as
select *
from due
qualify row_number() over (partition by unit, month order by chunk desc) = 1;

-- What a file says of a month: what was registered by then, and as it was known. A few codes and degrees were wrong at first.
create view told as
select
    due.unit,
    due.unit_no,
    due.system,
    due.chunk,
    due.month,
    due.extracted_at,
    spell_months.cpr,
    if(benefit = 'syg' and luck between 0.5 and 0.51 and due.age = 0, 'dag', benefit) as ydelse_kode,
    part_start as start,
    if(end_known_at <= due.extracted_at and not is_left_open, delivered_end, null) as slut,
    if(luck between 0.7 and 0.75 and due.age = 0, 1.0, degree) as grad,
    category_of(benefit, assessed, is_improved) as visitationskategori,
    rate_of(benefit, due.month, assessed) as sats_kode,
    due.unit as bopaelskommune,
    first_day as haendelsestid,
    registered_at as konteringstid,
    cast(null as varchar) as own_unit,
    cast(null as varchar) as spoil
from due
inner join spell_months on due.unit = spell_months.unit and due.month = spell_months.month and spell_months.registered_at <= due.extracted_at
union all by name
select
    due.unit,
    due.unit_no,
    due.system,
    due.chunk,
    due.month,
    due.extracted_at,
    cpr,
    planted_benefit as ydelse_kode,
    planted_start as start,
    planted_end as slut,
    if(spoil = 'above', 1.5, 1.0) as grad,
    if(spoil = 'category', 'Ukendt', if(planted_benefit = 'kth', 'Jobparat', null)) as visitationskategori,
    cast(null as varchar) as sats_kode,
    due.unit as bopaelskommune,
    greatest(due.month, planted_start) as haendelsestid,
    -- What is overwritten by its like was registered before it.
    if(coalesce(spoil, '') = 'unregistered', null, if(planted.rule_id = 'V-BES-02', timestamp '2023-06-01 09:00:00', cast(due.month + 27 as timestamp)))
        as konteringstid,
    own_unit,
    spoil
from final_extracts as due
inner join planted on due.unit = planted.unit and due.month = planted.planted_month
cross join range(if(coalesce(spoil, '') = 'again', 2, 1)) as twice (copy);

-- The last delivery of every month, and which of its rows are accepted.
create table last_told as
select
    row_number() over (order by told.month, told.unit, told.cpr, told.start, told.ydelse_kode) as row_no,
    told.*,
    greatest(told.start, told.month) as first_day,
    least(coalesce(told.slut, date '9999-12-31'), last_day(told.month)) as last_day_in_month,
    planted.rule_id,
    planted.fate,
    people.person,
    people.birth_date
from told
semi join final_extracts on told.unit = final_extracts.unit and told.month = final_extracts.month and told.chunk = final_extracts.chunk
left join planted
    on
        told.unit = planted.unit and told.month = planted.planted_month and told.cpr = planted.cpr
        and told.start is not distinct from planted.planted_start and told.ydelse_kode is not distinct from planted.planted_benefit
left join people on told.cpr = people.cpr;

create view accepted_rows as
select *
from last_told
where coalesce(fate <> 'set_aside' or rule_id in ('V-BES-03', 'V-BES-04', 'V-BES-09', 'V-BES-10'), true)
union all
-- The first of two copies.
select * from last_told where spoil = 'again' qualify row_number() over (partition by cpr order by row_no) = 1;

-- Where people lived as the register of persons has it in the end: what was told after 10 January 2026 it does not know.
create table known_residences as
select
    residences.person,
    residences.municipality,
    residences.valid_from,
    case when untold.person is null then residences.valid_to end as valid_to
from residences
left join (select distinct person, event_date from people_events where registered_at > date '2026-01-10') as untold
    on
        residences.person = untold.person
        and untold.event_date between residences.valid_to and residences.valid_to + 1
where residences.registered_at <= date '2026-01-10';

-- Rows that nobody planted, of people who lived in the country on none of their days as the register has it in the end: they came
-- back, and were registered too late.
create table absent as
select last_told.row_no, last_told.unit, last_told.month
from last_told
semi join known_residences on last_told.person = known_residences.person
anti join known_residences as home
    on
        last_told.person = home.person and home.valid_from <= last_told.last_day_in_month
        and coalesce(home.valid_to, date '9999-12-31') >= last_told.first_day
where last_told.rule_id is null;

-- Day by day, where somebody has two rows in a month or is not in the one place that they say: which of them counts, and where.
create table contested as
with kept as (
    select *
    from accepted_rows
    anti join absent using (row_no)
    where coalesce(fate <> 'set_aside', true) or spoil = 'again'
),

restless as (
    select cpr, month from kept group by cpr, month having count(*) > 1
    union
    select kept.cpr, kept.month
    from kept
    anti join known_residences as home
        on
            kept.person = home.person and kept.unit = home.municipality and home.valid_from <= kept.first_day
            and coalesce(home.valid_to, date '9999-12-31') >= kept.last_day_in_month
    where kept.person is not null
),

days as (
    select
        kept.row_no,
        kept.unit,
        kept.month,
        kept.cpr,
        kept.person,
        kept.start,
        kept.konteringstid,
        cast(benefits.rank as integer) as rank,
        cast(unnest(range(cast(first_day as timestamp), cast(last_day_in_month as timestamp) + interval 1 day, interval 1 day)) as date) as day
    from kept
    semi join restless on kept.cpr = restless.cpr and kept.month = restless.month
    inner join benefits on kept.ydelse_kode = benefits.source_code
)

select
    days.*,
    row_number() over (partition by days.cpr, days.day order by days.rank, days.konteringstid desc, days.row_no desc) > 1 as is_overwritten,
    home.municipality
from days
left join known_residences as home
    on days.person = home.person and days.day between home.valid_from and coalesce(home.valid_to, date '9999-12-31');
