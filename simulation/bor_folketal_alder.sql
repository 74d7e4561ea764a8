-- include: _people.sql
-- include: _register.sql
-- Population by age and sex on the first day of each quarter, with what was registered within the 30 days after it and frozen
-- since: a publisher's own count of the same lives as the register's.
create table quarters as
select
    quarter,
    cast(lives_from() + to_months(cast(3 * (quarter - 1) as integer)) as date) as status_date,
    cast(status_date + 40 as timestamp) + interval 8 hour as extracted_at,
    'bor_folketal_alder_' || year(status_date) || 'K' || quarter(status_date) || '_' || strftime(extracted_at, '%Y-%m-%d') || '.csv' as file_name
from (select unnest(range(1, 9)) as quarter);

create table counted as
select
    quarters.quarter,
    known.municipality,
    date_diff('year', people.birth_date, quarters.status_date)
    - if(strftime(people.birth_date, '%m%d') > strftime(quarters.status_date, '%m%d'), 1, 0) as age,
    people.sex,
    count(*) as people
from quarters
cross join lateral (select * from population_known(quarters.status_date, quarters.status_date + 31)) as known
inner join register_people as people on known.person = people.person
group by all;

-- What goes wrong for whole municipalities: nothing but zeros, an age that is lost, one more everywhere from a quarter on (another
-- supplier), and a municipality that is not there.
create table planted_parts as
select planted.* exclude (first_quarter, last_quarter), units.unit, unnest(range(first_quarter, last_quarter + 1)) as quarter
from (
    values ('zeros', 1, 3, 3), ('age_lost', 2, 4, 4), ('level_shift', 3, 5, 8), ('missing', 4, 6, 6)
) as planted (kind, unit_no, first_quarter, last_quarter)
inner join units using (unit_no)
where getvariable('faults');

create table lost_ages as
select counted.quarter, counted.municipality, arg_max(counted.age, (counted.people, counted.age)) as age
from counted
inner join planted_parts as planted
    on counted.municipality = planted.unit and counted.quarter = planted.quarter and planted.kind = 'age_lost'
group by all;

create table published as
select
    counted.quarter,
    counted.municipality,
    counted.age,
    counted.sex,
    case planted.kind when 'zeros' then 0 when 'level_shift' then counted.people + 1 else counted.people end as people
from counted
left join planted_parts as planted on counted.municipality = planted.unit and counted.quarter = planted.quarter
anti join lost_ages on counted.quarter = lost_ages.quarter and counted.municipality = lost_ages.municipality and counted.age = lost_ages.age
where planted.kind is distinct from 'missing';

-- Lines that are wrong by themselves.
create table wrong_lines as
select units.unit, wrong.*, quarters.file_name
from (
    values
    ('V-BOR-92', 1, 2, '34', 'M', '12,5'), ('V-BOR-92', 2, 2, '35', 'K', 'tolv'), ('V-BOR-93', 1, 2, '36', 'M', '-4'),
    ('V-BOR-88', 3, 2, '126', 'K', '1'), ('V-BOR-87', 3, 2, 'ni', 'K', '1'), ('V-BOR-90', 2, 3, '37', 'X', '3'), ('V-BOR-82', null, 3, '38', 'M', '3')
) as wrong (rule_id, unit_no, quarter, age, sex, people)
left join units on wrong.unit_no = units.unit_no
inner join quarters on wrong.quarter = quarters.quarter
where getvariable('faults') and (wrong.unit_no is null or units.unit is not null);

create table delivery as
with lines as (
    select published.*, cast(null as varchar) as raw_line, 1 as part
    from published
    union all by name
    select
        quarters.quarter,
        coalesce(unit, '0998') as municipality,
        try_cast(age as integer) as age,
        sex,
        try_cast(people as integer) as people,
        strftime(status_date, '%Y-%m-%d') || ';' || municipality || ';' || wrong_lines.age || ';' || sex || ';' || wrong_lines.people as raw_line,
        2 as part
    from wrong_lines
    inner join quarters on wrong_lines.quarter = quarters.quarter
    union all by name
    -- A date inside the quarter, and the first row once more.
    select 4 as quarter, '0101' as municipality, 40 as age, 'M' as sex, 3 as people, '2024-11-15;0101;40;M;3' as raw_line, 3 as part
    where getvariable('faults')
    union all by name
    (
        select published.*, cast(null as varchar) as raw_line, 4 as part
        from published
        where quarter = 2 and municipality = '0101' and getvariable('faults')
        order by age, sex
        limit 1
    )
)

