"""What was expected beside what came: coverage, how far every source reaches, and what was decided about it.

Only partitions without a slot are expected; deltas never make one delivered, but carry on how far it reaches.
"""

from __future__ import annotations

from flis_semantic.contracts.deadline import due_periods
from flis_semantic.contracts.model import Contract
from flis_semantic.warehouse import Connection, append, quoted
from flis_semantic.workspace import Project

_TABLES = """
CREATE OR REPLACE TEMP TABLE expected_units (source VARCHAR, unit_code VARCHAR);
CREATE OR REPLACE TEMP TABLE expected_series (
  source VARCHAR, series VARCHAR, base_grain VARCHAR, starts_key INTEGER, starts_date DATE, provisional_periods INTEGER);
CREATE OR REPLACE TEMP TABLE due_dates (source VARCHAR, base_period_key INTEGER, due_date DATE);
CREATE OR REPLACE TEMP TABLE exemptions (source VARCHAR, unit_code VARCHAR, first_key INTEGER, last_key INTEGER, reason VARCHAR);
CREATE OR REPLACE TEMP TABLE delivered (
  source VARCHAR, series VARCHAR, unit_code VARCHAR, base_period_key INTEGER, delivery_id INTEGER);
"""

# Of every delivered partition: until when it is known, when the last of it came (side periods too), and whether it was made up.
_ARRIVED = """
CREATE OR REPLACE TEMP TABLE arrived AS
WITH full_ones AS (
  SELECT p.contract AS source, p.unit_code, p.base_period_key,
         max(d.extracted_at) FILTER (WHERE p.slot = '') AS extracted_at, max(d.received_at) AS received_at,
         coalesce(bool_or(d.synthetic) FILTER (WHERE p.slot = ''), false) AS synthetic
  FROM landing.partitions p JOIN landing.deliveries d USING (delivery_id) WHERE p.is_active GROUP BY ALL),
reached AS (
  SELECT contract AS source, unit_code, base_period_key, max(extracted_at) AS extracted_at
  FROM reaches WHERE slot = '' AND delivery_id IS NOT NULL GROUP BY ALL),
changed AS (
  SELECT p.contract AS source, p.unit_code, p.base_period_key, max(d.received_at) AS received_at, bool_or(d.synthetic) AS synthetic
  FROM delta_parts p JOIN deltas d USING (delivery_id) WHERE p.state = 'in_force' GROUP BY ALL)
SELECT f.source, f.unit_code, f.base_period_key, greatest(f.extracted_at, r.extracted_at) AS extracted_at,
       greatest(f.received_at, c.received_at) AS received_at, f.synthetic OR coalesce(c.synthetic, false) AS synthetic
FROM full_ones f
LEFT JOIN reached r USING (source, unit_code, base_period_key)
LEFT JOIN changed c USING (source, unit_code, base_period_key)
WHERE f.extracted_at IS NOT NULL;
"""

# The newest decision of a kind counts; a hold and an approval count against each other by which came later.
_DECIDED = """
CREATE OR REPLACE TEMP TABLE decided AS
WITH spread AS (
  SELECT contract AS source, unit_code, unnest(range(first_key, last_key + 1)) AS base_period_key, kind, is_lifted, reason, decided_at,
         {'at': decided_at, 'id': decision_id} AS place
  FROM landing.decisions),
newest AS (
  SELECT source, unit_code, base_period_key, kind, max(place) AS place, arg_max(is_lifted, place) AS is_lifted,
         arg_max(reason, place) AS reason, arg_max(decided_at, place) AS decided_at
  FROM spread GROUP BY ALL),
standing AS (
  SELECT source, unit_code, base_period_key,
         max(reason) FILTER (WHERE kind = 'exempt') AS exempt_reason,
         max(place) FILTER (WHERE kind = 'hold') AS held_place, max(reason) FILTER (WHERE kind = 'hold') AS held_reason,
         max(place) FILTER (WHERE kind = 'approve') AS approved_place, max(reason) FILTER (WHERE kind = 'approve') AS approved_reason,
         max(decided_at) FILTER (WHERE kind = 'approve') AS approved_at
  FROM newest WHERE NOT is_lifted GROUP BY ALL)
SELECT source, unit_code, base_period_key, exempt_reason, approved_at, approved_reason,
       CASE WHEN approved_place IS NULL OR approved_place < held_place THEN held_reason END AS held_reason
FROM standing;
"""

