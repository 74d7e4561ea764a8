{# The account of a row of the ledger or a budget, from its function_key and art_key: what facts are cut and filtered by. #}
{% macro account_columns() -%}
    function_key,
    function_key // 10000 as main_account,
    function_key // 100 as main_function_key,
    dranst,
    ownership,
    grouping,
    art_key,
    art_key // 10 as main_art
{%- endmacro %}
