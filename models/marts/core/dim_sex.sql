select sex_key, sex_code, name_da, name_en from {{ ref('sexes') }} order by sex_key