_COVERAGE = """
CREATE OR REPLACE TABLE landing.source_status AS
WITH reached AS (
  SELECT d.source, d.series, max(d.base_period_key) AS due_key, max(a.extracted_at) AS extracted_at, bool_or(a.synthetic) AS synthetic
  FROM delivered d JOIN arrived a USING (source, unit_code, base_period_key) GROUP BY ALL)
SELECT e.source, e.series, e.base_grain, e.starts_key, r.due_key, e.starts_date,
       least(p.end_date + 1, CAST(r.extracted_at AS DATE)) AS data_to, r.extracted_at, coalesce(r.synthetic, false) AS synthetic
FROM expected_series e
LEFT JOIN reached r USING (source, series)
LEFT JOIN landing.periods p ON p.grain = e.base_grain AND p.period_key = r.due_key;

CREATE OR REPLACE TABLE landing.coverage AS
WITH expected AS (
  SELECT s.source, s.series, s.base_grain, u.unit_code, unnest(range(s.starts_key, s.due_key + 1)) AS base_period_key
  FROM landing.source_status s JOIN expected_units u USING (source)),
exempt AS (SELECT source, unit_code, unnest(range(first_key, last_key + 1)) AS base_period_key, reason FROM exemptions),
spared AS (SELECT source, unit_code, base_period_key, min(reason) AS reason FROM exempt GROUP BY ALL)
SELECT e.source, e.series, e.unit_code, CAST(e.base_period_key AS INTEGER) AS base_period_key, d.delivery_id,
       coalesce(d.delivery_id IS NOT NULL AND a.synthetic, false) AS synthetic, a.received_at,
       -- Of a unit that has fallen behind, its own newest ones.
       coalesce(e.base_period_key > max(d.base_period_key) OVER (PARTITION BY e.source, e.series, e.unit_code) - s.provisional_periods,
                false) AS is_provisional,
       p.start_date, p.end_date, t.due_date,
       coalesce(x.reason, c.exempt_reason) AS exempt_reason, c.held_reason, c.approved_at, c.approved_reason
FROM expected e
JOIN expected_series s USING (source, series)
LEFT JOIN landing.periods p ON p.grain = e.base_grain AND p.period_key = e.base_period_key
LEFT JOIN due_dates t ON t.source = e.source AND t.base_period_key = e.base_period_key
LEFT JOIN delivered d ON d.source = e.source AND d.series = e.series AND d.unit_code = e.unit_code
  AND d.base_period_key = e.base_period_key
LEFT JOIN arrived a ON a.source = e.source AND a.unit_code = e.unit_code AND a.base_period_key = e.base_period_key
LEFT JOIN decided c ON c.source = e.source AND c.unit_code = e.unit_code AND c.base_period_key = e.base_period_key
LEFT JOIN spared x ON x.source = e.source AND x.unit_code = e.unit_code AND x.base_period_key = e.base_period_key;

CREATE OR REPLACE TABLE landing.data_to AS
SELECT d.source, d.series, d.unit_code, max(least(p.end_date + 1, CAST(a.extracted_at AS DATE))) AS data_to
FROM delivered d
JOIN expected_series e USING (source, series)
JOIN arrived a USING (source, unit_code, base_period_key)
JOIN landing.periods p ON p.grain = e.base_grain AND p.period_key = d.base_period_key
GROUP BY ALL;
"""


def write_expected(connection: Connection, project: Project) -> None:
    """Write landing.coverage, landing.source_status and landing.data_to. Needs the rest of the schema, and what deltas left."""
    connection.execute(_TABLES)
    for contract in project.contracts.values():
        _write_units_and_series(connection, project, contract)
        _write_exemptions(connection, project, contract)
        _write_delivered(connection, contract)
    connection.execute(_ARRIVED)
    connection.execute(_DECIDED)
    connection.execute(_COVERAGE)


def _write_units_and_series(connection: Connection, project: Project, contract: Contract) -> None:
    """Who is expected to deliver what, from when, and when it is due."""
    kind = project.vocabulary.reporting_unit.member_kind
    units = [code for code, unit_kind in project.units.items() if contract.units == "all" or unit_kind == kind]
    append(connection, "expected_units", {"source": [contract.table] * len(units), "unit_code": units})
    starts = {series: project.calendar.parse(label, contract.base_period) for series, label in contract.starts_by_series.items()}
    known = {series: period for series, period in starts.items() if period is not None}
    append(
        connection,
        "expected_series",
        {
            "source": [contract.table] * len(known),
            "series": list(known),
            "base_grain": [contract.base_period] * len(known),
            "starts_key": [period.key for period in known.values()],
            "starts_date": [period.start for period in known.values()],
            "provisional_periods": [contract.provisional.periods if contract.provisional is not None else 0] * len(known),
        },
    )
    due = list(due_periods(contract, project.calendar))
    append(
        connection,
        "due_dates",
        {
            "source": [contract.table] * len(due),
            "base_period_key": [period.key for period, _ in due],
            "due_date": [day for _, day in due],
        },
    )


def _write_exemptions(connection: Connection, project: Project, contract: Contract) -> None:
    """Who need not deliver, by the contract."""
    parse, base, language = project.calendar.parse, contract.base_period, project.vocabulary.languages[0]
    spans = [(item, parse(item.from_, base), parse(item.to, base)) for item in contract.exemptions]
    exempt = [(item, first.key, last.key) for item, first, last in spans if first is not None and last is not None]
    append(
        connection,
        "exemptions",
        {
            "source": [contract.table] * len(exempt),
            "unit_code": [item.unit for item, _, _ in exempt],
            "first_key": [first for _, first, _ in exempt],
            "last_key": [last for _, _, last in exempt],
            "reason": [item.reason.get(language, "") for item, _, _ in exempt],
        },
    )


def _write_delivered(connection: Connection, contract: Contract) -> None:
    """What came, per series. A part without rows of a series lacks that series only where the contract says `absent: missing`."""
    source = quoted(contract.table)
    by_series = bool(contract.series) and contract.absent == "missing"
    series = (
        f"(SELECT DISTINCT series, unit_code, base_period_key FROM landing.\"{contract.table}\" WHERE slot = '') s "  # noqa: S608
        "USING (unit_code, base_period_key)"
        if by_series
        else f"expected_series s ON s.source = {source}"
    )
    connection.execute(
        f"INSERT INTO delivered SELECT {source}, s.series, p.unit_code, p.base_period_key, p.delivery_id "  # noqa: S608
        f"FROM landing.partitions p JOIN {series} "
        f"SEMI JOIN expected_units u ON u.source = {source} AND u.unit_code = p.unit_code "
        f"WHERE p.contract = {source} AND p.is_active AND p.slot = ''"
    )
