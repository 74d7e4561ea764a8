"""FLIS: a semantic layer over municipal deliveries. `flis_semantic.open(DIR).query([...])` asks for key figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from flis_semantic.query.session import Session

__version__ = "0.1.0"


def open(project: str | Path = ".", known_on: datetime | None = None) -> Session:  # noqa: A001 - reads as flis.open(DIR)
    """Open the project in a folder for asking; with `known_on`, as it was known then, which `flis build --known-on` must have built.

    Raises:
        ArgumentError: the folder is no project.
    """
    from flis_semantic.query.session import Session

    return Session(Path(project), known_on)
