"""Running dbt: a process in the project's folder that reads the project, and runs what it is then told. The only user of dbt.

It reads while the landing zone is still being written, since starting and reading take longer than most of what a correction
rebuilds. The build path and the target folder are constant, so dbt's partial parse is kept from build to build. However this
process ends, dbt ends with it: its standard input is a pipe that only this process holds open, and when that closes the
signal that dbt asked for ends it, so that no dbt without a builder writes beside the next one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from flis_semantic.errors import BuildError
from flis_semantic.warehouse import no_room
from flis_semantic.workspace import SECRETS

_LAST_LINES = 25
_RESULTS = "flis_results.json"

# No thread: beside one, the engine complains of leaks at the end.
_LEAVES = """
import fcntl, json, os, select, sys
fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)
if select.select([0], [], [], 0)[0]:
    sys.exit(1)
"""
_COMMAND = f"""{_LEAVES}
from dbt.cli.main import cli
cli()
"""
# Told what to run, a line for each run, on the descriptor that is its first argument; answers on the second. What dbt would write
# of a run is far more than is read of it.
_BUILD = f"""{_LEAVES}
from dbt.adapters.duckdb.connections import DuckDBConnectionManager as held
from dbt.cli.main import dbtRunner
orders, answers, results = os.fdopen(int(sys.argv[1])), os.fdopen(int(sys.argv[2]), "w"), sys.argv[3]
read = dbtRunner().invoke(["parse"])
if not read.success:
    print(read.exception or "")
    sys.exit(1)
print("read", file=answers, flush=True)
for line in orders:
    run = dbtRunner(manifest=read.result).invoke(json.loads(line))
    # Whoever is told may open the file.
    if held._ENV is not None:
        held._ENV.close()
        held.close_all_connections()
    found = getattr(run.result, "results", None)
    if found is None:
        print(run.exception or "")
        sys.exit(1)
    with open(results, "w") as file:
        json.dump([{{
            "unique_id": result.node.unique_id, "status": str(result.status), "message": result.message, "failures": result.failures,
            "execution_time": result.execution_time,
            "compiled_code": result.node.compiled_code if result.node.resource_type == "test" else None,
            "test_metadata": result.node.test_metadata.name if getattr(result.node, "test_metadata", None) else None,
            "attached_node": getattr(result.node, "attached_node", None),
        }} for result in found], file)
    print("passed" if run.success else "failed", file=answers, flush=True)
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
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with _Held(root, work, ["-c", _COMMAND, "deps"], output) as held:
            code = held.process.wait()
        if code != 0:
            said = _said(output)
            _refuse_without_room(work, said)
            raise BuildError("dbt could not install the project's packages.", where=str(wanted), hint=_tail(said), code="dbt_deps_failed")
    os.utime(lock)


class Dbt:
    """dbt, started and reading the project. Left without an order it ends without having done anything."""

    def __init__(self, root: Path, work: Path) -> None:
        self._root, self._work = root, work
        self._output = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by leaving
        self._results = work / "target" / _RESULTS
        self._results.unlink(missing_ok=True)
        orders_read, orders = os.pipe()
        answers, answers_write = os.pipe()
        program = ["-c", _BUILD, str(orders_read), str(answers_write), str(self._results)]
        try:
            self._held = _Held(root, work, program, self._output, (orders_read, answers_write))
        except BaseException:
            self._output.close()
            for descriptor in (orders, answers):
                os.close(descriptor)
            raise
        finally:
            for descriptor in (orders_read, answers_write):
                os.close(descriptor)
        self._orders, self._answers = os.fdopen(orders, "w"), os.fdopen(answers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.__exit__()
        self._orders.close()
        self._answers.close()
        self._output.close()

    def manifest(self) -> Path:
        """What dbt read, when it has.

        Raises:
            BuildError: a model or its YAML cannot be read, or there was no room on the disk.
        """
        if self._answers.readline().strip() != "read":
            self._held.process.wait()
            raise self._cannot_read()
        return self._work / "target" / "manifest.json"

    def run(self, arguments: Sequence[str]) -> tuple[bool, list[NodeResult]]:
        """Run `dbt build` with these arguments, after `manifest` and as often as there is something to run. True when nothing failed.

        Raises:
            BuildError: dbt ended before it ran anything, or had no room on the disk.
        """
        self._orders.write(json.dumps(["build", "--no-write-json", *arguments]) + "\n")
        self._orders.flush()
        answer = self._answers.readline().strip()
        if answer != "passed":
            if not answer:
                self._held.process.wait()
            _refuse_without_room(self._work, _said(self._output))
        if not answer:
            raise self._cannot_read()
        return answer == "passed", [_node(result) for result in json.loads(self._results.read_text(encoding="utf-8"))]

    def _cannot_read(self) -> BuildError:
        said = _said(self._output)
        _refuse_without_room(self._work, said)
        return BuildError("dbt could not read the project.", where=str(self._root), hint=_tail(said), code="dbt_parse_failed")


class _Held:
    """A process that ends with this one."""

    def __init__(self, root: Path, work: Path, program: Sequence[str], output: IO[str], passed: tuple[int, ...] = ()) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in SECRETS} | {
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DBT_USE_COLORS": "false",
            "DBT_PROFILES_DIR": str(root),
            "DBT_TARGET_PATH": str(work / "target"),
            "DBT_LOG_PATH": str(work / "logs"),
            "PYTHONUTF8": "1",
            # Of the run; with every statement in it, writing it takes as long as many of them.
            "DBT_LOG_LEVEL_FILE": os.environ.get("DBT_LOG_LEVEL_FILE", "info"),
            # For the shipped macros: there is a plan to keep to.
            "FLIS_BUILD": "1",
            # A project's packages.yml may say by this where the shipped package is, so that it holds on every machine.
            "FLIS_DBT_PACKAGE": str(Path(__file__).resolve().parents[1] / "project"),
        }
        (work / "target").mkdir(parents=True, exist_ok=True)
        read, self._pipe = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter with our own arguments
                [sys.executable, *program],
                cwd=root,
                env=environment,
                stdin=read,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=passed,
            )
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(read)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._pipe)
        self.process.wait()


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


def _said(output: IO[str]) -> str:
    output.seek(0)
    return output.read()


def _node(result: dict[str, Any]) -> NodeResult:
    kind, _, name, *_ = result["unique_id"].split(".")
    tested = (result["attached_node"] or "").rsplit(".", 1)[-1]
    return NodeResult(
        unique_id=result["unique_id"],
        kind=kind,
        name=f"{result['test_metadata']} of {tested}" if result["test_metadata"] else name,
        status=result["status"],
        message=" ".join((result["message"] or "").split()),
        seconds=result["execution_time"],
        rows=result["failures"],
        sql=result["compiled_code"] or "",
    )


def _tail(output: str) -> str:
    """The end of dbt's own words, where its errors stand."""
    return "\n" + "\n".join(output.strip().splitlines()[-_LAST_LINES:])
