{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'base_period_key'}}) }}
select *
from {{ ref('int_posting__judged') }}
union all
select *
from {{ ref('int_posting__mirrored') }}
order by rule_id, municipality_key, base_period_key, slot, line_number
