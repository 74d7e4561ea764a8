select
    district_key,
    district_code,
    district_name,
    district_kind,
    part_code,
    part_name,
    valid_from,
    valid_to
from {{ ref('districts') }}
order by district_key, valid_from
