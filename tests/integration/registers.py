"""A project that received and built simulated registers of persons, with the truth beside it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.simulate import simulate
from flis_semantic.workspace import Project
from tests.projects import copy_project

TABLES = ("bor_borger_status", "bor_haendelse", "bor_folketal_alder")
BUILT = [
    "+quality_bor_borger_status",
    "+quality_bor_haendelse",
    "+quality_bor_folketal_alder",
    "+int_residence__spells",
    "+fct_citizen_event",
]
PERIOD = {
    "bor_folketal_alder": "base_period_key // 4 || '-Q' || base_period_key % 4 + 1",
    "bor_borger_status": "base_period_key // 12 || '-' || lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0')",
    "bor_haendelse": "base_period_key // 12 || '-' || lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0')",
}
QUARTER = "month(status_date) % 3 = 1 AND year(status_date) || '-Q' || quarter(status_date)"
# Whoever has come by a day and not gone, with what was registered by another.
KNOWN = """
SELECT status_date, person, to_municipality AS municipality FROM (
  SELECT k.status_date, e.person, e.to_municipality,
    row_number() OVER (PARTITION BY k.status_date, e.person ORDER BY e.event_date DESC) AS place
  FROM register_knowledge k JOIN events e ON e.event_date < k.status_date AND e.registered_at < k.known_before
) WHERE place = 1 AND to_municipality IS NOT NULL
"""


@dataclass(frozen=True)
class Line:
    """One project that received and built simulated registers, with their truth as tables of the connection."""

    project: Project
    folder: Path
    connection: duckdb.DuckDBPyConnection

    def planted(self, table: str) -> list[dict[str, str]]:
        """What the recipe says it planted."""
        with (self.folder / f"{table}.faults.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def spoiled(self, table: str, rule_id: str) -> set[tuple[str, str]]:
        """Municipalities and periods in which the rule has something to find, or nothing was delivered."""
        rows = [row for row in self.planted(table) if row["rule_id"] in (rule_id, "COVERAGE") and row["fate"] != "passes"]
        return {(row["municipality"], row["period"]) for row in rows}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the version and the truth."""
        return self.connection.execute(sql).fetchall()


def line_of(project: Project, connection: duckdb.DuckDBPyConnection) -> Line:
    """The line of a project that is built, its truth as views."""
    folder = project.work / "simulated"
    for path in (folder / "truth").glob("*.parquet"):
        connection.execute(f"CREATE TEMP VIEW {path.stem} AS FROM '{path}'")
    return Line(project, folder, connection)


def built_line(folder: Path, seed: int, scale: float, *, faults: bool) -> Line:
    """Simulate, receive and build what the tests of registers ask for."""
    project = Project(copy_project(folder))
    out = project.work / "simulated"
    files = [file for table in TABLES for file in simulate(project, table, out=out, seed=seed, scale=scale, faults=faults)]
    report = receive(project, [file.path for file in files if file.damage is None])
    assert report.exit_code == 0, [str(result) for result in report.results if result.exit_code]
    built = build(project, select=BUILT)
    assert built.exit_code == 0, built.lines
    return line_of(project, duckdb.connect(str(project.build_file), read_only=True))
