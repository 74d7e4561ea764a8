select citizenship_key, citizenship_code, name_da, name_en from {{ ref('citizenships') }} order by citizenship_key
