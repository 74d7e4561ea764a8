-- include: _ledger.sql
-- Balance sheets by month, 2019 and 2020: a month opens as the one before closed. Debt is paid off bit by bit and taken up in June.
create table closing as
select
    units.unit,
    units.unit_no,
    account.funktion,
    month_no,
    cast(round(units.population_2019 * account.kroner * 100 * units.level * (
        1 + account.drift * month_no / 24.0 + if(account.kroner < 0 and month_no >= 18, 0.02, 0) + 0.01 * noise(units.unit_key, account.no, month_no)
    )) as bigint) as ore
from units
cross join (select unnest(range(0, 25)) as month_no)
cross join (
    values
    (1, '9.22.01', 12, 0.0), (2, '9.22.05', 2600, 0.04), (3, '9.22.07', 3900, 0.02), (4, '9.50.50', -60, 0.0),
    (5, '9.55.68', -900, -0.05), (6, '9.55.70', -8600, -0.03), (7, '9.55.71', -120, -0.10), (8, '9.55.77', -3100, -0.02)
) as account (no, funktion, kroner, drift);

create table delivery as
select
    'oko_balance_' || label || '.csv' as file_name,
    ends.unit as kommunekode,
    label as maaned,
    ends.funktion,
    -- One balance that does not open as the month before closed.
    cast((starts.ore + if(getvariable('faults') and ends.unit_no = 1 and label = '2020-03' and ends.funktion = '9.22.01', 12300, 0)) / 100
        as decimal(18, 2)) as primo,
    cast(ends.ore / 100 as decimal(18, 2)) as ultimo,
    cast(make_date(2019, 1, 1) + to_months(cast(ends.month_no as integer)) + interval 5 day as timestamp) as udtraekstid
from closing as ends
inner join closing as starts on ends.unit = starts.unit and ends.funktion = starts.funktion and ends.month_no = starts.month_no + 1
cross join lateral (select strftime(make_date(2019, 1, 1) + to_months(cast(ends.month_no - 1 as integer)), '%Y-%m') as label)
union all
-- A loan in an account that the plan does not have.
select 'oko_balance_2019-06.csv', unit, '2019-06', '9.55.99', -70000, -70000, timestamp '2019-07-06 00:00:00'
from units
where unit_no = 3 and getvariable('faults')
order by file_name, kommunekode, funktion;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;

create view planted_faults as
select 'oko_balance' as contract, unit as municipality, '2020-03' as period, 'V-OKO-12' as rule_id, 1 as row_count, 'flagged' as fate
from units
where unit_no = 1 and getvariable('faults')
union all
select 'oko_balance', unit, '2019-06', 'V-OKO-01', 1, 'set_aside'
from units
where unit_no = 3 and getvariable('faults')
order by municipality;
