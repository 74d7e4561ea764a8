"""`flis build`: ledger and landing files in, a tested warehouse version out; one builder at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from filelock import FileLock, Timeout

from flis_semantic.build.dbt_command import install_packages, run_build
from flis_semantic.build.landing import write_landing
from flis_semantic.build.publish import close_warehouse, discard, move_to_versions, remove_old, remove_unpublished, switch_to
from flis_semantic.build.received import read_received
from flis_semantic.build.report import BuildReport, findings
from flis_semantic.errors import BuildError
from flis_semantic.ledger import Ledger
from flis_semantic.warehouse import open_for_build
from flis_semantic.workspace import Project

KEPT_VERSIONS = 3
"""Versions that stay after a build, the current one among them."""


def build(
    project: Project,
    *,
    select: Sequence[str] | None = None,
    keep: int = KEPT_VERSIONS,
    wait_seconds: float = 0,
    on_step: Callable[[str], None] | None = None,
) -> BuildReport:
    """Build every model into a new version, test it, and make it current if no invariant is broken.

    With `select` (dbt's notation; what the selected nodes read is built too) only that is built and tested, and nothing is
    published. A broken invariant or a model that fails is in the report and leaves the previous version current; findings
    about data are warnings. `on_step` is told each step as it begins.

    Raises:
        BuildError: another build is running (after `wait_seconds`), or dbt could not read the project.
    """
    project.work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(project.work / "build.lock")
    try:
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise BuildError(
            "Another build of this project is running.", where=str(project.work), hint="Wait until it is done.", code="build_running"
        ) from error
    try:
        return _build(project, list(select or ()), keep, on_step or (lambda step: None))
    finally:
        lock.release()


def _build(project: Project, select: list[str], keep: int, on_step: Callable[[str], None]) -> BuildReport:
    seconds: dict[str, float] = {}
    started = perf_counter()

    def done(step: str) -> None:
        nonlocal started
        seconds[step] = perf_counter() - started
        started = perf_counter()

    on_step("Writing what was received")
    discard(project.build_file)
    remove_unpublished(project.versions, project.pointer)
    with Ledger(project.ledger_path) as ledger:
        received = read_received(ledger, project.contracts)
    with open_for_build(project.build_file) as connection:
        write_landing(connection, project, received)
    done("landing")

    on_step("Building and testing")
    install_packages(project.root, project.work)
    passed, results = run_build(project.root, project.work, select)
    with open_for_build(project.build_file) as connection:
        failures, warnings = findings(results, connection)
    done("dbt")
    if not passed and not failures:
        raise BuildError(
            "dbt ended with an error that no model or test explains.", where=str(project.work / "logs" / "dbt.log"), code="dbt_failed"
        )

    version: str | None = None
    if not failures and not select:
        on_step("Publishing")
        close_warehouse(project.build_file)
        file = move_to_versions(project.build_file, project.versions)
        switch_to(file, project.pointer)
        remove_old(project.versions, project.pointer, keep)
        version = file.name
        done("publish")
    tests = [result for result in results if result.kind == "test"]
    return BuildReport(
        version=version,
        selected=bool(select),
        models=sum(result.status == "success" for result in results if result.kind != "test"),
        tests=sum(result.status != "skipped" for result in tests),
        skipped=sum(result.status == "skipped" for result in results),
        failures=failures,
        warnings=warnings,
        seconds=seconds,
    )
