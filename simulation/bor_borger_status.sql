-- include: _people.sql
-- include: _register.sql
-- include: _register_faults.sql
-- The register of persons as it is delivered: every month in full as it begins, from one centre or (early on, of some
-- municipalities) from the municipality's own system; and every day's changes. Read in chunks: a month each.

-- Who delivers for themselves until the middle of the first year.
create macro delivers_itself(unit_no, month) as unit_no % 7 = 2 and month <= 6;

create table deliverers as
select unit, unit_no from units
union all
select '0411' as unit, 0 as unit_no;

-- Full extracts: every month as it begins, and those that are asked for anew once a day of changes was lost.
create table extracts as
select
    month,
    month as chunk,
    month_from(month) as known_before,
    cast(month_from(month) as timestamp) + interval 1 hour as extracted_at,
    'bor_borger_status_national_' || month_label(month) || '.parquet' as national_file,
    false as is_anew
from (select unnest(range(1, last_month() + 1)) as month)
union all by name
select
    month,
    month_no(healed_on()) as chunk,
    healed_on() as known_before,
    cast(healed_on() as timestamp) + interval 3 hour as extracted_at,
    'bor_borger_status_national_anew_' || strftime(healed_on(), '%Y-%m-%d') || '.parquet' as national_file,
    true as is_anew
from (select unnest(range(1, 3)) as month)
where getvariable('faults');

-- The states in an extract.
create view extracted_rows as
select
    extracts.extracted_at,
    extracts.national_file,
    extracts.is_anew,
    extracts.month,
    versions.person,
    versions.begins,
    versions.ends,
    versions.unit,
    versions.status,
    coalesce(planted_codes.former_code, versions.municipality) as residence,
    versions.address_no
from extracts
inner join register_versions as versions
    on
        versions.known_on < extracts.known_before
        and versions.known_until >= extracts.known_before
        and versions.begins < month_from(extracts.month + 1)
        and (versions.ends is null or versions.ends >= month_from(extracts.month))
left join planted_codes on versions.person = planted_codes.person
where extracts.chunk = getvariable('chunk')
union all by name
select
    extracts.extracted_at,
    extracts.national_file,
    extracts.is_anew,
    extracts.month,
    planted.person,
    planted.begins,
    planted.ends,
    planted.unit,
    '01' as status,
    planted.unit as residence,
    planted.address_no
from planted_intervals as planted
inner join extracts on planted.month = extracts.month and not extracts.is_anew and planted.kind = 'overlap'
where extracts.chunk = getvariable('chunk');

create view changed_rows as
select
    change_files.file_name,
    change_files.extracted_at,
    change_files.sequence,
    changes.month,
    changes.person,
    changes.begins,
    coalesce(planted.ends, changes.ends) as ends,
    changes.unit,
    changes.status,
    changes.municipality as residence,
    changes.address_no,
    if(changes.is_deleted, 'D', null) as handling
from register_changes as changes
inner join change_files on changes.known_on = change_files.known_on and not change_files.is_lost
left join planted_intervals as planted
    on
        changes.person = planted.person and changes.begins = planted.begins and changes.month = planted.month
        and planted.kind = 'gap'
where month_no(changes.known_on) = getvariable('chunk');

-- What the old system sends once more after the new one has taken over: a file in which a column has another name, and one in
-- which sex has become a number. Both are refused as a whole.
create table late_files as
select units.unit, units.unit_no, late.*, 'p-data_' || units.unit || '_' || month_label(late.month) || '.csv' as file_name
from (values (2, 7, 'header'), (2, 8, 'types')) as late (wanted_no, month, damage)
inner join units on late.wanted_no = units.unit_no
where getvariable('faults');

create macro full_file(unit, unit_no, month, national_file, is_anew) as
if(not is_anew and delivers_itself(unit_no, month), 'p-data_' || unit || '_' || month_label(month) || '.csv', national_file);

create view all_rows as
select
    full_file(extracted_rows.unit, deliverers.unit_no, extracted_rows.month, national_file, is_anew) as file_name,
    extracted_rows.* exclude (national_file, is_anew),
    cast(null as varchar) as handling
from extracted_rows
inner join deliverers on extracted_rows.unit = deliverers.unit
union all by name
select
    late_files.file_name,
    extracted_rows.* exclude (national_file, is_anew),
    cast(null as varchar) as handling
from extracted_rows
inner join late_files on extracted_rows.unit = late_files.unit and extracted_rows.month = late_files.month
union all by name
select * exclude (sequence) from changed_rows;