select
    quarters.file_name,
    strftime(quarters.status_date, '%Y-%m-%d') as dato,
    lines.municipality as kommunekode,
    lines.age as alder,
    lines.sex as koen,
    lines.people as antal,
    lines.raw_line
from lines
inner join quarters on lines.quarter = quarters.quarter
order by quarters.file_name, lines.part, kommunekode, alder, koen;

create table delivery_facts as
select file_name, extracted_at, true as synthetic from quarters;

-- Where register and publisher differ by half a per cent or more on a quarter's first day (V-BOR-09).
create table vintage_differences as
with current_counts as (
    select quarters.quarter, known.municipality, count(*) as people
    from quarters
    inner join register_knowledge as knowledge on quarters.status_date = knowledge.status_date
    cross join lateral (select * from population_known(knowledge.status_date, knowledge.known_before)) as known
    group by all
),

frozen as (
    select quarter, municipality, sum(people) as people from published group by all
)

select frozen.quarter, frozen.municipality
from frozen
inner join current_counts on frozen.quarter = current_counts.quarter and frozen.municipality = current_counts.municipality
where abs(current_counts.people - frozen.people) >= 0.005 * frozen.people and current_counts.people <> frozen.people;

-- What the quarter before tells of the planted parts: zeros, an age of which there were enough, a shift that is big enough. Less
-- of it nothing tells.
create table part_sums as
select quarter, municipality, sum(people) as people, count(*) as row_count from published group by all;

create table told_by_the_quarter_before as
with told as (
    select planted.unit as municipality, planted.quarter, 'V-BOR-95' as rule_id, part.row_count, true as is_told
    from planted_parts as planted
    inner join part_sums as part on planted.unit = part.municipality and planted.quarter = part.quarter
    where planted.kind = 'zeros'
    union all
    select lost_ages.municipality, lost_ages.quarter, 'V-BOR-97', 1, coalesce(sum(before.people), 0) >= 15
    from lost_ages
    left join published as before
        on lost_ages.municipality = before.municipality and lost_ages.age = before.age and before.quarter = lost_ages.quarter - 1
    group by all
    union all
    select planted.unit, planted.quarter, 'V-BOR-98', part.row_count, abs(part.people - before.people) > 0.25 * before.people
    from planted_parts as planted
    inner join part_sums as part on planted.unit = part.municipality and planted.quarter = part.quarter
    inner join part_sums as before on planted.unit = before.municipality and before.quarter = planted.quarter - 1
    where planted.kind = 'level_shift' and planted.quarter = 5
)

select municipality, quarter, if(is_told, rule_id, '') as rule_id, row_count, if(is_told, 'flagged', 'undetectable') as fate
from told;

create view planted_faults as
with found as (
    select municipality, quarter, 'V-BOR-09' as rule_id, 1 as row_count, 'flagged' as fate, null as file_name from vintage_differences
    union all by name
    select municipality, quarter, rule_id, row_count, fate, null as file_name from told_by_the_quarter_before
    union all by name
    select published.municipality, published.quarter, 'V-BOR-09' as rule_id, 1 as row_count, 'passes' as fate, null as file_name
    from (select distinct municipality, quarter from published) as published
    anti join vintage_differences using (municipality, quarter)
    union all by name
    select coalesce(unit, '0998') as municipality, quarter, rule_id, count(*) as row_count, 'set_aside' as fate, file_name
    from wrong_lines
    group by all
    union all by name
    select '0101' as municipality, quarter, if(quarter = 4, 'V-BOR-85', 'V-BOR-94') as rule_id, 1 as row_count, 'set_aside' as fate, file_name
    from quarters
    where quarter in (2, 4)
    union all by name
    select unit as municipality, quarter, 'COVERAGE' as rule_id, 1 as row_count, 'missing' as fate, null as file_name
    from planted_parts
    where kind = 'missing'
)

select
    'bor_folketal_alder' as contract,
    found.municipality,
    strftime(quarters.status_date, '%Y') || '-Q' || quarter(quarters.status_date) as period,
    found.rule_id,
    cast(found.row_count as bigint) as row_count,
    found.fate,
    found.file_name
from found
inner join quarters on found.quarter = quarters.quarter
where getvariable('faults')
order by all;

create table truth_population_30_days as
select quarters.status_date, counted.municipality, counted.age, counted.sex, counted.people
from counted
inner join quarters on counted.quarter = quarters.quarter
order by all;
