{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
-- Three vintages that are never added: as published; as published by age and sex; and as the register has it by now.
select
    {{ municipality_key('municipality_code') }} as municipality_key,
    quarter_key * 3 as month_key,
    quarter_key,
    'frozen' as vintage,
    cast(null as integer) as age,
    cast(null as integer) as sex_key,
    cast(null as integer) as origin_key,
    population_count,
    {{ flis_project.quarter_start('quarter_key') }} as status_date,
    delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_citizens__population') }}
union all
select
    {{ municipality_key('published.municipality_code') }} as municipality_key,
    published.quarter_key * 3 as month_key,
    published.quarter_key,
    'frozen_by_age' as vintage,
    published.age,
    sex.sex_key,
    cast(null as integer) as origin_key,
    published.population_count,
    {{ flis_project.quarter_start('published.quarter_key') }} as status_date,
    published.delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_citizens__population_by_age') }} as published
left join {{ ref('sexes') }} as sex on published.sex_code = sex.sex_code
union all
select
    municipality_key,
    month_key,
    month_key // 3 as quarter_key,
    'current' as vintage,
    age,
    sex_key,
    origin_key,
    count(*) as population_count,
    status_date,
    max(delivery_id) as delivery_id,
    count(*) as source_row_count
from {{ ref('fct_resident') }}
group by municipality_key, month_key, age, sex_key, origin_key, status_date
order by vintage, month_key, municipality_key, age, sex_key, origin_key
