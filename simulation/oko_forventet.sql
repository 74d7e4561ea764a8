-- include: _ledger.sql
-- Forecasts of the year's accounts by function and dranst, made on 31 March, 30 June and 30 September of 2019 and 2020.
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
order by file_name, kommunekode, opgjort_pr, funktion, dranst;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;
