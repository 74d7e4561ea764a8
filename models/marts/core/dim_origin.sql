select
    origin_key,
    case origin_group_code
        when 'danish' then 'Dansk oprindelse' when 'western' then 'Vestlig oprindelse' else 'Ikke-vestlig oprindelse'
    end as origin_group_name_da,
    case origin_group_code
        when 'danish' then 'Danish origin' when 'western' then 'Western origin' else 'Non-western origin'
    end as origin_group_name_en,
    origin_group_code,
    origin_code,
    name_da,
    name_en
from {{ ref('origins') }}
order by origin_key
