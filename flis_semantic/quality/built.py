"""What the current version says about quality: the chain, findings of cross rules, deltas that wait, published controls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flis_semantic import warehouse
from flis_semantic.warehouse import Connection
from flis_semantic.workspace import Project

_Rows = list[dict[str, Any]]

_GAPS = """
SELECT contract, stream, missing_from, missing_to, count(DISTINCT delivery_id) AS waiting_deltas,
       CAST(sum(row_count) AS BIGINT) AS waiting_rows
FROM landing.waiting_deltas GROUP BY ALL ORDER BY ALL
"""
_DELETES = """
SELECT delivery_id, contract, line_number, unit_code AS unit FROM landing.unmatched_deletes ORDER BY ALL
"""
_CONTROLS = """
SELECT c.source, c.series, c.source_category AS category, c.area_level, p.period, c.published_value, c.computed_value,
       c.difference, c.relative_difference_pct, c.member_count, c.is_within_tolerance
FROM quality_controls AS c
LEFT JOIN (SELECT DISTINCT source, series, base_grain FROM source_status) AS s ON s.source = c.source AND s.series = c.series
LEFT JOIN dim_period AS p ON p.grain = s.base_grain AND p.period_key = c.base_period_key
ORDER BY c.source, c.series, c.source_category, c.base_period_key
"""


@dataclass
class Built:
    """Rows of the parts. `stages`: delivery id → stage of the chain → rows; `notes`: parts that the project has no model for."""

    stages: dict[int, dict[str, int]] = field(default_factory=dict[int, dict[str, int]])
    cross: _Rows = field(default_factory=_Rows)
    gaps: _Rows = field(default_factory=_Rows)
    deletes: _Rows = field(default_factory=_Rows)
    controls: _Rows = field(default_factory=_Rows)
    notes: list[str] = field(default_factory=list[str])


def read_built(project: Project) -> Built:
    """Read the current version.

    Raises:
        WarehouseError: nothing was built yet, or the file cannot be read.
    """
    built = Built()
    connection = warehouse.open_current(project.versions, project.pointer)
    try:
        present = {name for (name,) in connection.sql("SELECT table_name FROM information_schema.tables").fetchall()}
        if "quality_chain" in present:
            for delivery_id, stage, rows in connection.sql("SELECT delivery_id, stage, rows FROM quality_chain").fetchall():
                built.stages.setdefault(delivery_id, {})[stage] = rows
        else:
            built.notes.append("The chain from landing to marts was not checked: the project has no model quality_chain.")
        for table, contract in project.contracts.items():
            if contract.cross_rules and f"quality_{table}" in present:
                built.cross += _cross(connection, table)
            elif contract.cross_rules:
                built.notes.append(f"The rules of {table} across tables were not checked: the project has no model quality_{table}.")
        if "waiting_deltas" in present:
            built.gaps, built.deletes = _rows(connection, _GAPS), _rows(connection, _DELETES)
        if "quality_controls" in present:
            built.controls = _rows(connection, _CONTROLS)
    finally:
        connection.close()
    return built


def cross_hits(project: Project) -> _Rows:
    """Findings of cross rules in the current version, by delivery, rule, action and the unit they are about (None where they say none).

    Raises:
        WarehouseError: the version cannot be read.
    """
    unit = project.vocabulary.reporting_unit
    found: _Rows = []
    connection = warehouse.open_current(project.versions, project.pointer)
    try:
        for table, contract in project.contracts.items():
            columns = connection.sql(
                "SELECT column_name FROM information_schema.columns WHERE table_name = $name", params={"name": f"quality_{table}"}
            )
            named = {name for (name,) in columns.fetchall()}
            if not contract.cross_rules or not named:
                continue
            # Names of the vocabulary, checked as identifiers when it was loaded.
            code = f'(SELECT min(u."{unit.base.code}") FROM "{unit.model}" u WHERE u."{unit.key}" = q."{unit.key}")'  # noqa: S608
            found += _rows(
                connection,
                f"SELECT delivery_id, contract, rule_id, action, {code if unit.key in named else 'NULL'} AS unit, "  # noqa: S608
                f'CAST(sum(coalesce(row_count, 1)) AS BIGINT) AS rows FROM "quality_{table}" q WHERE delivery_id IS NOT NULL '
                "GROUP BY ALL ORDER BY ALL",
            )
    finally:
        connection.close()
    return found


def _cross(connection: Connection, table: str) -> _Rows:
    """Hits by delivery and rule. A finding may be about several rows."""
    sql = f"""
    SELECT delivery_id, contract, 'cross' AS stage, rule_id, action, CAST(sum(coalesce(row_count, 1)) AS BIGINT) AS rows
    FROM "quality_{table}" GROUP BY ALL ORDER BY delivery_id, rule_id, action
    """  # noqa: S608 - a contract's table is an identifier
    return _rows(connection, sql)


def _rows(connection: Connection, sql: str) -> _Rows:
    relation = connection.sql(sql)
    columns = list(relation.columns)
    return [dict(zip(columns, row, strict=True)) for row in relation.fetchall()]
