"""What every test may use: sampling levels, fixed seeds, the published files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.sampling import many

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED_DATA = Path(os.environ.get("FLIS_PUBLISHED_DATA") or ROOT / "../shared/data/real").resolve()

settings.register_profile(
    "flis",
    max_examples=many(25, 1000),
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
