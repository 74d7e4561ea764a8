"""What the rules of the economy find, beside the recipes' lists of what was planted: the same cells, the same counts, nothing else."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from flis_semantic.quality import quality_report, set_aside_rows
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.integration.delivered import planted_faults

# What the report calls what becomes of a planted row; a rule lets pass what `passes`, and files and deltas are not judged by rules.
ACTIONS = {
    "set_aside": "set_aside",
    "repaired": "repair",
    "flagged": "flag",
    "counted": "flag",
    "held": "hold",
    "late": "flag",
    "missing": "flag",
}
MONTHS = [f"{year}-{month:02}" for year in (2019, 2020) for month in range(1, 13)]


class Cell(NamedTuple):
    """Where a rule finds something: `period` is a year, a month, or a side period as `2019-13`."""

    contract: str
    unit: str
    period: str
    rule: str
    action: str


@pytest.fixture(scope="module")
def planted(demo_project: Path) -> Counter[Cell]:
    """What a report without mistakes says: what the recipes planted, and every month of the municipalities that send nothing."""
    folder = demo_project / "work" / "simulated"
    cells: Counter[Cell] = Counter()
    for row in planted_faults(folder):
        if row["rule_id"].startswith("V-OKO-") and row["fate"] != "passes":
            cells[Cell(row["contract"], row["municipality"], row["period"], row["rule_id"], ACTIONS[row["fate"]])] += int(row["row_count"])
    with (demo_project / "seeds" / "municipalities.csv").open(encoding="utf-8") as file:
        members = {row["municipality_code"] for row in csv.DictReader(file) if row["unit_kind"] == "member"}
    senders = {path.name.split("_")[3] for path in folder.glob("ref_kontoplan_lokal_*[0-9].csv")}
    assert (len(members), len(senders)) == (98, 11)
    cells.update(Cell("oko_postering", unit, month, "V-OKO-10", "flag") for unit in members - senders for month in MONTHS)
    return cells


@pytest.fixture(scope="module")
def project(demo_project: Path) -> Project:
    return Project(demo_project)


def _of_the_economy(project: Project) -> list[str]:
    return [table for table, contract in project.contracts.items() if any(rule.id.startswith("V-OKO-") for rule in contract.rules)]


def _cross(project: Project) -> Iterator[tuple[Cell, int]]:
    """Findings of the build, by municipality and period."""
    connection = open_current(project.versions, project.pointer)
    for table in _of_the_economy(project):
        contract = project.contracts[table]
        if contract.cross_rules:
            monthly = contract.base_period == "month"
            for unit, key, slot, rule, action, rows in connection.execute(
                f"SELECT municipality_key, base_period_key, slot, rule_id, action, CAST(sum(row_count) AS BIGINT) FROM quality_{table} GROUP BY ALL"
            ).fetchall():
                period = f"{key // 12}-{int(slot) if slot else key % 12 + 1:02}" if monthly else str(key)
                yield Cell(table, f"{unit:04}", period, rule, action), rows
    connection.close()


def _row(project: Project) -> Iterator[tuple[Cell, int]]:
    """Rows that were set aside as they came, by whoever sent the file and the period that it is of."""
    for row in set_aside_rows(project):
        if row["contract"] in _of_the_economy(project):
            for rule in row["rule_ids"]:
                yield Cell(row["contract"], *_sent(row["file"], row["raw_row"]), rule, "set_aside"), 1


def _sent(file: str, raw_row: str) -> tuple[str, str]:
    """Municipality and month of a file of postings, by its name; of a national one the row says the municipality."""
    parts = file.split(".")[0].split("_")
    if file.startswith("finansposter_"):
        return parts[1], f"{parts[2]}-{parts[3]}"
    if parts[2] == "national":
        return json.loads(raw_row)["kommunekode"], parts[3]
    sent = date.fromisoformat(parts[3])
    assert sent.day == 5, "taken out on the fifth of the month after"
    return parts[2], f"{sent.year - (sent.month == 1)}-{(sent.month - 2) % 12 + 1:02}"


def test_the_findings_are_what_was_planted_cell_by_cell(project: Project, planted: Counter[Cell]) -> None:
    found: Counter[Cell] = Counter()
    for cell, rows in (*_cross(project), *_row(project)):
        found[cell] += rows
    assert found == planted


def test_the_report_says_so_too(project: Project, planted: Counter[Cell]) -> None:
    said: Counter[tuple[str, str, str]] = Counter()
    for row in quality_report(project).rules:
        if row["contract"] in _of_the_economy(project):
            said[row["contract"], row["rule_id"], row["action"]] += row["rows"]
    expected: Counter[tuple[str, str, str]] = Counter()
    for cell, rows in planted.items():
        expected[cell.contract, cell.rule, cell.action] += rows
    assert said == expected


def test_every_rule_of_the_build_has_something_planted_for_it(project: Project, planted: Counter[Cell]) -> None:
    rules = {(table, rule.id) for table in _of_the_economy(project) for rule in project.contracts[table].cross_rules}
    assert {f"V-OKO-{number:02}" for number in range(1, 14)} <= {cell.rule for cell in planted}
    assert rules <= {(cell.contract, cell.rule) for cell in planted}
