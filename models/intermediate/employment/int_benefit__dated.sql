-- Benefits by the days on which the law has them. What the law replaced is of one family with its successor, so that a change of
-- the law begins no spell.
select
    benefit.*,
    coalesce(successor.benefit_key, benefit.benefit_key) as family_key
from {{ ref('benefits') }} as benefit
left join {{ ref('benefits') }} as successor on benefit.successor_code = successor.source_code
