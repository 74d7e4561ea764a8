select
    contact_form_key,
    contact_form_code,
    source_category,
    name_da,
    name_en
from {{ ref('contact_forms') }}
order by contact_form_key
