"""Two million spells of 98 units in 36 months, at every grain: full-time persons, who goes on, who began, and distinct persons.

Each request runs in a process of its own, which tells its time and the most memory that it had.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from flis_semantic.compiler import Request, compile_request
from tests.oracle.planting import small
from tests.oracle.project import write_periods, write_warehouse
from tests.oracle.world import Unit

SPELLS, PERSONS, UNITS = 2_000_000, 700_000, 98
FIRST, MONTHS = date(2020, 1, 1), 36
GRAINS = ("day", "week", "month", "quarter", "year", "school_year")
LEVELS = {"municipality": ["municipality"], "all three levels": ["municipality", "region", "country"]}
AIMS = "aims: 10 s, 2 GB"
ROWS = f"""
    INSERT INTO fct_s
    SELECT 101 + CAST(hash(n, 1) % {UNITS} AS INTEGER), CAST(hash(n, 2) % {PERSONS} AS BIGINT), since,
           CASE WHEN hash(n, 4) % 20 > 0 THEN since + CAST(hash(n, 5) % 180 AS INTEGER) END,
           CAST(0.25 + 0.25 * CAST(hash(n, 6) % 4 AS INTEGER) AS DECIMAL(9,2))
    FROM (SELECT range AS n, DATE '2019-10-01' + CAST(hash(range, 3) % 1180 AS INTEGER) AS since FROM range({SPELLS}))
"""
MEASURES = {
    "full_time": {"expression": "degree", "over_time": "average", "overlaps": "merge"},
    "ongoing": {"aggregate": "count", "over_time": "last", "overlaps": "count"},
    "started": {"aggregate": "count", "over_time": "started", "overlaps": "merge"},
    "persons": {"aggregate": "count", "over_time": "any", "overlaps": "merge"},
}


def run(root: Path, runs: int) -> None:
    """Measure and print; every request once, since each has a process of its own. Processor seconds are those of all threads."""
    del runs
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.spells", folder]
        subprocess.run(command, cwd=root, check=True)
        print(f"\n{SPELLS:,} spells, {PERSONS:,} persons, {UNITS} units, {MONTHS} months, four measures; {AIMS}")
        for levels in LEVELS:
            for grain in GRAINS:
                done = subprocess.run([*command, levels, grain], cwd=root, check=True, capture_output=True, text=True)
                found = json.loads(done.stdout)
                said = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["seconds"].items())
                total, worked, peak = sum(found["seconds"].values()), found["processor"], found["gigabytes"]
                print(f"{levels:17} {grain:12} {total:6.2f} s, processor {worked:6.2f} s, {peak:5.2f} GB  {said}", flush=True)


def world(folder: Path) -> None:
    """Write the database, or ask one request of it and print what it took."""
    units = [Unit(f"{101 + number:04}", "member", ((str(1081 + number % 5), date(2007, 1, 1), None),)) for number in range(UNITS)]
    planting = small(folder, units)
    planting.source("t", "month", "2020-01", "2022-12", absent="zero")
    columns = {"person": "BIGINT", "since": "DATE", "until": "DATE", "degree": "DECIMAL(9,2)"}
    planting.fact("s", "spell", "t", MEASURES, columns, lasts={"from": "since", "to": "until"}, person="person")
    planting.deliver("t", "2020-01", "2022-12")
    figures = [planting.figure(name, {"measure": f"s.{name}"}) for name in MEASURES]
    catalogue, path = planting.catalogue, folder / "spells.duckdb"
    if len(sys.argv) == 2:
        with duckdb.connect(str(path)) as connection:
            write_periods(connection, catalogue.calendar)
            write_warehouse(connection, planting.world, catalogue.calendar)
            connection.execute(ROWS)
        return
    _, _, levels, grain = sys.argv
    parse = catalogue.calendar.containing
    ends = parse(grain, FIRST), parse(grain, date(2022, 12, 31))
    asked = [level for name in LEVELS[levels] if (level := catalogue.vocabulary.reporting_unit.level(name)) is not None]
    seconds: dict[str, float] = {}
    processor = 0.0
    with duckdb.connect(str(path), read_only=True) as connection:
        for figure in figures:
            compiled = compile_request(Request(catalogue, (catalogue.figures[figure],), tuple(asked), (), grain, *ends))
            start, worked = time.perf_counter(), time.process_time()
            connection.execute(compiled.sql, dict(compiled.parameters)).fetchall()
            seconds[figure.split(".")[1]] = time.perf_counter() - start
            processor += time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(json.dumps({"seconds": seconds, "processor": processor, "gigabytes": peak}))


if __name__ == "__main__":
    world(Path(sys.argv[1]))
