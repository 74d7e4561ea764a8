{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'from': 'start_date', 'to': 'end_date'}}) }}
{#- By contract: how its rows are told apart in time, where they are staged, and the marts that they come to. -#}
{%- set tables = {
    'bor_folketal': ('quarter', 'stg_citizens__population', ['fct_population']),
    'bor_folketal_alder': ('quarter', 'stg_citizens__population_by_age', ['fct_population']),
    'bor_borger_status': ('month', 'stg_citizens__register_state', ['int_register__states']),
    'bor_haendelse': ('month', 'stg_citizens__citizen_event', ['fct_citizen_event']),
    'bes_jobindsats': ('month', 'stg_employment__labour_market_published', [
        'fct_labour_market_published', 'fct_cash_benefit_visitation_published', 'fct_active_offers_published'
    ]),
    'bes_samtale': ('month', 'stg_employment__interview', ['fct_interview']),
    'bes_refusion': ('month', 'stg_employment__reimbursement', ['fct_reimbursement']),
    'bes_job': ('month', 'stg_employment__job', ['fct_job']),
    'ref_arbejdsstyrke': ('year', 'stg_employment__labour_force', ['fct_labour_force']),
    'oko_postering': ('month', 'stg_economy__posting', ['fct_posting']),
    'oko_budget': ('year', 'stg_economy__budget', ['fct_budget', 'fct_appropriation']),
    'oko_forventet': ('year', 'stg_economy__forecast', ['fct_forecast']),
    'oko_likviditet': ('day', 'stg_economy__liquidity', ['fct_liquidity']),
    'oko_balance': ('month', 'stg_economy__balance', ['fct_balance']),
    'ref_skat': ('year', 'stg_economy__income_tax', ['fct_income_tax']),
    'ref_kontoplan_lokal': ('year', 'stg_economy__local_account', ['dim_local_account']),
} %}
{#- Marts in which a row stands for another number of delivered rows than one, that have rows of others too, or another unit. -#}
{%- set aggregated = 'sum(source_row_count)' %}
{%- set marts_said = {
    ('bor_folketal', 'fct_population'): {'rows': aggregated, 'where': "vintage = 'frozen'"},
    ('bor_folketal_alder', 'fct_population'): {'rows': aggregated, 'where': "vintage = 'frozen_by_age'"},
    ('bor_borger_status', 'int_register__states'): {'unit': 'record_municipality_key', 'where': 'not is_displaced'},
    ('bes_jobindsats', 'fct_labour_market_published'): {'rows': aggregated},
    ('bes_jobindsats', 'fct_cash_benefit_visitation_published'): {'rows': aggregated},
    ('bes_jobindsats', 'fct_active_offers_published'): {'rows': aggregated},
    ('oko_budget', 'fct_budget'): {'rows': aggregated},
} %}
{#- By contract: staged rows that no mart takes. -#}
{%- set unmapped = {
    'bes_jobindsats': "(source_category is not null) <> (series in ('cashVisitation.fullTime', 'offers.activated', 'offers.courses'))"
} %}
-- The rows of every delivery at each stage, counted where they stand, by municipality and base period.
with

counted as (
    {%- for contract, (grain, staging, marts) in tables.items() %}
    {{ 'union all' if not loop.first }}
    {{ chain_rows(contract, 'staged', ref(staging), grain) }}
    {%- if contract in unmapped %}
    union all
    {{ chain_rows(contract, 'unmapped', ref(staging), grain, where=unmapped[contract]) }}
    {%- endif %}
    {%- for mart in marts %}
    {%- set said = marts_said.get((contract, mart), {}) %}
    union all
    {{ chain_rows(contract, 'mart', ref(mart), grain, unit=said.get('unit', 'municipality_key'), rows=said.get('rows', 'count(*)'),
        where=said.get('where', 'true')) }}
    {%- endfor %}
    {%- set findings = 'quality_' ~ contract %}
    {%- if findings in var('hold_findings_models', []) %}
    union all
    -- Rows that a cross rule sets aside, or that a newer delivery has too, are staged and in no mart.
    {{ chain_rows(contract, 'left_out', ref(findings), grain, unit='municipality_key', key='base_period_key',
        rows='count(distinct line_number)', where="action in ('set_aside', 'repair')") }}
    {%- endif %}
    {%- endfor %}
    union all
    -- Published totals are about no municipality.
    {{ chain_rows('bes_jobindsats', 'control', ref('fct_published_controls'), 'month', unit='0', key='base_period_key') }}
)

select
    counted.contract,
    counted.delivery_id,
    counted.municipality_key,
    counted.stage,
    cast(sum(counted.row_count) as bigint) as row_count,
    period.start_date,
    period.end_date
from counted
inner join {{ ref('flis_project', 'dim_period') }} as period
    on counted.grain = period.grain and counted.period_key = period.period_key
group by counted.contract, counted.delivery_id, counted.municipality_key, counted.stage, period.start_date, period.end_date
order by period.start_date, counted.contract, counted.municipality_key
