"""What every test may use: sampling levels, fixed seeds, the published files."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from tests.projects import copy_project, run_line
from tests.sampling import many

ROOT = Path(__file__).resolve().parents[1]


def _published_data() -> Path:
    """The folder that the environment names; without make, the Makefile's default, which is written only there."""
    named = os.environ.get("FLIS_PUBLISHED_DATA")
    if named:
        return Path(named).resolve()
    default = re.search(
        r"^export FLIS_PUBLISHED_DATA \?= \$\(abspath (\S+)\)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert default is not None, "the Makefile has no default of FLIS_PUBLISHED_DATA"
    return (ROOT / default[1]).resolve()


PUBLISHED_DATA = _published_data()
if PUBLISHED_DATA.is_dir():
    # Every project that a test makes, and every command that it starts, finds the files by the variable.
    os.environ["FLIS_PUBLISHED_DATA"] = str(PUBLISHED_DATA)

# Personal numbers are received under a key; a test that needs another one, or none, says so.
os.environ.setdefault("FLIS_PSEUDONYM_KEY", "a key for tests, as long as a key has to be")

settings.register_profile(
    "flis",
    max_examples=many(15, 1000),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("flis")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository: a project folder like any other."""
    return ROOT


@pytest.fixture(scope="session")
def published_data() -> Path:
    """The folder of published files. Tests that need them are skipped, with the reason, where it is absent."""
    if not PUBLISHED_DATA.is_dir():
        pytest.skip(f"the published files are not here: {PUBLISHED_DATA} does not exist (FLIS_PUBLISHED_DATA names their folder)")
    return PUBLISHED_DATA


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """This project, received and built once per run: with the published files where they are, else with generated ones."""
    base = tmp_path_factory.getbasetemp()
    # Workers have a folder each below the run's own; the first to come builds for all.
    shared = base if worker_id == "master" else base.parent
    folder = shared / "project-demo"
    with FileLock(shared / "demo.lock"):
        done = folder / ".done"
        if not done.exists():
            run_line(copy_project(folder))
            done.touch()
    return folder
