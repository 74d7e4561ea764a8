"""Copies of this project for tests that need state of their own."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.simulate.demo import load_demo
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[1]
_FOLDERS = ("catalogue", "contracts", "models", "macros", "seeds", "simulation", "cube_schema", "tests/dbt", "flis_semantic/project")
_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml")


def heed_interrupts() -> None:
    """For a process to be interrupted: one that is started in the background inherits that interrupts are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def copy_project(folder: Path) -> Path:
    """The repository's definitions in `folder`, without any state."""
    for name in _FOLDERS:
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, folder / name, dirs_exist_ok=True)
    for name in _FILES:
        shutil.copyfile(REPOSITORY / name, folder / name)
    return folder


def run_line(folder: Path) -> Path:
    """Receive the demonstration's deliveries and build; the project's folder.

    What is generated in any case is of eleven municipalities: the last of them has the last planted fault.
    """
    project = Project(folder)
    demo = load_demo(project)
    out = project.work / "simulated"
    report = receive(project, demo.deliveries(project, out, scale_beside=0.056))
    assert report.exit_code == 0, [str(result) for result in report.results]
    built = build(project)
    assert built.exit_code == 0, built.lines
    return folder
