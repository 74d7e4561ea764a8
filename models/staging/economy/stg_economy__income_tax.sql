select
    unit_code as municipality_code,
    base_period_key as year_key,
    cast(udskrivningsprocent as decimal(5, 2)) as income_tax_rate_pct,
    cast(udskrivningsgrundlag as bigint) as tax_base_dkk,
    delivery_id,
    line_number
from {{ source('landing', 'ref_skat') }}
