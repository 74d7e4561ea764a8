"""What a correction costs: one municipality-month in the demonstration, and the same beside more months of the ledger.

And a month of one municipality, all tables of all domains, from files to an answer. Everything happens in a copy of the project;
receipts and questions are commands in processes of their own, and so is dbt.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.line import FLIS, copy
from benchmarks.line import run as run_command
from flis_semantic.build import BuildReport, build
from flis_semantic.contracts.landing import landing_columns
from flis_semantic.delivery.receive import receive
from flis_semantic.ledger import Ledger
from flis_semantic.simulate.demo import load_demo
from flis_semantic.warehouse import open_current
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
LEDGER, LEDGER_MONTHS, FIRST = "oko_postering", 24, 2019 * 12
TIMES = (1, 2, 4)
# Postings of a month: in the demonstration a fraction of those that a municipality has. And the column that tells vouchers apart.
POSTINGS, VOUCHER = 250_000, "bilagsnr"


def run(root: Path, runs: int) -> None:  # noqa: ARG001 - one run is long enough
    """One correction after the other, then the ledger's with more months kept. Aim: 15 s, and no more rows read or written."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(copy(root, Path(folder) / "project"))
        receive(project, demo_files(project))
        print(
            f"\n{'months':>6} {'corrected':<20} {'in all':>7} {'cpu':>6} {'build':>6} {'query':>6} {'load':>5} "
            f"{'scanned':>12} {'read':>10} {'written':>10} {'models':>7}  of the build"
        )
        for times in TIMES:
            repeat_ledger(project, times)
            full = built(project, full=True)
            for table in CORRECTIONS if times == 1 else (LEDGER,):
                print(f"{times * LEDGER_MONTHS:>6} {table:<20} {corrected(project, table)}", flush=True)
            print(f"{times * LEDGER_MONTHS:>6} {'everything':<20} {sum(full.seconds.values()):7.1f}", flush=True)


def corrected(project: Project, table: str) -> str:
    """The municipality's month of a table comes again: the cells of what it took."""
    month, figure, label = CORRECTIONS[table]
    correct(project, table, month)
    started, cpu = time.time(), _cpu()
    report = built(project)
    used = _cpu() - cpu
    told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
    answered = answer(project, figure, label)
    spent = sum(report.seconds.values())
    rewritten = [node for node in report.rewritten if node.name.startswith(("fct_", "kf_")) and node.rows_written]
    written = sum(node.rows_written for node in rewritten)
    scanned, read = rows_read(project, started)
    cells = (
        f"{spent + answered:7.1f} {used:6.1f} {spent:6.1f} {answered:6.1f} {os.getloadavg()[0]:5.1f} {scanned:12,} {read:10,} {written:10,}"
    )
    return f"{cells} {len(rewritten):7}  {told}"


def rows_read(project: Project, since: float) -> tuple[int, int]:
    """Rows of marts and key-figure tables that were scanned for the key-figure tables computed since then, and those that were used.

    Their text, as it was compiled, is run again against the version that came of it, and the engine counts: what it scanned are the
    rows of every block that it could not leave out.
    """
    texts = [path for path in (project.work / "target" / "compiled").rglob("kf_*.sql") if path.stat().st_mtime >= since]
    profile = project.work / "profile.json"
    connection = open_current(project.versions, project.pointer)
    try:
        connection.execute(f"PRAGMA enable_profiling = 'json'; SET profiling_output = '{profile}'")
        scanned = used = 0
        for path in texts:
            connection.execute(path.read_text(encoding="utf-8")).fetchall()
            for scan in _scans(json.loads(profile.read_text(encoding="utf-8"))["operator"]):
                scanned, used = scanned + int(scan["rows_scanned"]), used + int(scan["intermediate_rows"])
        return scanned, used
    finally:
        connection.close()


