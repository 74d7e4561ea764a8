select
    counties.county_key,
    stays.month_key,
    stays.night_count,
    stays.delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_tourism__stays') }} as stays
inner join {{ ref('counties') }} as counties on stays.county_letters = counties.county_letters
order by counties.county_key, stays.month_key
