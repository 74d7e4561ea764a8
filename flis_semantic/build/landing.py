"""The schema `landing` of the build file: what dbt's sources read. Written anew before every dbt run.

Per contract a view over the literal list of its active files (and one of its published totals), with deltas applied; the
calendar; the ledger's deliveries, partitions and decisions; and what was expected beside what came (`expected.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flis_semantic.build.deltas import WORKING_TABLES, applies_deltas, write_deltas
from flis_semantic.build.expected import write_expected
from flis_semantic.build.periods import period_columns
from flis_semantic.build.received import Received
from flis_semantic.contracts.landing import landing_columns, no_rows
from flis_semantic.contracts.model import Contract
from flis_semantic.warehouse import Connection, append, quoted
from flis_semantic.workspace import Project

__all__ = ["WORKING_TABLES", "write_landing"]

_TABLES = """
CREATE OR REPLACE TABLE landing.build_input (input_digest VARCHAR, known_on TIMESTAMP);
CREATE OR REPLACE TABLE landing.deliveries (
  contract VARCHAR, delivery_id INTEGER, form VARCHAR, mode VARCHAR, stream VARCHAR, sequence BIGINT, file_name VARCHAR,
  extracted_at TIMESTAMP, extracted_from VARCHAR, received_at TIMESTAMP, rank_at TIMESTAMP, verdict VARCHAR, message VARCHAR,
  rows_delivered BIGINT, rows_accepted BIGINT, rows_control BIGINT, rows_set_aside BIGINT, synthetic BOOLEAN, has_manifest BOOLEAN);
CREATE OR REPLACE TABLE landing.partitions (
  contract VARCHAR, delivery_id INTEGER, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR, row_count BIGINT, is_active BOOLEAN);
CREATE OR REPLACE VIEW landing.active_partitions AS
  SELECT contract, delivery_id, unit_code, base_period_key, slot FROM landing.partitions WHERE is_active;
<<<<<<< HEAD
CREATE OR REPLACE TABLE landing.decisions (
  decision_id INTEGER, kind VARCHAR, is_lifted BOOLEAN, contract VARCHAR, unit_code VARCHAR, first_key INTEGER, last_key INTEGER,
  reason VARCHAR, decided_by VARCHAR, decided_at TIMESTAMP);
=======
CREATE OR REPLACE TEMP TABLE expected_units (source VARCHAR, unit_code VARCHAR);
CREATE OR REPLACE TEMP TABLE expected_series (
  source VARCHAR, series VARCHAR, base_grain VARCHAR, starts_key INTEGER, starts_date DATE);
CREATE OR REPLACE TEMP TABLE exemptions (source VARCHAR, unit_code VARCHAR, first_key INTEGER, last_key INTEGER);
CREATE OR REPLACE TEMP TABLE delivered (
  source VARCHAR, series VARCHAR, unit_code VARCHAR, base_period_key INTEGER, delivery_id INTEGER);
"""

_COVERAGE = """
CREATE OR REPLACE TABLE landing.source_status AS
WITH reached AS (
  SELECT d.source, d.series, max(d.base_period_key) AS due_key,
         max(v.extracted_at) AS extracted_at, bool_or(v.synthetic) AS synthetic
  FROM delivered d JOIN landing.deliveries v USING (delivery_id) GROUP BY ALL)
SELECT e.source, e.series, e.base_grain, e.starts_key, r.due_key, e.starts_date,
       least(p.end_date + 1, CAST(r.extracted_at AS DATE)) AS data_to, r.extracted_at, coalesce(r.synthetic, false) AS synthetic
FROM expected_series e
LEFT JOIN reached r USING (source, series)
LEFT JOIN landing.periods p ON p.grain = e.base_grain AND p.period_key = r.due_key;

CREATE OR REPLACE TABLE landing.coverage AS
WITH expected AS (
  SELECT s.source, s.series, u.unit_code, unnest(range(s.starts_key, s.due_key + 1)) AS base_period_key
  FROM landing.source_status s JOIN expected_units u USING (source))
SELECT e.source, e.series, e.unit_code, CAST(e.base_period_key AS INTEGER) AS base_period_key,
       CASE WHEN d.delivery_id IS NOT NULL THEN 'delivered' WHEN x.unit_code IS NOT NULL THEN 'exempt' ELSE 'missing' END AS state,
       d.delivery_id, coalesce(v.synthetic, false) AS synthetic
