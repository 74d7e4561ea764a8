"""The schema `landing` of the build file: what dbt's sources read. Written anew before every dbt run.

Per contract a view over the literal list of its active files (and one of its published totals); the calendar; the ledger's
deliveries and partitions; and what was expected beside what came (coverage, source_status, data_to).
"""

from __future__ import annotations

from flis_semantic.build.periods import period_columns
from flis_semantic.build.received import Received
from flis_semantic.contracts.landing import landing_columns, no_rows
from flis_semantic.contracts.model import Contract
from flis_semantic.warehouse import Connection, append, quoted
from flis_semantic.workspace import Project

_TABLES = """
CREATE OR REPLACE TABLE landing.deliveries (
  contract VARCHAR, delivery_id INTEGER, form VARCHAR, file_name VARCHAR, extracted_at TIMESTAMP, extracted_from VARCHAR,
  received_at TIMESTAMP, verdict VARCHAR, message VARCHAR, rows_delivered BIGINT, rows_accepted BIGINT, rows_control BIGINT,
  rows_set_aside BIGINT, synthetic BOOLEAN, has_manifest BOOLEAN);
CREATE OR REPLACE TABLE landing.partitions (
  contract VARCHAR, delivery_id INTEGER, unit_code VARCHAR, base_period_key INTEGER, slot VARCHAR, row_count BIGINT, is_active BOOLEAN);
CREATE OR REPLACE VIEW landing.active_partitions AS
  SELECT contract, delivery_id, unit_code, base_period_key, slot FROM landing.partitions WHERE is_active;
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
"""


def write_landing(connection: Connection, project: Project, received: Received) -> None:
    """Write the whole schema for what the ledger says. The connection's default database is the build file."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing")
    _write_periods(connection, project)
    connection.execute(_TABLES)
    _write_deliveries(connection, received)
    for contract in project.contracts.values():
        _write_views(connection, project, contract, received.files.get(contract.table, []))
        _write_expected(connection, project, contract)
        _write_delivered(connection, contract)
    connection.execute(_COVERAGE)


def _write_periods(connection: Connection, project: Project) -> None:
    languages = project.vocabulary.languages
    titles = "".join(f", holiday_{language} VARCHAR" for language in languages)
    connection.execute(
        "CREATE OR REPLACE TABLE landing.periods (grain VARCHAR, period_key INTEGER, period VARCHAR, start_date DATE, end_date DATE, "
        f"day_count INTEGER, label_year INTEGER, label_position INTEGER, workday_count INTEGER{titles})"
    )
    append(connection, "landing.periods", period_columns(project.calendar, languages))


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


def _write_views(connection: Connection, project: Project, contract: Contract, files: list[str]) -> None:
    """The accepted rows in force, and the published totals in force. Types are the contract's, whatever a file holds."""
    columns = landing_columns(contract)
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
        )


def _write_expected(connection: Connection, project: Project, contract: Contract) -> None:
    """Who is expected to deliver, from when, and who need not."""
    kind = project.vocabulary.reporting_unit.member_kind
    units = [code for code, unit_kind in project.units.items() if contract.units == "all" or unit_kind == kind]
    append(connection, "expected_units", {"source": [contract.table] * len(units), "unit_code": units})
    starts = {series: project.calendar.parse(label) for series, label in contract.starts_by_series.items()}
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
        },
    )
    parse = project.calendar.parse
    spans = [(exemption.unit, parse(exemption.from_), parse(exemption.to)) for exemption in contract.exemptions]
    exempt = [(unit, first.key, last.key) for unit, first, last in spans if first is not None and last is not None]
    append(
        connection,
        "exemptions",
        {
            "source": [contract.table] * len(exempt),
            "unit_code": [unit for unit, _, _ in exempt],
            "first_key": [first for _, first, _ in exempt],
            "last_key": [last for _, _, last in exempt],
        },
    )


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
