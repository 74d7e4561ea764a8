-- include: _ledger.sql
-- include: _ledger_faults.sql
-- Postings of 98 municipalities, 2019-01 to 2020-12 with openings (period 0) and supplements (period 13): invented, plausible
-- per inhabitant, every voucher in balance. At scale 1 three million postings and more. Read in chunks: one accounting period
-- each (chunk = year * 100 + period). With the variable `faults` true, some of everything that can be wrong is planted, and
-- `planted_faults` says what, where, how many rows, and what becomes of them.
create macro chunk_year() as getvariable('chunk') // 100;
create macro chunk_period() as getvariable('chunk') % 100;
create macro opens(year, period) as make_date(year, greatest(1, least(12, period)), 1);

create table chunks as
select
    regnskabsaar * 100 + periode as chunk,
    regnskabsaar,
    periode
from ledger_years
cross join (select unnest(range(0, 14)) as periode);

create view packages as
select
    units.*,
    chunks.regnskabsaar,
    chunks.periode,
    chunks.chunk,
    coalesce(bad.factor, 1.0) as factor,
    case chunks.periode
        when 0 then make_timestamp(chunks.regnskabsaar, 1, 20, 3, units.unit_no % 60, 0)
        when 13 then make_timestamp(chunks.regnskabsaar + 1, 2, 14, 3, units.unit_no % 60, 0)
        else opens(chunks.regnskabsaar, chunks.periode) + interval 1 month + interval 4 day + interval (120 + units.unit_no) minute
            + to_days(coalesce(bad.late_days, 0))
    end as udtraekstid,
    case system
        when 'A' then 'oko_postering_' || unit || '_' || strftime(udtraekstid, '%Y-%m-%d') || '.csv'
        when 'B' then 'finansposter_' || unit || '_' || chunks.regnskabsaar || '_' || lpad(cast(chunks.periode as varchar), 2, '0') || '.csv'
        else 'oko_postering_national_' || chunks.regnskabsaar || '-' || lpad(cast(chunks.periode as varchar), 2, '0') || '.parquet'
    end as file_name
from units
cross join chunks
left join bad_deliveries as bad
    on units.unit_no = bad.unit_no and chunks.regnskabsaar = bad.regnskabsaar and chunks.periode = bad.periode
where not coalesce(bad.is_missing, false);

-- How many lines a cell has in a month: at scale 1 about a thousand per average municipality, at least one.
create table line_counts as
select
    unit,
    cell,
    regnskabsaar,
    greatest(1, cast(round(
        getvariable('scale') * 830 * population / 59000 * abs(kroner) / sum(abs(kroner)) over (partition by unit, regnskabsaar)
    ) as integer)) as line_count
from yearly;

create view month_cells as
select
    yearly.*,
    packages.periode,
    line_counts.line_count,
    cast(round(
        yearly.budget_ore * packages.factor
        * case packages.periode when 13 then 0.004 else (1 + 0.04 * cos(2 * pi() * packages.periode / 12)) / 12 end
        * between_by(yearly.unit_key, yearly.cell, packages.chunk, 0.985, 1.015)
    ) as bigint) as ore,
    cast(sum(line_counts.line_count) over (partition by yearly.unit_key order by yearly.cell) - line_counts.line_count as bigint)
        as first_line
from packages
inner join yearly on packages.unit = yearly.unit and packages.regnskabsaar = yearly.regnskabsaar
inner join line_counts
    on yearly.unit = line_counts.unit and yearly.cell = line_counts.cell and yearly.regnskabsaar = line_counts.regnskabsaar
where
    packages.chunk = getvariable('chunk')
    -- Supplements are wages and bills that came late.
    and (packages.periode between 1 and 12 or (packages.periode = 13 and yearly.art in ('1.0', '4.9') and yearly.dranst = 1));

-- Where line k of n begins, as a part of the cell: the parts differ in size and add up exactly.
create macro edge(unit_key, cell, chunk, k, n) as
case when k <= 0 then 0.0 when k >= n then 1.0 else (k + 0.8 * (noise(unit_key * 100000 + chunk, cell, k) - 0.5)) / n end;

create view natural_lines as
select
    unit_key,
    first_line + k as line_no,
    cell,
    konto_lokal,
    funktion,
    dranst,
    ejerforhold,
    gruppering,
    art,
    cast(round(ore * edge(unit_key, cell, chunk_period(), k + 1, line_count)) as bigint)
    - cast(round(ore * edge(unit_key, cell, chunk_period(), k, line_count)) as bigint) as ore
