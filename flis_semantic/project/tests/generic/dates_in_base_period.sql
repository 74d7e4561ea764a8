{# Every event has its date, inside the base period that it was delivered for: the date places it at every grain, and one without
   or outside of it would leave its month without a word. `periods` is the period table. One row per base period that breaks it. #}
{% test dates_in_base_period(model, date, base_key, grain, periods=none) %}
select
    events.{{ base_key }},
    case when events.{{ date }} is null then 'an event has no date' else 'a date lies outside the base period' end as broken_rule,
    count(*) as row_count,
    min(events.{{ date }}) as first_date
from {{ flis_project.tested(model) }} as events
left join {{ periods or ref('flis_project', 'dim_period') }} as base
    on base.grain = '{{ grain }}' and events.{{ base_key }} = base.period_key
where events.{{ date }} is null or base.period_key is null or events.{{ date }} not between base.start_date and base.end_date
group by 1, 2
{% endtest %}
