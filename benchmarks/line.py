"""The line at volume: the demonstration, receiving by the megabyte and by the small file, and growth from 1 to 10 to 50 million.

Every step is a command in a process of its own, in a copy of the project without any state; memory is the largest of that
process and its children.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

FLIS = str(Path(sys.executable).with_name("flis"))
TABLE = "oko_postering"
POSTINGS_AT_SCALE_1 = 3_130_000
MEGABYTE = 1_000_000
UNITS, MONTHS = 98, 13
DEFINITIONS = (
    *("catalogue", "contracts", "models", "macros", "seeds", "simulation", "cube_schema", "tests/dbt", "flis_semantic/project"),
    *("dbt_project.yml", "profiles.yml", "packages.yml"),
)
SIMULATE = """
import sys
from pathlib import Path
from flis_semantic.simulate.run import simulate
from flis_semantic.workspace import Project
simulate(Project(Path(sys.argv[1])), sys.argv[2], out=Path(sys.argv[3]), scale=float(sys.argv[4]), faults=False)
"""


@dataclass(frozen=True)
class Step:
    """What one command took: seconds by the clock, processor seconds, and its largest memory in MB."""

    wall: float
    cpu: float
    memory: float


def demo(root: Path, runs: int) -> None:  # noqa: ARG001 - one run is long enough
    """`flis demo` from nothing, once. Aims: under 180 s and 2 GB."""
    with tempfile.TemporaryDirectory() as folder:
        project = copy(root, Path(folder))
        step = run([FLIS, "demo", "--project", str(project)], project)
    print(f"\nflis demo from nothing: {step.wall:.0f} s (aim 180), {step.cpu:.0f} cpu s, {step.memory:,.0f} MB (aim 2,000)")


def receive(root: Path, runs: int) -> None:
    """Megabytes of CSV per processor second over the whole path, and the cost of a small delivery. Aims: 15 MB, 2 ms."""
    with tempfile.TemporaryDirectory() as folder:
        project = copy(root, Path(folder) / "project")
        files = Path(folder) / "files"
        run([sys.executable, "-c", SIMULATE, str(project), TABLE, str(files), "1"], project)
        only_csv(files)
        size = sum(path.stat().st_size for path in files.iterdir()) / MEGABYTE
        small = small_files(project, files, Path(folder) / "small")
        found: list[tuple[float, float]] = []
        for _ in range(max(1, runs // 4)):
            large = received(project, files)
            idle = received(project, next(small.iterdir()))
            found.append((size / large.cpu, (received(project, small).cpu - idle.cpu) * 1000 / (UNITS * MONTHS)))
        speed, cost = (sorted(values)[len(values) // 2] for values in zip(*found, strict=True))
    print(f"\nreceive, {size:,.0f} MB of CSV: {speed:.1f} MB per cpu s (aim 15); {large.wall:.0f} s, {large.memory:,.0f} MB of memory")
    print(f"receive, {UNITS * MONTHS:,} small deliveries in one pass: {cost:.2f} ms cpu each, above one alone (aim 2)")


def growth(root: Path, runs: int) -> None:  # noqa: ARG001 - one run of each size is long enough
    """Receive, build and query of 1, 10 and 50 million postings: time and memory."""
    question = ["economy.service_expenditure_per_inhabitant", "--by", "municipality", "--grain", "month", "--from", "2019", "--to", "2020"]
    print(f"\n{'postings':>10} {'step':<9} {'clock s':>8} {'cpu s':>8} {'MB':>8}")
    for millions in (1, 10, 50):
        with tempfile.TemporaryDirectory() as folder:
            project = copy(root, Path(folder) / "project")
            files = Path(folder) / "files"
            scale = str(millions * MEGABYTE / POSTINGS_AT_SCALE_1)
            steps = {"simulate": run([sys.executable, "-c", SIMULATE, str(project), TABLE, str(files), scale], project)}
            run([sys.executable, "-c", SIMULATE, str(project), "bor_folketal", str(files), "1"], project)
            steps["receive"] = run([FLIS, "receive", str(files), "--project", str(project)], project)
            shutil.rmtree(files)
            steps["build"] = run([FLIS, "build", "--project", str(project)], project)
            steps["query"] = run([FLIS, "query", *question, "--format", "parquet", "--project", str(project)], project)
        for name, step in steps.items():
            print(f"{millions:>8} M {name:<10} {step.wall:8.1f} {step.cpu:8.1f} {step.memory:8,.0f}", flush=True)


def copy(root: Path, folder: Path) -> Path:
    """The project's definitions without any state."""
    for name in DEFINITIONS:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)
    return folder


def received(project: Path, files: Path) -> Step:
    """What it takes to receive files into a project without any state."""
    shutil.rmtree(project / "work", ignore_errors=True)
    return run([FLIS, "receive", str(files), "--project", str(project)], project)


def only_csv(folder: Path) -> None:
    """Leave the CSV files and their manifests."""
    for path in folder.iterdir():
        if ".csv" not in path.name or path.name.endswith(".faults.csv"):
            path.unlink()


def small_files(project: Path, files: Path, folder: Path) -> Path:
    """A file per unit and month with the first lines of a delivered one: its header and five rows."""
    folder.mkdir()
    source = min(files.glob("oko_postering_*.csv"))
    header, *rows = source.read_bytes().splitlines()[:6]
    period = header.decode("cp1252").split(";").index("Periode")
    with (project / "seeds/municipalities.csv").open(encoding="utf-8", newline="") as seed:
        units = [row["municipality_code"] for row in csv.DictReader(seed) if row["unit_kind"] == "member"]
    for unit in units[:UNITS]:
        for month in range(1, MONTHS + 1):
            lines = [row.split(b";") for row in rows]
            for line in lines:
                line[period] = str(month).encode()
            body = b"\n".join([header, *(b";".join(line) for line in lines), b""])
            (folder / f"oko_postering_{unit}_{date(2020, 1, 1) + timedelta(days=30 * month)}.csv").write_bytes(body)
    return folder


def run(command: Sequence[str], folder: Path) -> Step:
    """Run a command to its end; its output is dropped unless it fails."""
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        pid = os.posix_spawn(command[0], list(command), os.environ | {"PWD": str(folder)}, file_actions=_to(output.fileno()))
        _, status, used = os.wait4(pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}:\n{output.read().decode()[-3000:]}")
    return Step(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def _to(descriptor: int) -> list[tuple[int, int, int]]:
    return [(os.POSIX_SPAWN_DUP2, descriptor, 1), (os.POSIX_SPAWN_DUP2, descriptor, 2)]
