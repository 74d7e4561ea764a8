-- A delivery in the contract's form, made up: every district and month of 2024. The same seed gives the same bytes.
create table delivery as
select
    'visits_2025-01-15.csv' as file_name,
    district.district_code as district,
    '2024-' || lpad(cast(month.number as varchar), 2, '0') as month,
    1000 + 100 * cast(district.district_key as integer) + md5_number_lower(district.district_code || month.number || getvariable('seed')) % 200 as visits
from districts as district
cross join (select unnest(range(1, 13)) as number) as month
order by district.district_code, month.number;

create table delivery_facts as
select
    'visits_2025-01-15.csv' as file_name,
    timestamp '2025-01-15 00:00:00' as extracted_at,
    true as synthetic;
