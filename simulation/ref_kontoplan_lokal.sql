-- include: _ledger.sql
-- The local charts of accounts behind `oko_postering`: every account that its postings use, by municipality and account year.
create table accounts as
select distinct
    konto_lokal,
    funktion,
    dranst,
    gruppering,
    art,
    first_year
from cells
union
select replace(funktion, '.', '') || coalesce(cast(dranst as varchar), '0') || gruppering || replace(art, '.', ''), funktion, dranst, gruppering, art, 2019
from (
    values
    ('8.22.05', 5, '000', '6.0'), ('8.55.70', 6, '000', '6.0'), ('3.22.01', 1, '000', '4.7'), ('3.22.01', 1, '000', '7.7'),
    ('5.38.50', 1, '000', '4.7'), ('5.38.50', 1, '000', '7.7'), ('9.22.01', null, '000', '6.0'), ('9.22.05', null, '000', '6.0'),
    ('9.22.07', null, '000', '6.0'), ('9.55.70', null, '000', '6.0'), ('9.55.77', null, '000', '6.0')
) as counter (funktion, dranst, gruppering, art);

create table delivery as
select
    'ref_kontoplan_lokal_' || unit || '_' || regnskabsaar || '.csv' as file_name,
    unit as kommunekode,
    cast(regnskabsaar as varchar) as kontoaar,
    konto_lokal,
    'Konto ' || funktion || ' ' || art as kontonavn,
    funktion,
    dranst,
    gruppering,
    art,
    make_date(greatest(first_year, 2019), 1, 1) as gyldig_fra,
    cast(null as date) as gyldig_til,
    make_timestamp(regnskabsaar - 1, 12, 15, 6, unit_no % 60, unit_no // 60) as udtraekstid
from units
cross join ledger_years
cross join accounts
where regnskabsaar >= first_year
union all
select
    'ref_kontoplan_lokal_' || unit || '_2019.csv', unit, '2019', '59999100049', 'Konto uden match', '5.99.99', 1, '000', '4.9',
    date '2019-01-01', null, timestamp '2018-12-15 06:01:00'
from units
where unit_no = 1 and getvariable('faults')
union all
select
    'ref_kontoplan_lokal_' || unit || '_2020.csv', unit, '2020', '32201200086', 'Refusion af skoler', '3.22.01', 2, '000', '8.6',
    date '2020-01-01', null, make_timestamp(2019, 12, 15, 6, unit_no, 0)
from units
where unit_no = 2 and getvariable('faults')
order by file_name, konto_lokal;

create table delivery_facts as
select
    file_name,
    max(udtraekstid) as extracted_at,
    true as synthetic
from delivery
group by file_name;

create view planted_faults as
select 'ref_kontoplan_lokal' as contract, unit as municipality, '2019' as period, 'V-OKO-01' as rule_id, 1 as row_count, 'set_aside' as fate
from units
where unit_no = 1 and getvariable('faults')
union all
select 'ref_kontoplan_lokal', unit, '2020', 'V-OKO-09', 1, 'set_aside'
from units
where unit_no = 2 and getvariable('faults')
order by municipality;
