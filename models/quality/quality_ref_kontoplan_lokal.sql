{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'year': 'base_period_key'}}) }}
-- Local accounts that map to a function without authorisation: "konto uden match til den autoriserede kontoplan".
with

accounts as (
    select distinct function_code, function_key, dranst, account_year from {{ ref('stg_economy__local_account') }}
),

bad_accounts as (
    {{ account_findings('accounts') }}
)

{{ table_findings('ref_kontoplan_lokal', ref('stg_economy__local_account'), 'account_year', 'null') }}
order by rule_id, municipality_key, base_period_key, line_number