def _scans(operators: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The scans of marts and key-figure tables among operators and those below them."""
    for operator in operators:
        table = str(operator["extra_info"].get("Table", "")).rpartition(".")[2]
        if table.startswith(("fct_", "kf_")):
            yield operator
        yield from _scans(operator.get("children", []))


def month(root: Path, runs: int) -> None:  # noqa: ARG001 - likewise
    """What brought the newest month (quarter, year) of one municipality, received, built and asked. Aim: 20 s.

    Where a table comes from somebody who delivers for everybody, it is their file. The people are the demonstration's one in two
    hundred, so a month of them of all municipalities is as many rows as one municipality really has; the municipality's own postings
    are multiplied to as many.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Project(copy(root, Path(folder) / "project"))
        files = demo_files(project)
        known = Project(copy(root, Path(folder) / "known"))
        receive(known, files)
        names = newest(known)
        shutil.rmtree(known.root)
        last = [multiplied(path, Path(folder)) for path in files if path.name in names]
        receive(project, [path for path in files if path.name not in names])
        built(project)
        started, cpu = time.perf_counter(), _cpu()
        received = run_command([FLIS, "receive", *map(str, last), "--project", str(project.root)], project.root)
        report = built(project)
        answered = answer(project, "economy.service_expenditure_per_inhabitant", "2020-12")
        spent, used = time.perf_counter() - started, _cpu() - cpu
        told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
        with Ledger(project.ledger_path) as ledger:
            delivered = [delivery for delivery in ledger.deliveries() if delivery.file_name in names]
        print(
            f"\na month of {UNIT}: {len({d.contract for d in delivered})} tables, {sum(d.rows_accepted for d in delivered):,} rows in "
            f"{len(last)} files: {spent:.1f} s in all (aim 20; {used:.1f} cpu s, load {os.getloadavg()[0]:.1f}): receive "
            f"{received.wall:.1f} s, build {sum(report.seconds.values()):.1f} s ({told}), {report.rows_written:,} rows written, "
            f"query {answered:.1f} s"
        )


def newest(project: Project) -> set[str]:
    """Names of the files that brought what is in force of the municipality's newest base period, a table after the other."""
    names: set[str] = set()
    with Ledger(project.ledger_path) as ledger:
        named = {delivery.delivery_id: delivery.file_name for delivery in ledger.deliveries()}
        for table in project.contracts:
            parts = [part for part in ledger.active_partitions(table) if part.unit_code == UNIT and part.slot == ""]
            last = max((part.base_period_key for part in parts), default=None)
            names |= {named[part.delivery_id] for part in parts if part.base_period_key == last}
    return names


def multiplied(path: Path, folder: Path) -> Path:
    """A file of postings with as many as a municipality has; any other one as it is."""
    header, *rows = path.read_bytes().splitlines() if path.suffix == ".csv" and UNIT in path.name else [b""]
    columns = header.decode().split(";")
    if VOUCHER not in columns or not rows:
        return path
    place, out = columns.index(VOUCHER), folder / path.name
    split = [row.split(b";") for row in rows]
    with out.open("wb") as file:
        file.write(header + b"\n")
        for number in range(-(-POSTINGS // len(rows))):
            for cells in split:
                file.write(b";".join([*cells[:place], b"%s%d" % (cells[place], number), *cells[place + 1 :]]) + b"\n")
    return out


def demo_files(project: Project) -> list[Path]:
    """What the demonstration receives: published files where they are, and what the recipes write."""
    os.environ.setdefault("FLIS_PSEUDONYM_KEY", "a key for benchmarks, as long as it has to be")
    return load_demo(project).deliveries(project, project.work / "simulated")


def built(project: Project, *, full: bool = False) -> BuildReport:
    """Build what changed; a build that fails ends the benchmark."""
    report = build(project, full=full)
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
    """Have the ledger's months so many times: the same rows by whole years later, a delivery for each two years."""
    contract = project.contracts[LEDGER]
    dates = [name for name, kind in landing_columns(contract).items() if kind == "DATE"]
    year = next(name for name, column in contract.columns.items() if column.type == "integer" and "aar" in name)
    with Ledger(project.ledger_path) as ledger:
        there = {part.base_period_key for part in ledger.active_partitions(LEDGER)}
    step = LEDGER_MONTHS // 12
    for later in range(step, step * times, step):
        if FIRST + 12 * later in there:
            continue
        moved = [f'CAST("{name}" + INTERVAL {later} YEAR AS DATE) AS "{name}"' for name in dates]
        moved += [f'"{year}" + {later} AS "{year}"', f"base_period_key + {12 * later} AS base_period_key"]
        # Lines of many files, in one.
        moved.append("row_number() OVER () AS line_number")
        rows = _rows(project, LEDGER, project.units, range(FIRST, FIRST + LEDGER_MONTHS))
        # After the last of these months.
        extracted = datetime(FIRST // 12 + later + step, 2, 1)
        Landing(project).land(LEDGER, f"SELECT * REPLACE ({', '.join(moved)}) FROM ({rows})", extracted_at=extracted, synthetic=True)


def _cpu() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


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