create view stranger_files as
select
    strangers.*,
    full_file(strangers.unit, strangers.unit_no, strangers.month, extracts.national_file, false) as file_name,
    extracts.extracted_at
from strangers
inner join extracts on strangers.month = extracts.month and not extracts.is_anew
where extracts.chunk = getvariable('chunk');

create view delivery as
with register_rows as (
    select
        all_rows.*,
        people.cpr,
        people.birth_date,
        people.sex,
        people.origin,
        people.citizenship,
        mother.cpr as mother_cpr,
        hash(all_rows.person, all_rows.address_no) as address
    from all_rows
    inner join register_people as people on all_rows.person = people.person
    left join register_people as mother on people.mother = mother.person
    union all by name
    select
        file_name,
        extracted_at,
        month,
        coalesce(own_from, date '2012-03-04') as begins,
        if(rule_id = 'V-BOR-46', own_from - 1, null) as ends,
        coalesce(own_unit, unit) as unit,
        coalesce(own_status, '01') as status,
        coalesce(own_residence, unit) as residence,
        1 as address_no,
        coalesce(own_cpr, '010157' || (9100 + stranger)) as cpr,
        coalesce(own_birth, date '1957-01-01') as birth_date,
        coalesce(own_sex, 'M') as sex,
        '1' as origin,
        '5100' as citizenship,
        hash(stranger) as address
    from stranger_files
)

select
    file_name,
    extracted_at as udtraekstid,
    unit as kommunekode,
    month_label(month) as maaned,
    -- The older system writes numbers with a hyphen.
    if(file_name like 'p-data%' and length(cpr) = 10, cpr[:6] || '-' || cpr[7:], cpr) as cpr,
    status,
    if(status in ('01', '03', '05', '07'), nullif(residence, ''), null) as kommunekode_bopael,
    if(status = '01', lpad(cast(address % 9000 + 100 as varchar), 4, '0'), null) as vejkode,
    if(status = '01', cast(address % 180 + 1 as varchar), null) as husnr,
    if(status = '01' and address % 3 = 0, cast(address % 5 + 1 as varchar), null) as etage,
    if(status = '01' and address % 3 = 0, if(address % 2 = 0, 'tv', 'th'), null) as side,
    birth_date as foedselsdato,
    if(file_name in (select late_files.file_name from late_files where damage = 'types'), if(sex = 'M', '1', '2'), sex) as koen,
    ['U', 'G', 'F', 'E'][1 + cast(hash(person, 3) % 4 as integer)] as civilstand,
    citizenship as statsborgerskab,
    origin as oprindelse,
    hash(person, 1) % 80 = 0 as adressebeskyttelse,
    hash(person, 2) % 90 = 0 as navnebeskyttelse,
    mother_cpr as mor_pid,
    cast(null as varchar) as far_pid,
    cast(begins as timestamp) as gyldig_fra,
    cast(ends as timestamp) as gyldig_til,
    if(file_name like 'p-data%', 'P-data', 'Serviceplatformen') as kildesystem,
    handling
from register_rows
order by file_name, month, unit, cpr, begins;

create table delivery_facts as
select
    file_name,
    cast(month_from(month) as timestamp) + interval 1 hour as extracted_at,
    true as synthetic,
    month as chunk,
    cast(null as bigint) as sequence,
    damage
from late_files
union all by name
select distinct
    full_file(unit, unit_no, month, national_file, is_anew) as file_name,
    extracted_at,
    true as synthetic,
    chunk,
    -- The last day of changes that the extract has already.
    coalesce((select max(change_files.sequence) from change_files where change_files.known_on < extracts.known_before), 0) as sequence
from extracts
cross join deliverers
union all by name
select file_name, extracted_at, true as synthetic, month_no(known_on) as chunk, sequence
from change_files
where not is_lost;

