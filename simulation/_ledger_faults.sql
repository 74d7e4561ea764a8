-- What is planted in the deliveries of postings. Every rule has rows that it must catch and rows that it must let pass. Vouchers
-- have two lines in accounts that no key figure reads; only a line that is set aside stands where it would count.
-- Whole deliveries that are wrong. factor: what the amounts of the file are multiplied by; late_days: after its time.
create table bad_deliveries as
select *
from (
    values
    ('V-OKO-07', 4, 2020, 5, 0.001, 0, false, 'held'), ('V-OKO-07', 10, 2019, 9, -1.0, 0, false, 'held'),
    ('V-OKO-07', 9, 2020, 3, 1.5, 0, false, 'held'), ('V-OKO-10', 7, 2020, 8, 1.0, 20, false, 'late'),
    ('V-OKO-10', 11, 2020, 11, 1.0, 0, true, 'missing')
) as planted (rule_id, unit_no, regnskabsaar, periode, factor, late_days, is_missing, fate)
where getvariable('faults');


-- Whole vouchers in which one thing is wrong. counted: how many rows the finding is of. own_date: posting date where it is not the usual.
create table planted_lines as
select
    planted.* exclude (unit_no, kroner, modpart_no),
    planted.regnskabsaar * 100 + planted.periode as chunk,
    units.unit_key,
    case planted.bilagsnr when 'Q01A' then '59999100049' when 'Q13A' then '99999999999' else '82205500060' end as konto_lokal,
    1 as ejerforhold,
    cast(planted.kroner * 100 as bigint) as ore,
    lpad(cast(other.unit_key as varchar), 4, '0') as modpart,
    9300000 as voucher_no,
    93000000 as line_no
