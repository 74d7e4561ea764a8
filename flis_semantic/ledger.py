"""What was received, when, with which verdict: the only importer of sqlite3.

A receive writes its Parquet files first and then one transaction here makes them visible. Nothing is ever deleted: what is
superseded stays, so that "known on T" can be answered. Times are UTC, as text that sorts like time.

The active delivery of a partition (contract × unit × base period) is the one with the newest `rank_at`, then the highest
sequence number, then the latest receipt. `rank_at` is the extract time, except where an older extract was put in force on
purpose.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from flis_semantic.errors import WarehouseError

Verdict = Literal["accepted", "accepted_with_warnings", "refused"]
ExtractedFrom = Literal["manifest", "file name", "receipt"]

_LAYOUT = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS identity (ledger_id TEXT NOT NULL) STRICT;
INSERT INTO identity SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM identity);
CREATE TABLE IF NOT EXISTS batches (
  batch TEXT PRIMARY KEY,
  contract TEXT NOT NULL,
  file TEXT NOT NULL,
  set_aside_file TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS deliveries (
  delivery_id INTEGER PRIMARY KEY,
  contract TEXT NOT NULL,
  form TEXT NOT NULL,
  file_name TEXT NOT NULL,
  content_sha256 TEXT NOT NULL,
  extracted_at TEXT NOT NULL,
  extracted_from TEXT NOT NULL,
  received_at TEXT NOT NULL,
  rank_at TEXT NOT NULL,
  sequence INTEGER,
  verdict TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  rows_delivered INTEGER NOT NULL,
  rows_accepted INTEGER NOT NULL,
  rows_control INTEGER NOT NULL,
  rows_set_aside INTEGER NOT NULL,
  encoding TEXT NOT NULL,
  synthetic INTEGER NOT NULL,
  has_manifest INTEGER NOT NULL,
  batch TEXT REFERENCES batches
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_by_content ON deliveries (contract, content_sha256);
CREATE TABLE IF NOT EXISTS rule_counts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  rule_id TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, rule_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS partitions (
  contract TEXT NOT NULL,
  unit_code TEXT NOT NULL,
  base_period_key INTEGER NOT NULL,
  delivery_id INTEGER NOT NULL REFERENCES deliveries,
  rows INTEGER NOT NULL,
  PRIMARY KEY (contract, unit_code, base_period_key, delivery_id)
) STRICT, WITHOUT ROWID;
"""
_ACTIVE = """
SELECT unit_code, base_period_key, delivery_id, rows, rank_at, sequence, synthetic FROM (
  SELECT p.unit_code, p.base_period_key, p.delivery_id, p.rows, d.rank_at, coalesce(d.sequence, -1) AS sequence, d.synthetic,
         row_number() OVER (PARTITION BY p.unit_code, p.base_period_key
                            ORDER BY d.rank_at DESC, coalesce(d.sequence, -1) DESC, d.delivery_id DESC) AS place
  FROM partitions p JOIN deliveries d USING (delivery_id)
  WHERE p.contract = ? AND d.received_at <= ?
) WHERE place = 1 ORDER BY unit_code, base_period_key
"""
_END_OF_TIME = "9999-12-31T23:59:59.999999"


@dataclass(frozen=True)
class Delivery:
    """One received file of one contract. Counts: delivered = accepted + set aside; controls are among the accepted."""

    delivery_id: int
    contract: str
    form: str
    file_name: str
    content_sha256: str
    extracted_at: datetime
    extracted_from: ExtractedFrom
    received_at: datetime
    rank_at: datetime
    sequence: int | None
    verdict: Verdict
    code: str
    message: str
    rows_delivered: int
    rows_accepted: int
    rows_control: int
    rows_set_aside: int
    encoding: str
    synthetic: bool
    has_manifest: bool
    batch: str | None

    @property
    def admitted(self) -> bool:
        """Whether its accepted rows are in the landing zone."""
        return self.verdict != "refused"


@dataclass(frozen=True)
class Batch:
    """The landing files that one receive wrote for one contract, relative to the contract's landing folder."""

    batch: str
    contract: str
    file: str
    set_aside_file: str | None


@dataclass(frozen=True)
class ActivePartition:
    """A unit × base period and the delivery that is in force for it."""

    unit_code: str
    base_period_key: int
    delivery_id: int
    rows: int
    rank_at: datetime
    sequence: int
    synthetic: bool

    @property
    def rank(self) -> tuple[datetime, int, int]:
        """What a later delivery must exceed to take the partition over."""
        return self.rank_at, self.sequence, self.delivery_id


