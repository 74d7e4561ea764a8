"""From the finished build file to the current version. Each step leaves the previous version current until the last.

A version is moved into place closed and under its own name, before anybody has opened it; the pointer is replaced
atomically; old versions stay for readers that have them open, and the oldest are removed. A version of what was known on
some day lies beside them under a name of its own; the pointer never names it.
"""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from flis_semantic.build import deltas, plan
from flis_semantic.build.views import take_out_views
from flis_semantic.errors import BuildError
from flis_semantic.faults import reached
from flis_semantic.warehouse import VERSION_SUFFIX, open_for_build

_BY_TIME = f"[0-9]*{VERSION_SUFFIX}"


def close_warehouse(build_file: Path) -> None:
    """Drop what does not survive into a version (views over the landing zone and over such views), write all to the file.

    Raises:
        BuildError: the file would not be complete on its own.
    """
    with open_for_build(build_file) as connection:
        take_out_views(connection)
        for table in (*deltas.WORKING_TABLES, *plan.WORKING_TABLES):
            connection.execute(f"DROP TABLE IF EXISTS landing.{table}")
        connection.execute("CHECKPOINT")
    if _log_of(build_file).exists():
        raise BuildError("The warehouse was not written out completely.", where=str(build_file), hint="Is another process using it?")
    reached("build: file closed")


def new_version(versions: Path) -> Path:
    """Where the next version goes: a name that says when (UTC) and sorts by time."""
    return versions / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}{VERSION_SUFFIX}"


def move_to_versions(build_file: Path, version: Path) -> None:
    """Move the closed file to its version name, in place of an earlier one of that name."""
    version.parent.mkdir(parents=True, exist_ok=True)
    _sync(build_file)
    build_file.replace(version)
    _sync(version.parent)
    reached("switch: file moved")


def switch_to(version: Path, pointer: Path) -> None:
    """Make the version current: readers see the old one whole or the new one whole."""
    waiting = pointer.with_name(f"{pointer.name}.tmp")
    waiting.write_text(version.name, encoding="utf-8")
    _sync(waiting)
    reached("switch: pointer written")
    waiting.replace(pointer)
    _sync(pointer.parent)
    reached("switch: pointer moved")


def remove_old(versions: Path, pointer: Path, keep: int) -> list[Path]:
    """Remove all but the newest versions, `keep` in all, the current one among them."""
    name = _current_name(pointer)
    older = sorted((path for path in versions.glob(_BY_TIME) if path.name < name), reverse=True)
    return _remove(older[max(keep - 1, 0) :])


def remove_unpublished(versions: Path, pointer: Path) -> list[Path]:
    """Remove versions that never became current: a build ended between moving its file and switching to it."""
    name = _current_name(pointer)
    return _remove([path for path in versions.glob(_BY_TIME) if path.name > name])


def discard(build_file: Path) -> None:
    """Remove the build file of an earlier run, with its log and what it had laid out on the disk for want of memory."""
    build_file.unlink(missing_ok=True)
    _log_of(build_file).unlink(missing_ok=True)
    shutil.rmtree(build_file.with_name(f"{build_file.name}.tmp"), ignore_errors=True)


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
