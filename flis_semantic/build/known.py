"""What a version is built from, and whether it can be built: known on a day, nothing lost, the same input as before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from flis_semantic.build.received import Received
from flis_semantic.errors import ArgumentError, BuildError
from flis_semantic.ledger import Ledger
from flis_semantic.warehouse import Error, connect, quoted
from flis_semantic.workspace import Project

_DEFINITIONS = ("catalogue", "contracts")
_DBT_FILES = ("dbt_project.yml", "packages.yml", "profiles.yml")
_DBT_FOLDERS = {
    "model-paths": ["models"],
    "seed-paths": ["seeds"],
    "macro-paths": ["macros"],
    "test-paths": ["tests"],
    "snapshot-paths": ["snapshots"],
}
_PROGRAM = Path(__file__).parents[1]
_READ = (".sql", ".yml", ".yaml", ".csv", ".md", ".py")


def check_known_on(ledger: Ledger, known_on: datetime) -> None:
    """Refuse a time of which nobody can say what was known.

    Raises:
        ArgumentError: it lies on a day to come, or before the first receipt.
    """
    if known_on.date() > datetime.now(UTC).date():
        raise ArgumentError(
            f"{known_on:%Y-%m-%d} is still to come, so nobody knows yet what will be known.",
            where="--known-on",
            hint="Name today or an earlier day.",
            code="known_in_the_future",
        )
    first = min((delivery.received_at for delivery in ledger.deliveries() if delivery.admitted), default=None)
    if first is None or first > known_on:
        raise ArgumentError(
            f"Nothing had been received by {known_on:%Y-%m-%d %H:%M:%S} UTC.",
            where="--known-on",
            hint=f"The first delivery came on {first:%Y-%m-%d %H:%M:%S} UTC." if first is not None else "Nothing was received yet.",
            code="known_before_first_receipt",
        )


def check_nothing_lost(project: Project, received: Received) -> None:
    """Refuse to build beside gaps: every landing file that holds a row in force is there.

    Raises:
        BuildError: at least one is gone.
    """
    needed = {table: {*received.files[table], *received.delta_files[table]} for table in project.contracts}
    gone = sorted(f"{table}/{file}" for table, files in needed.items() for file in files if not (project.landing / table / file).is_file())
    if gone:
        when = f"known on {received.known_on:%Y-%m-%d %H:%M:%S} UTC" if received.known_on is not None else "in force"
        raise BuildError(
            f"{len(gone)} landing file{'s' if len(gone) > 1 else ''} with rows {when} {'are' if len(gone) > 1 else 'is'} gone: {gone[0]}"
            f"{' and others' if len(gone) > 1 else ''}.",
            where=str(project.landing),
            hint="Put them back from a copy; without them only what was released then can tell.",
            code="landing_lost",
        )


def input_digest(project: Project, received: Received) -> str:
    """A digest of all that decides what a version holds: deliveries, decisions, definitions, models, seeds, this program."""
    digest = hashlib.sha256()
    for part in (received.deliveries, received.partitions, received.decisions, sorted(project.units.items())):
        digest.update(repr(part).encode())
    for path in sorted(_definitions(project.root)):
        digest.update(f"\0{path}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def built_from(version: Path) -> str | None:
    """The digest of the input that a version was built from; None when there is no such version or it does not say."""
    if not version.is_file():
        return None
    connection = connect()
    try:
        connection.execute(f"ATTACH {quoted(str(version))} AS known (READ_ONLY)")
        return str(connection.sql("SELECT input_digest FROM known.landing.build_input").fetchall()[0][0])
    except Error:
        return None
    finally:
        connection.close()


def _definitions(root: Path) -> Iterator[Path]:
    """Every file that a build reads, of the project, of its local packages and of this program."""
    yield from _PROGRAM.rglob("*.py")
    folders = [_PROGRAM / "project", *(root / name for name in _DEFINITIONS), *_dbt_folders(root)]
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.suffix in _READ and path.is_file())
    yield from (root / name for name in _DBT_FILES if (root / name).is_file())


def _dbt_folders(root: Path) -> Iterator[Path]:
    """The folders of a dbt project and of the local packages that it takes."""
    settings = _plain(root / "dbt_project.yml")
    for name, usual in _DBT_FOLDERS.items():
        yield from (root / folder for folder in settings.get(name, usual))
    for package in _plain(root / "packages.yml").get("packages") or ():
        if "local" in package:
            yield root / package["local"]


def _plain(path: Path) -> dict[str, Any]:
    """One of dbt's own files, as dbt reads it."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
