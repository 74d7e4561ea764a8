select
    counties.county_key,
    fleet.quarter_key,
    fleet.boat_count,
    fleet.delivery_id,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_fishery__fleet') }} as fleet
inner join {{ ref('counties') }} as counties on fleet.county_letters = counties.county_letters
order by counties.county_key, fleet.quarter_key
