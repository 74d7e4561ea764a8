-- include: _people.sql
-- include: _benefits.sql
-- include: _benefit_faults.sql
-- include: _benefit_told.sql
-- include: _benefit_packages.sql
-- Benefit spells by month, as the municipalities' systems and a national one deliver them: late registrations come with the next
-- two deliveries, ends and codes are corrected. At scale 1 seven hundred thousand people have a benefit at any time. Read in
-- chunks: one month's deliveries each. With `faults`, what `_benefit_faults.sql` lists is planted, and one month never comes.
create macro written(day) as strftime(day, '%d-%m-%Y');

create view delivery as
select
    if(system = 'B', 'ydelsesforloeb_' || unit || '_' || chunk || '.csv', file_of('bes_ydelsesforloeb', system, unit, month, chunk, extracted_at))
        as file_name,
    coalesce(own_unit, unit) as kommunekode,
    if(system = 'B', if(spoil = 'period', '2024M13', strftime(month, '%YM%m')), strftime(month, '%Y-%m')) as maaned,
    told.* exclude (unit, unit_no, system, chunk, month, extracted_at, own_unit, spoil, grad),
    cast(grad as decimal(6, 4)) as grad,
    unit as handlekommune,
    if(system = 'B', 'Momentum', 'KSD') as kildesystem,
    extracted_at as udtraekstid,
    -- A line of form A in which a cell is not what it should be.
    if(spoil in ('field', 'date', 'degree'), array_to_string([
        cpr, ydelse_kode, if(spoil = 'date', '31-06-2024', written(start)), '', if(spoil = 'degree', '1,00005', '1,0000'), 'Jobparat', '',
        unit, bopaelskommune, written(haendelsestid), strftime(konteringstid, '%d-%m-%Y %H:%M:%S')
    ] || if(spoil = 'field', ['for meget'], []), ';'), null) as raw_line
from told
where chunk = getvariable('chunk')
union all by name
-- The one row of a file that is refused as a whole.
select
    damaged_files.file_name, idle.cpr, 'kth' as ydelse_kode, date '2024-04-02' as start, 1.0 as grad, date '2024-04-02' as haendelsestid,
    timestamp '2024-04-10 09:00:00' as konteringstid
from damaged_files
inner join idle on idle.unit_no = 1 and idle.nth = 12
where getvariable('chunk') = 202406
order by file_name, kommunekode, maaned, cpr, start, ydelse_kode;

create table delivery_facts as
select distinct
    if(system = 'B', 'ydelsesforloeb_' || unit || '_' || chunk || '.csv', file_of('bes_ydelsesforloeb', system, unit, month, chunk, extracted_at))
        as file_name,
    extracted_at,
    true as synthetic,
    chunk,
    -- The second system sends no control figures, and writes a byte order mark.
    system <> 'B' as controls,
    system = 'B' as byte_order_mark,
    cast(null as varchar) as damage
from due
union all by name
select file_name, extracted_at, true as synthetic, 202406 as chunk, damage from damaged_files;

-- Months in which nobody had a benefit are delivered, too.
create table delivery_parts as
select
    if(system = 'B', 'ydelsesforloeb_' || unit || '_' || chunk || '.csv', file_of('bes_ydelsesforloeb', system, unit, month, chunk, extracted_at))
        as file_name,
    unit,
    strftime(month, '%Y-%m') as period
from due
where system <> 'A';

-- A spell that another municipality began anew on the day of a move, where the row that ended the day before is there.
create table restarted as
select kept.row_no
from accepted_rows as kept
inner join (select distinct cpr, part_start, benefit from spell_months where is_taken_over) as taken_over
    on kept.cpr = taken_over.cpr and kept.start = taken_over.part_start and kept.ydelse_kode = taken_over.benefit
where
    exists (
        select 1
        from accepted_rows as before
        where
            before.cpr = kept.cpr and before.ydelse_kode = kept.ydelse_kode and before.unit <> kept.unit
            and kept.start - 1 between before.first_day and before.last_day_in_month
            and not exists (
                select 1
                from contested
                where contested.row_no = before.row_no and contested.day = kept.start - 1 and contested.is_overwritten
            )
    )
    and exists (select 1 from known_residences as home where home.person = kept.person and home.valid_from = kept.start)
    and kept.row_no not in (select row_no from contested group by row_no having bool_and(is_overwritten))
    and kept.row_no not in (select row_no from absent);

