{#
  Findings about what a unit delivered for a base period beside what it delivered for the one before: nothing else can tell a
  delivery that is right in itself and still wrong. They flag; nothing is left out for them.

  contract: the table's name. rows: a relation or a CTE with a row per cell. unit, period: its columns with the unit's code and the
  base period's key; value: SQL of the number. rules: which of these are asked for, and the id that the contract gives each:

  * all_zero: every number is zero, though the unit had others before.
  * repeats_previous_period: the same numbers, in the same cells, as the base period before; of at least least_rows cells.
  * value_lost: a value of the dimension `lost` of which there was least_amount or more in the base period before, and now none.
  * level_shift: the sum differs from the base period before (the latest that is not zero) by more than shift_pct per cent.

  dimensions: the columns that tell a part's cells apart. row_count is the part's cells; of value_lost 1 per value.
#}
{% macro plausibility(contract, rows, unit, period, value, rules, dimensions=[], lost=none, least_rows=10, least_amount=10, shift_pct=25) -%}
    {%- set cell = dimensions | join(', ') %}
    select
        found.rule_id,
        'flag' as action,
        '{{ contract }}' as contract,
        cast(found.delivery_id as integer) as delivery_id,
        cast(null as bigint) as line_number,
        units.unit_key as {{ var('unit_key') }},
        cast(found.period_key as integer) as base_period_key,
        '' as slot,
        cast(found.row_count as bigint) as row_count,
        cast(found.amount as decimal(18, 2)) as amount,
        found.reason
    from (
        with cells as (
            select
                {{ unit }} as unit_code,
                {{ period }} as period_key,
                {%- for name in dimensions %}
                {{ name }},
                {%- endfor %}
                sum({{ value }}) as cell_value,
                max(delivery_id) as delivery_id
            from {{ rows }}
            group by {{ unit }}, {{ period }}{{ ', ' ~ cell if cell }}
        ),

        parts as (
            select
                unit_code,
                period_key,
                count(*) as row_count,
                sum(cell_value) as total,
                count_if(cell_value <> 0) as filled_count,
                max(delivery_id) as delivery_id
            from cells
            group by unit_code, period_key
        ),

        compared as (
            select
                *,
                max(case when filled_count > 0 then period_key end) over earlier as filled_before,
                last_value(nullif(total, 0) ignore nulls) over earlier as total_before
            from parts
            window earlier as (partition by unit_code order by period_key rows between unbounded preceding and 1 preceding)
        )

        {%- for kind, rule_id in rules.items() %}
        {{ 'union all' if not loop.first }}
        {%- if kind == 'all_zero' %}
        select
            '{{ rule_id }}' as rule_id, unit_code, period_key, row_count, total as amount, delivery_id,
            'Every number is zero.' as reason
        from compared
        where filled_count = 0 and filled_before is not null
        {%- elif kind == 'level_shift' %}
        select
            '{{ rule_id }}' as rule_id, unit_code, period_key, row_count, total - total_before as amount, delivery_id,
            'The sum is ' || total || ', before it was ' || total_before || '.' as reason
        from compared
        where total <> 0 and abs(total - total_before) > {{ shift_pct }} / 100.0 * abs(total_before)
        {%- elif kind == 'repeats_previous_period' %}
        select
            '{{ rule_id }}' as rule_id, parts.unit_code, parts.period_key, parts.row_count, parts.total as amount, parts.delivery_id,
            'The numbers are those of the period before.' as reason
        from parts
        inner join parts as previous
            on parts.unit_code = previous.unit_code and parts.period_key = previous.period_key + 1 and parts.row_count = previous.row_count
        inner join cells on parts.unit_code = cells.unit_code and parts.period_key = cells.period_key
        inner join cells as cells_before
            on
                cells.unit_code = cells_before.unit_code
                and cells.period_key = cells_before.period_key + 1
                and cells.cell_value is not distinct from cells_before.cell_value
                {%- for name in dimensions %}
                and cells.{{ name }} is not distinct from cells_before.{{ name }}
                {%- endfor %}
        where parts.filled_count > 0 and parts.row_count >= {{ least_rows }}
        group by parts.unit_code, parts.period_key, parts.row_count, parts.total, parts.delivery_id
        having count(*) = parts.row_count
        {%- elif kind == 'value_lost' %}
        select
            '{{ rule_id }}' as rule_id, parts.unit_code, parts.period_key, 1 as row_count, before.amount, parts.delivery_id,
            'Nothing of {{ lost }} ' || before.lost_value || ', in the period before ' || before.amount || '.' as reason
        from parts
        inner join (
            select unit_code, period_key, {{ lost }} as lost_value, sum(cell_value) as amount
            from cells
            group by unit_code, period_key, lost_value
        ) as before
            on parts.unit_code = before.unit_code and parts.period_key = before.period_key + 1
        anti join cells as there
            on parts.unit_code = there.unit_code and parts.period_key = there.period_key and before.lost_value = there.{{ lost }}
        where parts.filled_count > 0 and before.amount >= {{ least_amount }}
        {%- else %}
        {{ exceptions.raise_compiler_error('plausibility knows all_zero, level_shift, repeats_previous_period and value_lost, not ' ~ kind) }}
        {%- endif %}
        {%- endfor %}
    ) as found
    inner join (
        select distinct
            {{ var('unit_code') }} as unit_code,
            {{ var('unit_key') }} as unit_key
        from {{ ref(var('unit_project'), var('unit_model')) }}
    ) as units on found.unit_code = units.unit_code
    order by found.rule_id, units.unit_key, found.period_key
{%- endmacro %}
