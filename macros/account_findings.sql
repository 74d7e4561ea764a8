{#
  V-OKO-01 and V-OKO-09 for a table with function_code, function_key, dranst and account_year: which accounts are not of the
  year's plan, and which have a dranst that is not allowed for the function. One row per account, so the check costs
  the same for ten rows and ten millions.
#}
{% macro account_findings(accounts) -%}
    select
        account.function_key,
        account.dranst,
        account.account_year,
        case when plan.function_code is null or dranst.dranst is null then 'V-OKO-01' else 'V-OKO-09' end as rule_id,
        case
            when plan.function_code is null then 'Function ' || account.function_code || ' is not in the account plan of ' || account.account_year || '.'
            when dranst.dranst is null then 'Dranst ' || account.dranst || ' does not exist.'
            else 'Dranst ' || account.dranst || ' is not allowed for function ' || account.function_code || '.'
        end as reason
    from {{ accounts }} as account
    left join {{ ref('ref_kontoplan') }} as plan
        on
            account.function_code = plan.function_code
            and account.account_year between plan.first_account_year and plan.last_account_year
    left join {{ ref('account_dranst') }} as dranst
        on account.dranst = dranst.dranst
    where
        plan.function_code is null
        or dranst.dranst is null
        or not exists (
            select 1
            from {{ ref('account_dranst_allowed') }} as allowed
            where allowed.dranst = account.dranst and starts_with(account.function_code, allowed.function_prefix)
        )
{%- endmacro %}
