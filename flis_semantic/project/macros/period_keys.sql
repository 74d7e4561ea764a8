{#
  Integer keys of the periods that contain a date: contiguous within a grain, so that "n periods earlier" is key - n.
  The same arithmetic as flis_semantic/vocabulary/calendar.py; a test holds the two together.
#}

{# Days since 1970-01-01. #}
{% macro day_key(date) -%}
    {{ adapter.dispatch('day_key', 'flis_project')(date) }}
{%- endmacro %}

{% macro default__day_key(date) -%}
    cast(date_diff('day', date '1970-01-01', {{ date }}) as integer)
{%- endmacro %}

{% macro spark__day_key(date) -%}
    datediff({{ date }}, date '1970-01-01')
{%- endmacro %}

{# Mondays since 1969-12-29, the Monday of the week of 1970-01-01 (a Thursday): ISO weeks, without their years. #}
{% macro week_key(date) -%}
    cast(floor(({{ flis_project.day_key(date) }} + 3) / 7.0) as integer)
{%- endmacro %}

{% macro month_key(date) -%}
    cast(extract(year from {{ date }}) * 12 + extract(month from {{ date }}) - 1 as integer)
{%- endmacro %}

{% macro quarter_key(date) -%}
    cast(extract(year from {{ date }}) * 4 + extract(quarter from {{ date }}) - 1 as integer)
{%- endmacro %}

{% macro year_key(date) -%}
    cast(extract(year from {{ date }}) as integer)
{%- endmacro %}

{# The year in which a declared calendar's period starts; it starts on that month and day (numbers). #}
{% macro calendar_key(date, month, day) -%}
    cast(extract(year from {{ date }}) - case
        when extract(month from {{ date }}) * 100 + extract(day from {{ date }}) < {{ month * 100 + day }} then 1 else 0
    end as integer)
{%- endmacro %}
