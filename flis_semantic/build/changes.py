"""What changed in the landing zone since the version that a build begins from: `landing.changes`, and which of its tables.

Everything that a partition's rows follow from is compared, not when or how it came: which deliveries and which rows of deltas are
in force, what was expected and decided, how far sources reach. So the order of deliveries does not matter, and a version
of an earlier day is begun from a later one as well as the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable

from flis_semantic.warehouse import Connection, append, quoted
from flis_semantic.workspace import Project

BEFORE = "before"
"""Database name of the version that a build begins from, while its landing zone is compared."""

CONTENTS = """
CREATE OR REPLACE TABLE landing.contents AS
WITH rows AS (
  SELECT p.contract, p.unit_code, p.base_period_key, p.slot, hash('full', p.delivery_id, p.row_count, d.rows_accepted) AS digest
  FROM landing.partitions p JOIN landing.deliveries d USING (delivery_id) WHERE p.is_active
  UNION ALL
  SELECT contract, unit_code, base_period_key, slot, hash('replaced', delivery_id, line_number) FROM landing.replaced_rows
  UNION ALL
  SELECT a.contract, a.unit_code, a.base_period_key, a.slot, hash('applied', a.delivery_id, a.line_number, d.rows_accepted)
  FROM landing.applied_rows a JOIN landing.deliveries d USING (delivery_id))
SELECT contract, unit_code, base_period_key, slot, sum(CAST(digest AS HUGEINT)) AS digest FROM rows GROUP BY ALL
ORDER BY ALL;
"""
"""Per contract and partition what is in force there. What is neither a full delivery nor a row of a delta is nothing."""

_CHANGES = """
CREATE OR REPLACE TABLE landing.changes (node VARCHAR, part VARCHAR, unit_key {unit_type}, first_day DATE, last_day DATE);
CREATE OR REPLACE TEMP TABLE changed_nodes (node VARCHAR);
"""

# Places of rows that are on one side only. `part` is the source; a unit that the unit model does not have is every unit.
_BY_PERIOD = """
CREATE OR REPLACE TEMP TABLE differing AS
SELECT {source} AS source, {unit} AS unit_code, {first} AS first_key, {last} AS last_key FROM (
  (FROM landing.{table} EXCEPT ALL FROM before.landing.{table}) UNION ALL (FROM before.landing.{table} EXCEPT ALL FROM landing.{table}))
GROUP BY ALL;
"""
_PLACES = """
INSERT INTO landing.changes
SELECT DISTINCT {node}, d.source, u.unit_key, f.start_date, l.end_date
FROM differing d
LEFT JOIN landing.unit_keys u ON u.unit_code = d.unit_code
LEFT JOIN base_grains g ON g.source = d.source
LEFT JOIN landing.periods f ON f.grain = g.base_grain AND f.period_key = d.first_key
LEFT JOIN landing.periods l ON l.grain = g.base_grain AND l.period_key = d.last_key;
"""
_MARK = "INSERT INTO changed_nodes SELECT {node} FROM differing HAVING count(*) > 0;"

_TABLES = {
    "coverage": ("source", "unit_code", "base_period_key", "base_period_key"),
    "partitions": ("contract", "unit_code", "base_period_key", "base_period_key"),
    "waiting_deltas": ("contract", "unit_code", "base_period_key", "base_period_key"),
    "unmatched_deletes": ("contract", "unit_code", "base_period_key", "base_period_key"),
    "decisions": ("contract", "unit_code", "first_key", "last_key"),
}
"""Tables of the schema whose rows have a unit and base periods of a source: columns of source, unit, first and last key."""

# What is said of a delivery is about the partitions that it has rows in; of one that was refused it is about none.
_DELIVERIES = """
CREATE OR REPLACE TEMP TABLE differing AS
SELECT DISTINCT d.delivery_id FROM (
  (FROM landing.{table} EXCEPT ALL FROM before.landing.{table}) UNION ALL (FROM before.landing.{table} EXCEPT ALL FROM landing.{table})) d;
INSERT INTO changed_nodes SELECT 'landing.{table}' FROM differing HAVING count(*) > 0;
CREATE OR REPLACE TEMP TABLE differing AS
SELECT DISTINCT p.contract AS source, p.unit_code, p.base_period_key AS first_key, p.base_period_key AS last_key
FROM differing d JOIN (FROM landing.partitions UNION ALL FROM before.landing.partitions) p USING (delivery_id);
"""

# Where a source begins and at which grain is about all of it; how far it reaches is about the days by which it moved; what else
# is said of it, as when it was extracted, is about no day.
_REACH = """
CREATE OR REPLACE TEMP TABLE differing AS
SELECT coalesce(n.source, o.source) AS source, {unit} AS unit_code, {whole} AS is_whole,
       n.data_to IS NOT DISTINCT FROM o.data_to AND n.due_from IS NOT DISTINCT FROM o.due_from AS stays,
       least(n.data_to, o.data_to, n.due_from, o.due_from) AS first_day, greatest(n.data_to, o.data_to, n.due_to, o.due_to) AS last_day
