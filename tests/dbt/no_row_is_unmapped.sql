-- A category where the publisher never had one, or none where a mart needs one: kept in staging, in no figure.
{{ config(severity='warn') }}

select *
from {{ ref('quality_chain') }}
where stage = 'unmapped' and rows > 0
