{# Rows of one contract at one stage of the chain, counted by delivery, municipality and base period. #}
{% macro chain_rows(contract, stage, relation, grain, unit, key=none, rows='count(*)', where='true') -%}
    {%- set period = key or grain ~ '_key' -%}
    select
        '{{ contract }}' as contract,
        delivery_id,
        {{ unit or municipality_key('municipality_code') }} as municipality_key,
        '{{ grain }}' as grain,
        {{ period }} as period_key,
        '{{ stage }}' as stage,
        {{ rows }} as row_count
    from {{ relation }}
    where ({{ where }}) and {{ flis_project.within_reach(unit=unit, unit_code='municipality_code' if unit is none else none, **{grain: period}) }}
    group by all
{%- endmacro %}
