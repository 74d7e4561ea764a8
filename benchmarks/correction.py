"""What a correction costs: one municipality-month in the demonstration, and the same beside more months of the ledger.

And a month of one municipality, all tables of all domains, from files to an answer. Everything happens in a copy of the project;
receipts and questions are commands in processes of their own, and so is dbt.
"""

from __future__ import annotations

import gzip
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

import duckdb

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
# The municipality whose inhabitants are nearest to the mean, its postings of a month, and how many people one of the demonstration
# stands for. Columns of periods, of files that bring several.
AVERAGE, POSTINGS, PEOPLE = "0580", 250_000, 200
OWN, PERIODS, WINDOWS = "own", ("periode", "indkomstaar"), "cp1252"


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

    A municipality of average size, when all others have delivered theirs. Of people the demonstration has one in two hundred, and
    of postings a fraction: the municipality's own, of all its months, are multiplied to as many as it has.
    """
    with tempfile.TemporaryDirectory() as folder:
        project = Project(copy(root, Path(folder) / "project"))
        files = demo_files(project)
        known = Project(copy(root, Path(folder) / "known"))
        receive(known, files)
        names, newest = in_force(known)
        shutil.rmtree(known.root)
        out = Path(folder) / "parts"
        parts = [part for path in files for part in (parted(path, out, path.name in newest) if path.name in names else [path])]
        own = [path for path in parts if path.parent == out / OWN]
        receive(project, [path for path in parts if path.parent != out / OWN])
        built(project)
        started, cpu = time.perf_counter(), _cpu()
        received = run_command([FLIS, "receive", *map(str, own), "--project", str(project.root)], project.root)
        report = built(project)
        answered = answer(project, "economy.service_expenditure_per_inhabitant", "2020-12")
        spent, used = time.perf_counter() - started, _cpu() - cpu
        told = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in report.seconds.items())
        with Ledger(project.ledger_path) as ledger:
            delivered = list(ledger.deliveries())[-len(own) :]
            there = sum(part.rows for table in project.contracts for part in ledger.active_partitions(table) if part.unit_code == AVERAGE)
        print(
            f"\na month of {AVERAGE}: {len({d.contract for d in delivered})} tables, {sum(d.rows_accepted for d in delivered):,} of "
            f"{sum(d.rows_delivered for d in delivered):,} rows in {len(own)} files, {there:,} rows of all its months: "
            f"{spent:.1f} s in all (aim 20; {used:.1f} cpu s, "
            f"load {os.getloadavg()[0]:.1f}): receive {received.wall:.1f} s, build {sum(report.seconds.values()):.1f} s ({told}), "
            f"{report.rows_written:,} rows written, query {answered:.1f} s"
        )


def in_force(project: Project) -> tuple[set[str], set[str]]:
    """Names of the files that have what is in force of the municipality, and of those that brought its newest base period of a table."""
    names, newest = set[str](), set[str]()
    with Ledger(project.ledger_path) as ledger:
        named = {delivery.delivery_id: delivery.file_name for delivery in ledger.deliveries()}
        for table in project.contracts:
            parts = [part for part in ledger.active_partitions(table) if part.unit_code == AVERAGE and part.slot == ""]
            last = max((part.base_period_key for part in parts), default=None)
            names |= {named[part.delivery_id] for part in parts}
            newest |= {named[part.delivery_id] for part in parts if part.base_period_key == last}
    return names, newest


def parted(path: Path, out: Path, is_newest: bool) -> list[Path]:
    """A file with as many rows of the municipality as it really has; those of the newest period in one of their own, with a manifest."""
    with duckdb.connect() as connection:
        name, header, encoding = path.name.removesuffix(".gz"), "", ""
        (out / OWN).mkdir(parents=True, exist_ok=True)
        if name.endswith(".csv"):
            data = (gzip.decompress if path != path.with_name(name) else bytes)(path.read_bytes())
            encoding = _encoding(data)
            text = data.decode(encoding)
            header = text.partition("\n")[0]
            (out / name).write_text(text, encoding="utf-8")
            connection.execute(f"CREATE TABLE rows AS FROM read_csv('{out / name}', all_varchar = true)")
        else:
            connection.execute(f"CREATE TABLE rows AS FROM '{path}'")
        columns = {column.casefold(): f'"{column}"' for (column, *_) in connection.execute("DESCRIBE rows").fetchall()}
        unit = next((column for said, column in columns.items() if said.replace("_", "") == "kommunekode"), None)
        periods = ", ".join(column for said, column in columns.items() if unit and said in PERIODS)
        is_own = f"lpad({unit}, 4, '0') = '{AVERAGE}'" if unit else "true"
        of_newest = f"{is_own} AND ({periods}) = (SELECT max(({periods})) FROM rows)" if periods else is_own
        ((count, several),) = connection.execute(
            f"SELECT count(*), {f'count(DISTINCT ({periods}))' if periods else 1} FROM rows WHERE {is_own}"
        ).fetchall()
        voucher = [column for said, column in columns.items() if said.startswith("bilagsnr")]
        person = [column for said, column in columns.items() if said in ("cpr", "personnummer")]
        times = -(-POSTINGS * several // max(count, 1)) if voucher else PEOPLE if person else 1
        if times == 1 and not is_newest:
            return [path]
        changed = [f"{column} || '-' || n AS {column}" for column in [*voucher, *(c for c in columns if c.endswith("_id"))]]
        # Other people of the same day and sex, the same ones in every file.
        changed += [
            f"left({column}, -3) || lpad(CAST((TRY_CAST(right({column}, 3) AS INTEGER) + 2 * n) % 1000 AS VARCHAR), 3, '0') AS {column}"
            for column in person
        ]
        replaced = f"REPLACE ({', '.join(changed)})" if times > 1 else ""
        every = f"SELECT * EXCLUDE (n) {replaced} FROM rows, range({times}) AS t (n) WHERE "
        others = f"SELECT * FROM rows WHERE NOT ({is_own})" if unit else ""
        wanted = {out / name: f"{every} {is_own}" + (f" UNION ALL {others}" if others else "")}
        if is_newest:
            older = f"{every} {is_own} AND NOT ({of_newest}) UNION ALL {others}" if unit else ""
            wanted = {out / OWN / name: f"{every} {of_newest}", **({out / name: older} if older else {})}
        for target, sql in wanted.items():
            kind = f"HEADER, DELIMITER '{';' if ';' in header else ','}'" if header else "FORMAT parquet"
            connection.execute(f"COPY ({sql}) TO '{target}' ({kind})")
            if encoding == WINDOWS:
                target.write_text(target.read_text(encoding="utf-8"), encoding=WINDOWS)
            manifest(path, target)
        return list(wanted)


def _encoding(data: bytes) -> str:
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return WINDOWS
    return "utf-8-sig"


def manifest(path: Path, target: Path) -> None:
    """What is said beside a file, of a part of it: nothing of its rows."""
    beside = path.with_name(f"{path.name}.manifest.json")
    if not beside.exists():
        return
    is_own = target.parent.name == OWN
    said = {name: value for name, value in json.loads(beside.read_text()).items() if name in ("extracted_at", "sequence", "synthetic")}
    if is_own and "sequence" in said and "national" in path.name:
        said["sequence"] += 1
    target.with_name(f"{target.name}.manifest.json").write_text(json.dumps(said))


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
