{# Columns that hold codes of a closed list. `codes` is {column: [code, ...]}; null is accepted only where null is listed. #}
{% test accepted_codes(model, codes) %}
{%- set tested = flis_project.tested(model) %}
{%- for column, accepted in codes.items() %}
{%- set quoted = [] %}
{%- for code in accepted if code is not none %}{% do quoted.append("'" ~ code ~ "'") %}{% endfor %}
{{ 'union all' if not loop.first }}
select
    '{{ column }}' as column_name,
    cast({{ column }} as varchar) as code,
    count(*) as row_count
from {{ tested }}
where cast({{ column }} as varchar) not in ({{ quoted | join(', ') }})
    {%- if none not in accepted %} or {{ column }} is null{% endif %}
group by {{ column }}
{%- endfor %}
{% endtest %}
