"""One writer of the landing zone at a time, and the engine that it judges with."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from flis_semantic.delivery.scratch import Scratch
from flis_semantic.errors import WarehouseError
from flis_semantic.warehouse import Connection, connect

_LOCK = "receive.lock"
_SCRATCH = "receive-"
_WAIT_SECONDS = 600
_MEMORY = "1GB"
"""What the engine may hold before it spills to the scratch folder."""


@contextmanager
def turn(work: Path) -> Generator[None]:
    """One receiver at a time; scratch folders are removed, also those of receivers that were killed or interrupted."""
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / _LOCK, timeout=_WAIT_SECONDS):
            _clear_scratch(work)
            try:
                yield
            finally:
                _clear_scratch(work)
    except Timeout as error:
        raise WarehouseError(
            f"Another receive has been running for more than {_WAIT_SECONDS // 60} minutes.",
            where=str(work / _LOCK),
            hint="Wait until it is done, or end it.",
            code="receive_locked",
        ) from error


@contextmanager
def engine(work: Path) -> Generator[tuple[Connection, Scratch]]:
    """A connection with the empty database `pass`, and where files without a name may lie; both are gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=work) as folder,
        Scratch(Path(folder)) as scratch,
        closing(connect()) as connection,
    ):
        connection.execute("SET temp_directory = ?", [str(Path(folder) / "spill")])
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute("SET preserve_insertion_order = false")
        # The engine cannot know how many rows a text has, and would hold all of them to look up a few names: tables are
        # joined as they are written, the many rows first.
        connection.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        # Rows are kept in a file: a table in memory would have to fit into it.
        scratch.attach(connection, "pass")
        yield connection, scratch


def _clear_scratch(work: Path) -> None:
    for left in work.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
