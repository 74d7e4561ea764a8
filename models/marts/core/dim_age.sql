-- Completed years; the key is the age. Groups of five years, the last is open.
select
    cast(age as integer) as age_key,
    cast(age as varchar) as age_code,
    case when age >= 100 then '100-' else (age // 5) * 5 || '-' || (age // 5) * 5 + 4 end as age_group_code,
    case when age >= 100 then '100 år og derover' else (age // 5) * 5 || '-' || (age // 5) * 5 + 4 || ' år' end as age_group_name_da,
    case when age >= 100 then '100 years and over' else (age // 5) * 5 || '-' || (age // 5) * 5 + 4 || ' years' end as age_group_name_en,
    age || ' år' as name_da,
    age || case when age = 1 then ' year' else ' years' end as name_en
from (select unnest(range(126)) as age) as ages
order by age_key
