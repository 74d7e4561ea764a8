{# Codes that definitions name are codes of their dimensions: a misspelt one would count nothing. `named` is a list of {dimension:
   table, column: of the codes, codes: [code, ...]}; `unknown`, which no table has, stands for rows without a member. #}
{% test known_codes(model, named) %}
{%- for item in named %}
{%- for code in item.codes if code != 'unknown' %}
select
    '{{ item.column }}' as column_name,
    '{{ code | replace("'", "''") }}' as code
where not exists (select 1 from {{ item.dimension }} where cast({{ item.column }} as varchar) = '{{ code | replace("'", "''") }}')
union all
{%- endfor %}
{%- endfor %}
select
    null as column_name,
    null as code
from {{ model }}
where false
{% endtest %}
