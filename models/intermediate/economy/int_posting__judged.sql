{{ config(materialized='partitioned', meta={'partition': {
    'unit': 'municipality_key', 'month': 'base_period_key', 'within': 'year', 'before': {'years': 1},
    'reads': {
        'landing.deliveries': {'within': 'year', 'before': {'years': 1}, 'parts': ['oko_postering']},
        'landing.partitions': {'within': 'year', 'before': {'years': 1}, 'parts': ['oko_postering']},
        'landing.coverage': {'within': 'year', 'before': {'years': 1}, 'parts': ['oko_postering']}
    }
}}) }}
{%- set reached = flis_project.within_reach(unit_code='municipality_code', month='month_key') %}
{%- set postings = '(select * from ' ~ ref('stg_economy__posting') ~ ' where ' ~ reached ~ ')' %}
-- What the rules that need other rows or tables find in one municipality's ledger. Two passes over the postings, both to far fewer
-- rows: by account and month, and by voucher and day. Single rows are fetched only for accounts and vouchers that have a finding.
-- A voucher may stand in several months of its year, and a month is held against the same one a year before.
with

-- Pass 1. What each municipality has on each account in each period.
by_account as materialized (
    select
        municipality_code,
        month_key,
        slot,
        account_year,
        function_code,
        function_key,
        dranst,
        art_key < 10 as is_calculated,
        min(delivery_id) as delivery_id,
        count(*) as row_count,
        sum(amount) as amount
    from {{ postings }} as posting
    group by all
),

accounts as (
    select distinct function_code, function_key, dranst, account_year from by_account
),

bad_accounts as materialized (
    {{ account_findings('accounts') }}
),

-- V-OKO-01 and V-OKO-09.
without_account as (
    select posting.*, bad_accounts.rule_id, bad_accounts.reason
    from {{ postings }} as posting
    inner join bad_accounts
        on
            posting.function_key = bad_accounts.function_key
            and posting.dranst = bad_accounts.dranst
            and posting.account_year = bad_accounts.account_year
),

-- Pass 2. Every voucher by day.
by_voucher as materialized (
    select
        municipality_code,
        account_year,
        voucher_code,
        posting_date,
        min(month_key) as first_month,
        max(month_key) as last_month,
        min(slot) as first_slot,
        max(slot) as last_slot,
        min(delivery_id) as first_delivery,
        max(delivery_id) as last_delivery,
        count(*) as row_count,
        sum(amount) as amount
    from {{ postings }} as posting
    group by municipality_code, account_year, voucher_code, posting_date
),

-- V-OKO-02. A line can have come twice only in a voucher that stands in several periods or deliveries.
spread_vouchers as (
    select municipality_code, account_year, voucher_code
    from by_voucher
    group by municipality_code, account_year, voucher_code
    having
        min(first_month) <> max(last_month)
        or min(first_slot) <> max(last_slot)
        or min(first_delivery) <> max(last_delivery)
),

spread_lines as materialized (
    select
        posting.*,
        row_number() over (
            partition by posting.municipality_code, posting.account_year, posting.voucher_code, posting.voucher_line
            order by delivery.extracted_at desc, posting.delivery_id desc, posting.month_key desc, posting.slot desc
        ) as newness
    from {{ postings }} as posting
    semi join spread_vouchers
        on
            posting.municipality_code = spread_vouchers.municipality_code
            and posting.account_year = spread_vouchers.account_year
            and posting.voucher_code = spread_vouchers.voucher_code
    left join {{ source('landing_zone', 'deliveries') }} as delivery
        on posting.delivery_id = delivery.delivery_id
),

-- V-OKO-03, of every line once.
balances as (
    select municipality_code, account_year, voucher_code, posting_date, first_month, first_slot, first_delivery, row_count, amount
    from by_voucher
    anti join spread_vouchers
        on
            by_voucher.municipality_code = spread_vouchers.municipality_code
            and by_voucher.account_year = spread_vouchers.account_year
            and by_voucher.voucher_code = spread_vouchers.voucher_code
    where amount <> 0
    union all
    select
        municipality_code, account_year, voucher_code, posting_date, min(month_key), min(slot), min(delivery_id), count(*), sum(amount)
    from spread_lines
    where newness = 1
    group by municipality_code, account_year, voucher_code, posting_date
    having sum(amount) <> 0
),

-- V-OKO-05. The supplement and the opening are posted when they are posted.
outside_year as (
    select *
    from {{ postings }} as posting
    where slot = '' and extract(year from posting_date) <> account_year
),

-- V-OKO-07. Operating expenditure (main accounts 0 to 6, dranst 1) of a month, as a year's amount per inhabitant of 1 January. A
-- file in thousands is a thousandth of that, and a swapped sign negative: both leave the range in the one month that is wrong,
-- however right the rest of the year is. What stays inside it is held against the same month a year before, unless that was
-- implausible itself.
operating as (
    select
        by_account.municipality_code,
        by_account.month_key,
        min(by_account.delivery_id) as delivery_id,
        sum(by_account.row_count) as row_count,
        sum(by_account.amount) as amount
    from by_account
    anti join bad_accounts
        on
            by_account.function_key = bad_accounts.function_key
            and by_account.dranst = bad_accounts.dranst
            and by_account.account_year = bad_accounts.account_year
    where by_account.function_key < 70000 and by_account.dranst = 1 and by_account.slot <> '0'
    group by by_account.municipality_code, by_account.month_key
    -- A supplement alone is no month.
    having bool_or(by_account.slot = '')
),

