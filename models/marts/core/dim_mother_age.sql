-- Ages once more, under names of their own: a birth can be cut by both the child's and the mother's.
select
    age_key as mother_age_key,
    age_code as mother_age_code,
    age_group_code as mother_age_group_code,
    age_group_name_da as mother_age_group_name_da,
    age_group_name_en as mother_age_group_name_en,
    name_da,
    name_en
from {{ ref('dim_age') }}
order by mother_age_key
