select
    visitation_category_key,
    visitation_category_code,
    source_category,
    name_da,
    name_en
from {{ ref('visitation_categories') }}
order by visitation_category_key
