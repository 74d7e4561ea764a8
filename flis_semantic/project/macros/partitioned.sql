{#
  A table of which a build rewrites what is touched, and tells whoever reads it where its rows are others now. Its partitions are
  told apart by the columns that `meta: {partition: …}` names; the touched ones are computed, compared with what is there, and
  those that differ replaced. Built as a whole when there is nothing yet, when its definition or one above it changed, or when nobody knows
  what is touched.
#}
{% materialization partitioned, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set box = flis_project.touched(model.unique_id) -%}
    {{ run_hooks(pre_hooks) }}
    {%- if existing is none or not existing.is_table or box is none or box.place.whole == 'inherited' -%}
        {%- if existing is not none and not existing.is_table %}{% do adapter.drop_relation(existing) %}{% endif -%}
        {% call statement('main') %}create or replace table {{ target }} as ({{ compiled_code }}
        ){% endcall %}
        {% do flis_project.remember_whole(target, box) %}
    {%- elif box.found.is_empty -%}
        {% call noop_statement('main', 'UNTOUCHED') %}{% endcall %}
    {%- else -%}
        {% do flis_project.rewrite(target, box) %}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# Rows written, and that every row may be another one; where what changed is inherited, what that was. #}
{% macro remember_whole(target, box) %}
    {%- if env_var('FLIS_BUILD', '') -%}
        {% do run_query(
            "insert into landing.built_rows select '" ~ model.unique_id ~ "', true, null, null, count(*) from " ~ target
        ) %}
        {%- if box is none -%}
            {% do run_query("insert into landing.changes (node) values ('" ~ model.unique_id ~ "')") %}
        {%- else -%}
            {% do run_query(
                "insert into landing.changes select '" ~ model.unique_id ~ "', part, unit_key, first_day, last_day from ("
                ~ box.touched ~ ")"
            ) %}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{# Compute the touched partitions, and replace those whose rows are others. #}
{% macro rewrite(target, box) %}
    {%- set place = box.place -%}
    {%- set touched, computed, differing = 'touched__' ~ this.identifier, 'computed__' ~ this.identifier, 'differing__' ~ this.identifier -%}
    {%- set columns = [] -%}
    {%- for name in ('part', 'unit', 'period', 'from', 'to') if place[name] is defined %}{% do columns.append(place[name]) %}{% endfor -%}
    {%- set same = [] -%}
    {%- for column in columns %}{% do same.append('d.' ~ column ~ ' is not distinct from kept.' ~ column) %}{% endfor -%}
    {%- if place.whole is defined -%}
        {%- set kept = 'true' -%}
    {%- else -%}
        {% do run_query("create or replace temp table " ~ touched ~ " as " ~ box.touched) %}
        {%- set kept = flis_project.in_box(box) ~ ' and ' ~ flis_project.is_touched(box, touched) -%}
    {%- endif -%}
    {% call statement('main') %}create or replace temp table {{ computed }} as
    select * from ({{ compiled_code }}
    ) as kept where {{ kept }}{% endcall %}
    {% do run_query("create or replace temp table " ~ differing ~ " as with
        before as (select " ~ columns | join(', ') ~ ", count(*) as n, sum(hash(kept)) as added, bit_xor(hash(kept)) as mixed
            from " ~ target ~ " as kept where " ~ kept ~ " group by all),
        after as (select " ~ columns | join(', ') ~ ", count(*) as n, sum(hash(kept)) as added, bit_xor(hash(kept)) as mixed
            from " ~ computed ~ " as kept group by all)
        select " ~ flis_project.of_either(columns) ~ ", coalesce(d.n, 0) as rows_removed, coalesce(kept.n, 0) as rows_written
        from before as d full join after as kept on " ~ same | join(' and ') ~ "
        where (d.n, d.added, d.mixed) is distinct from (kept.n, kept.added, kept.mixed)") %}
    {% do run_query("delete from " ~ target ~ " as kept where " ~ kept ~ " and exists (select 1 from " ~ differing ~ " as d where " ~ same | join(' and ') ~ ")") %}
    {% do run_query("insert into " ~ target ~ " select kept.* from " ~ computed ~ " as kept where exists (select 1 from " ~ differing ~ " as d where " ~ same | join(' and ') ~ ")") %}
    {% do run_query("insert into landing.built_rows select '" ~ model.unique_id
        ~ "', false, count(*), coalesce(sum(rows_removed), 0), coalesce(sum(rows_written), 0) from " ~ differing) %}
    {% do run_query("insert into landing.changes select distinct '" ~ model.unique_id ~ "', "
        ~ ('d.' ~ place.part if place.part is defined else 'null') ~ ", " ~ ('d.' ~ place.unit if place.unit is defined else 'null') ~ ", "
        ~ ('p.start_date, p.end_date' if place.period is defined else ('d.' ~ place.from ~ ', d.' ~ place.to if place.from is defined else 'null, null'))
        ~ " from " ~ differing ~ " as d"
        ~ (" left join landing.periods as p on p.grain = '" ~ place.grain ~ "' and p.period_key = d." ~ place.period if place.period is defined else '')) %}
    {% for name in (touched, computed, differing) %}{% do run_query("drop table if exists temp." ~ name) %}{% endfor %}
{% endmacro %}

{# Whether a row is of a touched partition; where all units or parts of one are touched, those of the others' periods may come along. #}
{% macro is_touched(box, touched) -%}
    {%- set place, found, left, right, conditions = box.place, box.found, [], [], [] -%}
    {%- if place.part is defined and found.parts %}{% do left.append('kept.' ~ place.part) %}{% do right.append('part') %}{% endif -%}
    {%- if place.unit is defined and found.units %}{% do left.append('kept.' ~ place.unit) %}{% do right.append('unit_key') %}{% endif -%}
    {%- if place.period is defined %}{% do left.append('kept.' ~ place.period) %}{% do right.append('period_key') %}{% endif -%}
    {%- if place.from is defined -%}
        {%- for column in left %}{% do conditions.append(column ~ ' = t.' ~ right[loop.index0]) %}{% endfor -%}
        exists (
            select 1 from {{ touched }} as t
            where (t.last_day is null or kept.{{ place.from }} <= t.last_day)
                and (t.first_day is null or kept.{{ place.to }} is null or kept.{{ place.to }} >= t.first_day)
                {% for condition in conditions %} and {{ condition }}{% endfor %}
        )
    {%- elif left -%}
        ({{ left | join(', ') }}) in (select {{ right | join(', ') }} from {{ touched }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro of_either(columns) -%}
    {%- for column in columns %}coalesce(d.{{ column }}, kept.{{ column }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
