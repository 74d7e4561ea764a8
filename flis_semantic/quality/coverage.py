"""How complete the sources are: expected base periods against what was delivered, and what was decided."""

from __future__ import annotations

from typing import Any

from flis_semantic import warehouse
from flis_semantic.errors import RequestError, WarehouseError, suggestion
from flis_semantic.quality.decisions import COLUMNS, decision_rows
from flis_semantic.workspace import Project

Rows = tuple[list[str], list[tuple[Any, ...]]]

_COVERAGE = """
SELECT s.source, s.series, first.period AS starts, last.period AS latest, s.data_to,
       COUNT(c.state) AS expected,
       COUNT(*) FILTER (WHERE c.state IN ('delivered', 'provisional', 'approved', 'reported_by_other')) AS delivered,
       COUNT(*) FILTER (WHERE c.state = 'provisional') AS provisional,
       COUNT(*) FILTER (WHERE c.state = 'approved') AS approved,
       COUNT(*) FILTER (WHERE c.state = 'missing') AS missing,
       COUNT(*) FILTER (WHERE c.state = 'exempt') AS exempt,
       COUNT(*) FILTER (WHERE c.state = 'held') AS held,
       s.synthetic
FROM source_status AS s
LEFT JOIN coverage AS c ON c.source = s.source AND c.series = s.series
LEFT JOIN dim_period AS first ON first.grain = s.base_grain AND first.period_key = s.starts_key
LEFT JOIN dim_period AS last ON last.grain = s.base_grain AND last.period_key = s.due_key
WHERE $source IS NULL OR s.source = $source
GROUP BY ALL
ORDER BY s.source, s.series
"""


def coverage_rows(project: Project, source: str | None = None) -> Rows:
    """A row per source and series: unit × base periods expected, delivered (also provisional, approved), missing, exempt, held.

    Raises:
        RequestError: no contract has that name.
        WarehouseError: nothing was built yet.
    """
    return _rows(project, _COVERAGE, source)


def missing_rows(project: Project, source: str | None = None) -> Rows:
    """A row per unit × base period that was expected and is not there, or is held, with why and when it was due."""
    unit = project.vocabulary.reporting_unit
    # Names of the vocabulary, checked as identifiers when it was loaded.
    code, key = unit.base.code, unit.key
    sql = f"""
    SELECT c.source, c.series, u.code AS unit, p.period, c.state, c.state_reason AS reason, c.due_date
    FROM coverage AS c
    JOIN (SELECT DISTINCT "{key}" AS key, "{code}" AS code FROM "{unit.model}") AS u ON u.key = c."{key}"
    JOIN (SELECT DISTINCT source, series, base_grain FROM source_status) AS s ON s.source = c.source AND s.series = c.series
    JOIN dim_period AS p ON p.grain = s.base_grain AND p.period_key = c.base_period_key
    WHERE c.state IN ('missing', 'held') AND ($source IS NULL OR c.source = $source)
    ORDER BY c.source, c.series, c.base_period_key, u.code
    """  # noqa: S608
    return _rows(project, sql, source)


def decided_rows(project: Project, source: str | None = None) -> Rows:
    """The register of decisions, oldest first.

    Raises:
        RequestError: no contract has that name.
    """
    _check(project, source)
    return list(COLUMNS), [tuple(row[name] for name in COLUMNS) for row in decision_rows(project, source)]


def _check(project: Project, source: str | None) -> None:
    if source is not None and source not in project.contracts:
        raise RequestError(f"There is no source '{source}'.", hint=suggestion(source, project.contracts), code="unknown_source")


def _rows(project: Project, sql: str, source: str | None) -> Rows:
    _check(project, source)
    connection = warehouse.open_current(project.versions, project.pointer)
    try:
        relation = connection.sql(sql, params={"source": source})
        return list(relation.columns), relation.fetchall()
    except warehouse.Error as error:
        # The SQL is ours, so it is the version that is not: one of before a column was there.
        raise WarehouseError(
            "The current version was built by another flis and lacks what coverage reads.",
            where=str(project.pointer),
            hint="Run `flis build`.",
            code="version_of_another_flis",
        ) from error
    finally:
        connection.close()
