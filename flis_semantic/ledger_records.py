"""What the ledger keeps, one class per kind of record. Times are UTC without a zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple

Verdict = Literal["accepted", "accepted_with_warnings", "refused"]
ExtractedFrom = Literal["manifest", "file name", "column", "receipt"]
Mode = Literal["full", "window", "delta"]
Part = tuple[str, int, str]
"""A partition of a contract: unit code, base period key, slot ('' but for side periods)."""

DecisionKind = Literal["hold", "approve", "exempt"]


@dataclass(frozen=True)
class Delivery:
    """One received file of one contract. Counts: delivered = accepted + set aside; controls are among the accepted.

    `has_manifest`: one came along with control figures, which were held against the file. `extracted_at` and `rank_at` are as of
    the newest confirmation.
    """

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
    mode: Mode = "full"
    stream: str = ""
    """What a sequence of deltas counts in: the unit where the form is of one unit, else '' for the whole contract."""

    rejudges: int | None = None
    """Of a delivery that was judged again: the id of its first verdict, whose place among the others it has."""

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
    """A unit × base period × slot and the full delivery that is in force for it."""

    unit_code: str
    base_period_key: int
    slot: str
    delivery_id: int
    rows: int
    rank_at: datetime
    sequence: int
    synthetic: bool

    @property
    def rank(self) -> tuple[datetime, int, int]:
        """What a later delivery must exceed to take the partition over."""
        return self.rank_at, self.sequence, self.delivery_id


class PlacedPartition(NamedTuple):
    """Accepted rows of one delivery in one unit × base period × slot, and whether that delivery is the full one in force there."""

    contract: str
    delivery_id: int
    unit_code: str
    base_period_key: int
    slot: str
    rows: int
    is_active: bool


@dataclass(frozen=True)
class DeltaDelivery:
    """A delta that counts for its number in its stream, with the rows it changes or deletes in each partition.

    `rank_at` places it beside the full deliveries. Whether it is in force in a partition depends on those before it.
    """

    delivery_id: int
    stream: str
    sequence: int
    rank_at: datetime
    extracted_at: datetime
    received_at: datetime
    rows: int
    synthetic: bool
    partitions: Mapping[Part, int]

    @property
    def rank(self) -> tuple[datetime, int, int]:
        """What it is compared by with an active delivery's rank, and with other deltas."""
        return self.rank_at, self.sequence, self.delivery_id


@dataclass(frozen=True)
class Confirmation:
    """The content of a delivery in force came again, from a newer extract: as of then it is still what counts."""

    delivery_id: int
    extracted_at: datetime
    received_at: datetime


@dataclass(frozen=True)
class Decision:
    """Somebody's decision about a unit's base periods of one contract, from first to last key. The newest of a kind counts."""

    kind: DecisionKind
    contract: str
    unit_code: str
    first_key: int
    last_key: int
    reason: str
    decided_by: str
    decided_at: datetime
    is_lifted: bool = False
    decision_id: int = 0
    """Given when it is recorded."""


@dataclass(frozen=True)
class UnitCount:
    """Rows of one unit and one supplier in a delivery ('' where nobody says which), and how many of them each rule hit."""

    unit_code: str
    supplier: str
    rows_accepted: int = 0
    rows_set_aside: int = 0
    hits: Mapping[str, int] = field(default_factory=dict[str, int])

    def with_rows_of(self, other: UnitCount) -> UnitCount:
        """The count with the rows of another one."""
        hits = {rule: self.hits.get(rule, 0) + other.hits.get(rule, 0) for rule in (*self.hits, *other.hits)}
        accepted, set_aside = self.rows_accepted + other.rows_accepted, self.rows_set_aside + other.rows_set_aside
        return replace(self, rows_accepted=accepted, rows_set_aside=set_aside, hits=hits)

    def plus(self, rows: int, *, is_accepted: bool, hits: Iterable[str]) -> UnitCount:
        """The count with so many more rows, all accepted or all set aside, all hit by these rules."""
        more = {rule: self.hits.get(rule, 0) + rows for rule in hits}
        return replace(
            self,
            rows_accepted=self.rows_accepted + (rows if is_accepted else 0),
            rows_set_aside=self.rows_set_aside + (0 if is_accepted else rows),
            hits={**self.hits, **more},
        )


@dataclass(frozen=True)
class Entry:
    """A delivery with what belongs to it: hits per rule, rows per partition, rows per unit and supplier."""

    delivery: Delivery
    rule_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    partitions: Mapping[Part, int] = field(default_factory=dict[Part, int])
    unit_counts: Sequence[UnitCount] = ()
