select *
from {{ source('landing_zone', 'periods') }}
order by grain, period_key