create view planted_faults as
select
    'bes_ydelsesforloeb' as contract,
    unit as municipality,
    strftime(month, '%Y-%m') as period,
    rule_id,
    count(*) as row_count,
    fate,
    cast(null as varchar) as file_name
from (
    select unit, planted_month as month, rule_id, fate from planted where rule_id not in ('V-BES-02', 'V-BOR-02')
    union all
    select unit, planted_month, 'V-BES-12', 'flagged' from planted where rule_id = 'V-BOR-02'
    union all
    select unit, month, 'V-BES-03', 'set_aside' from absent
    union all
    select unit, month, 'V-BES-01', 'flagged' from accepted_rows where date_trunc('month', konteringstid) <> month
    union all
    select unit, month, 'V-BES-08', 'flagged' from accepted_rows where month >= date '2025-10-01'
    union all
    select unit, month, 'V-BES-02', 'repaired' from contested group by row_no, unit, month having bool_or(is_overwritten)
    union all
    select unit, month, 'V-BES-05', 'repaired'
    from (
        select row_no from contested where not is_overwritten and municipality <> unit
        union
        select row_no from restarted
    )
    inner join accepted_rows using (row_no)
    union all
    select unit, month, 'V-BES-11', 'repaired'
    from contested
    where not is_overwritten and municipality is null and person is not null
    group by row_no, unit, month
    union all
    select unit, date '2024-04-01', 'FILE-' || if(damage in ('digest', 'rows'), 'MANIFEST', upper(damage)), 'refused' from damaged_files cross join units where unit_no = 1
    union all
    select unit, date '2024-11-01', 'COVERAGE', 'missing' from units where unit_no = 4
)
where getvariable('faults') and getvariable('chunk') = 202512
group by all
union all by name
select 'bes_ydelsesforloeb' as contract, 'V-BOR-02' as rule_id, count(*) as row_count, 'warned' as fate, file_name
from delivery
where getvariable('faults') and cpr in (select cpr from unchecked)
group by file_name
order by all;

-- Who was on which benefit where, by month. `registered_at`: when it became known; `delivered_by`: whose delivery it came with.
create table truth_benefit_pieces as
with pieces as (
    select
        spell_months.*,
        greatest(first_day, residences.valid_from) as piece_start,
        least(last_day_in_month, coalesce(true_end, date '9999-12-31'), coalesce(residences.valid_to, date '9999-12-31')) as piece_end,
        residences.municipality
    from spell_months
    inner join residences
        on
            spell_months.person = residences.person
            and residences.valid_from <= spell_months.last_day_in_month
            and coalesce(residences.valid_to, date '9999-12-31') >= spell_months.first_day
)

select
    pieces.person,
    people.birth_date,
    pieces.municipality,
    pieces.unit as delivered_by,
    pieces.month,
    pieces.benefit,
    pieces.degree,
    category_of(pieces.benefit, pieces.assessed, pieces.is_improved) as visitation_category,
    pieces.piece_start,
    pieces.piece_end,
    -- The law's change of a benefit's name begins no spell.
    coalesce(before.start_date, spells.start_date) as spell_start,
    coalesce(after.end_date, if(after.person is null, spells.end_date, null)) as spell_end,
    pieces.registered_at
from pieces
inner join people on pieces.person = people.person
inner join spells on pieces.person = spells.person and pieces.spell_no = spells.spell_no
left join spells as before
    on spells.of_successor and pieces.person = before.person and before.spell_no = spells.spell_no - 1 and before.end_date = spells.start_date - 1
left join spells as after
    on pieces.person = after.person and after.spell_no = spells.spell_no + 1 and after.of_successor and after.start_date = spells.end_date + 1
where pieces.piece_start <= pieces.piece_end
union all
select
    person, birth_date, unit, unit, planted_month, planted_benefit, 1.0, if(planted_benefit = 'kth', 'Jobparat', null), planted_start, planted_end, planted_start, planted_end,
    cast(planted_month + 27 as timestamp)
from planted
where (fate <> 'set_aside' or spoil = 'again') and rule_id <> 'V-BES-02'
order by all;
