-- include: _ledger.sql
-- Forecasts of the year's accounts by function and dranst, made on 31 March, 30 June and 30 September of 2019 and 2020.
create view planted_rows as
select units.unit, planted.*
from (
    values
    ('V-OKO-01', 2, 2020, '3.99.01', 1, 5000), ('V-OKO-09', 1, 2019, '3.22.01', 2, -5000)
) as planted (rule_id, unit_no, regnskabsaar, funktion, dranst, kroner)
inner join units on planted.unit_no = units.unit_no
where getvariable('faults');

create table delivery as
select
    'oko_forventet_' || regnskabsaar || '.csv' as file_name,
    unit as kommunekode,
    cast(regnskabsaar as varchar) as budgetaar,
    made.opgjort_pr,
    funktion,
    dranst,
    cast(sum(cast(round(budget_ore * between_by(unit_key, cell, 31 + made.no, 0.985, 1.02 - 0.003 * made.no) / 100000) as bigint) * 1000)
        as decimal(18, 2)) as beloeb_forventet,
    make_timestamp(regnskabsaar + 1, 1, 10, 7, 0, 0) as udtraekstid
from yearly
cross join lateral (
    values
    (1, make_date(regnskabsaar, 3, 31)), (2, make_date(regnskabsaar, 6, 30)), (3, make_date(regnskabsaar, 9, 30))
) as made (no, opgjort_pr)
where art not like '0.%' and dranst in (1, 2, 3)
group by all
union all
select
    'oko_forventet_' || regnskabsaar || '.csv', unit, cast(regnskabsaar as varchar), make_date(regnskabsaar, 9, 30), funktion, dranst,
    cast(kroner as decimal(18, 2)), make_timestamp(regnskabsaar + 1, 1, 10, 7, 0, 0)
from planted_rows
order by file_name, kommunekode, opgjort_pr, funktion, dranst;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;

create view planted_faults as
select 'oko_forventet' as contract, unit as municipality, cast(regnskabsaar as varchar) as period, rule_id, 1 as row_count, 'set_aside' as fate
from planted_rows
order by municipality, rule_id;
