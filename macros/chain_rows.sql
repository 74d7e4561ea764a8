{#
  Rows of one contract at one stage of the chain, counted by delivery, municipality and base period. `unit` is a column with the
  municipality's key (or 0: not by municipality); a staged row has its code.
#}
{% macro chain_rows(contract, stage, relation, grain, unit=none, key=none, rows='count(*)', where='true') -%}
    {%- set period = key or grain ~ '_key' -%}
    {%- set reach = {grain: period} -%}
    {%- if unit is none %}{% do reach.update({'unit_code': 'municipality_code'}) %}{% elif unit != '0' %}{% do reach.update({'unit': unit}) %}{% endif -%}
    select
        '{{ contract }}' as contract,
        delivery_id,
        {{ unit or municipality_key('municipality_code') }} as municipality_key,
        '{{ grain }}' as grain,
        {{ period }} as period_key,
        '{{ stage }}' as stage,
        {{ rows }} as row_count
    from {{ relation }}
    where ({{ where }}) and {{ flis_project.within_reach(**reach) }}
    group by all
{%- endmacro %}
