-- The functions of the account plan with the main functions and main accounts above them, by the account years they are valid in.
select
    {{ account_key('plan.function_code') }} as function_key,
    main_account.main_account as main_account_code,
    main_account.name_da as main_account_name_da,
    main_account.name_en as main_account_name_en,
    main_function.main_function_code,
    main_function.name_da as main_function_name_da,
    main_function.name_en as main_function_name_en,
    plan.function_code,
    plan.name_da,
    plan.name_en,
    plan.evidence,
    make_date(plan.first_account_year, 1, 1) as valid_from,
    make_date(plan.last_account_year, 12, 31) as valid_to
from {{ ref('ref_kontoplan') }} as plan
left join {{ ref('account_main_functions') }} as main_function
    on left(plan.function_code, 4) = main_function.main_function_code
left join {{ ref('account_main_accounts') }} as main_account
    on left(plan.function_code, 1) = main_account.main_account
order by function_key, valid_from
