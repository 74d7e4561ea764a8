{#
  V-OKO-01 and V-OKO-09 for a small table of the economy: one finding per row on an account that is not of the year's plan,
  ready to be a quality model or a part of one. `amount` is the staged column that the finding counts.
#}
{% macro table_findings(contract, staged, period, amount) -%}
    select
        bad_accounts.rule_id,
        'set_aside' as action,
        '{{ contract }}' as contract,
        cast(staged.delivery_id as integer) as delivery_id,
        cast(staged.line_number as bigint) as line_number,
        {{ municipality_key('staged.municipality_code') }} as municipality_key,
        cast(staged.{{ period }} as integer) as base_period_key,
        '' as slot,
        cast(1 as bigint) as row_count,
        cast({{ amount }} as decimal(18, 2)) as amount,
        bad_accounts.reason
    from {{ staged }} as staged
    inner join bad_accounts
        on
            staged.function_key = bad_accounts.function_key
            and staged.dranst = bad_accounts.dranst
            and staged.account_year = bad_accounts.account_year
{%- endmacro %}