from (
    select *
    from (
        values
        -- No function of the plan, not in this year's plan, no dranst. A free grouping passes.
        ('V-OKO-01', 1, 2019, 4, 'set_aside', 1, 'Q01A', 1, '5.99.99', 1, '000', '4.9', 9000, null, null),
        ('V-OKO-01', 1, 2019, 4, null, 0, 'Q01A', 2, '8.22.05', 5, '000', '6.0', -9000, null, null),
        ('V-OKO-01', 2, 2019, 6, 'set_aside', 1, 'Q01B', 1, '5.48.65', 1, '000', '5.2', 8000, null, null),
        ('V-OKO-01', 2, 2019, 6, null, 0, 'Q01B', 2, '8.22.05', 5, '000', '6.0', -8000, null, null),
        ('V-OKO-01', 5, 2020, 2, 'set_aside', 1, 'Q01C', 1, '3.22.01', 8, '000', '4.9', 7000, null, null),
        ('V-OKO-01', 5, 2020, 2, null, 0, 'Q01C', 2, '8.22.05', 5, '000', '6.0', -7000, null, null),
        ('V-OKO-01', 2, 2019, 6, 'passes', 2, 'Q01D', 1, '8.55.70', 6, '987', '6.0', 100, null, null),
        ('V-OKO-01', 2, 2019, 6, null, 0, 'Q01D', 2, '8.22.05', 5, '987', '6.0', -100, null, null),
        -- The same lines in two months: the newer delivery's are kept. The same number in another account year passes.
        ('V-OKO-02', 2, 2019, 7, 'repaired', 1, 'Q02A', 1, '8.55.70', 6, '000', '6.0', 6000, null, null),
        ('V-OKO-02', 2, 2019, 7, 'repaired', 1, 'Q02A', 2, '8.22.05', 5, '000', '6.0', -6000, null, null),
        ('V-OKO-02', 2, 2019, 8, null, 0, 'Q02A', 1, '8.55.70', 6, '000', '6.0', 6000, null, null),
        ('V-OKO-02', 2, 2019, 8, null, 0, 'Q02A', 2, '8.22.05', 5, '000', '6.0', -6000, null, null),
        ('V-OKO-02', 2, 2020, 8, 'passes', 2, 'Q02A', 1, '8.55.70', 6, '000', '6.0', 6000, null, null),
        ('V-OKO-02', 2, 2020, 8, null, 0, 'Q02A', 2, '8.22.05', 5, '000', '6.0', -6000, null, null),
        -- One line alone; two lines that add up to nothing, but on two days.
        ('V-OKO-03', 1, 2019, 10, 'flagged', 1, 'Q03A', 1, '8.22.05', 5, '000', '6.0', 5000, null, null),
        ('V-OKO-03', 5, 2020, 6, 'flagged', 1, 'Q03B', 1, '8.55.70', 6, '000', '6.0', 4000, date '2020-06-03', null),
        ('V-OKO-03', 5, 2020, 6, 'flagged', 1, 'Q03B', 2, '8.22.05', 5, '000', '6.0', -4000, date '2020-06-04', null),
        -- Posted outside the account year; in period 13 and period 0 that passes.
        ('V-OKO-05', 1, 2019, 12, 'flagged', 1, 'Q05A', 1, '8.55.70', 6, '000', '6.0', 3000, date '2020-01-03', null),
        ('V-OKO-05', 1, 2019, 12, 'flagged', 1, 'Q05A', 2, '8.22.05', 5, '000', '6.0', -3000, date '2020-01-03', null),
        ('V-OKO-05', 2, 2020, 3, 'flagged', 1, 'Q05B', 1, '8.55.70', 6, '000', '6.0', 3000, date '2019-12-30', null),
        ('V-OKO-05', 2, 2020, 3, 'flagged', 1, 'Q05B', 2, '8.22.05', 5, '000', '6.0', -3000, date '2019-12-30', null),
        ('V-OKO-05', 1, 2019, 13, 'passes', 2, 'Q05C', 1, '8.55.70', 6, '000', '6.0', 3000, date '2020-01-20', null),
        ('V-OKO-05', 1, 2019, 13, null, 0, 'Q05C', 2, '8.22.05', 5, '000', '6.0', -3000, date '2020-01-20', null),
        ('V-OKO-05', 1, 2020, 0, 'passes', 2, 'Q05D', 1, '9.22.01', null, '000', '6.0', 30, date '2019-12-31', null),
        ('V-OKO-05', 1, 2020, 0, null, 0, 'Q05D', 2, '9.22.05', null, '000', '6.0', -30, date '2019-12-31', null),
        -- Another century; 32 days after the extract of 5 August. 31 days pass.
        ('V-OKO-06', 1, 2020, 2, 'set_aside', 1, 'Q06A', 1, '3.22.01', 1, '000', '4.9', 2000, date '2120-02-10', null),
        ('V-OKO-06', 1, 2020, 2, 'set_aside', 1, 'Q06A', 2, '8.22.05', 5, '000', '6.0', -2000, date '2120-02-10', null),
        ('V-OKO-06', 5, 2020, 7, 'set_aside', 1, 'Q06B', 1, '3.22.01', 1, '000', '4.9', 2000, date '2020-09-06', null),
        ('V-OKO-06', 5, 2020, 7, 'set_aside', 1, 'Q06B', 2, '8.22.05', 5, '000', '6.0', -2000, date '2020-09-06', null),
        ('V-OKO-06', 5, 2020, 7, 'passes', 2, 'Q06C', 1, '8.55.70', 6, '000', '6.0', 2000, date '2020-09-05', null),
        ('V-OKO-06', 5, 2020, 7, null, 0, 'Q06C', 2, '8.22.05', 5, '000', '6.0', -2000, date '2020-09-05', null),
        -- A payment that the other municipality does not have, and an income that nobody paid. Pairs with both sides pass.
        ('V-OKO-08', 1, 2019, 3, 'flagged', 1, 'Q08A', 1, '8.55.70', 6, '000', '4.7', 1000, null, 3),
        ('V-OKO-08', 1, 2019, 3, null, 0, 'Q08A', 2, '8.22.05', 5, '000', '6.0', -1000, null, null),
        ('V-OKO-08', 2, 2020, 10, 'flagged', 1, 'Q08B', 1, '8.55.70', 6, '000', '7.7', -1500, null, 4),
        ('V-OKO-08', 2, 2020, 10, null, 0, 'Q08B', 2, '8.22.05', 5, '000', '6.0', 1500, null, null),
        -- Reimbursement of schools, operation of the balance, operation of taxes; reimbursement of 0.25 and 4.62.81 passes.
        ('V-OKO-09', 1, 2019, 5, 'set_aside', 1, 'Q09A', 1, '3.22.01', 2, '000', '8.6', -700, null, null),
        ('V-OKO-09', 1, 2019, 5, null, 0, 'Q09A', 2, '8.22.05', 5, '000', '6.0', 700, null, null),
        ('V-OKO-09', 5, 2019, 5, 'set_aside', 1, 'Q09B', 1, '9.22.05', 1, '000', '6.0', 600, null, null),
        ('V-OKO-09', 5, 2019, 5, null, 0, 'Q09B', 2, '8.22.05', 5, '000', '6.0', -600, null, null),
        ('V-OKO-09', 2, 2020, 9, 'set_aside', 1, 'Q09C', 1, '7.68.90', 1, '000', '8.6', -500, null, null),
        ('V-OKO-09', 2, 2020, 9, null, 0, 'Q09C', 2, '8.22.05', 5, '000', '6.0', 500, null, null),
        ('V-OKO-13', 5, 2020, 4, 'flagged', 1, 'Q13A', 1, '8.55.70', 6, '000', '6.0', 400, null, null),
        ('V-OKO-13', 5, 2020, 4, 'flagged', 1, 'Q13A', 2, '8.22.05', 5, '000', '6.0', -400, null, null),
        ('V-OKO-09', 2, 2020, 9, 'passes', 2, 'Q09D', 1, '4.62.81', 2, '000', '8.6', -500, null, null),
        ('V-OKO-09', 2, 2020, 9, null, 0, 'Q09D', 2, '4.62.81', 2, '000', '8.6', 500, null, null),
        ('V-OKO-09', 2, 2020, 9, 'passes', 2, 'Q09E', 1, '0.25.19', 2, '000', '8.6', -500, null, null),
        ('V-OKO-09', 2, 2020, 9, null, 0, 'Q09E', 2, '0.25.19', 2, '000', '8.6', 500, null, null)
    ) as by_rule (
        rule_id, unit_no, regnskabsaar, periode, fate, counted, bilagsnr, linjenr, funktion, dranst, gruppering, art, kroner, own_date, modpart_no
    )
    union all by name
    -- Rows that are wrong by themselves: both lines of a voucher, so that what is left is in balance.
    select
        rule_id, unit_no, regnskabsaar, periode, 'set_aside' as fate, 1 as counted, bilagsnr, line.linjenr,
        coalesce(own_function, line.funktion) as funktion, line.dranst, coalesce(own_grouping, '000') as gruppering,
        coalesce(own_art, '6.0') as art, line.kroner, cast(null as date) as own_date, cast(null as integer) as modpart_no,
        own_unit, own_period, own_type, spoil
    from (
        values
        ('V-OKO-20', 1, 2019, 2, 'Q20A', null, null, null, null, null, null, 'field'),
        ('V-OKO-22', 2, 2019, 2, 'Q22A', null, null, null, '0999', null, null, null),
        ('V-OKO-23', 2, 2019, 3, 'Q23A', null, null, null, '0411', null, null, null),
        ('V-OKO-25', 2, 2019, 4, 'Q25A', null, null, null, null, 14, null, null),
        ('V-OKO-29', 1, 2019, 6, 'Q29A', null, null, null, null, null, null, 'date'),
        ('V-OKO-31', 3, 2019, 7, 'Q31A', '85570', null, null, null, null, null, null),
        ('V-OKO-34', 3, 2019, 8, 'Q34A', null, '12', null, null, null, null, null),
        ('V-OKO-36', 5, 2019, 9, 'Q36A', null, null, '60', null, null, null, null),
        ('V-OKO-38', 1, 2019, 11, 'Q38A', null, null, null, null, null, null, 'amount'),
        ('V-OKO-39', 3, 2020, 1, 'Q39A', null, null, null, null, null, 'XXX', null)
    ) as by_row (rule_id, unit_no, regnskabsaar, periode, bilagsnr, own_function, own_grouping, own_art, own_unit, own_period, own_type, spoil)
    cross join (values (1, '8.55.70', 6, 250), (2, '8.22.05', 5, -250)) as line (linjenr, funktion, dranst, kroner)
    union all by name
    -- Twice in one file: the second of the two is set aside.
    select
        'V-OKO-47' as rule_id, 2 as unit_no, 2019 as regnskabsaar, 10 as periode, if(copy = 2, 'set_aside', null) as fate,
        if(copy = 2, 1, 0) as counted, 'Q47A' as bilagsnr, line.*
    from (values (1, '8.55.70', 6, '000', '6.0', 250), (2, '8.22.05', 5, '000', '6.0', -250)) as line (
        linjenr, funktion, dranst, gruppering, art, kroner
    )
    cross join (values (1), (2)) as twice (copy)
    union all by name
    -- The one voucher of a file that is refused as a whole.
    select
        'FILE' as rule_id, 3 as unit_no, 2019 as regnskabsaar, 4 as periode, cast(null as varchar) as fate, 0 as counted,
        'Q50' || damage as bilagsnr, line.*, 'oko_postering_0563_2019-05-' || day || '.csv' as own_file
    from (values (1, '8.55.70', 6, '000', '6.0', 250), (2, '8.22.05', 5, '000', '6.0', -250)) as line (
        linjenr, funktion, dranst, gruppering, art, kroner
    )
    cross join (
        values ('header', 21), ('truncated', 22), ('encoding', 23), ('digest', 24), ('rows', 25), ('empty', 26)
    ) as damaged (damage, day)
) as planted
inner join units on planted.unit_no = units.unit_no
left join units as other on planted.modpart_no = other.unit_no
where getvariable('faults') and (planted.modpart_no is null or other.unit is not null);

create table damaged_files as
select distinct
    own_file as file_name,
    cast(regexp_extract(own_file, '[0-9]{4}-[0-9]{2}-[0-9]{2}') as timestamp) as extracted_at,
    chunk,
    bilagsnr[4:] as damage
from planted_lines
where own_file is not null;

-- A line of form A (by_municipality) in which a cell is not what it should be.
create macro spoiled(spoil, posted, booked, year, period, voucher, line) as
case when spoil is not null then array_to_string([
    cast(year as varchar), cast(period as varchar), if(spoil = 'date', '31-02-2019', strftime(posted, '%d-%m-%Y')),
    strftime(booked, '%d-%m-%Y'), voucher, cast(line as varchar), if(line = 1, '85570600060', '82205500060'),
    if(line = 1, '8.55.70', '8.22.05'), if(line = 1, '6', '5'), '1', '0000001000', '000', '6.0',
    if(line = 1, '', '-') || if(spoil = 'amount', '250,005', '250,00'), 'NOR', '', '', 'Rettelse', ''
] || if(spoil = 'field', ['for meget'], []), ';') end;
