{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'base_period_key'}}) }}
with

accounts as (
    select distinct function_code, function_key, dranst, account_year from {{ ref('stg_economy__forecast') }}
),

bad_accounts as (
    {{ account_findings('accounts') }}
)

{{ table_findings('oko_forventet', ref('stg_economy__forecast'), 'year_key', 'staged.amount') }}
order by rule_id, municipality_key, base_period_key, line_number
