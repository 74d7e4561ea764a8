{{ config(materialized='partitioned', meta={'partition': {'month': 'month_key'}}) }}
{%- set tables = {
    'bes_ydelsesforloeb': ('stg_employment__benefit_spell', 'fct_benefit_spell'),
    'bes_tilbud': ('stg_employment__active_offer', 'fct_active_offer'),
    'bes_sygedagpenge_sag': ('stg_employment__sickness_case', 'fct_sickness_case'),
} %}
-- The same of tables whose rows are split in their marts, over municipalities too: a delivered row is counted once in its month.
with

counted as (
    {%- for contract, (staging, mart) in tables.items() %}
    {{ 'union all' if not loop.first }}
    {{ chain_rows(contract, 'staged', ref(staging), 'month', unit='0') }}
    union all
    {{ chain_rows(contract, 'mart', ref(mart), 'month', unit='0', rows='count(distinct line_number)') }}
    union all
    {{ chain_rows(contract, 'left_out', ref('quality_' ~ contract), 'month', unit='0', key='base_period_key',
        rows='count(distinct line_number)', where="action in ('set_aside', 'repair')") }}
    {%- endfor %}
)

select
    contract,
    delivery_id,
    period_key as month_key,
    stage,
    cast(row_count as bigint) as row_count
from counted
order by month_key, contract, delivery_id
