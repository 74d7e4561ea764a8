{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key',
    'reads': {'fct_benefit_spell': {'units': 'all'}, 'int_residence__spells': {'units': 'all'}}
}}) }}
-- What the register of persons and the benefits say of active offers (V-BES-03, 09, 14).
with

offers as (
    select
        staged.*,
        greatest(start_date, {{ flis_project.month_start('month_key') }}) as first_day,
        least(coalesce(end_date, date '9999-12-31'), last_day({{ flis_project.month_start('month_key') }})) as last_day
    from {{ ref('stg_employment__active_offer') }} as staged
    where {{ flis_project.within_reach(unit_code='staged.municipality_code', month='staged.month_key') }}
),

absent as (
    {{ without_residence('offers') }}
),

judged as (
    select
        offers.*,
        case when first_day > last_day then 'V-BES-09' when absent.line_number is not null then 'V-BES-03' end as rule_id,
        case
            when first_day > last_day then 'From ' || start_date || ' to ' || coalesce(cast(end_date as varchar), 'now') || ': no day of the month.'
            when absent.line_number is not null then 'The person has died or left the country.'
        end as reason
    from offers
    left join absent on offers.delivery_id = absent.delivery_id and offers.line_number = absent.line_number
),

supported as (
    select distinct judged.delivery_id, judged.line_number
    from judged
    inner join {{ ref('fct_benefit_spell') }} as spell
        on
            judged.person_key = spell.person_key
            and judged.month_key = spell.month_key
            and judged.first_day <= coalesce(spell.end_date, last_day(spell.start_date))
            and judged.last_day >= spell.start_date
    inner join {{ ref('benefits') }} as benefit on spell.benefit_key = benefit.benefit_key
    where benefit.has_activation
),

findings as (
    select
        rule_id, 'set_aside' as action, municipality_code, month_key, delivery_id, line_number, 1 as row_count,
        cast(null as decimal(18, 2)) as amount, reason
    from judged
    where rule_id is not null
    union all
    select
        'V-BES-14', 'flag', municipality_code, month_key, delivery_id, line_number, 1, null,
        'No day of the offer is one of a benefit that activation goes with.'
    from judged
    anti join supported on judged.delivery_id = supported.delivery_id and judged.line_number = supported.line_number
    where rule_id is null
)

{{ row_findings('bes_tilbud', 'findings') }}
