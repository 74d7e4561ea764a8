"""The schema `landing` of the build file: what dbt's sources read. Written anew before every dbt run.

Per contract a view over the literal list of its active files (and one of its published totals), with deltas applied; the
calendar; the ledger's deliveries, partitions and decisions; and what was expected beside what came (`expected.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flis_semantic.build.changes import CONTENTS
from flis_semantic.build.deltas import applies_deltas, write_deltas
from flis_semantic.build.expected import write_expected
from flis_semantic.build.known import Inputs
from flis_semantic.build.periods import period_columns
from flis_semantic.build.received import Received
from flis_semantic.contracts.landing import landing_columns, no_rows
from flis_semantic.contracts.model import Contract
from flis_semantic.warehouse import Connection, append, quoted
from flis_semantic.workspace import Project

_TABLES = """
CREATE OR REPLACE TABLE landing.build_input (input_digest VARCHAR, known_on TIMESTAMP, program VARCHAR);
CREATE OR REPLACE TABLE landing.contracts (contract VARCHAR, digest VARCHAR);
CREATE OR REPLACE TABLE landing.deliveries (
  contract VARCHAR, delivery_id INTEGER, form VARCHAR, mode VARCHAR, stream VARCHAR, sequence BIGINT, file_name VARCHAR,
  extracted_at TIMESTAMP, extracted_from VARCHAR, received_at TIMESTAMP, rank_at TIMESTAMP, verdict VARCHAR, message VARCHAR,
  rows_delivered BIGINT, rows_accepted BIGINT, rows_control BIGINT, rows_set_aside BIGINT, synthetic BOOLEAN, has_manifest BOOLEAN);
CREATE OR REPLACE TABLE landing.partitions (
  contract VARCHAR, delivery_id INTEGER, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR, row_count BIGINT, is_active BOOLEAN);
CREATE OR REPLACE VIEW landing.active_partitions AS
  SELECT contract, delivery_id, unit_code, base_period_key, slot FROM landing.partitions WHERE is_active;
CREATE OR REPLACE TABLE landing.decisions (
  decision_id INTEGER, kind VARCHAR, is_lifted BOOLEAN, contract VARCHAR, unit_code VARCHAR, first_key INTEGER, last_key INTEGER,
  reason VARCHAR, decided_by VARCHAR, decided_at TIMESTAMP);
"""
_DELIVERY_COLUMNS = (
    *("contract", "delivery_id", "form", "mode", "stream", "sequence", "file_name", "extracted_at", "extracted_from"),
    *("received_at", "rank_at", "verdict", "message", "rows_delivered", "rows_accepted", "rows_control", "rows_set_aside"),
    *("synthetic", "has_manifest"),
)
_DECISION_COLUMNS = (
    *("decision_id", "kind", "is_lifted", "contract", "unit_code", "first_key", "last_key", "reason", "decided_by", "decided_at"),
)


def write_landing(connection: Connection, project: Project, received: Received, inputs: Inputs, *, is_copy: bool = False) -> None:
    """Write the whole schema for what the ledger says. The connection's default database is the build file.

    A copy of a version of the same program and vocabulary (`is_copy`) has the calendar already.
    """
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing")
    if not is_copy:
        _write_periods(connection, project)
    connection.execute(_TABLES)
    connection.execute("INSERT INTO landing.build_input VALUES (?, ?, ?)", [inputs.digest, received.known_on, inputs.program])
    append(connection, "landing.contracts", {"contract": list(inputs.contracts), "digest": list(inputs.contracts.values())})
    _append(connection, "landing.deliveries", _DELIVERY_COLUMNS, received.deliveries)
    _append(connection, "landing.decisions", _DECISION_COLUMNS, received.decisions)
    _write_partitions(connection, received)
    write_deltas(connection, project, received)
    connection.execute(CONTENTS)
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


def _append(connection: Connection, table: str, names: Sequence[str], records: Sequence[Any]) -> None:
    """Insert records whose fields have the columns' names."""
    append(connection, table, {name: [getattr(record, name) for record in records] for name in names})


def _write_partitions(connection: Connection, received: Received) -> None:
    names = ("contract", "delivery_id", "unit_code", "base_period_key", "slot", "row_count", "is_active")
    columns = zip(*received.partitions, strict=True) if received.partitions else [()] * len(names)
    append(connection, "landing.partitions", dict(zip(names, columns, strict=True)))


def _write_views(connection: Connection, project: Project, contract: Contract, received: Received) -> None:
    """The accepted rows in force, and the published totals in force. Types are the contract's, whatever a file holds."""
    columns = landing_columns(contract)
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
        )


def _files(project: Project, contract: Contract, files: dict[str, list[str]]) -> str:
    # Files of before a column was there lack it; those that no row needs are not in the list.
    columns = ", ".join(quoted(str(project.landing / contract.table / file)) for file in files[contract.table])
    return f"(FROM ({no_rows(landing_columns(contract))}) UNION ALL BY NAME FROM read_parquet([{columns}], union_by_name = true)) AS l"


def _typed(name: str, kind: str) -> str:
    if name == "slot":
        return "coalesce(l.slot, '')"
    if name == "is_deleted":
        return "coalesce(l.is_deleted, false)"
    return f'CAST(l."{name}" AS {kind})'
