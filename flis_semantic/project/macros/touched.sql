{#
  What a build has to rewrite, asked by models and tests while they are compiled and run. `flis build` says in landing.build_plan
  how each of them finds it; whoever is not in that table is built, or tested, as a whole.
#}

{# A box around the places that are touched, found once for each node; none where the node is built as a whole. #}
{% macro touched(node) %}
    {%- if not execute or not env_var('FLIS_BUILD', '') %}{{ return(none) }}{% endif -%}
    {#- Tests of one model mostly ask the same. -#}
    {%- set rows = run_query("select own.place, own.touched, own.reach, coalesce(own.box, alike.box), own.figures from landing.build_plan as own
        left join landing.build_plan as alike on own.touched = alike.touched and own.reach = alike.reach and own.figures = alike.figures
            and alike.box is not null
        where own.node = '" ~ node ~ "' limit 1").rows -%}
    {%- if not rows %}{{ return(none) }}{% endif -%}
    {%- set box = fromjson(rows[0][3]) if rows[0][3] else none -%}
    {%- if box is none -%}
        {%- set found = run_query(flis_project.box_of(node, rows[0][1], rows[0][2], rows[0][4])).rows[0][0] -%}
        {%- set box = fromjson(found) -%}
    {%- endif -%}
    {%- set place = fromjson(rows[0][0]) -%}
    {%- if box.is_whole and place.whole != 'compared' %}{{ return(none) }}{% endif -%}
    {{ return({'place': place, 'touched': rows[0][1], 'found': box}) }}
{% endmacro %}

{% macro box_of(node, touched, reach, figures) -%}
    update landing.build_plan set box = (
        with touched as materialized ({{ touched }}), reach as ({{ reach }})
        select to_json({
            'is_whole': coalesce(bool_or(coalesce(cast(t.part as varchar), cast(t.unit_key as varchar), cast(t.period_key as varchar),
                cast(t.first_day as varchar), cast(t.last_day as varchar)) is null), false),
            'is_empty': count(*) = 0,
            'parts': {{ flis_project.listed('t.part') }},
            'units': {{ flis_project.listed('t.unit_key') }},
            'unit_codes': case when count(t.unit_key) = count(*) then (
                select string_agg(distinct '''' || replace(k.unit_code, '''', '''''') || '''', ', ')
                from landing.unit_keys as k where k.unit_key in (select unit_key from touched)
            ) end,
            'periods': {{ flis_project.listed('t.period_key') }},
            'first_period': min(t.period_key),
            'last_period': max(t.period_key),
            'first_day': case when count(t.first_day) = count(*) then min(t.first_day) end,
            'last_day': case when count(t.last_day) = count(*) then max(t.last_day) end,
            'reads_from': (select first_day from reach),
            'reads_to': (select last_day from reach),
            'figures': ({{ figures }})
        })
        from touched as t
    )
    where node = '{{ node }}'
    returning box
{%- endmacro %}

{# The values of a column as a list of literals; null where one is missing, which stands for all of them, or where they are too many. #}
{% macro listed(column) -%}
    case when count({{ column }}) = count(*) and count(distinct {{ column }}) <= 500 then
        string_agg(distinct '''' || replace(cast({{ column }} as varchar), '''', '''''') || '''', ', ')
    end
{%- endmacro %}

{# The rows of the box around what is touched, as a condition on a model's own columns. #}
{% macro in_box(box, every_unit=false) -%}
    {%- set place, found, conditions = box.place, box.found, [] -%}
    {%- if found.is_empty -%}
        false
    {%- else -%}
        {%- if place.part is defined and found.parts %}{% do conditions.append(place.part ~ ' in (' ~ found.parts ~ ')') %}{% endif -%}
        {%- if place.unit is defined and found.units and not every_unit %}{% do conditions.append(place.unit ~ ' in (' ~ found.units ~ ')') %}{% endif -%}
        {%- if place.period is defined and found.periods -%}
            {% do conditions.append(place.period ~ ' in (' ~ found.periods ~ ')') %}
        {%- elif place.period is defined and found.first_period is not none -%}
            {% do conditions.append(place.period ~ ' between ' ~ found.first_period ~ ' and ' ~ found.last_period) %}
        {%- endif -%}
        {%- if place.from is defined and found.last_day %}{% do conditions.append(place.from ~ " <= date '" ~ found.last_day ~ "'") %}{% endif -%}
        {%- if place.to is defined and found.first_day -%}
            {% do conditions.append('(' ~ place.to ~ ' is null or ' ~ place.to ~ " >= date '" ~ found.first_day ~ "')") %}
        {%- endif -%}
        {{ conditions | join(' and ') if conditions else 'true' }}
    {%- endif -%}
{%- endmacro %}

{#
  For the text of a generated table: which periods and units are touched, and the figures that are others there (none: all of them).
  Asked once for each text, where everything is without a plan.
#}
{% macro touched_rows() -%}
    {%- set box = flis_project.touched(model.unique_id) -%}
    {{ return({'box': box, 'figures': box.found.figures if box is not none and not box.found.is_empty else none}) }}
{%- endmacro %}

{% macro touched_periods(touched) -%}
    {{ 'true' if touched.box is none else flis_project.in_box(touched.box, every_unit=true) }}
{%- endmacro %}

{% macro touched_units(touched, column) -%}
    {{ column ~ ' in (' ~ touched.box.found.units ~ ')' if touched.box is not none and touched.box.found.units else 'true' }}
{%- endmacro %}

{#
  For what a model reads: the rows that touched partitions may need. Columns of the relation read, by what they hold: a unit's key
  or code, and keys of a grain, as in within_reach(unit='shop_key', month='month_key').
#}
{% macro within_reach(unit=none, unit_code=none) -%}
    {%- set box = flis_project.touched(model.unique_id) -%}
    {%- if box is none or box.place.whole is defined -%}
        true
    {%- elif box.found.is_empty -%}
        false
    {%- else -%}
        {%- set conditions = [] -%}
        {%- if unit is not none and box.found.units %}{% do conditions.append(unit ~ ' in (' ~ box.found.units ~ ')') %}{% endif -%}
        {%- if unit_code is not none and box.found.unit_codes %}{% do conditions.append(unit_code ~ ' in (' ~ box.found.unit_codes ~ ')') %}{% endif -%}
        {%- for grain, column in kwargs.items() if box.found.reads_from and box.found.reads_to -%}
            {%- set keys = run_query(
                "select min(period_key), max(period_key) from landing.periods where grain = '" ~ grain
                ~ "' and end_date >= date '" ~ box.found.reads_from ~ "' and start_date <= date '" ~ box.found.reads_to ~ "'"
            ).rows[0] -%}
            {%- if keys[0] is not none %}{% do conditions.append(column ~ ' between ' ~ keys[0] ~ ' and ' ~ keys[1]) %}{% endif -%}
        {%- endfor -%}
        {{ conditions | join(' and ') if conditions else 'true' }}
    {%- endif -%}
{%- endmacro %}

{# For a generic test: the relation, or its rows where something changed that the test reads; of every unit, where it adds them up. #}
{% macro tested(relation, every_unit=false) -%}
    {%- set box = flis_project.touched(model.unique_id) -%}
    {%- if box is none %}{{ relation }}{% else %}(select * from {{ relation }} where {{ flis_project.in_box(box, every_unit) }}){% endif -%}
{%- endmacro %}

{# For a test of keys: the rows that changed, and every other one that has a key of theirs, wherever it stands. #}
{% macro tested_keys(relation, columns, may_be_empty) -%}
    {%- set box, tested = flis_project.touched(model.unique_id), flis_project.tested(relation) -%}
    {%- set elsewhere = [] -%}
    {%- if box is not none -%}
        {%- for name in ('part', 'unit', 'period', 'from') if box.place[name] is defined and box.place[name] not in columns -%}
            {% do elsewhere.append(name) %}
        {%- endfor -%}
    {%- endif -%}
    {%- if not elsewhere or box.found.is_empty -%}
        {{ tested }}
    {%- else -%}
        {%- set same, empty = [], [] -%}
        {%- for column in columns -%}
            {%- if column in may_be_empty %}{% do same.append('kept.' ~ column ~ ' is not distinct from changed.' ~ column) %}
            {%- else %}{% do same.append('kept.' ~ column ~ ' = changed.' ~ column) %}{% do empty.append(column ~ ' is null') %}{% endif -%}
        {%- endfor -%}
        (
            {# With a condition of its own, dbt gives a test a subquery with a name. #}
            select kept.* from (select * from {{ relation }}) as kept
            where exists (select 1 from {{ tested }} as changed where {{ same | join(' and ') }})
            union all
            select * from {{ tested }} as changed where {{ empty | join(' or ') if empty else 'false' }}
        )
    {%- endif -%}
{%- endmacro %}
