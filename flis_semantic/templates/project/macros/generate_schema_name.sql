{# A model's schema is the one it names (`staging`, `seeds`), not `main_staging`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
