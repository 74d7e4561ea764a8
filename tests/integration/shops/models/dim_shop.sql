select
    shop_code,
    cast(shop_code as integer) as shop_key,
    shop_kind,
    cast('2000-01-01' as date) as valid_from,
    cast(null as date) as valid_to
from {{ ref('shops') }}
