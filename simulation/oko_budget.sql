-- include: _ledger.sql
-- Budgets of the municipalities of `oko_postering`, 2019 and 2020: the original one from 1 January, revised ones from 1 April and
-- 1 September, and the supplementary appropriations that explain the difference. One national file of the original budget of
-- 2020 comes before its year; what each municipality sends after the year replaces it.
create table versions as
select *
from (
    values
    (0, 'oprindeligt', 1, 1), (1, 'korrigeret', 4, 1), (2, 'korrigeret', 9, 1)
) as version (step, version, month, day);

-- An account's budget after a step: some accounts change by up to three per cent.
create table budgets as
select
    yearly.*,
    versions.step,
    versions.version,
    make_date(yearly.regnskabsaar, versions.month, versions.day) as version_gyldig_fra,
    cast(round(yearly.budget_ore * (
        1
        + if(versions.step >= 1 and yearly.cell % 3 = 0, between_by(yearly.unit_key, yearly.cell, 21, -0.02, 0.03), 0)
        + if(versions.step >= 2 and yearly.cell % 4 = 0, between_by(yearly.unit_key, yearly.cell, 22, -0.03, 0.03), 0)
    ) / 100000) as bigint) * 1000 as kroner_budgeted
from yearly
cross join versions
where yearly.art not like '0.%';

create view rows_of_budget as
select unit, unit_no, regnskabsaar, cell, funktion, dranst, ejerforhold, gruppering, art, version, version_gyldig_fra, kroner_budgeted as kroner
from budgets
union all
select
    later.unit, later.unit_no, later.regnskabsaar, later.cell, later.funktion, later.dranst, later.ejerforhold, later.gruppering, later.art,
    'tillaegsbevilling' as version,
    later.version_gyldig_fra,
    -- One appropriation that nobody recorded as it was.
    later.kroner_budgeted - earlier.kroner_budgeted + if(
        getvariable('faults') and later.unit_no = 2 and later.regnskabsaar = 2020 and later.step = 2 and later.funktion = '3.22.01'
        and later.art = '1.0' and later.gruppering = '000', 250000, 0
    ) as kroner
from budgets as later
inner join budgets as earlier
    on
        later.unit = earlier.unit and later.regnskabsaar = earlier.regnskabsaar and later.cell = earlier.cell
        and later.step = earlier.step + 1
where later.kroner_budgeted <> earlier.kroner_budgeted or (later.unit_no = 2 and later.funktion = '3.22.01' and later.art = '1.0');

create view planted_rows as
select units.unit, planted.*
from (
    values
    ('V-OKO-01', 3, 2019, '3.99.01', 1, '4.9', 1000), ('V-OKO-09', 1, 2019, '3.22.01', 2, '8.6', -1000)
) as planted (rule_id, unit_no, regnskabsaar, funktion, dranst, art, kroner)
inner join units on planted.unit_no = units.unit_no
where getvariable('faults');

create table delivery as
select
    'oko_budget_' || unit || '_' || regnskabsaar || '.csv' as file_name,
    unit as kommunekode,
    cast(regnskabsaar as varchar) as budgetaar,
    version,
    version_gyldig_fra,
    funktion,
    dranst,
    ejerforhold,
    gruppering,
    art,
    '0000001000' as omkostningssted,
    case when funktion[1] in ('3', '5') then 'Børn og velfærd' when funktion[1] in ('0', '1', '2') then 'Teknik og miljø' else 'Økonomi' end
        as udvalg,
    cast(kroner as decimal(18, 2)) as beloeb,
    make_timestamp(regnskabsaar + 1, 1, 10, 6, 0, 0) as udtraekstid
from rows_of_budget
union all
select
    'oko_budget_' || unit || '_' || regnskabsaar || '.csv', unit, cast(regnskabsaar as varchar), 'oprindeligt', make_date(regnskabsaar, 1, 1),
    funktion, dranst, 1, '000', art, '0000009999', 'Økonomi', cast(kroner as decimal(18, 2)),
    make_timestamp(regnskabsaar + 1, 1, 10, 6, 0, 0)
from planted_rows
union all
select
    'oko_budget_national_2020.parquet', unit, '2020', version, version_gyldig_fra, funktion, dranst, ejerforhold, gruppering, art,
    '0000001000', 'Økonomi', cast(kroner_budgeted as decimal(18, 2)), timestamp '2019-11-01 06:00:00'
from budgets
where step = 0 and regnskabsaar = 2020
order by file_name, version, version_gyldig_fra, funktion, dranst, gruppering, art;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;

create view planted_faults as
select 'oko_budget' as contract, unit as municipality, cast(regnskabsaar as varchar) as period, rule_id, 1 as row_count, 'set_aside' as fate
from planted_rows
union all
select 'oko_budget', unit, '2020', 'V-OKO-11', 1, 'flagged'
from units
where unit_no = 2 and getvariable('faults')
order by municipality, rule_id;
