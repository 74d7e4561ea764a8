{# Parts = whole over the codes of a cut: where every code of a unit has a numerator, together they give the unit's numerator in
   `units`. `cuts` is {cut: key figures whose numerators add over it}. One row per key figure, unit and period that breaks a rule. #}
{% test key_figure_cuts(model, units, unit, cuts) %}
{%- set whole, parts = flis_project.tested(units), flis_project.tested(model) %}
with judged as (
{%- for cut, figures in cuts.items() %}
    {%- set outer = loop %}
    {%- for figure in figures %}
    {{ 'union all' if not (outer.first and loop.first) }}
    select
        '{{ cut }}' as cut,
        '{{ figure }}' as key_figure,
        whole.{{ unit }},
        whole.period_key,
        case
            when count(parts.period_key) = 0 and max(whole.{{ figure }}__num) <> 0
                then 'the unit has no row of the cut'
            when count(parts.{{ figure }}__num) = count(*) and abs(cast(sum(parts.{{ figure }}__num) as double) - cast(max(whole.{{ figure }}__num) as double))
                > 1e-9 * (sum(abs(cast(parts.{{ figure }}__num as double))) + abs(cast(max(whole.{{ figure }}__num) as double)))
                then 'the numerators of the codes do not add up to the unit'
        end as broken_rule
    from {{ whole }} as whole
    left join {{ parts }} as parts
        on whole.{{ unit }} = parts.{{ unit }} and whole.period_key = parts.period_key and parts.cut = '{{ cut }}'
    group by whole.{{ unit }}, whole.period_key
    {%- endfor %}
{%- else %}
    select '' as cut, '' as key_figure, 0 as {{ unit }}, 0 as period_key, cast(null as varchar) as broken_rule
    where false
{%- endfor %}
)

select *
from judged
where broken_rule is not null
{% endtest %}
