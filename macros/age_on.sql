{# Completed years on a day: whoever was born on 29 February is a year older on 1 March. #}
{% macro age_on(birth_date, day) -%}
    cast((
        extract(year from {{ day }}) * 10000 + extract(month from {{ day }}) * 100 + extract(day from {{ day }})
        - extract(year from {{ birth_date }}) * 10000 - extract(month from {{ birth_date }}) * 100 - extract(day from {{ birth_date }})
    ) // 10000 as integer)
{%- endmacro %}
