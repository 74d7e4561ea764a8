-- Every state of the register with the municipality that its code means, and what is wrong with the row by itself.
{{ config(materialized='view', schema='staging') }}
with

municipalities as (
    select municipality_code from {{ ref('municipalities') }}
),

-- Codes of before: how many municipalities of today each became.
former as (
    select
        former_code,
        min(municipality_code) as municipality_code,
        min(last_day) as last_day,
        count(*) as successor_count
    from {{ ref('former_municipalities') }}
    group by former_code
),

placed as (
    select
        staged.*,
        {{ flis_project.month_start('staged.month_key') }} as month_start,
        staged.status_code in ('01', '03') as is_resident,
        staged.status_code in ('01', '03', '05', '07') as has_residence,
        current_code.municipality_code is null and former.successor_count = 1 and staged.valid_from <= former.last_day as is_former_code,
        case
            when current_code.municipality_code is not null then current_code.municipality_code
            when is_former_code then former.municipality_code
        end as residence_municipality_code,
        former.successor_count,
        former.last_day as former_last_day,
        cast(delivery.extracted_at as date) as extracted_on
    from {{ ref('stg_citizens__register_state') }} as staged
    left join municipalities as current_code on staged.residence_code = current_code.municipality_code
    left join former on staged.residence_code = former.former_code
    left join {{ source('landing_zone', 'deliveries') }} as delivery on staged.delivery_id = delivery.delivery_id
),

-- V-BOR-05 and V-BOR-06; a row has one reason to be left out.
explained as (
    select
        *,
        case
            when not has_residence or residence_municipality_code is not null then null
            when residence_code is null then 'A resident without a municipality.'
            when residence_code like '09%' then 'Municipality ' || residence_code || ' lies in Greenland.'
            when successor_count > 1 then 'Municipality ' || residence_code || ' became several in 2007.'
            when successor_count = 1
                then 'Municipality ' || residence_code || ' ended on ' || former_last_day || ', the state began on ' || valid_from || '.'
            else 'There is no municipality ' || residence_code || '.'
        end as residence_reason,
        case
            when birth_date > extracted_on then 'Born on ' || birth_date || ', after the extract of ' || extracted_on || '.'
            when birth_date > valid_from then 'Born on ' || birth_date || ', after the state ' || status_code || ' of ' || valid_from || ' began.'
            when is_resident and {{ age_on('birth_date', 'month_start') }} > 115
                then 'Older than 115 years (born on ' || birth_date || ').'
        end as age_reason
    from placed
)

select
    municipality_code,
    month_key,
    person_key,
    mother_key,
    status_code,
    residence_code,
    residence_municipality_code,
    sex_code,
    citizenship_code,
    origin_code,
    birth_date,
    month_start,
    valid_from,
    replaced_on,
    is_resident,
    is_former_code,
    case when residence_reason is not null then 'V-BOR-05' when age_reason is not null then 'V-BOR-06' end as rule_id,
    coalesce(residence_reason, age_reason) as reason,
    delivery_id,
    line_number
from explained
