{# First days of the periods with these keys: the inverse of the macros in period_keys.sql. #}

{% macro month_start(key) -%}
    make_date(cast(floor({{ key }} / 12.0) as integer), {{ key }} % 12 + 1, 1)
{%- endmacro %}

{% macro quarter_start(key) -%}
    make_date(cast(floor({{ key }} / 4.0) as integer), ({{ key }} % 4) * 3 + 1, 1)
{%- endmacro %}
