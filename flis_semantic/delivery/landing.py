"""The landing zone's files: written under a temporary name, made durable, renamed; what no ledger entry knows is swept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flis_semantic.contracts.landing import SCHEMA_FILE, SET_ASIDE_FOLDER, landing_columns, no_rows
from flis_semantic.contracts.model import Contract
from flis_semantic.delivery.judging import Judging
from flis_semantic.delivery.sql import quoted
from flis_semantic.errors import WarehouseError
from flis_semantic.faults import reached
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Batch
from flis_semantic.warehouse import Connection

PARTIAL = ".partial"
LEDGER_MARK = "_ledger"
"""A file of the landing zone that says which ledger it belongs to."""


def write_batch(judging: Judging, folder: Path, batch: Batch, delivery_ids: Mapping[int, int]) -> None:
    """Write a batch's files, complete and durable. They stay invisible until the ledger knows them."""
    folder.mkdir(parents=True, exist_ok=True)
    accepted = folder / batch.file
    _partial(accepted).touch()
    reached("receive: file half written")
    judging.write_accepted(_partial(accepted), delivery_ids)
    _settle(accepted)
    if batch.set_aside_file is not None:
        set_aside = folder / batch.set_aside_file
        set_aside.parent.mkdir(exist_ok=True)
        judging.write_set_aside(_partial(set_aside), delivery_ids)
        _settle(set_aside)


def write_schema(connection: Connection, contract: Contract, folder: Path) -> None:
    """Write the contract's zero-row file, which stands first in every list of its landing files."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SCHEMA_FILE
    connection.execute(f"COPY ({no_rows(landing_columns(contract))}) TO {quoted(str(_partial(path)))} (FORMAT parquet)")
    _settle(path)


def batch_names(batch: str, contract: str, with_set_aside: bool) -> Batch:
    """The batch and where its files lie in the contract's landing folder."""
    return Batch(batch, contract, f"{batch}.parquet", f"{SET_ASIDE_FOLDER}/{batch}.parquet" if with_set_aside else None)


def claim_landing(landing: Path, ledger: Ledger) -> None:
    """Mark the landing zone as this ledger's, and sweep it.

    Raises WarehouseError when it is another ledger's: to sweep would then delete everything that was received.
    """
    mark = landing / LEDGER_MARK
    strangers = orphans(landing, ledger)
    owner = mark.read_text(encoding="utf-8") if mark.is_file() else ""
    if strangers and owner != ledger.identity:
        raise WarehouseError(
            f"{landing} holds received files of another ledger than {ledger.path.name}.",
            hint="Put that ledger back; or move the landing folder away and receive everything again.",
            code="ledger_lost",
        )
    for path in strangers:
        path.unlink()
    if owner != ledger.identity:
        landing.mkdir(parents=True, exist_ok=True)
        _partial(mark).write_text(ledger.identity, encoding="utf-8")
        _settle(mark)


def sweep(landing: Path, ledger: Ledger) -> None:
    """Remove the files that no batch of the ledger names. Only the holder of the receive lock may do it."""
    for path in orphans(landing, ledger):
        path.unlink(missing_ok=True)


def orphans(landing: Path, ledger: Ledger) -> list[Path]:
    """Files that no batch of the ledger names: what a receive that was killed left behind, or one that is going on now."""
    known = {landing / batch.contract / name for batch in ledger.batches() for name in (batch.file, batch.set_aside_file) if name}
    own = (SCHEMA_FILE, LEDGER_MARK + PARTIAL)
    return [
        path
        for path in sorted(landing.rglob("*"))
        if path.is_file() and path.name not in own and path not in known and path.name.endswith((".parquet", PARTIAL))
    ]


def _partial(path: Path) -> Path:
    return path.with_name(path.name + PARTIAL)


def _settle(path: Path) -> None:
    """Give a complete temporary file its name, and make both survive a power cut."""
    partial = _partial(path)
    _sync(partial)
    reached("receive: file written")
    partial.replace(path)
    reached("receive: file named")
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
