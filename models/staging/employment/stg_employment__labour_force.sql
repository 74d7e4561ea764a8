select
    unit_code as municipality_code,
    base_period_key as year_key,
    cast(antal as bigint) as labour_force_count,
    delivery_id,
    line_number
from {{ source('landing', 'ref_arbejdsstyrke') }}
