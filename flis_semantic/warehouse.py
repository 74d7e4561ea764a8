"""The only importer of duckdb: opening connections, the current version, and rows from Python into a table.

A version is a closed file in `versions/`; the pointer file holds the name of the current one, and one that holds what was
known at some time has that time for a name. Readers attach either read-only under one constant name, so SQL is the same for
every version and a build never disturbs them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from flis_semantic.errors import WarehouseError

Connection = duckdb.DuckDBPyConnection
"""An open connection; whoever opens it closes it."""

Error = duckdb.Error
"""What the engine raises."""

# The profile of a project's dbt reads the same variable, with the same default.
_MEMORY_VARIABLE = "FLIS_MEMORY_LIMIT"
_MEMORY = "1GB"
_NO_ROOM = ("No space left", "File too large", "Disk quota exceeded", "Read-only file system")

ALIAS = "wh"
"""Database name of the warehouse, while it is built and when it is read."""

VERSION_SUFFIX = ".duckdb"
"""How the file of a version ends."""

_STORAGE_VERSION = "v1.2.0"


def connect() -> Connection:
    """A connection to nothing but memory."""
    return _quiet(duckdb.connect(":memory:"))


def open_for_build(path: Path) -> Connection:
    """The warehouse file at `path`, created when absent, in a storage version that older readers open too.

    Raises:
        WarehouseError: another process has the file open, or it is no warehouse.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = _quiet(duckdb.connect(str(path), config={"storage_compatibility_version": _STORAGE_VERSION}))
        connection.execute(f"SET memory_limit = {quoted(os.environ.get(_MEMORY_VARIABLE, _MEMORY))}")
        return connection
    except duckdb.Error as error:
        raise _cannot_open(path, error) from error


def current_version(versions: Path, pointer: Path) -> Path | None:
    """The file that the pointer names, or None before the first build.

    Raises:
        WarehouseError: the pointer names a file that is not there.
    """
    try:
        name = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    path = versions / name
    if not name or not path.is_file():
        raise WarehouseError(
            f"The current version '{name}' is not there.", where=str(pointer), hint="Run `flis build`.", code="version_lost"
        )
    return path


def known_version(versions: Path, known_on: datetime) -> Path:
    """Where the version lies that holds what was known at a time (UTC without a zone), whether it was built or not."""
    return versions / f"known_{known_on:%Y%m%dT%H%M%S%f}{VERSION_SUFFIX}"


def open_current(versions: Path, pointer: Path) -> Connection:
    """A connection to memory with the current version attached read-only as `wh` and made the default database.

    Raises:
        WarehouseError: nothing was built yet, or the file cannot be read.
    """
    path = current_version(versions, pointer)
    if path is None:
        raise WarehouseError("There is no warehouse yet.", where=str(pointer), hint="Run `flis build`.", code="no_warehouse")
    return open_version(path)


def open_version(path: Path) -> Connection:
    """The same with the version in one file.

    Raises:
        WarehouseError: the file is not there or cannot be read.
    """
    connection = connect()
    try:
        connection.execute(f"ATTACH {quoted(str(path))} AS {ALIAS} (READ_ONLY)")
        connection.execute(f"USE {ALIAS}")
    except duckdb.Error as error:
        connection.close()
        raise _cannot_open(path, error) from error
    return connection


def is_about_the_disk(error: duckdb.Error) -> bool:
    """Whether the engine could not read or write a file, so that it is no mistake of whoever wrote the SQL."""
    return isinstance(error, duckdb.IOException) or no_room(str(error)) is not None


def no_room(text: str) -> str | None:
    """What the operating system says, in a longer text of somebody who could not write; None when it says nothing of the kind."""
    return next((words for words in _NO_ROOM if words in text), None)


def quoted(text: str) -> str:
    """A string literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def append(connection: Connection, table: str, columns: Mapping[str, Sequence[object]]) -> None:
    """Insert equally long columns into a table that has them, cast to its types."""
    names = ", ".join(f'"{name}"' for name in columns)
    values = ", ".join("unnest(?)" for _ in columns)
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {values}", [list(column) for column in columns.values()])  # noqa: S608 - our own names


def _quiet(connection: Connection) -> Connection:
    # Where it takes the process for interactive, the engine shows the progress of long queries on stdout, among the data.
    connection.execute("SET enable_progress_bar = false")
    # It moves projections that these statements do not have, and takes a third of the time of planning the long ones.
    connection.execute("SET disabled_optimizers = 'projection_pullup'")
    return connection


def _cannot_open(path: Path, error: duckdb.Error) -> WarehouseError:
    if isinstance(error, duckdb.IOException) and "lock" in str(error).lower():
        return WarehouseError(
            "Another process has the warehouse file open.",
            where=str(path),
            hint="Wait until it is done, or end it.",
            code="warehouse_locked",
        )
    first_line = str(error).splitlines()[0]
    return WarehouseError(
        f"The warehouse file cannot be opened: {first_line}", where=str(path), hint="Run `flis build`.", code="warehouse_unreadable"
    )
