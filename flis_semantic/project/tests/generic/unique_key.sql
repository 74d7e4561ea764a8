{# The columns together name a row: none of them is null, and no combination is there twice. One query for the whole key. #}
{% test unique_key(model, columns) %}
{%- set key = columns | join(', ') %}
select
    {{ key }},
    count(*) as row_count
from {{ model }}
group by {{ key }}
having count(*) > 1
{%- for column in columns %}
    or {{ column }} is null
{%- endfor %}
{% endtest %}
