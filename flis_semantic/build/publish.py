"""From the finished build file to the current version. Each step leaves the previous version current until the last.

A version is moved into place closed and under its own name, before anybody has opened it; the pointer is replaced
atomically; old versions stay for readers that have them open, and the oldest are removed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from flis_semantic.errors import BuildError
from flis_semantic.warehouse import Connection, Error, open_for_build

_SUFFIX = ".duckdb"


def close_warehouse(build_file: Path) -> None:
    """Drop what does not survive into a version (views over the landing zone and over such views), write all to the file.

    Raises:
        BuildError: the file would not be complete on its own.
    """
    with open_for_build(build_file) as connection:
        _drop_landing_views(connection)
        connection.execute("CHECKPOINT")
    if _log_of(build_file).exists():
        raise BuildError("The warehouse was not written out completely.", where=str(build_file), hint="Is another process using it?")


def move_to_versions(build_file: Path, versions: Path) -> Path:
    """Move the closed file to its version name, which says when (UTC) and sorts by time."""
    versions.mkdir(parents=True, exist_ok=True)
    version = versions / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}{_SUFFIX}"
    _sync(build_file)
    build_file.replace(version)
    _sync(versions)
    return version


def switch_to(version: Path, pointer: Path) -> None:
    """Make the version current: readers see the old one whole or the new one whole."""
    waiting = pointer.with_name(f"{pointer.name}.tmp")
    waiting.write_text(version.name, encoding="utf-8")
    _sync(waiting)
    waiting.replace(pointer)
    _sync(pointer.parent)


def remove_old(versions: Path, pointer: Path, keep: int) -> list[Path]:
    """Remove all but the newest versions, `keep` in all, the current one among them."""
    name = _current_name(pointer)
    older = sorted((path for path in versions.glob(f"*{_SUFFIX}") if path.name < name), reverse=True)
    return _remove(older[max(keep - 1, 0) :])


def remove_unpublished(versions: Path, pointer: Path) -> list[Path]:
    """Remove versions that never became current: a build ended between moving its file and switching to it."""
    name = _current_name(pointer)
    return _remove([path for path in versions.glob(f"*{_SUFFIX}") if path.name > name])


def discard(build_file: Path) -> None:
    """Remove the build file of an earlier run, with its log."""
    build_file.unlink(missing_ok=True)
    _log_of(build_file).unlink(missing_ok=True)


def _drop_landing_views(connection: Connection) -> None:
    """Drop the landing zone's views, then every view that no longer has what it reads."""
    views = connection.execute("SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    for schema, view in views:
        if schema == "landing":
            connection.execute(f'DROP VIEW "{schema}"."{view}"')
    others = [f'"{schema}"."{view}"' for schema, view in views if schema != "landing"]
    while broken := [view for view in others if not _can_be_read(connection, view)]:
        for view in broken:
            connection.execute(f"DROP VIEW {view}")
            others.remove(view)


def _can_be_read(connection: Connection, view: str) -> bool:
    try:
        connection.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608 - a quoted name from the engine's own list
    except Error:
        return False
    return True


def _current_name(pointer: Path) -> str:
    """What the pointer says; nothing before the first version. Not whether that file is there."""
    return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else ""


def _remove(paths: list[Path]) -> list[Path]:
    for path in paths:
        path.unlink()
    return paths


def _log_of(build_file: Path) -> Path:
    return build_file.with_name(f"{build_file.name}.wal")


def _sync(path: Path) -> None:
    """Force a file's or a folder's content to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
