"""`flis build`: ledger and landing files in, a tested warehouse version out; one builder at a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import perf_counter

from filelock import FileLock, Timeout

from flis_semantic.build.dbt_command import NodeResult, install_packages, run_build
from flis_semantic.build.known import built_from, check_known_on, check_nothing_lost, input_digest
from flis_semantic.build.landing import write_landing
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
from flis_semantic.build.report import BuildReport, findings
from flis_semantic.errors import BuildError
from flis_semantic.faults import reached
from flis_semantic.ledger import Ledger, utc
from flis_semantic.warehouse import Error, is_about_the_disk, known_version, open_for_build
from flis_semantic.workspace import Project

KEPT_VERSIONS = 3
"""Versions that stay after a build, the current one among them."""


def build(
    project: Project,
    *,
    select: Sequence[str] | None = None,
    known_on: datetime | None = None,
    keep: int = KEPT_VERSIONS,
    wait_seconds: float = 0,
    on_step: Callable[[str], None] | None = None,
) -> BuildReport:
    """Build every model into a new version, test it, and make it current if no invariant is broken.

    With `select` (dbt's notation; what the selected nodes read is built too) only that is built and tested, and nothing is
    published. With `known_on` (UTC without a zone, or any time with one) the version holds what was received and decided by
    then, under today's definitions; it gets a name of its own, the current version stays current, and one that was built from
    the same input is taken as it is. A broken invariant or a model that fails is in the report and leaves what was there
    before; findings about data are warnings. `on_step` is told each step as it begins.

    Raises:
        BuildError: another build is running (after `wait_seconds`), dbt could not read the project, the work folder cannot be
            written or has no room, landing files are gone, or nothing was received by `known_on`.
    """
    moment = utc(known_on) if known_on is not None else None
    work = _Build(project, list(select or ()), moment, keep, on_step or (lambda step: None))
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
    keep: int
    on_step: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def run(self) -> BuildReport:
        reached("build: begun")
        with self._step("landing", "Writing what was received"):
            received = self._read()
            digest = input_digest(self.project, received)
            kept = self._kept(digest)
            if kept is not None and self.known_on is not None:
                return BuildReport.reused(kept, self.known_on, self.seconds)
            discard(self.project.build_file)
            remove_unpublished(self.project.versions, self.project.pointer)
            reached("build: old build file removed")
            with open_for_build(self.project.build_file) as connection:
                write_landing(connection, self.project, received, digest)
        reached("build: landing written")
        with self._step("dbt", "Building and testing"):
            install_packages(self.project.root, self.project.work)
            reached("build: packages installed")
            passed, results = run_build(self.project.root, self.project.work, self.select)
            reached("build: models built")
            with open_for_build(self.project.build_file) as connection:
                failures, warnings = findings(results, connection)
        if not passed and not failures:
            log = self.project.work / "logs" / "dbt.log"
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
        )

    def _read(self) -> Received:
        """What the ledger says, checked against what lies in the landing zone."""
        with Ledger(self.project.ledger_path) as ledger:
            if self.known_on is not None:
                check_known_on(ledger, self.known_on)
            received = read_received(ledger, self.project.contracts, self.known_on)
        check_nothing_lost(self.project, received)
        return received

    def _kept(self, digest: str) -> Path | None:
        """The version of what was known then, where it was built from the same input already."""
        if self.known_on is None or self.select:
            return None
        version = known_version(self.project.versions, self.known_on)
        return version if built_from(version) == digest else None

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
