select
    counties.county_key,
    catches.month_key,
    catches.landed_on,
    fish.fish_key,
    catches.tonnes,
    catches.delivery_id,
    catches.line_number,
    cast(1 as bigint) as source_row_count
from {{ ref('stg_fishery__catches') }} as catches
inner join {{ ref('counties') }} as counties on catches.county_letters = counties.county_letters
left join {{ ref('dim_fish') }} as fish on catches.species_as_written = fish.species_name_fr
order by counties.county_key, catches.month_key, catches.landed_on
