"""`flis build`: ledger, landing files and the version before in, a tested warehouse version out; one builder at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout

from flis_semantic.build.beginning import Beginning, compare, copy_version, find_beginning
from flis_semantic.build.dbt_command import Dbt, NodeResult, install_packages
from flis_semantic.build.graph import read_graph
from flis_semantic.build.known import Inputs, built_from, check_known_on, check_nothing_lost, read_inputs
from flis_semantic.build.landing import write_landing
from flis_semantic.build.plan import Plan, write_plan
from flis_semantic.build.publish import (
    close_warehouse,
    discard,
    move_to_versions,
    new_version,
    remove_old,
    remove_unpublished,
    switch_to,
)
from flis_semantic.build.received import Received, read_received
from flis_semantic.build.report import BuildReport, Rewritten, findings, read_rewritten
from flis_semantic.build.stages import run_everything, run_plan
from flis_semantic.errors import BuildError, WarehouseError
from flis_semantic.faults import reached
from flis_semantic.ledger import Ledger, utc
from flis_semantic.warehouse import Error, current_version, is_about_the_disk, known_version, open_for_build
from flis_semantic.workspace import Project

KEPT_VERSIONS = 3
"""Versions that stay after a build, the current one among them."""


def build(
    project: Project,
    *,
    select: Sequence[str] | None = None,
    known_on: datetime | None = None,
    full: bool = False,
    keep: int = KEPT_VERSIONS,
    wait_seconds: float = 0,
    on_step: Callable[[str], None] | None = None,
) -> BuildReport:
    """Build what changed into a new version, test it, and make it current if no invariant is broken.

    A build begins from the current version: models, seeds and macros that changed are rebuilt with everything below them, and of
    the others what changed deliveries and decisions touch. The rows are the same as those of a full build. It is a full one with
    `full`, without a version to begin from, and after a change of the program, the vocabulary or dbt's settings.

    With `select` (dbt's notation; what the selected nodes read is built too) only that is built and tested, and nothing is
    published. With `known_on` (UTC without a zone, or any time with one) the version holds what was received and decided by
    then, under today's definitions; it gets a name of its own, and the current version stays current. Where nothing changed, the version
    that is there is taken as it is. A broken invariant or a model that fails is in the report and leaves what was there
    before; findings about data are warnings. `on_step` is told each step as it begins.

    Raises:
        BuildError: another build is running (after `wait_seconds`), dbt could not read the project, the work folder cannot be
            written or has no room, landing files are gone, or nothing was received by `known_on`.
    """
    moment = utc(known_on) if known_on is not None else None
    work = _Build(project, list(select or ()), moment, full, keep, on_step or (lambda step: None))
    with _turn(project.work, wait_seconds):
        try:
            return work.run()
        except BaseException as error:
            # Whatever ended it: a half-built file only takes room.
            with suppress(OSError):
                discard(project.build_file)
            if isinstance(error, OSError) or (isinstance(error, Error) and is_about_the_disk(error)):
                raise _failed(project.work, error) from error
            raise


@dataclass
class _Build:
    """One build, from the ledger to the version."""

    project: Project
    select: list[str]
    known_on: datetime | None
    full: bool
    keep: int
    on_step: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def run(self) -> BuildReport:
        reached("build: begun")
        project = self.project
        install_packages(project.root, project.work)
        reached("build: packages installed")
        # It reads the project meanwhile; where there is nothing to build, it is left before it has.
        with Dbt(project.root, project.work) as dbt:
            with self._step("ledger", "Reading what was received"):
                received = self._read()
                inputs = read_inputs(project, received)
                kept = self._kept(inputs.digest)
                if kept is not None:
                    return BuildReport.reused(kept, self.known_on, self.seconds)
            with self._step("landing", "Writing what was received"):
                beginning = self._begin(inputs)
                with open_for_build(project.build_file) as connection:
                    write_landing(connection, project, received, inputs, is_copy=beginning.version is not None)
            reached("build: landing written")
            with self._step("dbt", "Building and testing"):
                passed, results, rewritten = self._models(dbt, inputs, beginning)
        reached("build: models built")
        with open_for_build(project.build_file) as connection:
            failures, warnings = findings(results, connection)
        if not passed and not failures:
            log = project.work / "logs" / "dbt.log"
            raise BuildError("dbt ended with an error that no model or test explains.", where=str(log), code="dbt_failed")
        version: Path | None = None
        if not failures and not self.select:
            with self._step("publish", "Publishing"):
                version = self._publish()
        tests = [result for result in results if result.kind == "test"]
        return BuildReport(
            version=version.name if version is not None else None,
            selected=bool(self.select),
            known_on=self.known_on,
            models=_built(results),
            tests=sum(result.status != "skipped" for result in tests),
            skipped=sum(result.status == "skipped" for result in results),
            failures=failures,
            warnings=warnings,
            seconds=self.seconds,
            begun_from=beginning.version.name if beginning.version is not None else None,
            why_full=beginning.why_not,
            rewritten=rewritten,
        )

    def _models(self, dbt: Dbt, inputs: Inputs, beginning: Beginning) -> tuple[bool, list[NodeResult], tuple[Rewritten, ...]]:
        """Run what there is to do."""
        project = self.project
        graph = read_graph(dbt.manifest(), project.calendar.grains)
        with open_for_build(project.build_file) as connection:
            plan = compare(connection, project, graph, inputs, beginning) if beginning.version is not None else Plan()
            write_plan(connection, graph, plan)
        if plan.run is None:
            passed, results = run_everything(dbt, graph, self._selection())
        else:
            passed, results = run_plan(project, dbt, graph, plan)
        with open_for_build(project.build_file) as connection:
            return passed, results, read_rewritten(connection, graph, results)

    def _read(self) -> Received:
        """What the ledger says, checked against what lies in the landing zone."""
        with Ledger(self.project.ledger_path) as ledger:
            if self.known_on is not None:
                check_known_on(ledger, self.known_on)
            received = read_received(ledger, self.project.contracts, self.known_on)
        check_nothing_lost(self.project, received)
        return received

    def _kept(self, digest: str) -> Path | None:
        """The version that was built from the same input already."""
        if self.select or self.full:
            return None
        project = self.project
        try:
            version = (
                known_version(project.versions, self.known_on) if self.known_on else current_version(project.versions, project.pointer)
            )
        except WarehouseError:
            return None
        return version if version is not None and built_from(version) == digest else None

    def _begin(self, inputs: Inputs) -> Beginning:
        """The build file: a copy of the version to begin from, or nothing."""
        project = self.project
        discard(project.build_file)
        remove_unpublished(project.versions, project.pointer)
        reached("build: old build file removed")
        beginning = Beginning.none("") if self.select or self.full else find_beginning(project, inputs)
        if beginning.version is not None:
            copy_version(beginning.version, project.build_file)
        reached("build: version copied")
        return beginning

    def _selection(self) -> list[str]:
        """What dbt is asked to run of everything."""
        # Cautious: a test that also reads what is not selected would find no such table.
        selection = [part if part.startswith(("+", "@")) else f"+{part}" for part in self.select]
        return ["--indirect-selection", "cautious", "--select", *selection] if selection else []

    def _publish(self) -> Path:
        project = self.project
        close_warehouse(project.build_file)
        if self.known_on is not None:
            version = known_version(project.versions, self.known_on)
            move_to_versions(project.build_file, version)
            return version
        version = new_version(project.versions)
        move_to_versions(project.build_file, version)
        switch_to(version, project.pointer)
        remove_old(project.versions, project.pointer, self.keep)
        reached("switch: old versions removed")
        return version

    @contextmanager
    def _step(self, name: str, text: str) -> Generator[None]:
        self.on_step(text)
        started = perf_counter()
        yield
        self.seconds[name] = perf_counter() - started


@contextmanager
def _turn(work: Path, wait_seconds: float) -> Generator[None]:
    """One builder at a time."""
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = FileLock(work / "build.lock")
        lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise BuildError(
            "Another build of this project is running.", where=str(work), hint="Wait until it is done.", code="build_running"
        ) from error
    except OSError as error:
        raise _failed(work, error) from error
    try:
        yield
    finally:
        lock.release()


def _failed(work: Path, error: Exception) -> BuildError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
    return BuildError(
        f"The build failed: {reason}.".replace("..", "."),
        where=str(work),
        hint="The version before it stays current; is there room on the disk, and may the folder be written?",
        code="build_failed",
    )


def _built(results: Sequence[NodeResult]) -> int:
    return sum(result.status == "success" for result in results if result.kind != "test")