from (select *, unnest(range(line_count)) as k from month_cells);

-- Four lines and the counter line in the bank are one voucher.
create view ordinary as
with lines as materialized (select * from natural_lines)
select
    unit_key,
    lpad(cast(chunk_period() as varchar), 2, '0') || lpad(cast(line_no // 4 as varchar), 7, '0') as bilagsnr,
    line_no % 4 + 1 as linjenr,
    konto_lokal, funktion, dranst, ejerforhold, gruppering, art, ore,
    cast(null as varchar) as modpart,
    line_no // 4 as voucher_no,
    cast(null as date) as own_date,
    line_no
from lines
union all by name
select
    unit_key,
    lpad(cast(chunk_period() as varchar), 2, '0') || lpad(cast(line_no // 4 as varchar), 7, '0') as bilagsnr,
    5 as linjenr,
    '82205500060' as konto_lokal, '8.22.05' as funktion, 5 as dranst, 1 as ejerforhold, '000' as gruppering, '6.0' as art,
    cast(-sum(ore) as bigint) as ore,
    line_no // 4 as voucher_no,
    (line_no // 4) * 4 + 4 as line_no
from lines
group by unit_key, line_no // 4;

-- What a municipality pays its neighbour for places in schools and homes: the neighbour has the same amount with the other sign.
create table pairs as
select
    payer.unit_key as payer_key,
    payer.unit as payer,
    payee.unit_key as payee_key,
    payee.unit as payee,
    place.funktion,
    place.gruppe
from units as payer
inner join units as payee on payer.neighbour = payee.unit and payer.unit <> payee.unit
cross join (values ('3.22.01', 1), ('5.38.50', 2)) as place (funktion, gruppe);

create view intermunicipal as
select
    side.unit_key,
    'M' || lpad(cast(chunk_period() as varchar), 2, '0') || payer || gruppe as bilagsnr,
    line.linjenr,
    replace(line.funktion, '.', '') || line.dranst || '000' || replace(line.art, '.', '') as konto_lokal,
    line.funktion,
    line.dranst,
    1 as ejerforhold,
    '000' as gruppering,
    line.art,
    line.sign * cast(between_by(payer_key, gruppe, getvariable('chunk'), 4000000, 9000000) as bigint) as ore,
    line.modpart,
    9000000 as voucher_no,
    cast(null as date) as own_date,
    90000000 + gruppe as line_no
from pairs
cross join lateral (values (payer_key, 1), (payee_key, -1)) as side (unit_key, sign)
cross join lateral (
    values
    (1, funktion, 1, if(side.sign = 1, '4.7', '7.7'), side.sign, if(side.sign = 1, payee, payer)),
    (2, '8.22.05', 5, '6.0', -side.sign, null)
) as line (linjenr, funktion, dranst, art, sign, modpart)
where chunk_period() between 1 and 12;

-- The balance as the year opens.
create view openings as
select
    unit_key,
    'P00' || lpad(cast(opening.no as varchar), 6, '0') as bilagsnr,
    line.linjenr,
    replace(line.funktion, '.', '') || '000060' as konto_lokal,
    line.funktion,
    cast(null as integer) as dranst,
    1 as ejerforhold,
    '000' as gruppering,
    '6.0' as art,
    line.sign * cast(100 * population_2019 * opening.kroner * level as bigint) as ore,
    cast(null as varchar) as modpart,
    9100000 as voucher_no,
    cast(null as date) as own_date,
    91000000 + opening.no * 2 + line.linjenr as line_no
from units
cross join (values (1, '9.55.70', -9000), (2, '9.55.77', -3000), (3, '9.22.07', 3500), (4, '9.22.01', 15)) as opening (no, funktion, kroner)
cross join lateral (values (1, opening.funktion, 1), (2, '9.22.05', -1)) as line (linjenr, funktion, sign)
where chunk_period() = 0;

-- Changes of two municipalities that send them one by one: a voucher comes, is corrected, and is deleted; the first also deletes
-- one that never was. The second's third change is lost, so its fourth waits.
create table changes as
select
    units.unit_key,
    change.sekvens,
    change.step,
    if(change.step = 'unknown', 'D99', 'D0' || change.voucher) as bilagsnr,
    change.voucher,
    2020 * 100 + 2 as chunk,
    make_timestamp(2020, 3 + change.sekvens, 20, 4, 0, 0) as udtraekstid
from (
    values
    (3, 1, 'new', 1), (3, 2, 'changed', 1), (3, 2, 'new', 2), (3, 3, 'deleted', 1), (3, 3, 'unknown', 3), (3, 4, 'new', 4),
    (1, 1, 'new', 1), (1, 2, 'changed', 1), (1, 4, 'deleted', 1)
) as change (unit_no, sekvens, step, voucher)
inner join units on change.unit_no = units.unit_no;

create view change_lines as
select
    changes.unit_key,
    changes.bilagsnr,
    line.linjenr,
    replace(line.funktion, '.', '') || line.dranst || '000' || replace(line.art, '.', '') as konto_lokal,
    line.funktion,
    line.dranst,
    1 as ejerforhold,
    '000' as gruppering,
    line.art,
    line.sign * if(changes.step = 'changed', 1500000, 1200000) as ore,
    cast(null as varchar) as modpart,
    9200000 as voucher_no,
    cast(null as date) as own_date,
    changes.sekvens * 100 + changes.voucher * 10 + line.linjenr as line_no,
    changes.sekvens,
    if(changes.step in ('deleted', 'unknown'), 'D', 'U') as handling,
    changes.udtraekstid
from changes
cross join (values (1, '3.22.01', 1, '4.9', 1), (2, '8.22.05', 5, '6.0', -1)) as line (linjenr, funktion, dranst, art, sign)
where changes.chunk = getvariable('chunk');

create view booked as
select * from ordinary
union all by name
select * from intermunicipal
union all by name
select * from openings
union all by name
select * from planted_lines where chunk = getvariable('chunk')
union all by name
select * from change_lines;

create view delivery as
select
    case
        when booked.sekvens is not null then 'oko_postering_delta_' || packages.unit || '_' || lpad(cast(booked.sekvens as varchar), 4, '0')
            || '.jsonl.gz'
        else coalesce(booked.own_file, packages.file_name)
    end as file_name,
    coalesce(booked.own_unit, packages.unit) as kommunekode,
    if(booked.sekvens is not null, 'Ændringer', 'System ' || packages.system) as kildesystem,
    coalesce(booked.udtraekstid, packages.udtraekstid) as udtraekstid,
    cast(packages.regnskabsaar as smallint) as regnskabsaar,
    cast(coalesce(booked.own_period, packages.periode) as smallint) as periode,
    coalesce(
        booked.own_date,
        case packages.periode
            when 0 then make_date(packages.regnskabsaar, 1, 1)
            when 13 then make_date(packages.regnskabsaar, 12, 31)
            else opens(packages.regnskabsaar, packages.periode) + cast(hash(booked.unit_key, booked.voucher_no, chunk_period()) % 28 as integer)
        end
    ) as posteringsdato,
    posteringsdato + cast(booked.voucher_no % 3 as integer) as bogfoeringsdato,
    booked.bilagsnr,
    cast(booked.linjenr as integer) as linjenr,
    booked.konto_lokal,
    booked.funktion,
    cast(booked.dranst as tinyint) as dranst,
    cast(booked.ejerforhold as tinyint) as ejerforhold,
    lpad(cast(booked.voucher_no % 4000 + 1000 as varchar), 10, '0') as omkostningssted,
    booked.gruppering,
    booked.art,
    cast(booked.ore / 100 as decimal(18, 2)) as beloeb,
    coalesce(booked.own_type, case packages.periode when 0 then 'PRI' when 13 then 'SUP' else 'NOR' end) as posteringstype,
    case when booked.art in ('2.9', '4.5', '4.9', '4.0') then cast(10000000 + hash(booked.voucher_no, 3) % 80000000 as varchar) end
        as leverandoer_cvr,
    booked.modpart as modpart_kommune,
    case
        when booked.art = '1.0' then 'Løn'
        when booked.art = '5.2' then 'Ydelse til borger'
        when booked.funktion = '8.22.05' then 'Udbetaling'
        when booked.voucher_no % 97 = 5 then 'Køb; "aftale" – pris i €'
        else 'Køb, bilag ' || booked.bilagsnr
    end as tekst,
    -- Numbers of nobody: the day is sixty too high, as in test numbers.
    case when booked.art = '5.2' then lpad(cast(61 + hash(booked.line_no, 1) % 28 as varchar), 2, '0') || '1'
        || cast(hash(booked.line_no, 2) % 3 as varchar) || lpad(cast(hash(booked.line_no, 4) % 100 as varchar), 2, '0')
        || lpad(cast(hash(booked.line_no, booked.unit_key) % 10000 as varchar), 4, '0') end as cpr,
    booked.sekvens,
    booked.handling,
    spoiled(booked.spoil, posteringsdato, bogfoeringsdato, packages.regnskabsaar, packages.periode, booked.bilagsnr, booked.linjenr) as raw_line
from booked
inner join packages on booked.unit_key = packages.unit_key and packages.chunk = getvariable('chunk')
order by file_name, booked.line_no, booked.linjenr;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic,
    chunk,
    cast(null as integer) as sequence,
    -- The second system sends no control figures, and writes a byte order mark.
    system <> 'B' as controls,
    system = 'B' as byte_order_mark,
    cast(null as varchar) as damage
from packages
group by file_name, chunk, system
union all by name
select
    'oko_postering_delta_' || lpad(cast(unit_key as varchar), 4, '0') || '_' || lpad(cast(sekvens as varchar), 4, '0') || '.jsonl.gz' as file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic,
    max(chunk) as chunk,
    sekvens as sequence
from changes
group by unit_key, sekvens
union all by name
select file_name, extracted_at, true as synthetic, chunk, damage from damaged_files;

-- What is planted, by municipality and accounting period: how many rows a rule finds there (for a file: how many it has; a month
-- that is late or missing is one), and what becomes of them. `passes` are rows that a rule must let through.
create view planted_faults as
select
    'oko_postering' as contract,
    municipality_code as municipality,
    chunk // 100 || '-' || lpad(cast(chunk % 100 as varchar), 2, '0') as period,
    rule_id,
    cast(row_count as bigint) as row_count,
    fate
from (
    select unit_key, chunk, rule_id, sum(counted) as row_count, fate
    from planted_lines
    where fate is not null
    group by unit_key, chunk, rule_id, fate
    union all
    select packages.unit_key, packages.chunk, 'V-OKO-04' as rule_id, sum(line_counts.line_count) as row_count, 'counted' as fate
    from packages
    inner join line_counts on packages.unit = line_counts.unit and packages.regnskabsaar = line_counts.regnskabsaar
    inner join cells on line_counts.cell = cells.cell and cells.art like '0.%'
    where packages.periode between 1 and 12
    group by packages.unit_key, packages.chunk
    union all
    -- An implausible month is of its operating expenditure: the cells' lines, and those of its pairs.
    select
        units.unit_key,
        bad.regnskabsaar * 100 + bad.periode as chunk,
        bad.rule_id,
        sum(line_counts.line_count) + (select count(*) from pairs where units.unit_key in (payer_key, payee_key)) as row_count,
        bad.fate
    from bad_deliveries as bad
    inner join units on bad.unit_no = units.unit_no
    inner join line_counts on units.unit = line_counts.unit and bad.regnskabsaar = line_counts.regnskabsaar
    inner join cells on line_counts.cell = cells.cell and cells.dranst = 1 and cells.function_key < 70000
    where bad.rule_id = 'V-OKO-07'
    group by units.unit_key, bad.regnskabsaar, bad.periode, bad.rule_id, bad.fate
    union all
    select units.unit_key, bad.regnskabsaar * 100 + bad.periode as chunk, bad.rule_id, 1 as row_count, bad.fate
    from bad_deliveries as bad
    inner join units on bad.unit_no = units.unit_no
    where bad.rule_id <> 'V-OKO-07'
    union all
    select unit_key, chunk, 'DELTA-UNKNOWN-KEY' as rule_id, 2 as row_count, 'found' as fate from changes where step = 'unknown'
    union all
    select unit_key, chunk, 'DELTA-GAP' as rule_id, 2 as row_count, 'waits' as fate from changes where unit_key = 101 and sekvens = 4
    union all
    select
        planted_lines.unit_key,
        planted_lines.chunk,
        'FILE-' || if(damaged_files.damage in ('digest', 'rows'), 'MANIFEST', upper(damaged_files.damage)) as rule_id,
        2 as row_count,
        'refused' as fate
    from damaged_files
    inner join planted_lines on damaged_files.file_name = planted_lines.own_file and planted_lines.linjenr = 1
) as found
inner join municipalities on cast(municipality_code as integer) = found.unit_key
where found.chunk = getvariable('chunk')
order by municipality, rule_id, fate;
