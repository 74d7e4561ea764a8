"""Running dbt: a subprocess in the project's folder, and what its run_results.json says. The only user of dbt.

The build path and the target folder are constant, so dbt's partial parse is kept from build to build. However this process
ends, dbt ends with it: its standard input is a pipe that only this process holds open, and when that closes the signal that dbt
asked for ends it, so that no dbt without a builder writes beside the next one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flis_semantic.errors import BuildError
from flis_semantic.warehouse import no_room
from flis_semantic.workspace import SECRETS

_LAST_LINES = 25
# No thread: beside one, the engine complains of leaks at the end.
_CHILD = """
import fcntl, os, select, sys
fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)
if select.select([0], [], [], 0)[0]:
    sys.exit(1)
from dbt.cli.main import cli
cli()
"""


@dataclass(frozen=True)
class NodeResult:
    """One model, seed or test of a run.

    `name` is for people (`unique_key of dim_period`); `rows` is how many rows a test found; `sql` is what it ran.
    """

    unique_id: str
    kind: str
    name: str
    status: str
    message: str
    seconds: float
    rows: int | None
    sql: str


def install_packages(root: Path, work: Path) -> None:
    """Run `dbt deps` unless the packages are there already and unchanged. Needs no network for local packages."""
    wanted, lock, folder = root / "packages.yml", root / "package-lock.yml", root / "dbt_packages"
    if not wanted.is_file():
        return
    links = list(folder.iterdir()) if folder.is_dir() else []
    if links and all(link.exists() for link in links) and lock.is_file() and lock.stat().st_mtime >= wanted.stat().st_mtime:
        return
    run = _dbt(root, work, ["deps"])
    if run.returncode != 0:
        _refuse_without_room(work, run.stdout)
        raise BuildError("dbt could not install the project's packages.", where=str(wanted), hint=_tail(run.stdout), code="dbt_deps_failed")
    os.utime(lock)


def run_build(root: Path, work: Path, select: Sequence[str]) -> tuple[bool, list[NodeResult]]:
    """Run `dbt build` of everything, or of the selected nodes with all that they read. True when nothing failed.

    Raises:
        BuildError: dbt ended before it ran anything (a model or its YAML cannot be read), or had no room on the disk.
    """
    results = work / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    selection = [part if part.startswith(("+", "@")) else f"+{part}" for part in select]
    # Cautious: a test that also reads what is not selected would find no such table.
    run = _dbt(root, work, ["build", *(["--indirect-selection", "cautious", "--select", *selection] if selection else [])])
    if run.returncode != 0:
        _refuse_without_room(work, run.stdout)
    if not results.is_file():
        raise BuildError("dbt could not read the project.", where=str(root), hint=_tail(run.stdout), code="dbt_parse_failed")
    nodes = _read(work / "target" / "manifest.json")["nodes"]
    return run.returncode == 0, [_node(result, nodes.get(result["unique_id"], {})) for result in _read(results)["results"]]


def _refuse_without_room(work: Path, output: str) -> None:
    """One sentence instead of a failure per model: what lacks room on the disk is no model's fault."""
    words = no_room(output)
    if words is not None:
        raise BuildError(
            f"The build ended for want of room: {words}.",
            where=str(work),
            hint="Make room, then run it again; the version before it stays current.",
            code="no_room",
        )


def _dbt(root: Path, work: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS} | {
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
        "DBT_PROFILES_DIR": str(root),
        "DBT_TARGET_PATH": str(work / "target"),
        "DBT_LOG_PATH": str(work / "logs"),
        "PYTHONUTF8": "1",
        # A project's packages.yml may say by this where the shipped package is, so that it holds on every machine.
        "FLIS_DBT_PACKAGE": str(Path(__file__).resolve().parents[1] / "project"),
    }
    read, write = os.pipe()
    try:
        return subprocess.run(  # noqa: S603 - our own interpreter with our own arguments
            [sys.executable, "-c", _CHILD, *arguments],
            cwd=root,
            env=environment,
            stdin=read,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    finally:
        os.close(read)
        os.close(write)


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _node(result: dict[str, Any], node: dict[str, Any]) -> NodeResult:
    kind, _, name, *_ = result["unique_id"].split(".")
    generic = node.get("test_metadata")
    tested = (node.get("attached_node") or "").rsplit(".", 1)[-1]
    return NodeResult(
        unique_id=result["unique_id"],
        kind=kind,
        name=f"{generic['name']} of {tested}" if generic else name,
        status=result["status"],
        message=" ".join((result.get("message") or "").split()),
        seconds=result["execution_time"],
        rows=result.get("failures"),
        sql=result.get("compiled_code") or "",
    )


def _tail(output: str) -> str:
    """The end of dbt's own words, where its errors stand."""
    return "\n" + "\n".join(output.strip().splitlines()[-_LAST_LINES:])
