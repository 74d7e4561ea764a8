{# Finished key figures keep their promises: statuses and reasons from the closed lists; a value exactly where the status has
   one, with its members and its numerator; never more members than expected; complete only when all of them are in it.
   One row per key figure, area and period that breaks a rule, with the first rule that it breaks. `figures` are the value
   columns; their parts stand in <figure>__status and so on. #}
{% test key_figure_areas(model, figures) %}
{%- set tested = flis_project.tested(model) %}
with judged as (
{%- for figure in figures %}
    {{ 'union all' if not loop.first }}
    select
        '{{ figure }}' as key_figure,
        area_level,
        area,
        period,
        case
            when {{ figure }}__status is null or {{ figure }}__status not in (
                'not_valid', 'suppressed', 'missing', 'exempt', 'held', 'not_comparable', 'provisional', 'validated', 'approved', 'final'
            ) then 'the status is not one of the list'
            when {{ figure }}__reason not in (
                'reference_date_not_available', 'base_period_missing', 'outside_publication_limits', 'member_missing',
                'offset_label_missing', 'denominator_zero', 'suppressed_at_source', 'period_unfinished', 'not_additive_over_areas'
            ) then 'the reason is not one of the list'
            when {{ figure }} is not null and {{ figure }}__status not in ('provisional', 'validated', 'approved', 'final')
                then 'there is a value, and the status says that there is none'
            when {{ figure }} is null and {{ figure }}__reason is null
                and {{ figure }}__status in ('provisional', 'validated', 'approved', 'final')
                then 'there is no value and no reason, and the status says that there is one'
            when {{ figure }} is not null and coalesce({{ figure }}__members, 0) < 1
                then 'there is a value without members'
            when {{ figure }} is not null and {{ figure }}__num is null
                then 'there is a value without a numerator'
            when {{ figure }} is not null and {{ figure }}__den = 0
                then 'there is a value with a denominator of zero'
            when {{ figure }}__members < 0 or {{ figure }}__members > {{ figure }}__members_expected
                then 'there are more members than expected, or fewer than none'
            when {{ figure }}__complete and {{ figure }}__members is distinct from {{ figure }}__members_expected
                then 'it is complete, and members are missing'
        end as broken_rule
    from {{ tested }}
{%- endfor %}
)
select *
from judged
where broken_rule is not null
{% endtest %}
