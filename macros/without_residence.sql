{# Rows (with person_key, first_day, last_day) of people of the register who lived nowhere in the country on any of the days. #}
{% macro without_residence(rows) -%}
    select candidate.delivery_id, candidate.line_number
    from {{ rows }} as candidate
    semi join {{ ref('int_person__latest') }} as person on candidate.person_key = person.person_key
    anti join {{ ref('int_residence__spells') }} as residence
        on
            candidate.person_key = residence.person_key
            and candidate.first_day <= coalesce(residence.valid_to, date '9999-12-31')
            and candidate.last_day >= residence.valid_from
{%- endmacro %}
