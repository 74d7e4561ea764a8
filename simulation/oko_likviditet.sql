-- include: _ledger.sql
-- Daily balances of liquid assets and of the overdraft, 2019 and 2020: money comes in as a month begins and goes out until it ends.
create table balances as
select
    units.unit,
    units.unit_no,
    cast(days.dato as date) as dato,
    account.funktion,
    cast(round(units.population_2019 * account.kroner * 100 * units.level * (
        1
        + account.swing * (0.5 - (day(dato) - 1) / 31.0)
        + 0.05 * (noise(units.unit_key, account.no, day(dato) + 40 * month(dato)) - 0.5)
    )) as bigint) as ore
from units
cross join range(timestamp '2019-01-01', timestamp '2021-01-01', interval 1 day) as days (dato)
-- Overdrafts are drawn by every third municipality, in the last third of a month.
cross join (values (1, '9.22.01', 12, 0.1), (2, '9.22.05', 2600, 1.6), (3, '9.22.07', 3900, 0.0), (4, '9.50.50', -400, 0.0)) as account (
    no, funktion, kroner, swing
)
where account.no < 4 or (units.unit_no % 3 = 0 and day(dato) > 20);

create table delivery as
select
    'oko_likviditet_national_' || strftime(dato, '%Y-%m') || '.parquet' as file_name,
    unit as kommunekode,
    strftime(dato, '%Y-%m-%d') as dato,
    funktion,
    cast(ore / 100 as decimal(18, 2)) as saldo,
    cast(date_trunc('month', dato) + interval 1 month + interval 1 day + interval 5 hour as timestamp) as udtraekstid
from balances
where unit_no > 2
union all
select
    'oko_likviditet_' || unit || '_' || strftime(dato, '%Y%m') || '.csv', unit, strftime(dato, '%d-%m-%Y'), funktion,
    cast(ore / 100 as decimal(18, 2)), cast(date_trunc('month', dato) + interval 1 month + interval 1 day + interval 5 hour as timestamp)
from balances
where unit_no <= 2
order by file_name, kommunekode, dato, funktion;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;
