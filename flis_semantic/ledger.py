"""What was received, when, with which verdict: the only importer of sqlite3.

A receive writes its Parquet files first and then one transaction here makes them visible. Nothing is ever deleted: what is
superseded stays, so that "known on T" can be answered. Times are UTC, as text that sorts like time.

The active delivery of a partition (contract × unit × base period × slot) is the full one with the newest `rank_at`, then the
highest sequence number, then the latest receipt. `rank_at` is the extract time, except where an older extract was put in force
on purpose, or the same content came again from a newer one. Deltas change rows of partitions and are never the active delivery of one.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from flis_semantic.errors import WarehouseError
from flis_semantic.faults import reached
from flis_semantic.ledger_layout import LAYOUT, STEPS
from flis_semantic.ledger_queries import ACTIVE, ACTIVE_FILES, ALL_PLACED, CONFIRMED, DELTAS
from flis_semantic.ledger_records import (
    ActivePartition,
    Batch,
    Confirmation,
    Decision,
    Delivery,
    DeltaDelivery,
    Entry,
    Part,
    PlacedPartition,
    UnitCount,
)

_COPIES_TRIED = 50
_COPY_AGAIN_SECONDS = 0.1
_END_OF_TIME = "9999-12-31T23:59:59.999999"


class Ledger:
    """The ledger file of one project. Use as a context manager, or close it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            self._lay_out()
        except sqlite3.Error as error:
            raise WarehouseError(
                f"The ledger {path} cannot be opened: {error}.",
                hint="Is the folder writable, and the file a ledger?",
                code="ledger_unreadable",
            ) from error

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def identity(self) -> str:
        """What tells this ledger from another one at the same place: given when it was made, for ever."""
        return str(self._one("SELECT ledger_id FROM identity"))

    def next_delivery_id(self) -> int:
        """The id of the next delivery. Only the holder of the receive lock may use it."""
        return int(self._one("SELECT coalesce(max(delivery_id), 0) + 1 FROM deliveries"))

    @property
    def key_fingerprint(self) -> str | None:
        """Of the key under which personal numbers were received until now; None before the first."""
        return self._one("SELECT max(fingerprint) FROM pseudonym_key")

    def record(
        self,
        entries: Sequence[Entry],
        batch: Batch | None = None,
        confirmations: Sequence[Confirmation] = (),
        key_fingerprint: str | None = None,
    ) -> None:
        """Make deliveries visible, with their batch of files, and confirm earlier ones, in one transaction: all of it or nothing.

        `key_fingerprint` is that of the key of their pseudonyms, where they have any: the first one holds for ever.
        Raises WarehouseError when the ledger cannot be written; nothing is recorded then.
        """
        with self._writing():
            if key_fingerprint is not None and self.key_fingerprint is None:
                self._db.execute("INSERT INTO pseudonym_key VALUES (?)", (key_fingerprint,))
            if batch is not None:
                self._db.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", (batch.batch, batch.contract, batch.file, batch.set_aside_file))
            for entry in entries:
                self._insert(entry)
            values = [[_stored(value) for value in (c.delivery_id, c.extracted_at, c.received_at)] for c in confirmations]
            self._db.executemany("INSERT INTO confirmations VALUES (?, ?, ?)", values)
            reached("receive: recording")

    def deliveries(self, contract: str | None = None, known_on: datetime | None = None) -> list[Delivery]:
        """Deliveries received by `known_on` (default: all), refused ones too, in the order of receipt."""
        confirmed = {name: f"max({name}, coalesce(confirmed_at, ''))" for name in ("extracted_at", "rank_at")}
        rows = self._db.execute(
            f"SELECT {', '.join(confirmed.get(name, name) for name in _DELIVERY_COLUMNS)} FROM deliveries {CONFIRMED} "  # noqa: S608 - ours
            "WHERE (:contract IS NULL OR contract = :contract) AND received_at <= :until ORDER BY delivery_id",
            {"contract": contract, "until": _until(known_on)},
        )
        return [_delivery(row) for row in rows]

    def same_content(self, contract: str, content_sha256: str) -> list[Delivery]:
        """Admitted deliveries of the contract with exactly this content, the latest first."""
        rows = self._db.execute(
            f"SELECT {', '.join(_DELIVERY_COLUMNS)} FROM deliveries "  # noqa: S608 - names of our own fields
            "WHERE contract = ? AND content_sha256 = ? AND verdict <> 'refused' ORDER BY delivery_id DESC",
            (contract, content_sha256),
        )
        return [_delivery(row) for row in rows]

    def rule_counts(self, contract: str | None = None, known_on: datetime | None = None) -> dict[int, dict[str, int]]:
        """Delivery id → rule id → rows that the rule hit, of deliveries received by `known_on` (default: all)."""
        counts: dict[int, dict[str, int]] = {}
        rows = self._db.execute(
            "SELECT delivery_id, rule_id, rows FROM rule_counts JOIN deliveries USING (delivery_id) WHERE (? IS NULL OR contract = ?) "
            "AND received_at <= ? ORDER BY delivery_id, rule_id",
            (contract, contract, _until(known_on)),
        )
        for delivery_id, rule_id, hits in rows:
            counts.setdefault(delivery_id, {})[rule_id] = hits
        return counts

    def unit_counts(self, contract: str | None = None) -> dict[int, list[UnitCount]]:
        """Delivery id → its rows by unit and supplier; of what was received before they were counted there is nothing."""
        hits: dict[tuple[int, str, str], dict[str, int]] = {}
        chosen = "FROM {} JOIN deliveries USING (delivery_id) WHERE (? IS NULL OR contract = ?) ORDER BY delivery_id, unit_code, supplier"
        for *place, rule, n in self._db.execute(
            f"SELECT delivery_id, unit_code, supplier, rule_id, rows {chosen.format('unit_hits')}",  # noqa: S608 - our own text
            (contract, contract),
        ):
            hits.setdefault((place[0], place[1], place[2]), {})[rule] = n
        found: dict[int, list[UnitCount]] = {}
        columns = "delivery_id, unit_code, supplier, unit_rows.rows_accepted, unit_rows.rows_set_aside"
        for delivery, unit, supplier, accepted, set_aside in self._db.execute(
            f"SELECT {columns} {chosen.format('unit_rows')}",  # noqa: S608 - our own text
            (contract, contract),
        ):
            counted = UnitCount(unit, supplier, accepted, set_aside, hits.get((delivery, unit, supplier), {}))
            found.setdefault(delivery, []).append(counted)
        return found

    def active_partitions(self, contract: str, known_on: datetime | None = None) -> list[ActivePartition]:
        """Every partition that was delivered in full, with the delivery in force by `known_on` (default: now)."""
        rows = self._db.execute(ACTIVE, {"contract": contract, "until": _until(known_on)})
        return [
            ActivePartition(unit, key, slot, delivery, n, _time(rank), sequence, bool(made))
            for unit, key, slot, delivery, n, rank, sequence, made in rows
        ]

    def placed_partitions(self, known_on: datetime | None = None) -> list[PlacedPartition]:
        """Every partition of every delivery by `known_on` (default: now), whether it is in force or not."""
        return [PlacedPartition(*row) for row in self._db.execute(ALL_PLACED, {"until": _until(known_on)})]

    def deltas(self, contract: str, known_on: datetime | None = None) -> list[DeltaDelivery]:
        """The deltas received by `known_on` (default: all) by stream and sequence; of one number that came twice the newest."""
        rows = self._db.execute(DELTAS, (contract, _until(known_on))).fetchall()
        partitions = self.partitions(row[0] for row in rows)
        return [
            DeltaDelivery(
                delivery, stream, sequence, _time(rank), _time(extracted), _time(received), n, bool(made), partitions.get(delivery, {})
            )
            for delivery, stream, sequence, rank, extracted, received, n, made in rows
        ]

    def partitions(self, delivery_ids: Iterable[int]) -> dict[int, dict[Part, int]]:
        """Delivery id → (unit code, base period key, slot) → accepted rows."""
        found: dict[int, dict[Part, int]] = {delivery_id: {} for delivery_id in delivery_ids}
        rows = self._db.execute(
            "SELECT delivery_id, unit_code, base_period_key, slot, rows FROM partitions "
            "WHERE delivery_id IN (SELECT value FROM json_each(?)) ORDER BY unit_code, base_period_key, slot",
            (json.dumps(list(found)),),
        )
        for delivery_id, unit, key, slot, n in rows:
            found[delivery_id][unit, key, slot] = n
        return found

    def active_files(self, contract: str, known_on: datetime | None = None) -> list[str]:
        """Landing files, relative to the contract's landing folder, that hold at least one active partition."""
        rows = self._db.execute(ACTIVE_FILES, {"contract": contract, "until": _until(known_on)})
        return [file for (file,) in rows]

    def files_of(self, delivery_ids: Iterable[int]) -> list[str]:
        """Landing files of these deliveries, relative to their contract's landing folder."""
        rows = self._db.execute(
            "SELECT DISTINCT b.file FROM deliveries d JOIN batches b USING (batch) "
            "WHERE d.delivery_id IN (SELECT value FROM json_each(?)) ORDER BY b.file",
            (json.dumps(list(delivery_ids)),),
        )
        return [file for (file,) in rows]

    def decide(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Add decisions, all or none, and return them with their ids. Nothing is taken back: to lift is a decision of its own.

        Raises WarehouseError when the ledger cannot be written.
        """
        with self._writing():
            next_id = int(self._one("SELECT coalesce(max(decision_id), 0) + 1 FROM decisions"))
            taken = [
                replace(decision, decision_id=next_id + n, decided_at=utc(decision.decided_at)) for n, decision in enumerate(decisions)
            ]
            marks = ", ".join("?" * len(_DECISION_COLUMNS))
            self._db.executemany(
                f"INSERT INTO decisions ({', '.join(_DECISION_COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our own fields
                [[_stored(getattr(decision, name)) for name in _DECISION_COLUMNS] for decision in taken],
            )
        return taken

    def decisions(self, contract: str | None = None, known_on: datetime | None = None) -> list[Decision]:
        """Decisions taken by `known_on` (default: all), in the order in which they were taken."""
        rows = self._db.execute(
            f"SELECT {', '.join(_DECISION_COLUMNS)} FROM decisions "  # noqa: S608 - names of our own fields
            "WHERE (? IS NULL OR contract = ?) AND decided_at <= ? ORDER BY decision_id",
            (contract, contract, _until(known_on)),
        )
        return [_decision(row) for row in rows]

    def batches(self, contract: str | None = None) -> list[Batch]:
        """Every batch of files that a receive made visible."""
        rows = self._db.execute(
            "SELECT batch, contract, file, set_aside_file FROM batches WHERE ? IS NULL OR contract = ? ORDER BY batch", (contract, contract)
        )
        return [Batch(*row) for row in rows]

    @contextmanager
    def _writing(self) -> Generator[None]:
        """One transaction. Raises WarehouseError when the ledger cannot be written; nothing is written then."""
        try:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # An interrupt may come before the transaction began or after it ended; a failing ROLLBACK would hide it.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise WarehouseError(f"The ledger cannot be written: {error}.", where=str(self.path), code="ledger_not_written") from error

    def _lay_out(self) -> None:
        """Give the file the present layout, in one transaction, whichever it has: another process may be doing the same."""
        if self._one("PRAGMA user_version") == LAYOUT:
            return
        with self._writing():
            layout = self._one("PRAGMA user_version")
            if layout == LAYOUT:
                return
            if layout not in STEPS:
                raise WarehouseError(
                    f"The ledger {self.path} has layout {layout}, this program knows {LAYOUT}.",
                    hint="Use the version of flis that wrote it.",
                    code="ledger_layout",
                )
            for statement in STEPS[layout].split(";"):
                if statement.strip():
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {LAYOUT}")

    def _insert(self, entry: Entry) -> None:
        delivery = entry.delivery
        values = [_stored(getattr(delivery, name)) for name in _DELIVERY_COLUMNS]
        marks = ", ".join("?" * len(values))
        self._db.execute(f"INSERT INTO deliveries ({', '.join(_DELIVERY_COLUMNS)}) VALUES ({marks})", values)  # noqa: S608 - our own fields
        self._db.executemany(
            "INSERT INTO rule_counts VALUES (?, ?, ?)", [(delivery.delivery_id, rule, rows) for rule, rows in entry.rule_counts.items()]
        )
        for count in entry.unit_counts:
            place = (delivery.delivery_id, count.unit_code, count.supplier)
            self._db.execute("INSERT INTO unit_rows VALUES (?, ?, ?, ?, ?)", (*place, count.rows_accepted, count.rows_set_aside))
            self._db.executemany("INSERT INTO unit_hits VALUES (?, ?, ?, ?, ?)", [(*place, *hit) for hit in count.hits.items()])
        self._db.executemany(
            "INSERT INTO partitions VALUES (?, ?, ?, ?, ?, ?)",
            [(delivery.contract, unit, key, slot, delivery.delivery_id, rows) for (unit, key, slot), rows in entry.partitions.items()],
        )

    def _one(self, sql: str) -> Any:
        return self._db.execute(sql).fetchone()[0]


def copy_ledger(path: Path, to: Path) -> None:
    """Copy the ledger file at `path`, where there is one, as it is now; the file and its folder are not touched.

    SQLite itself would write beside a ledger that it reads. Raises WarehouseError when others write it all the time, OSError.
    """
    for _ in range(_COPIES_TRIED):
        before = _state(path)
        for ending in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{ending}", f"{to}{ending}")
        if _state(path) == before:
            return
        Path(f"{to}-wal").unlink(missing_ok=True)
        time.sleep(_COPY_AGAIN_SECONDS)
    raise WarehouseError("The ledger is being written.", where=str(path), hint="Try again when the receive is done.", code="ledger_busy")


def _state(path: Path) -> list[tuple[int, int, int] | None]:
    """What changes when the ledger is written."""
    found: list[tuple[int, int, int] | None] = []
    for ending in ("", "-wal"):
        try:
            state = Path(f"{path}{ending}").stat()
        except FileNotFoundError:
            found.append(None)
        else:
            found.append((state.st_ino, state.st_size, state.st_mtime_ns))
    return found


_DELIVERY_COLUMNS = tuple(column.name for column in fields(Delivery))
_DECISION_COLUMNS = tuple(column.name for column in fields(Decision))


def utc(moment: datetime) -> datetime:
    """The moment in UTC without a zone, as the ledger keeps it; a moment without a zone is taken to be UTC."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def _until(known_on: datetime | None) -> str:
    return _END_OF_TIME if known_on is None else _text(utc(known_on))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _stored(value: Any) -> Any:
    return _text(value) if isinstance(value, datetime) else value


def _delivery(row: Sequence[Any]) -> Delivery:
    values = dict(zip(_DELIVERY_COLUMNS, row, strict=True))
    for name in ("extracted_at", "received_at", "rank_at"):
        values[name] = _time(values[name])
    for name in ("synthetic", "has_manifest"):
        values[name] = bool(values[name])
    return Delivery(**values)


def _decision(row: Sequence[Any]) -> Decision:
    values = dict(zip(_DECISION_COLUMNS, row, strict=True))
    values["decided_at"] = _time(values["decided_at"])
    values["is_lifted"] = bool(values["is_lifted"])
    return Decision(**values)
