"""From a cold start to SQL and to an answer, beside what the interpreter and the libraries alone take."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks import measure

REQUEST = [
    "employment.gross_unemployed_share_published",
    *("--by", "municipality", "--grain", "month", "--from", "2025-01", "--to", "2025-12", "--where", "municipality=0101,0751"),
]
AIMS = {"flis sql": 0.6, "flis query": 1.0}


def run(root: Path, runs: int) -> None:
    """Measure and print."""
    flis = str(Path(sys.executable).with_name("flis"))
    project = ["--project", str(root)]
    candidates = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import of the libraries of flis sql": [sys.executable, "-c", "import sqlglot, pydantic, yaml, typer, rich.table"],
        "the same and duckdb": [sys.executable, "-c", "import duckdb, sqlglot, pydantic, yaml, typer, rich.table"],
        "flis --help": [flis, "--help"],
        "flis sql": [flis, "sql", *REQUEST, *project],
        "flis query": [flis, "query", *REQUEST, *project],
        "flis query --format json": [flis, "query", *REQUEST, "--format", "json", *project],
    }
    measure.show(f"Cold start, median of {runs} interleaved runs", measure.commands(candidates, runs, root), aims=AIMS)
