-- Benefits with their group, by the days on which the law has them.
select
    benefit.benefit_key,
    benefit.benefit_code,
    benefit.source_code,
    benefit.name_da,
    benefit.name_en,
    benefit.benefit_group_code,
    benefit_group.name_da as benefit_group_name_da,
    benefit_group.name_en as benefit_group_name_en,
    benefit.rank,
    benefit.is_public_support,
    benefit.is_reimbursed,
    benefit.has_activation,
    benefit.evidence,
    benefit.valid_from,
    benefit.valid_to
from {{ ref('benefits') }} as benefit
left join {{ ref('benefit_groups') }} as benefit_group on benefit.benefit_group_code = benefit_group.benefit_group_code
order by benefit.benefit_key
