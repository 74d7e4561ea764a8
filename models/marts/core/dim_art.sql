select
    {{ account_key('art.art_code') }} as art_key,
    main_art.main_art as main_art_code,
    main_art.name_da as main_art_name_da,
    main_art.name_en as main_art_name_en,
    art.art_code,
    art.name_da,
    art.name_en,
    art.evidence,
    art.is_income
from {{ ref('account_arts') }} as art
left join {{ ref('account_main_arts') }} as main_art
    on left(art.art_code, 1) = main_art.main_art
order by art_key
