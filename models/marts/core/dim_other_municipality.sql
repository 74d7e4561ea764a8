-- The municipality on the other side of a move: all that there are, whatever region they lie in.
select
    {{ municipality_key('municipality_code') }} as other_municipality_key,
    municipality_code as other_municipality_code,
    name_da,
    name_en
from {{ ref('municipalities') }}
order by other_municipality_key