@dataclass(frozen=True)
class Entry:
    """A delivery with what belongs to it: hits per rule, rows per (unit code, base period key)."""

    delivery: Delivery
    rule_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    partitions: Mapping[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])


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

    def record(self, entries: Sequence[Entry], batch: Batch | None = None) -> None:
        """Make deliveries visible, with their batch of files, in one transaction: all of it or nothing.

        Raises WarehouseError when the ledger cannot be written; nothing is recorded then.
        """
        try:
            self._record(entries, batch)
        except sqlite3.Error as error:
            raise WarehouseError(f"The ledger cannot be written: {error}.", where=str(self.path), code="ledger_not_written") from error

    def deliveries(self, contract: str | None = None, known_on: datetime | None = None) -> list[Delivery]:
        """Deliveries received by `known_on` (default: all), refused ones too, in the order of receipt."""
        rows = self._db.execute(
            f"SELECT {', '.join(_DELIVERY_COLUMNS)} FROM deliveries "  # noqa: S608 - names of our own fields
            "WHERE (? IS NULL OR contract = ?) AND received_at <= ? ORDER BY delivery_id",
            (contract, contract, _until(known_on)),
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

    def rule_counts(self, contract: str | None = None) -> dict[int, dict[str, int]]:
        """Delivery id → rule id → rows that the rule hit."""
        counts: dict[int, dict[str, int]] = {}
        rows = self._db.execute(
            "SELECT delivery_id, rule_id, rows FROM rule_counts JOIN deliveries USING (delivery_id) WHERE ? IS NULL OR contract = ? "
            "ORDER BY delivery_id, rule_id",
            (contract, contract),
        )
        for delivery_id, rule_id, hits in rows:
            counts.setdefault(delivery_id, {})[rule_id] = hits
        return counts

    def active_partitions(self, contract: str, known_on: datetime | None = None) -> list[ActivePartition]:
        """Every unit × base period that was delivered, with the delivery in force by `known_on` (default: now)."""
        rows = self._db.execute(_ACTIVE, (contract, _until(known_on)))
        return [
            ActivePartition(unit, key, delivery, n, _time(rank), sequence, bool(made))
            for unit, key, delivery, n, rank, sequence, made in rows
        ]

    def partitions(self, delivery_ids: Iterable[int]) -> dict[int, dict[tuple[str, int], int]]:
        """Delivery id → (unit code, base period key) → accepted rows."""
        found: dict[int, dict[tuple[str, int], int]] = {}
        for delivery_id in delivery_ids:
            rows = self._db.execute("SELECT unit_code, base_period_key, rows FROM partitions WHERE delivery_id = ?", (delivery_id,))
            found[delivery_id] = {(unit, key): n for unit, key, n in rows}
        return found

    def active_files(self, contract: str, known_on: datetime | None = None) -> list[str]:
        """Landing files, relative to the contract's landing folder, that hold at least one active partition."""
        active = {partition.delivery_id for partition in self.active_partitions(contract, known_on)}
        rows = self._db.execute(
            "SELECT DISTINCT b.file, d.delivery_id FROM deliveries d JOIN batches b USING (batch) WHERE d.contract = ?", (contract,)
        )
        return sorted({file for file, delivery_id in rows if delivery_id in active})

    def batches(self, contract: str | None = None) -> list[Batch]:
        """Every batch of files that a receive made visible."""
        rows = self._db.execute(
            "SELECT batch, contract, file, set_aside_file FROM batches WHERE ? IS NULL OR contract = ? ORDER BY batch", (contract, contract)
        )
        return [Batch(*row) for row in rows]

    def _record(self, entries: Sequence[Entry], batch: Batch | None) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            if batch is not None:
                self._db.execute("INSERT INTO batches VALUES (?, ?, ?, ?)", (batch.batch, batch.contract, batch.file, batch.set_aside_file))
            for entry in entries:
                self._insert(entry)
            self._db.execute("COMMIT")
        except BaseException:
            # An interrupt may come before the transaction began or after it ended; a failing ROLLBACK would hide it.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _lay_out(self) -> None:
        layout = self._one("PRAGMA user_version")
        if layout == 0:
            self._db.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {_LAYOUT}; COMMIT;")
        elif layout != _LAYOUT:
            raise WarehouseError(
                f"The ledger {self.path} has layout {layout}, this program knows {_LAYOUT}.",
                hint="Use the version of flis that wrote it.",
                code="ledger_layout",
            )

    def _insert(self, entry: Entry) -> None:
        delivery = entry.delivery
        values = [_stored(getattr(delivery, name)) for name in _DELIVERY_COLUMNS]
        marks = ", ".join("?" * len(values))
        self._db.execute(f"INSERT INTO deliveries ({', '.join(_DELIVERY_COLUMNS)}) VALUES ({marks})", values)  # noqa: S608 - our own fields
        self._db.executemany(
            "INSERT INTO rule_counts VALUES (?, ?, ?)", [(delivery.delivery_id, rule, rows) for rule, rows in entry.rule_counts.items()]
        )
        self._db.executemany(
            "INSERT INTO partitions VALUES (?, ?, ?, ?, ?)",
            [(delivery.contract, unit, key, delivery.delivery_id, rows) for (unit, key), rows in entry.partitions.items()],
        )

    def _one(self, sql: str) -> Any:
        return self._db.execute(sql).fetchone()[0]


_DELIVERY_COLUMNS = tuple(column.name for column in fields(Delivery))


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
