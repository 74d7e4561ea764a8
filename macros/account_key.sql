{# A code of the account plan as a number: 5.32.30 is 53230, 0.25.19 is 2519, art 4.9 is 49, grouping 005 is 5. #}
{% macro account_key(code) -%}
    cast(replace({{ code }}, '.', '') as integer)
{%- endmacro %}
