{# Numerators and denominators of single units: both there or both null, and parts = whole: added over the units of an area they
   give the area's own row in `areas`, with as many members. `levels` is {area level: SQL expression of the area's code in this
   table}, `ratios` those of `figures` that have a denominator. One row per key figure, area and period that breaks a rule. #}
{% test key_figure_units(model, areas, levels, figures, ratios) %}
{%- set sides, tested = [], flis_project.tested(model, every_unit=true) %}
{%- for figure in figures %}{% do sides.append(figure ~ '__num') %}{% if figure in ratios %}{% do sides.append(figure ~ '__den') %}{% endif %}{% endfor %}
with parts as (
{%- for level, code in levels.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ level }}' as area_level,
        {{ code }} as area,
        period_key,
        {%- for side in sides %}
        cast(sum({{ side }}) as double) as {{ side }},
        count({{ side }}) as {{ side }}__units{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ tested }}
    group by 2, 3
{%- endfor %}
),

judged as (
{%- for figure in figures %}
    {{ 'union all' if not loop.first }}
    select
        '{{ figure }}' as key_figure,
        parts.area_level,
        parts.area,
        parts.period_key,
        case
            {%- if figure in ratios %}
            when parts.{{ figure }}__num__units <> parts.{{ figure }}__den__units
                then 'a unit has a numerator without a denominator, or the reverse'
            {%- endif %}
            when whole.area is null
                then 'the area has no row of its own'
            {%- for side in [figure ~ '__num'] + ([figure ~ '__den'] if figure in ratios else []) %}
            when (parts.{{ side }} is null) <> (whole.{{ side }} is null)
                or abs(parts.{{ side }} - whole.{{ side }}) > 1e-9 * (abs(parts.{{ side }}) + abs(whole.{{ side }}))
                then 'the {{ 'numerators' if side.endswith('num') else 'denominators' }} of the units do not add up to the area'
            {%- endfor %}
            when parts.{{ figure }}__num__units <> coalesce(whole.{{ figure }}__members, 0)
                then 'there are not as many units as members'
        end as broken_rule
    from parts
    left join {{ areas }} as whole
        on parts.area_level = whole.area_level and parts.area = whole.area and parts.period_key = whole.period_key
    {#- An area without a code is no area: its units are in the areas above it. #}
    where parts.area is not null
{%- endfor %}
)

select *
from judged
where broken_rule is not null
{% endtest %}
