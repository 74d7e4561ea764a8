{{ config(materialized='partitioned', meta={'partition': {'unit': 'municipality_key', 'month': 'month_key'}}) }}
select
    {{ municipality_key('published.municipality_code') }} as municipality_key,
    published.month_key,
    category.visitation_category_key,
    sum(published.published_value) as cash_benefit_fte,
    published.delivery_id,
    count(*) as source_row_count
from {{ ref('stg_employment__labour_market_published') }} as published
left join {{ ref('dim_visitation_category') }} as category
    on published.source_category = category.source_category
where published.series = 'cashVisitation.fullTime' and published.source_category is not null
group by published.municipality_code, published.month_key, category.visitation_category_key, published.delivery_id
order by municipality_key, month_key, visitation_category_key
