{# Numbers inside the range that makes sense. `ranges` is {column: {min, max}}, either end may be left out. A number outside
   is a finding about data, so the test warns and never stops a build. #}
{% test plausible(model, ranges) %}
{{ config(severity='warn') }}
{%- set tested = flis_project.tested(model) %}
{%- for column, range in ranges.items() %}
{%- set outside = [] %}
{%- if range.min is defined and range.min is not none %}{% do outside.append(column ~ ' < ' ~ range.min) %}{% endif %}
{%- if range.max is defined and range.max is not none %}{% do outside.append(column ~ ' > ' ~ range.max) %}{% endif %}
{{ 'union all' if not loop.first }}
select
    '{{ column }}' as column_name,
    min({{ column }}) as least,
    max({{ column }}) as greatest,
    count(*) as row_count
from {{ tested }}
where {{ outside | join(' or ') }}
having count(*) > 0
{%- endfor %}
{% endtest %}