-- What is planted: for rules about a row by file, as they are received; for rules across rows by municipality and month of what
-- is in force. `passes` are rows that a rule must let through.
create view planted_faults as
with found as (
    select unit as municipality, month, rule_id, 1 as row_count, fate, null as file_name
    from strangers
    where rule_id in ('V-BOR-05', 'V-BOR-06') and month = getvariable('chunk')
    union all by name
    select coalesce(own_unit, unit) as municipality, month, rule_id, 1 as row_count, fate, file_name
    from stranger_files
    where rule_id not in ('V-BOR-05', 'V-BOR-06')
    union all by name
    -- A number that does not fit modulus 11 is told, except of a first of January; the row is used.
    select
        null as municipality,
        null as month,
        'V-BOR-02' as rule_id,
        count(*) as row_count,
        if(strftime(people.birth_date, '%m%d') = '0101', 'passes', 'warned') as fate,
        all_rows.file_name
    from all_rows
    inner join (select person, birth_date from register_people where not checks) as people on all_rows.person = people.person
    anti join late_files on all_rows.file_name = late_files.file_name
    group by people.birth_date, all_rows.file_name
    union all by name
    select unit as municipality, month, if(damage = 'types', 'FILE-NOTHING', 'FILE-' || upper(damage)) as rule_id, 1 as row_count, 'refused' as fate, file_name
    from late_files
    where month = getvariable('chunk')
    union all by name
    -- Numbers with a hyphen are numbers.
    select null as municipality, null as month, 'V-BOR-01' as rule_id, count(*) as row_count, 'passes' as fate, file_name
    from all_rows
    where file_name like 'p-data%'
    group by file_name
    union all by name
    -- A state that ends on the day on which the next begins.
    select unit as municipality, month, 'V-BOR-04' as rule_id, count(*) as row_count, 'passes' as fate, null as file_name
    from register_changes as changes
    anti join planted_intervals as planted
        on changes.person = planted.person and changes.begins = planted.begins and changes.month = planted.month
    where month = getvariable('chunk') and not is_deleted and month_no(ends) = month
    group by all
    union all by name
    -- The first lost day: what came after it is in the extract that was asked for.
    select changes.unit as municipality, changes.month, 'V-BOR-07' as rule_id, count(*) as row_count, 'passes' as fate, null as file_name
    from register_changes as changes
    where
        changes.month = getvariable('chunk')
        and changes.known_on < healed_on()
        and changes.known_on > (select min(known_on) from change_files where is_lost)
        and changes.month <= 2
    group by all
    union all by name
    -- Addresses of before 2007 under a code that is still in use.
    select register_events.unit as municipality, getvariable('chunk') as month, 'V-BOR-15' as rule_id, count(*) as row_count, 'passes' as fate,
        null as file_name
    from register_events
    anti join planted_codes on register_events.person = planted_codes.person
    where kind = 'settled' and event_date < date '2007-01-01' and getvariable('chunk') <= last_month()
    group by all
    union all by name
    select unit as municipality, month, 'V-BOR-04' as rule_id, 1 as row_count, 'repaired' as fate, null as file_name
    from planted_intervals
    where month = getvariable('chunk')
    union all by name
    select unit as municipality, month, 'V-BOR-15' as rule_id, count(*) as row_count, 'flagged' as fate, null as file_name
    from planted_codes
    cross join (select unnest(range(1, last_month() + 1)) as month)
    where month = getvariable('chunk')
    group by all
    union all by name
    -- Whoever is 115 is not too old. Christiansø is no unknown municipality.
    select '0101' as municipality, month, 'V-BOR-06' as rule_id, 1 as row_count, 'passes' as fate, null as file_name
    from (select unnest(range(18, last_month() + 1)) as month)
    where month = getvariable('chunk')
    union all by name
    -- Whose numbers have a seventh digit 9, and are no replacements.
    select '0411' as municipality, getvariable('chunk') as month, unnest(['V-BOR-03', 'V-BOR-05']) as rule_id, 8 as row_count, 'passes' as fate,
        null as file_name
    where getvariable('chunk') <= last_month()
    union all by name
    select changes.unit as municipality, changes.month, 'V-BOR-07' as rule_id, count(*) as row_count, 'waits' as fate, null as file_name
    from register_changes as changes
    inner join change_files on changes.known_on = change_files.known_on and not change_files.is_lost
    inner join register_knowledge on changes.month = register_knowledge.month
    where changes.known_on > register_knowledge.known_before and changes.month = getvariable('chunk')
    group by all
)

select
    'bor_borger_status' as contract,
    municipality,
    if(month is null, null, month_label(month)) as period,
    rule_id,
    cast(sum(row_count) as bigint) as row_count,
    fate,
    file_name
from found
where getvariable('faults')
group by all
order by all;

create table truth_people as
select person, birth_date, death_date, sex, origin, citizenship, mother from register_people order by person;

create table truth_events as
select person, event_date, kind, from_municipality, to_municipality, unit, registered_at from register_events order by person, event_date;

create table truth_residences as
select person, municipality, valid_from, valid_to from residences
union all
select person, municipality, date '2011-05-01' as valid_from, cast(null as date) as valid_to from more_people
order by person, valid_from;

create table truth_register_knowledge as
select status_date, known_before from register_knowledge order by status_date;
