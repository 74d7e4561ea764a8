select
    districts.district_key,
    visits.month_key,
    visits.visit_count,
    visits.delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_libraries__visits') }} as visits
inner join (select distinct district_key, district_code from {{ ref('dim_district') }}) as districts on visits.district_code = districts.district_code
order by districts.district_key, visits.month_key
