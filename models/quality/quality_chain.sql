with

deliveries as (
    select *
    from {{ source('landing_zone', 'deliveries') }}
    where verdict in ('accepted', 'accepted_with_warnings')
),

ledger_rows as (
    select contract, delivery_id, 'delivered' as stage, rows_delivered as row_count from deliveries
    union all
    select contract, delivery_id, 'set_aside' as stage, rows_set_aside as row_count from deliveries
    union all
    select contract, delivery_id, 'accepted' as stage, rows_accepted as row_count from deliveries
    union all
    select
        contract,
        delivery_id,
        outcome as stage,
        sum(row_count) as row_count
    from {{ source('landing_zone', 'row_outcomes') }}
    group by contract, delivery_id, outcome
),

staged as (
    select
        'bor_folketal' as contract,
        delivery_id,
        true as is_mapped
    from {{ ref('stg_citizens__population') }}
    union all
    select
        'bor_folketal_alder' as contract,
        delivery_id,
        true as is_mapped
    from {{ ref('stg_citizens__population_by_age') }}
    union all
    select
        'bes_jobindsats' as contract,
        delivery_id,
        (source_category is not null) = (series in ('cashVisitation.fullTime', 'offers.activated', 'offers.courses')) as is_mapped
    from {{ ref('stg_employment__labour_market_published') }}
),

{%- set by_line = {
    'bor_borger_status': ('stg_citizens__register_state', ['int_register__states']),
    'bor_haendelse': ('stg_citizens__citizen_event', ['fct_citizen_event']),
    'bes_ydelsesforloeb': ('stg_employment__benefit_spell', ['fct_benefit_spell']),
    'bes_samtale': ('stg_employment__interview', ['fct_interview']),
    'bes_tilbud': ('stg_employment__active_offer', ['fct_active_offer']),
    'bes_sygedagpenge_sag': ('stg_employment__sickness_case', ['fct_sickness_case']),
    'bes_refusion': ('stg_employment__reimbursement', ['fct_reimbursement']),
    'bes_job': ('stg_employment__job', ['fct_job']),
    'ref_arbejdsstyrke': ('stg_employment__labour_force', ['fct_labour_force']),
    'oko_postering': ('stg_economy__posting', ['fct_posting']),
    'oko_budget': ('stg_economy__budget', ['fct_budget', 'fct_appropriation']),
    'oko_forventet': ('stg_economy__forecast', ['fct_forecast']),
    'oko_likviditet': ('stg_economy__liquidity', ['fct_liquidity']),
    'oko_balance': ('stg_economy__balance', ['fct_balance']),
    'ref_skat': ('stg_economy__income_tax', ['fct_income_tax']),
    'ref_kontoplan_lokal': ('stg_economy__local_account', ['dim_local_account']),
} %}

{#- Marts in which a delivered row is several rows, or is counted in one of them only. #}
{%- set rows_of = {
    'fct_budget': 'sum(source_row_count)',
    'fct_benefit_spell': 'count(distinct line_number)',
    'fct_active_offer': 'count(distinct line_number)',
    'fct_sickness_case': 'count(distinct line_number)',
} %}

-- Large tables are counted by delivery where they stand: one of them has more rows than all the others.
large_rows as (
    {%- for contract, (staging, marts) in by_line.items() %}
    {{ 'union all' if not loop.first }}
    select '{{ contract }}' as contract, delivery_id, 'staged' as stage, count(*) as row_count from {{ ref(staging) }} group by delivery_id
    {%- for mart in marts %}
    union all
    select '{{ contract }}', delivery_id, 'mart', {{ rows_of.get(mart, 'count(*)') }}
    from {{ ref(mart) }}
    {{ 'where not is_displaced' if mart == 'int_register__states' }}
    group by delivery_id
    {%- endfor %}
    {%- endfor %}
),

staged_rows as (
    select contract, delivery_id, stage, sum(row_count) as row_count from large_rows group by contract, delivery_id, stage
    union all
    select contract, delivery_id, 'staged' as stage, count(*) as row_count from staged group by contract, delivery_id
    union all
    select contract, delivery_id, 'unmapped' as stage, count(*) as row_count
    from staged
    where not is_mapped
    group by contract, delivery_id
),

mart_rows as (
    select
        case vintage when 'frozen' then 'bor_folketal' else 'bor_folketal_alder' end as contract,
        delivery_id,
        source_row_count
    from {{ ref('fct_population') }}
    where vintage in ('frozen', 'frozen_by_age')
    union all
    select 'bes_jobindsats' as contract, delivery_id, source_row_count from {{ ref('fct_labour_market_published') }}
    union all
    select 'bes_jobindsats' as contract, delivery_id, source_row_count from {{ ref('fct_cash_benefit_visitation_published') }}
    union all
    select 'bes_jobindsats' as contract, delivery_id, source_row_count from {{ ref('fct_active_offers_published') }}
),

-- Rows that a cross rule sets aside, or that a newer delivery has too, are staged and in no mart.
left_out_rows as (
    select cast(null as varchar) as contract, cast(null as integer) as delivery_id, cast(null as varchar) as stage, cast(null as bigint) as row_count
    where false
    {%- for model in var('hold_findings_models', []) %}
    union all
    select contract, delivery_id, 'left_out' as stage, count(distinct line_number) as row_count
    from {{ ref(model) }}
    where action in ('set_aside', 'repair')
    group by contract, delivery_id
    {%- endfor %}
),

counted as (
    select * from ledger_rows
    union all
    select * from left_out_rows
    union all
    select * from staged_rows
    union all
    select contract, delivery_id, 'mart' as stage, sum(source_row_count) as row_count from mart_rows group by contract, delivery_id
    union all
    select source as contract, delivery_id, 'control' as stage, count(*) as row_count
    from {{ ref('fct_published_controls') }}
    group by source, delivery_id
)

-- Every stage of every delivery has a row, so that a stage without rows reads 0 and is not absent.
select
    deliveries.contract,
    deliveries.delivery_id,
    stages.stage,
    cast(coalesce(counted.row_count, 0) as bigint) as rows
from deliveries
cross join (
    values
    ('delivered'), ('set_aside'), ('accepted'), ('superseded'), ('waiting'), ('deleted'), ('landed'), ('control'), ('staged'),
    ('left_out'), ('unmapped'), ('mart')
) as stages (stage)
left join counted
    on
        deliveries.contract = counted.contract
        and deliveries.delivery_id = counted.delivery_id
        and stages.stage = counted.stage
order by deliveries.contract, deliveries.delivery_id, stages.stage