per_inhabitant as (
    select
        operating.*,
        cast(operating.amount as double) * 12 / population.population_count as yearly_amount,
        coalesce(yearly_amount between 20000 and 200000, true) as is_in_range
    from operating
    left join {{ ref('fct_population') }} as population
        on
            {{ municipality_key('operating.municipality_code') }} = population.municipality_key
            and operating.month_key // 12 * 4 = population.quarter_key
            and population.vintage = 'frozen'
),

implausible as (
    select
        this_year.*,
        case
            when not this_year.is_in_range then
                'Operating expenditure is ' || format('{:,.0f}', this_year.yearly_amount)
                || ' DKK per inhabitant as a year, expected 20,000 to 200,000: thousands, or another sign?'
            else
                'Operating expenditure is ' || format('{:.0f}', 100.0 * cast(this_year.amount as double) / cast(year_before.amount as double))
                || ' per cent of the same month a year before, expected 70 to 130.'
        end as reason
    from per_inhabitant as this_year
    left join per_inhabitant as year_before
        on
            this_year.municipality_code = year_before.municipality_code
            and this_year.month_key = year_before.month_key + 12
            and year_before.is_in_range
    where
        not this_year.is_in_range
        or abs(cast(this_year.amount as double) / nullif(cast(year_before.amount as double), 0) - 1) > 0.3
),

-- V-OKO-10. Late, or never came although the months after it did. The contract says when a month is due.
first_extracts as (
    select
        part.unit_code as municipality_code,
        part.base_period_key as month_key,
        arg_min(part.delivery_id, delivery.extracted_at) as delivery_id,
        min(delivery.extracted_at) as extracted_at
    from {{ source('landing_zone', 'partitions') }} as part
    inner join {{ source('landing_zone', 'deliveries') }} as delivery
        on part.delivery_id = delivery.delivery_id
    where part.contract = 'oko_postering' and part.slot = ''
    group by part.unit_code, part.base_period_key
),

late as (
    select
        expected.unit_code as municipality_code,
        expected.base_period_key as month_key,
        first_extracts.delivery_id,
        case
            when first_extracts.delivery_id is null then 'Nothing was delivered for the month, due by '
            else 'Taken out on ' || strftime(first_extracts.extracted_at, '%Y-%m-%d') || ', due by '
        end || strftime(expected.due_date, '%Y-%m-%d') || '.' as reason
    from {{ source('landing_zone', 'coverage') }} as expected
    left join first_extracts
        on expected.unit_code = first_extracts.municipality_code and expected.base_period_key = first_extracts.month_key
    where
        expected.source = 'oko_postering'
        and expected.exempt_reason is null
        and (first_extracts.delivery_id is null or cast(first_extracts.extracted_at as date) > expected.due_date)
),

-- V-OKO-13. Local accounts that the municipality's own chart does not have, where it has sent one.
local_accounts as (
    select
        municipality_code,
        account_year,
        local_account_code,
        min(month_key) as month_key,
        min(delivery_id) as delivery_id,
        count(*) as row_count,
        sum(amount) as amount
    from {{ postings }} as posting
    where local_account_code is not null
    group by municipality_code, account_year, local_account_code
),

unknown_local_accounts as (
    select local_accounts.*
    from local_accounts
    semi join {{ ref('stg_economy__local_account') }} as chart
        on local_accounts.municipality_code = chart.municipality_code and local_accounts.account_year = chart.account_year
    anti join {{ ref('stg_economy__local_account') }} as chart
        on
            local_accounts.municipality_code = chart.municipality_code
            and local_accounts.account_year = chart.account_year
            and local_accounts.local_account_code = chart.local_account_code
),

findings as (
    select
        rule_id, 'set_aside' as action, municipality_code, month_key, slot, delivery_id, line_number, 1 as row_count, amount, reason
    from without_account
    union all
    select
        'V-OKO-02', 'repair', municipality_code, month_key, slot, delivery_id, line_number, 1, amount,
        'Line ' || voucher_line || ' of voucher ' || voucher_code || ' has come again in a newer delivery.'
    from spread_lines
    where newness > 1
    union all
    select
        'V-OKO-03', 'flag', municipality_code, first_month, first_slot, first_delivery, null, row_count, amount,
        'Voucher ' || voucher_code || ' of ' || strftime(posting_date, '%Y-%m-%d') || ' is out by ' || amount || ' DKK.'
    from balances
    union all
    select
        'V-OKO-04', 'flag', municipality_code, month_key, slot, min(delivery_id), null, sum(row_count), sum(amount),
        'Calculated costs (art 0): in operating expenditure only.'
    from by_account
    where is_calculated
    group by municipality_code, month_key, slot
    union all
    select
        'V-OKO-05', 'flag', municipality_code, month_key, slot, delivery_id, line_number, 1, amount,
        'Posted on ' || strftime(posting_date, '%Y-%m-%d') || ' in account year ' || account_year || '.'
    from outside_year
    union all
    select 'V-OKO-07', 'hold', municipality_code, month_key, '', delivery_id, null, row_count, amount, reason
    from implausible
    union all
    select 'V-OKO-10', 'flag', municipality_code, month_key, '', delivery_id, null, 1, null, reason
    from late
    union all
    select
        'V-OKO-13', 'flag', municipality_code, month_key, '', delivery_id, null, row_count, amount,
        'Local account ' || local_account_code || ' is not in the chart of ' || account_year || '.'
    from unknown_local_accounts
)

select
    rule_id,
    action,
    'oko_postering' as contract,
    cast(delivery_id as integer) as delivery_id,
    cast(line_number as bigint) as line_number,
    {{ municipality_key('municipality_code') }} as municipality_key,
    cast(month_key as integer) as base_period_key,
    slot,
    cast(row_count as bigint) as row_count,
    cast(amount as decimal(18, 2)) as amount,
    reason
from findings
order by rule_id, municipality_key, base_period_key, slot, line_number
