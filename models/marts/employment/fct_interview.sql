{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key', 'units': 'all'}}) }}
-- Interviews with where the person lived and which benefit the person had on the day. One that was not held is there without a
-- day held; its date is the planned one, as far as that lies in the month.
with

left_out as (
    select distinct delivery_id, line_number
    from {{ ref('quality_bes_samtale') }}
    where action = 'set_aside' and line_number is not null
),

months as (
    select
        *,
        {{ flis_project.month_start('month_key') }} as month_start
    from {{ ref('stg_employment__interview') }}
),

dated as (
    select
        months.*,
        cast(coalesce(held_date, greatest(month_start, least(coalesce(planned_date, month_start), last_day(month_start)))) as date)
            as interview_date
    from months
    anti join left_out on months.delivery_id = left_out.delivery_id and months.line_number = left_out.line_number
)

select
    coalesce(residence.municipality_key, {{ municipality_key('dated.municipality_code') }}) as municipality_key,
    {{ municipality_key('dated.municipality_code') }} as acting_municipality_key,
    dated.month_key,
    dated.person_key,
    form.contact_form_key,
    benefit.benefit_key,
    dated.held_date is not null as is_held,
    dated.interview_date,
    dated.delivery_id,
    dated.line_number
from dated
left join {{ ref('contact_forms') }} as form on dated.source_category = form.source_category
left join {{ ref('int_residence__spells') }} as residence
    on
        dated.person_key = residence.person_key
        and dated.interview_date between residence.valid_from and coalesce(residence.valid_to, date '9999-12-31')
left join {{ ref('int_benefit_spell__pieces') }} as benefit
    on
        dated.person_key = benefit.person_key
        and dated.month_key = benefit.month_key
        and dated.interview_date between benefit.first_day and benefit.last_day
order by dated.month_key, municipality_key
