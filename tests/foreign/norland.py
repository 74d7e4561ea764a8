"""Norland: an invented country, begun with `flis new project` and filled with files of its own. No Python is its own."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flis_semantic.cli.new import new_project

OWN = Path(__file__).parent / "project"
# What the example brings; the frame (profiles, packages, macros, tests, .gitignore) stays.
EXAMPLE = ("catalogue", "contracts", "models", "seeds", "simulation", "deliveries", "cube_schema")

# Catches of October as Parquet: county, voucher, day, species, tonnes. The last is a species that nobody knows.
OCTOBER = [
    ("HEL", "H10", datetime(2022, 10, 3), "Morue", 2.5),
    ("KYR", "K10", datetime(2022, 10, 31), "Hareng", 1.25),
    ("KYR", "K11", datetime(2022, 10, 31), "Hareng", 0.1),
    ("VAN", "V10", datetime(2022, 10, 1), "Homard", 0.75),
    ("VAN", "V11", datetime(2022, 10, 2), "Baleine", 99.0),
]
# Nights of September as JSON lines: what is withheld is null, or not there at all.
SEPTEMBER = """
{"county": "HEL", "month": 202209, "nights": 90}
{"nights": null, "month": "202209", "county": "KYR"}
{"county": "VAN", "month": "202209"}
{"county": "TOT", "month": "202209", "nights": 275}
"""


@dataclass
class Ran:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str


def flis(*arguments: str, folder: Path) -> Ran:
    """A command in a project's folder, as a user runs it."""
    done = subprocess.run(
        [sys.executable, "-c", "from flis_semantic.cli import main; main()", *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        cwd=folder,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def found(folder: Path) -> Path:
    """The country's project: its frame from `flis new project`, all else from files."""
    new_project(folder, ["en", "fr"])
    for name in EXAMPLE:
        shutil.rmtree(folder / name)
    shutil.copytree(OWN, folder, dirs_exist_ok=True)
    _send(folder / "deliveries")
    return folder


def _send(folder: Path) -> None:
    """The deliveries that are no text to read here."""
    counties, vouchers, days, species, tonnes = (pa.array(column) for column in zip(*OCTOBER, strict=True))
    months = pa.array(["2022-10"] * len(OCTOBER))
    names = ["voucher no.", "period", "county", "espèce", "landed", "weight (t)"]
    columns = [vouchers, months.dictionary_encode(), counties.dictionary_encode(), species.dictionary_encode(), days, tonnes]
    pq.write_table(pa.table(columns, names=names), folder / "prises_2022-11-05.parquet")
    (folder / "nuitees_2022-10-20.jsonl.gz").write_bytes(gzip.compress(SEPTEMBER.strip().encode() + b"\n", mtime=0))
