{#
  The columns of a quality model from rows with rule_id, action, municipality_code, month_key, delivery_id, line_number, row_count,
  amount and reason.
#}
{% macro row_findings(contract, findings) -%}
    select
        rule_id,
        action,
        '{{ contract }}' as contract,
        cast(delivery_id as integer) as delivery_id,
        cast(line_number as bigint) as line_number,
        {{ municipality_key('municipality_code') }} as municipality_key,
        cast(month_key as integer) as base_period_key,
        '' as slot,
        cast(row_count as bigint) as row_count,
        cast(amount as decimal(18, 2)) as amount,
        reason
    from {{ findings }}
    order by rule_id, municipality_key, base_period_key, line_number
{%- endmacro %}
