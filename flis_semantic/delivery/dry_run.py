"""A receive that leaves no trace: the same project with a copy of its state, in a folder that is removed afterwards.

What judges is receive itself, so that a dry run cannot say anything else than the receive would.
"""

from __future__ import annotations

import copy
import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flis_semantic.delivery.pseudonyms import LEAST_BYTES, PseudonymKey, key_is_named
from flis_semantic.delivery.report import ReceiveReport
from flis_semantic.errors import WarehouseError
from flis_semantic.ledger import Ledger, copy_ledger
from flis_semantic.workspace import Project

_PREFIX = "flis-dry-run-"


@contextmanager
def dry_run(project: Project) -> Generator[Project]:
    """The project, with its ledger and landing zone as they are now, in a place of its own: what is received there is gone afterwards.

    Raises WarehouseError when the state cannot be read, or there is no room for a copy.
    """
    try:
        _clear()
        with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-") as folder:
            copied = copy.copy(project)
            copied.work = Path(folder)
            copy_ledger(project.ledger_path, copied.ledger_path)
            _link(project.landing, copied.landing)
            yield copied
    except OSError as error:
        raise WarehouseError(
            f"{error.filename or tempfile.gettempdir()} cannot be used for a dry run: {error.strerror}.",
            hint="TMPDIR names a folder with room; nothing was received.",
            code="dry_run_failed",
        ) from error


def passing_key(project: Project) -> PseudonymKey | None:
    """A key for this one run, where none is set and nothing was received under one yet; else None, which is the environment's.

    Whoever tries a file of their own has no key of the installation that it goes to, and needs none: nothing of it is kept.
    """
    if key_is_named():
        return None
    with Ledger(project.ledger_path) as ledger:
        return PseudonymKey(secrets.token_bytes(LEAST_BYTES)) if ledger.key_fingerprint is None else None


def without_ids(report: ReceiveReport) -> ReceiveReport:
    """The verdicts of a dry run: no delivery has an id, as none is in the ledger."""
    return ReceiveReport(tuple(replace(result, delivery_id=None) for result in report.results))


def _link(landing: Path, to: Path) -> None:
    """The landing zone's files under the same names. They are only read: a receive writes new ones, and what it removes is the link."""
    for folder, _, names in os.walk(landing):
        beside = to / Path(folder).relative_to(landing)
        beside.mkdir(parents=True)
        for name in names:
            (beside / name).symlink_to(Path(folder, name).resolve())


def _clear() -> None:
    """Remove what dry runs left that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdigit() and left.stat().st_uid == os.getuid() and not _is_running(int(process)):
            shutil.rmtree(left, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