FROM ({now}) n FULL JOIN ({before}) o ON o.source = n.source AND o.series = n.series AND {same_unit}
WHERE n IS DISTINCT FROM o;
INSERT INTO changed_nodes SELECT 'landing.{table}' FROM differing HAVING count(*) > 0;
INSERT INTO landing.changes
SELECT DISTINCT 'landing.{table}', d.source, u.unit_key, CASE WHEN NOT is_whole THEN first_day END, CASE WHEN NOT is_whole THEN last_day END
FROM differing d LEFT JOIN landing.unit_keys u ON u.unit_code = d.unit_code
WHERE is_whole OR NOT stays;
"""
_STATUS = """
SELECT s.*, coalesce(p.start_date, s.starts_date) AS due_from, coalesce(p.end_date, s.starts_date) AS due_to
FROM {database}landing.source_status s
LEFT JOIN landing.periods p ON p.grain = s.base_grain AND p.period_key = s.due_key
"""
_DATA_TO = "SELECT *, CAST(NULL AS DATE) AS due_from, CAST(NULL AS DATE) AS due_to FROM {database}landing.data_to"


def write_changes(connection: Connection, project: Project, unit_model: str, redefined: Iterable[str]) -> set[str]:
    """Compare the schema `landing` with that of the version attached as `before`, and write landing.changes.

    Args:
        connection: to the build file, with both.
        project: whose contracts and units they are.
        unit_model: relation of the reporting units, as the version has it.
        redefined: contracts whose text changed: all their rows may be others.

    Returns:
        `landing.<table>` of every table that differs, also where no unit and period can be named for it.
    """
    _write_keys(connection, project, unit_model)
    for table, (source, unit, first, last) in _TABLES.items():
        names = ("landing.partitions", "landing.active_partitions") if table == "partitions" else (f"landing.{table}",)
        connection.execute(_BY_PERIOD.format(table=table, source=source, unit=unit, first=first, last=last))
        for name in names:
            connection.execute(_MARK.format(node=quoted(name)) + _PLACES.format(node=quoted(name)))
    for table in ("deliveries", "row_outcomes"):
        connection.execute(_DELIVERIES.format(table=table) + _PLACES.format(node=quoted(f"landing.{table}")))
    _write_reach(connection)
    _write_contents(connection, redefined)
    return {str(name) for (name,) in connection.execute("FROM changed_nodes").fetchall()}


def _write_keys(connection: Connection, project: Project, unit_model: str) -> None:
    unit = project.vocabulary.reporting_unit
    columns = f'SELECT DISTINCT "{unit.base.code}" AS unit_code, "{unit.key}" AS unit_key'
    connection.execute(f"CREATE OR REPLACE TABLE landing.unit_keys AS {columns} FROM {unit_model}")
    unit_type = connection.execute("SELECT typeof(unit_key) FROM landing.unit_keys LIMIT 1").fetchall()
    connection.execute(_CHANGES.format(unit_type=unit_type[0][0] if unit_type else "VARCHAR"))
    connection.execute("CREATE OR REPLACE TEMP TABLE base_grains (source VARCHAR, base_grain VARCHAR, redefined BOOLEAN)")
    contracts = project.contracts.values()
    append(connection, "base_grains", {"source": [c.table for c in contracts], "base_grain": [c.base_period for c in contracts]})
    connection.execute("CREATE OR REPLACE TEMP TABLE units_of_project (unit_code VARCHAR)")
    append(connection, "units_of_project", {"unit_code": list(project.units)})


def _write_reach(connection: Connection) -> None:
    connection.execute(
        _REACH.format(
            table="source_status",
            unit="CAST(NULL AS VARCHAR)",
            whole="(n.base_grain, n.starts_key, n.starts_date) IS DISTINCT FROM (o.base_grain, o.starts_key, o.starts_date)",
            now=_STATUS.format(database=""),
            before=_STATUS.format(database="before."),
            same_unit="true",
        )
    )
    connection.execute(
        _REACH.format(
            table="data_to",
            unit="coalesce(n.unit_code, o.unit_code)",
            whole="false",
            now=_DATA_TO.format(database=""),
            before=_DATA_TO.format(database="before."),
            same_unit="o.unit_code = n.unit_code",
        )
    )


def _write_contents(connection: Connection, redefined: Iterable[str]) -> None:
    """Rows of the contracts' own tables. What is about no unit of the project is a published total."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE differing AS SELECT contract AS source, unit_code, base_period_key AS first_key, "
        "base_period_key AS last_key, unit_code IN (FROM units_of_project) AS is_unit FROM landing.contents n "
        "FULL JOIN before.landing.contents o USING (contract, unit_code, base_period_key, slot) "
        "WHERE n.digest IS DISTINCT FROM o.digest GROUP BY ALL"
    )
    name = "'landing.' || d.source || CASE WHEN d.is_unit THEN '' ELSE '__controls' END"
    connection.execute(f"INSERT INTO changed_nodes SELECT DISTINCT {name} FROM differing d")  # noqa: S608
    connection.execute(_PLACES.format(node=name).replace("d.source, u.unit_key", "NULL, u.unit_key"))
    for table in redefined:
        for node in (f"landing.{table}", f"landing.{table}__controls"):
            connection.execute("INSERT INTO changed_nodes VALUES (?)", [node])
            connection.execute("INSERT INTO landing.changes (node) VALUES (?)", [node])
