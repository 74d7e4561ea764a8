"""Norland: an invented country, begun with `flis new project` and filled with files of its own. No Python is its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from flis_semantic.cli.new import new_project

OWN = Path(__file__).parent / "project"
# What the example brings; the frame (profiles, packages, macros, tests, .gitignore) stays.
EXAMPLE = ("catalogue", "contracts", "models", "seeds", "simulation", "deliveries", "cube_schema")


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
    return folder
