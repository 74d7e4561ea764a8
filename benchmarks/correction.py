"""What a correction costs: one municipality-month in the demonstration, and the same beside more months of the ledger.

And a month of one municipality, all the tables that it delivers itself, from files to an answer. Everything happens in a copy of
the project; builds and receipts are commands in processes of their own.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.line import FLIS, copy
from benchmarks.line import run as run_command
from flis_semantic.build import BuildReport, build
from flis_semantic.contracts.landing import landing_columns
from flis_semantic.delivery.receive import receive
from flis_semantic.ledger import Ledger
from flis_semantic.simulate.demo import load_demo
from flis_semantic.workspace import Project
from tests.integration.landed import Landing

UNIT = "0751"
# The table, the month (a key) that comes once more, and what is asked afterwards.
CORRECTIONS = {
    "oko_postering": (2020 * 12 + 7, "economy.service_expenditure_per_inhabitant", "2020-08"),
    "bes_ydelsesforloeb": (2025 * 12 + 7, "employment.public_support_share", "2025-08"),
    "bes_job": (2025 * 12 + 7, "employment.in_job_or_upgraded_after_3_months_share", "2025-08"),
    "bor_haendelse": (2025 * 12 + 7, "citizens.live_births", "2025-08"),
    "bor_borger_status": (2025 * 12 + 7, "citizens.median_age", "2025-08"),
}
LEDGER, LEDGER_MONTHS = "oko_postering", 24
TIMES = (1, 3)
LAST_MONTHS = {"oko": "2020-12"}
LAST_MONTH = "2025-12"


def run(root: Path, runs: int) -> None:  # noqa: ARG001 - one run is long enough
    """One correction after the other, then the same with more months of the ledger kept. Aim: 15 s, and no more rows written."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(copy(root, Path(folder) / "project"))
        receive(project, demo_files(project))
        print(
            f"\n{'months':>6} {'corrected':<20} {'in all':>7} {'build':>6} {'query':>6}  {'rows written':>12} {'models':>7}  of the build"
        )
        for times in TIMES:
            repeat_ledger(project, times)
            full = build(project, full=True)
            for table, (month, figure, label) in CORRECTIONS.items():
                correct(project, table, month)
                report = built(project)
                told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
                answered = answer(project, figure, label)
                spent = sum(report.seconds.values())
                rewritten = [node for node in report.rewritten if node.name.startswith(("fct_", "kf_")) and node.rows_written]
                rows = sum(node.rows_written for node in rewritten)
                cells = f"{spent + answered:7.1f} {spent:6.1f} {answered:6.1f} {rows:12,} {len(rewritten):6}"
                print(f"{times * LEDGER_MONTHS:>6} {table:<20} {cells}  {told}", flush=True)
            print(f"{times * LEDGER_MONTHS:>6} {'everything':<20} {sum(full.seconds.values()):7.1f}", flush=True)


def month(root: Path, runs: int) -> None:  # noqa: ARG001 - likewise
    """The files of one municipality's last month, received, built and asked. Aim: 20 s."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(copy(root, Path(folder) / "project"))
        files = demo_files(project)
        last = [path for path in files if f"_{UNIT}_" in path.name and LAST_MONTHS.get(path.name.split("_")[0], LAST_MONTH) in path.name]
        receive(project, [path for path in files if path not in last])
        built(project)
        started = time.perf_counter()
        received = run_command([FLIS, "receive", *map(str, last), "--project", str(project.root)], project.root)
        report = built(project)
        answered = answer(project, "employment.public_support_share", LAST_MONTH)
        told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
        print(
            f"\na month of {UNIT}, {len(last)} files: {time.perf_counter() - started:.1f} s in all (aim 20): "
            f"receive {received.wall:.1f} s, build {sum(report.seconds.values()):.1f} s ({told}), query {answered:.1f} s"
        )


def demo_files(project: Project) -> list[Path]:
    """What the demonstration receives: published files where they are, and what the recipes write."""
    os.environ.setdefault("FLIS_PSEUDONYM_KEY", "a key for benchmarks, as long as it has to be")
    return load_demo(project).deliveries(project, project.work / "simulated")


def built(project: Project) -> BuildReport:
    """Build what changed; a build that fails ends the benchmark."""
    report = build(project)
    if report.exit_code != 0:
        raise SystemExit("\n".join(report.lines))
    return report


def answer(project: Project, figure: str, label: str) -> float:
    """Seconds until a key figure of the municipality is answered, by a process of its own."""
    ends = ["--grain", "month" if figure.startswith("e") else "year", "--from", label, "--to", label]
    if not figure.startswith("e"):
        ends = ["--grain", "year", "--from", label[:4], "--to", label[:4]]
    return run_command([FLIS, "query", figure, "--by", "municipality", *ends, "--project", str(project.root)], project.root).wall


def correct(project: Project, table: str, month_key: int) -> None:
    """The rows of the municipality's month once more, but for every seventh."""
    rows = _rows(project, table, [UNIT], [month_key])
    now = datetime.now(UTC).replace(tzinfo=None)
    kept = f"FROM ({rows}) WHERE line_number % 7 <> 0"
    Landing(project).land(table, kept, extracted_at=now, synthetic=True, named=[(UNIT, month_key, "")])


def repeat_ledger(project: Project, times: int) -> None:
    """Have the ledger's months so many times: the same rows, by whole years later."""
    years = LEDGER_MONTHS // 12 * (times - 1)
    if not years:
        return
    contract = project.contracts[LEDGER]
    dates = [name for name, kind in landing_columns(contract).items() if kind == "DATE"]
    moved = [f'CAST("{name}" + INTERVAL {{years}} YEAR AS DATE) AS "{name}"' for name in dates]
    year = next(name for name, column in contract.columns.items() if column.type == "integer" and "aar" in name)
    for later in range(LEDGER_MONTHS // 12, years + 1, LEDGER_MONTHS // 12):
        replaced = [*(part.format(years=later) for part in moved), f'"{year}" + {later} AS "{year}"']
        rows = _rows(project, LEDGER, project.units, range(2019 * 12, 2021 * 12))
        select = f"SELECT * REPLACE (base_period_key + {12 * later} AS base_period_key, {', '.join(replaced)}) FROM ({rows})"
        Landing(project).land(LEDGER, select, extracted_at=datetime(2026, 1, 1), synthetic=True)


def _rows(project: Project, table: str, units: Iterable[str], keys: Iterable[int]) -> str:
    """SELECT of the rows in force of these units and base periods."""
    asked = {*units}, {*keys}
    with Ledger(project.ledger_path) as ledger:
        parts = [p for p in ledger.active_partitions(table) if p.unit_code in asked[0] and p.base_period_key in asked[1]]
        files = ledger.files_of({part.delivery_id for part in parts})
    listed = ", ".join(f"'{project.landing / table / file}'" for file in files)
    places = ", ".join(f"({p.delivery_id}, '{p.unit_code}', {p.base_period_key}, '{p.slot}')" for p in parts)
    there = f"(delivery_id, unit_code, base_period_key, coalesce(slot, '')) IN (VALUES {places})"
    return f"SELECT * FROM read_parquet([{listed}], union_by_name = true) WHERE {there}"
