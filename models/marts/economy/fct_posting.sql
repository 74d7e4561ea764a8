{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
-- Rows that a rule set aside, or whose line has come again in a newer delivery, are not in the ledger.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_oko_postering') }}
    where action in ('set_aside', 'repair') and line_number is not null
)

select
    {{ municipality_key('posting.municipality_code') }} as municipality_key,
    posting.month_key,
    posting.month_key // 3 as quarter_key,
    posting.month_key // 12 as year_key,
    posting.slot = '0' as is_opening,
    {{ account_columns() }},
    posting.amount,
    posting.delivery_id,
    posting.line_number
from {{ ref('stg_economy__posting') }} as posting
anti join left_out
    on posting.delivery_id = left_out.delivery_id and posting.line_number = left_out.line_number
order by year_key, municipality_key, month_key
