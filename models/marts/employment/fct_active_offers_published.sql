{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
select
    {{ municipality_key('published.municipality_code') }} as municipality_key,
    published.month_key,
    offer.offer_type_key,
    cast(sum(published.published_value) filter (where published.series = 'offers.activated') as bigint) as activated_person_count,
    cast(sum(published.published_value) filter (where published.series = 'offers.courses') as bigint) as course_count,
    published.delivery_id,
    count(*) as source_row_count
from {{ ref('stg_employment__labour_market_published') }} as published
left join {{ ref('dim_offer_type') }} as offer
    on published.source_category = offer.source_category
where published.series in ('offers.activated', 'offers.courses') and published.source_category is not null
group by published.municipality_code, published.month_key, offer.offer_type_key, published.delivery_id
order by municipality_key, month_key, offer_type_key
