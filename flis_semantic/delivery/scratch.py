"""Files that hold delivered values while they are judged: without a name, so that they end with the process, however it ends.

The engine opens them again by the number of our open file, as long as that is open.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from flis_semantic.warehouse import Connection, quoted

_OPEN_FILES = Path("/dev/fd")


class Scratch:
    """The nameless files of one receive. A context manager: they are gone when it is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def folder(self) -> Path:
        """For files with a name, which hold nothing personal."""
        return self._folder

    def attach(self, connection: Connection, name: str) -> None:
        """Attach a new database, empty and without a name in the folder; it writes no log of its changes, which would have one."""
        path = self._folder / f"{name}.duckdb"
        connection.execute(f"ATTACH {quoted(str(path))} AS {name} (RECOVERY_MODE no_wal_writes)")
        path.unlink()

    def file(self) -> BinaryIO:
        """A new file, empty and without a name, open until it is closed or the scratch is left."""
        return self._stack.enter_context(tempfile.TemporaryFile(dir=self._folder))


def path_of(file: BinaryIO) -> Path:
    """Where the engine finds an open file."""
    return _OPEN_FILES / str(file.fileno())
