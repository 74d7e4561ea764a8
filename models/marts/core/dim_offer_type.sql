select
    offer_type_key,
    offer_type_code,
    source_category,
    name_da,
    name_en
from {{ ref('offer_types') }}
order by offer_type_key
