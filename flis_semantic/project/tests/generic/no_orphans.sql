{# Every value of a column is there in the other model; null points nowhere and is no orphan. `references` is a list of
   {column, to, field}. #}
{% test no_orphans(model, references) %}
{%- set tested = flis_project.tested(model) %}
{%- for reference in references %}
{{ 'union all' if not loop.first }}
select
    '{{ reference.column }}' as column_name,
    cast(child.{{ reference.column }} as varchar) as orphan,
    count(*) as row_count
from {{ tested }} as child
left join (select distinct {{ reference.field }} as parent_value from {{ reference.to }}) as parent
    on child.{{ reference.column }} = parent.parent_value
where child.{{ reference.column }} is not null and parent.parent_value is null
group by child.{{ reference.column }}
{%- endfor %}
{% endtest %}
