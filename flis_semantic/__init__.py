"""FLIS: a semantic layer over municipal deliveries. `flis_semantic.open(DIR).query([...])` asks for key figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flis_semantic.query.session import Session

__version__ = "0.1.0"


def open(project: str | Path = ".") -> Session:  # noqa: A001 - reads as flis.open(DIR)
    """Open the project in a folder for asking.

    Raises:
        ArgumentError: the folder is no project.
    """
    from flis_semantic.query.session import Session

    return Session(Path(project))
