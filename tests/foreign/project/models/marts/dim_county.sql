select
    counties.county_key,
    counties.county_letters,
    counties.county_name,
    counties.county_name_fr,
    counties.standing,
    provinces.province_code,
    case provinces.province_code when 'N' then 'The North' else 'The South' end as province_name,
    case provinces.province_code when 'N' then 'Le Nord' else 'Le Sud' end as province_name_fr,
    provinces.holds_from,
    provinces.holds_to
from {{ ref('counties') }} as counties
inner join {{ ref('county_provinces') }} as provinces on counties.county_letters = provinces.county_letters
order by counties.county_key, provinces.holds_from
