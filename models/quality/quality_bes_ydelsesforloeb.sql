{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'whole': 'compared',
    'reads': {'landing.coverage': {'parts': ['bes_ydelsesforloeb']}}
}}) }}
-- What the rules that need other rows, the register of persons or the law find in benefit spells.
with

judged as (
    select * from {{ ref('int_benefit_row__judged') }}
),

-- V-BES-02. Rows of which the overwriting rules left fewer days, or none.
resolved as (
    select delivery_id, line_number, sum(last_day - first_day + 1) as day_count
    from {{ ref('int_benefit_row__resolved') }}
    group by delivery_id, line_number
),

overwritten as (
    select
        judged.*,
        judged.last_day - judged.first_day + 1 - coalesce(resolved.day_count, 0) as lost_days,
        -- A row of which nothing is left is in no mart.
        case when resolved.day_count is null then judged.line_number end as left_out_line
    from judged
    left join resolved on judged.delivery_id = resolved.delivery_id and judged.line_number = resolved.line_number
    where judged.rule_id is null and coalesce(resolved.day_count, 0) < judged.last_day - judged.first_day + 1
),

-- V-BES-05 and V-BES-11. What the register of persons makes of a row's days.
counted as (
    select
        spell.delivery_id,
        spell.line_number,
        sum(coalesce(spell.end_date, last_day(spell.start_date)) - spell.start_date + 1) as day_count,
        bool_or(spell.municipality_key <> row.delivered_municipality_key) as is_elsewhere
    from {{ ref('fct_benefit_spell') }} as spell
    inner join judged as row on spell.delivery_id = row.delivery_id and spell.line_number = row.line_number
    group by spell.delivery_id, spell.line_number
),

-- A spell that begins on the day on which the person moved, where another municipality had the same benefit on the day before.
restarted as (
    select distinct piece.delivery_id, piece.line_number
    from {{ ref('int_benefit_spell__pieces') }} as piece
    inner join {{ ref('int_residence__spells') }} as residence
        on piece.person_key = residence.person_key and piece.start_date = residence.valid_from
    inner join {{ ref('int_benefit_spell__pieces') }} as before
        on
            piece.person_key = before.person_key
            and piece.benefit_key = before.benefit_key
            and piece.delivering_municipality_key <> before.delivering_municipality_key
            and piece.start_date - 1 between before.first_day and before.last_day
),

moved as (
    select
        judged.*,
        coalesce(counted.is_elsewhere, false) as is_elsewhere
    from judged
    left join counted on judged.delivery_id = counted.delivery_id and judged.line_number = counted.line_number
    left join restarted on judged.delivery_id = restarted.delivery_id and judged.line_number = restarted.line_number
    where counted.is_elsewhere or restarted.line_number is not null
),

cut_short as (
    select judged.*, case when counted.line_number is null then judged.line_number end as left_out_line
    from judged
    inner join resolved on judged.delivery_id = resolved.delivery_id and judged.line_number = resolved.line_number
    left join counted on judged.delivery_id = counted.delivery_id and judged.line_number = counted.line_number
    where coalesce(counted.day_count, 0) < resolved.day_count
),

-- V-BES-08. Months of which the contract says that more is registered.
provisional as (
    select
        {{ municipality_key('unit_code') }} as municipality_key,
        base_period_key as month_key
    from {{ source('landing_zone', 'coverage') }}
    where source = 'bes_ydelsesforloeb' and is_provisional and approved_at is null and delivery_id is not null
),

findings as (
    select
        'V-BES-01' as rule_id, 'flag' as action, delivering_municipality_key as municipality_key, month_key, min(delivery_id) as delivery_id,
        cast(null as bigint) as line_number, count(*) as row_count, 'Registered in another month.' as reason
    from judged
    where date_trunc('month', registered_at) <> month_start
    group by delivering_municipality_key, month_key
    union all
    select
        'V-BES-02', 'repair', delivering_municipality_key, month_key, delivery_id, left_out_line, 1,
        'Line ' || line_number || ': ' || lost_days || ' days are of a benefit of higher rank, or of a row registered later.'
    from overwritten
    union all
    select rule_id, 'set_aside', delivering_municipality_key, month_key, delivery_id, line_number, 1, reason
    from judged
    where rule_id is not null
    union all
    select
        'V-BES-05', 'repair', delivering_municipality_key, month_key, delivery_id, null, 1,
        'Line ' || line_number || case
            when is_elsewhere then ': the person lived in another municipality on some of the days.'
            else ': the spell began before the person moved here.'
        end
    from moved
    union all
    select
        'V-BES-08', 'flag', judged.delivering_municipality_key, judged.month_key, min(judged.delivery_id), null, count(*),
        'More is registered of the newest months.'
    from judged
    inner join provisional
        on judged.delivering_municipality_key = provisional.municipality_key and judged.month_key = provisional.month_key
    group by judged.delivering_municipality_key, judged.month_key
    union all
    select
        'V-BES-11', 'repair', delivering_municipality_key, month_key, delivery_id, left_out_line, 1,
        'Line ' || line_number || ': the person died or left the country within the month.'
    from cut_short
    union all
    select
        'V-BES-12', 'flag', delivering_municipality_key, month_key, delivery_id, line_number, 1,
        'Nobody in the register of persons has the number.'
    from judged
    where rule_id is null and not is_registered
)

select
    rule_id,
    action,
    'bes_ydelsesforloeb' as contract,
    cast(delivery_id as integer) as delivery_id,
    line_number,
    municipality_key,
    cast(month_key as integer) as base_period_key,
    '' as slot,
    cast(row_count as bigint) as row_count,
    cast(null as decimal(18, 2)) as amount,
    reason
from findings
order by rule_id, municipality_key, base_period_key, line_number
