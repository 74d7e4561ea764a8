"""The version that a build begins from: whether it can, a copy of it as the build file, and what changed since."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from flis_semantic.build.changes import BEFORE, write_changes
from flis_semantic.build.graph import Graph
from flis_semantic.build.known import Inputs
from flis_semantic.build.plan import Plan, Told, partial_plan
from flis_semantic.build.views import put_back_views
from flis_semantic.errors import WarehouseError
from flis_semantic.warehouse import Connection, Error, connect, current_version, quoted
from flis_semantic.workspace import Project

_CLONE = 0x40049409
"""The ioctl by which a file system that can lets two files share their blocks."""


@dataclass(frozen=True)
class Beginning:
    """A version to begin from. `why_not` says in words why everything is built instead, when there is no `version`."""

    version: Path | None
    told: Told
    contracts: dict[str, str]
    why_not: str = ""

    @classmethod
    def none(cls, why_not: str) -> Self:
        """No version to begin from."""
        return cls(None, {}, {}, why_not)


def find_beginning(project: Project, inputs: Inputs) -> Beginning:
    """The current version, when a build of the same program and settings made it and says what it was built by."""
    try:
        version = current_version(project.versions, project.pointer)
    except WarehouseError:
        return Beginning.none("the current version is not there")
    if version is None:
        return Beginning.none("there is no version yet")
    connection = connect()
    try:
        connection.execute(f"ATTACH {quoted(str(version))} AS {BEFORE} (READ_ONLY)")
        program = connection.execute("SELECT program FROM before.landing.build_input").fetchall()
        told = connection.execute("SELECT node, fingerprint, relation FROM before.landing.built_by").fetchall()
        contracts = connection.execute("SELECT contract, digest FROM before.landing.contracts").fetchall()
    except Error:
        return Beginning.none("the current version cannot be read, or does not say what it was built by")
    finally:
        connection.close()
    if program != [(inputs.program,)]:
        return Beginning.none("the program, the vocabulary or dbt's settings changed")
    return Beginning(version, {node: (fingerprint, relation) for node, fingerprint, relation in told}, dict(contracts))


def copy_version(version: Path, build_file: Path) -> None:
    """The version as the build file; without copying a byte where the file system can share them."""
    with version.open("rb") as source, build_file.open("wb") as target:
        if not _shared(source.fileno(), target.fileno()):
            shutil.copyfileobj(source, target, 1 << 24)


def _shared(source: int, target: int) -> bool:
    try:
        import fcntl

        fcntl.ioctl(target, _CLONE, source)
    except (ImportError, OSError):
        os.ftruncate(target, 0)
        return False
    return True


def compare(connection: Connection, project: Project, graph: Graph, inputs: Inputs, beginning: Beginning) -> Plan:
    """What there is to do, from what changed in the landing zone and in the models. The connection is to the build file."""
    assert beginning.version is not None
    redefined = {table for table in project.contracts if beginning.contracts.get(table) != inputs.contracts.get(table, "")}
    units = next((node.relation for node in graph.nodes.values() if node.name == project.vocabulary.reporting_unit.model), None)
    if units is None:
        return Plan()
    connection.execute(f"ATTACH {quoted(str(beginning.version))} AS {BEFORE} (READ_ONLY)")
    try:
        changed = write_changes(connection, project, units, redefined)
    finally:
        connection.execute(f"DETACH {BEFORE}")
    return partial_plan(graph, beginning.told, changed, put_back_views(connection))