FROM expected e
LEFT JOIN delivered d USING (source, series, unit_code, base_period_key)
LEFT JOIN landing.deliveries v ON v.delivery_id = d.delivery_id
LEFT JOIN exemptions x
  ON x.source = e.source AND x.unit_code = e.unit_code AND e.base_period_key BETWEEN x.first_key AND x.last_key;

CREATE OR REPLACE TABLE landing.data_to AS
SELECT d.source, d.series, d.unit_code, max(least(p.end_date + 1, CAST(v.extracted_at AS DATE))) AS data_to
FROM delivered d
JOIN expected_series e USING (source, series)
JOIN landing.deliveries v USING (delivery_id)
JOIN landing.periods p ON p.grain = e.base_grain AND p.period_key = d.base_period_key
GROUP BY ALL;
>>>>>>> delivery
"""
_DELIVERY_COLUMNS = (
    *("contract", "delivery_id", "form", "mode", "stream", "sequence", "file_name", "extracted_at", "extracted_from"),
    *("received_at", "rank_at", "verdict", "message", "rows_delivered", "rows_accepted", "rows_control", "rows_set_aside"),
    *("synthetic", "has_manifest"),
)
_DECISION_COLUMNS = (
    *("decision_id", "kind", "is_lifted", "contract", "unit_code", "first_key", "last_key", "reason", "decided_by", "decided_at"),
)


def write_landing(connection: Connection, project: Project, received: Received, input_digest: str = "") -> None:
    """Write the whole schema for what the ledger says. The connection's default database is the build file."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing")
    _write_periods(connection, project)
    connection.execute(_TABLES)
    connection.execute("INSERT INTO landing.build_input VALUES (?, ?)", [input_digest, received.known_on])
    _append(connection, "landing.deliveries", _DELIVERY_COLUMNS, received.deliveries)
    _append(connection, "landing.decisions", _DECISION_COLUMNS, received.decisions)
    _write_partitions(connection, received)
    write_deltas(connection, project, received)
    for contract in project.contracts.values():
        _write_views(connection, project, contract, received)
    write_expected(connection, project)


def _write_periods(connection: Connection, project: Project) -> None:
    languages = project.vocabulary.languages
    titles = "".join(f", holiday_{language} VARCHAR" for language in languages)
    connection.execute(
        "CREATE OR REPLACE TABLE landing.periods (grain VARCHAR, period_key INTEGER, period VARCHAR, start_date DATE, end_date DATE, "
        f"day_count INTEGER, label_year INTEGER, label_position INTEGER, workday_count INTEGER{titles})"
    )
    append(connection, "landing.periods", period_columns(project.calendar, languages))


<<<<<<< HEAD
def _append(connection: Connection, table: str, names: Sequence[str], records: Sequence[Any]) -> None:
    """Insert records whose fields have the columns' names."""
    append(connection, table, {name: [getattr(record, name) for record in records] for name in names})
=======
def _write_deliveries(connection: Connection, received: Received) -> None:
    names = (
        "contract delivery_id form file_name extracted_at extracted_from received_at verdict message "
        "rows_delivered rows_accepted rows_control rows_set_aside synthetic has_manifest"
    ).split()
    append(connection, "landing.deliveries", {name: [getattr(delivery, name) for delivery in received.deliveries] for name in names})
    parts = received.partitions
    append(
        connection,
        "landing.partitions",
        {
            "contract": [part.contract for part in parts],
            "delivery_id": [part.delivery_id for part in parts],
            "unit_code": [part.unit_code for part in parts],
            "base_period_key": [part.base_period_key for part in parts],
            "slot": [part.slot for part in parts],
            "row_count": [part.rows for part in parts],
            "is_active": [part.is_active for part in parts],
        },
    )
>>>>>>> delivery


def _write_partitions(connection: Connection, received: Received) -> None:
    columns = ("contract", "delivery_id", "unit_code", "base_period_key", "slot", "is_active")
    named: dict[str, list[object]] = {name: [getattr(part, name) for part in received.partitions] for name in columns}
    append(connection, "landing.partitions", {**named, "row_count": [part.rows for part in received.partitions]})


def _write_views(connection: Connection, project: Project, contract: Contract, received: Received) -> None:
    """The accepted rows in force, and the published totals in force. Types are the contract's, whatever a file holds."""
    columns = landing_columns(contract)
