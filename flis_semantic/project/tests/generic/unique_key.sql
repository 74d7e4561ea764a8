{# The columns together name a row: none but those that may be empty is null, and no combination is there twice. One query. #}
{% test unique_key(model, columns, may_be_empty=[]) %}
{%- set key = columns | join(', ') %}
select
    {{ key }},
    count(*) as row_count
from {{ flis_project.tested_keys(model, columns, may_be_empty) }}
group by {{ key }}
having count(*) > 1
{%- for column in columns if column not in may_be_empty %}
    or {{ column }} is null
{%- endfor %}
{% endtest %}
