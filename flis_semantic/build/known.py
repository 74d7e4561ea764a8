"""What a version is built from, and whether it can be built: known on a day, nothing lost, the same input as before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from flis_semantic.build.received import Received
from flis_semantic.errors import ArgumentError, BuildError
from flis_semantic.ledger import Ledger
from flis_semantic.vocabulary.load import FILE_NAME as VOCABULARY
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
_ENGINES = ("dbt-core", "dbt-duckdb", "duckdb")
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


@dataclass(frozen=True)
class Inputs:
    """Digests of what decides what a version holds: of all of it; of the program and what is no single model's; of each contract."""

    digest: str
    program: str
    contracts: Mapping[str, str]


def read_inputs(project: Project, received: Received) -> Inputs:
    """Read what a build is built from: deliveries, decisions, definitions, models, seeds, this program."""
    files = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(set(_definitions(project.root)))}
    named = sorted((_name(path, project.root), said) for path, said in files.items())
    digest = hashlib.sha256()
    for part in (received.deliveries, received.partitions, received.decisions, sorted(project.units.items()), named):
        digest.update(repr(part).encode())
    shared = [_PROGRAM, *_packages(project.root), *(project.root / name for name in (*_DBT_FILES, f"{_DEFINITIONS[0]}/{VOCABULARY}"))]
    program = sorted((_name(path, project.root), files[path]) for path in files if any(path.is_relative_to(folder) for folder in shared))
    versions = [(name, version(name)) for name in _ENGINES]
    contracts = {table: files[path] for table in project.contracts if (path := project.root / _DEFINITIONS[1] / f"{table}.yml") in files}
    return Inputs(digest.hexdigest(), hashlib.sha256(repr((program, versions)).encode()).hexdigest(), contracts)


def _name(path: Path, root: Path) -> str:
    """Where a file stands in its project or package, so that a project may be moved."""
    return next((str(path.relative_to(folder)) for folder in (_PROGRAM, root) if path.is_relative_to(folder)), str(path))


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
    yield from _packages(root)


def _packages(root: Path) -> Iterator[Path]:
    for package in _plain(root / "packages.yml").get("packages") or ():
        if "local" in package:
            yield root / package["local"]


def _plain(path: Path) -> dict[str, Any]:
    """One of dbt's own files, as dbt reads it."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