<<<<<<< HEAD
    in_force = (
        f"SEMI JOIN landing.partitions AS p ON p.contract = {quoted(contract.table)} AND p.is_active AND p.delivery_id = l.delivery_id "
        "AND p.unit_code = l.unit_code AND p.base_period_key = l.base_period_key AND p.slot = coalesce(l.slot, '')"
    )
    parts = [no_rows(columns)]
    changed = applies_deltas(connection, contract)
    if received.files[contract.table]:
        replaced = (
            " ANTI JOIN landing.replaced_rows AS r ON r.delivery_id = l.delivery_id AND r.line_number = l.line_number" if changed else ""
        )
        parts.append(f"SELECT l.* FROM {_files(project, contract, received.files)} {in_force}{replaced}")  # noqa: S608
    if changed:
        applied = "SEMI JOIN landing.applied_rows AS a ON a.delivery_id = l.delivery_id AND a.line_number = l.line_number"
        parts.append(f"SELECT l.* FROM {_files(project, contract, received.delta_files)} {applied}")  # noqa: S608
    rows = " UNION ALL BY NAME ".join(f"({part})" for part in parts)
    typed = ", ".join(f'{_typed(name, kind)} AS "{name}"' for name, kind in columns.items())
    for suffix, kept in (("", "NOT l.is_control"), ("__controls", "l.is_control")):
        connection.execute(
            f'CREATE OR REPLACE VIEW landing."{contract.table}{suffix}" AS SELECT {typed} FROM ({rows}) AS l WHERE {kept}'  # noqa: S608
=======
    paths = ", ".join(quoted(str(project.landing / contract.table / file)) for file in files)
    rows = no_rows(columns) + (f" UNION ALL BY NAME FROM read_parquet([{paths}], union_by_name = true)" if files else "")
    # Files that were written before there were slots and deltas lack their columns.
    default = {"slot": quoted(""), "is_deleted": "false"}
    value = {name: f'coalesce(l."{name}", {default[name]})' if name in default else f'l."{name}"' for name in columns}
    typed = ", ".join(f'CAST({value[name]} AS {kind}) AS "{name}"' for name, kind in columns.items())
    for suffix, kept in (("", "NOT l.is_control"), ("__controls", "l.is_control")):
        connection.execute(
            f'CREATE OR REPLACE VIEW landing."{contract.table}{suffix}" AS SELECT {typed} FROM ({rows}) AS l '  # noqa: S608
            f"SEMI JOIN landing.partitions AS p ON p.contract = {quoted(contract.table)} AND p.is_active "
            "AND p.delivery_id = l.delivery_id AND p.unit_code = l.unit_code AND p.base_period_key = l.base_period_key "
            "AND p.slot = coalesce(l.slot, '') "
            f"WHERE {kept}"
>>>>>>> delivery
        )


def _files(project: Project, contract: Contract, files: dict[str, list[str]]) -> str:
    # Files of before a column was there lack it; those that no row needs are not in the list.
    columns = ", ".join(quoted(str(project.landing / contract.table / file)) for file in files[contract.table])
    return f"(FROM ({no_rows(landing_columns(contract))}) UNION ALL BY NAME FROM read_parquet([{columns}], union_by_name = true)) AS l"


<<<<<<< HEAD
def _typed(name: str, kind: str) -> str:
    if name == "slot":
        return "coalesce(l.slot, '')"
    if name == "is_deleted":
        return "coalesce(l.is_deleted, false)"
    return f'CAST(l."{name}" AS {kind})'
=======
def _write_delivered(connection: Connection, contract: Contract) -> None:
    """What came, per series. A part without rows of a series lacks that series only where the contract says `absent: missing`."""
    by_series = bool(contract.series) and contract.absent == "missing"
    came = f"SELECT DISTINCT series, unit_code, base_period_key, delivery_id FROM landing.\"{contract.table}\" WHERE slot = ''"  # noqa: S608
    if not by_series:
        came = (
            "SELECT s.series, p.unit_code, p.base_period_key, p.delivery_id FROM landing.partitions p "  # noqa: S608
            f"JOIN expected_series s ON s.source = p.contract WHERE p.is_active AND p.slot = '' AND p.contract = {quoted(contract.table)}"
        )
    connection.execute(
        f"INSERT INTO delivered SELECT {quoted(contract.table)}, c.series, c.unit_code, c.base_period_key, c.delivery_id "  # noqa: S608
        f"FROM ({came}) c SEMI JOIN expected_units u ON u.source = {quoted(contract.table)} AND u.unit_code = c.unit_code"
    )
>>>>>>> delivery
