{# A municipality's key is its code as a number: the same in every fact and without a look-up. #}
{% macro municipality_key(code) -%}
    cast({{ code }} as integer)
{%- endmacro %}
