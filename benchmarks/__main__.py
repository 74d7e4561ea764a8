"""`make bench`, or `python -m benchmarks [--runs N] [cold-start|compile-time|query-time …]`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from benchmarks import cold_start, compile_time, correction, ledger_query, line, persons, query_time, spells
from flis_semantic import warehouse
from flis_semantic.workspace import Project

BENCHMARKS = {
    "cold-start": cold_start.run,
    "compile-time": compile_time.run,
    "query-time": query_time.run,
    "ledger-query": ledger_query.run,
    "spells": spells.run,
    "demo": line.demo,
    "receive": line.receive,
    "persons": persons.run,
    "correction": correction.run,
    "month": correction.month,
    "growth": line.growth,
}
NEEDS_A_WAREHOUSE = {"cold-start", "query-time", "ledger-query"}
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the benchmarks that were asked for, all without a name."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--runs", type=int, default=11, help="runs of each candidate (11)")
    arguments = parser.parse_args()
    names = arguments.names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown or arguments.runs < 1:
        parser.error(f"unknown benchmark {unknown[0]}; known: {', '.join(BENCHMARKS)}" if unknown else "--runs must be at least 1")
    if NEEDS_A_WAREHOUSE.intersection(names):
        build_if_needed()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}. Compare ratios, not seconds.")
    for name in names:
        BENCHMARKS[name](ROOT, arguments.runs)


def build_if_needed() -> None:
    """Build the demo where nothing was built yet."""
    project = Project(ROOT)
    if warehouse.current_version(project.versions, project.pointer) is None:
        print("Nothing is built yet: running `flis demo` first …", flush=True)
        subprocess.run([str(Path(sys.executable).with_name("flis")), "demo", "--project", str(ROOT)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
