-- How the smaller tables of employment come: system A's municipalities have a file for each month, the others one national file a
-- month. `packages` is what delivers each month once; `extracts` (`_benefits.sql`) is what delivers each month three times.
create table packages as
select *
from extracts
where age = 0;

-- What a system calls a thing of a person: no ten digits in a row, or it would look like a personal number.
create macro number_of(kind, person, spell_no, nth) as
kind || person // 1000000 || '-' || person % 1000000 || '-' || spell_no || coalesce('-' || nth, '');

create macro file_of(table_name, system, unit, month, chunk, extracted_at) as
if(
    system = 'A',
    table_name || '_' || unit || '_' || strftime(month, '%Y-%m') || '_' || strftime(extracted_at, '%Y-%m-%d') || '.csv',
    table_name || '_national_' || chunk || '.parquet'
);

-- Numbers without the right check digit: a warning in every delivery that has them, but for those born on a first of January.
create table unchecked as
select cpr
from people
where not checks and not (month(birth_date) = 1 and day(birth_date) = 1)
union
select cpr
from strangers
where not checks;
