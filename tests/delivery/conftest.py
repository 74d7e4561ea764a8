"""A small project to deliver to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.delivery.parcel import Desk
from tests.delivery.parcel import desk as new_desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path)
