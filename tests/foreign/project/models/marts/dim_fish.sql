select * from {{ ref('fish') }}
order by fish_key
