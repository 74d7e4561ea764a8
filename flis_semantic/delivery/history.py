"""What a contract's earlier deliveries mean for the next: unchanged, superseded, older, or put in force.

Per unit × base period the newest extract is in force, then the highest sequence number, then the latest receipt. A delivery
that would be in force nowhere is refused, so that an old file cannot come back by mistake; `supersede` puts it in force.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.delta_history import DeltaHistory
from flis_semantic.delivery.report import OLDER, SUPERSEDED, Refusal, printable
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Confirmation, Part

Rank = tuple[datetime, int, int]

_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True)
class _Known:
    """A delivery that was admitted earlier, or before this one in the same receive."""

    delivery_id: int
    file_name: str
    parts: frozenset[Part]


@dataclass(frozen=True)
class InForce:
    """What a delivery that was admitted took over: for how many parts it is in force, and whose place it took in which."""

    parts: int = 0
    replaced: Mapping[Part, int] = field(default_factory=dict[Part, int])
    """Part → id of the delivery that was in force for it before."""


class History:
    """The state of one contract's deliveries, kept up to date through a receive."""

    def __init__(self, ledger: Ledger, contract: str) -> None:
        self._ledger = ledger
        self._contract = contract
        active = {(p.unit_code, p.base_period_key, p.slot): p for p in ledger.active_partitions(contract)}
        self._in_force: dict[Part, Rank] = {part: held.rank for part, held in active.items()}
        self.deltas = DeltaHistory(ledger.deltas(contract), self._in_force)
        self._parts_in_force = Counter(rank[2] for rank in self._in_force.values())
        self._by_content: dict[str, list[_Known]] = {}

    def unchanged(self, arrival: Arrival, supersede: bool) -> str | None:
        """A sentence when the same content is in force already and nothing says that it is newer; else None.

        With `supersede` it is judged again: rules may have been corrected.
        """
        if arrival.mode == "delta":
            return self.deltas.unchanged(arrival, [known.delivery_id for known in self._same_content(arrival.sha256)], supersede)
        for known in self._same_content(arrival.sha256):
            in_force, parts = self._parts_in_force[known.delivery_id], len(known.parts)
            if in_force == parts and not supersede:
                return f"The same content as delivery {known.delivery_id} ({known.file_name}), which is in force: nothing changed."
            if 0 < in_force < parts and not supersede and not self._is_newer(arrival, [self._in_force[part] for part in known.parts]):
                return (
                    f"The same content as delivery {known.delivery_id} ({known.file_name}), of which {in_force:,} of {parts:,} parts are "
                    "in force and the others replaced: nothing changed."
                )
        return None

    def confirm(self, arrival: Arrival, received_at: datetime) -> Confirmation | None:
        """Of an unchanged arrival: that what is in force still counted when it was extracted, where that is news; else None.

        Otherwise an older extract with other content could take its place later, or a delta from between stay in force.
        """
        known = next((k for k in self._same_content(arrival.sha256) if self._parts_in_force[k.delivery_id] == len(k.parts)), None)
        if arrival.mode == "delta" or known is None or arrival.extracted_from == "receipt" or arrival.extracted_at > received_at:
            return None
        if all(self._in_force[part][0] >= arrival.extracted_at for part in known.parts):
            return None
        for part in known.parts:
            self._in_force[part] = max(self._in_force[part], (arrival.extracted_at, *self._in_force[part][1:]))
        return Confirmation(known.delivery_id, arrival.extracted_at, received_at)

    def rank(self, arrival: Arrival, delivery_id: int, parts: Iterable[Part], supersede: bool) -> Rank:
        """The rank with which the delivery is admitted. Raises Refusal when it would be in force nowhere."""
        if arrival.mode == "delta":
            return self.deltas.rank(arrival, delivery_id, supersede)
        parts = list(parts)
        sequence = -1 if arrival.sequence is None else arrival.sequence
        rank = (arrival.extracted_at, sequence, delivery_id)
        current = [self._in_force[part] for part in parts if part in self._in_force]
        superseded = self._superseded(arrival)
        if supersede and any(other > rank for other in current):
            return max(other[0] for other in current) + _JUST_AFTER, sequence, delivery_id
        if superseded is not None and not supersede and not self._is_newer(arrival, current):
            raise Refusal(
                SUPERSEDED,
                f"The file has the content of delivery {superseded.delivery_id} ({superseded.file_name}), which was replaced since, "
                "and nothing says that it is newer.",
                "Use --supersede to put it in force again.",
            )
        if parts and len(current) == len(parts) and all(other > rank for other in current):
            newest = max(current)
            raise Refusal(
                OLDER,
                f"The file was extracted {_when(arrival.extracted_at)}; everything in it is there already from a newer extract "
                f"({_when(newest[0])}, delivery {newest[2]}).",
                "Use --supersede to put the older one in force.",
            )
        return rank

    def admit(self, arrival: Arrival, rank: Rank, rows: Mapping[Part, int]) -> InForce:
        """Remember a delivery that was admitted, with its rows by part; returns what it is in force for now."""
        replaced: dict[Part, int] = {}
        parts = frozenset(rows)
        known = _Known(rank[2], printable(arrival.file.path.name), parts)
        self._same_content(arrival.sha256).insert(0, known)
        if arrival.mode == "delta":
            self.deltas.admit(arrival, rank, rows)
            return InForce()
        for part in parts:
            before = self._in_force.get(part)
            if before is None or rank > before:
                if before is not None:
                    self._parts_in_force[before[2]] -= 1
                    replaced[part] = before[2]
                self._in_force[part] = rank
                self._parts_in_force[rank[2]] += 1
        return InForce(self._parts_in_force[rank[2]], replaced)

    def _superseded(self, arrival: Arrival) -> _Known | None:
        """The latest delivery with this content, when another is in force for some of its parts."""
        same = self._same_content(arrival.sha256)
        return next((known for known in same if self._parts_in_force[known.delivery_id] < len(known.parts)), None)

    def _is_newer(self, arrival: Arrival, current: list[Rank]) -> bool:
        """Whether the sender says that the arrival was extracted after what is in force; the time of receipt says nothing."""
        newest = max(current, default=None)
        sequence = -1 if arrival.sequence is None else arrival.sequence
        return newest is None or (arrival.extracted_from != "receipt" and (arrival.extracted_at, sequence) > newest[:2])

    def _same_content(self, sha256: str) -> list[_Known]:
        if sha256 not in self._by_content:
            found = self._ledger.same_content(self._contract, sha256)
            parts = self._ledger.partitions(delivery.delivery_id for delivery in found)
            self._by_content[sha256] = [_Known(d.delivery_id, d.file_name, frozenset(parts[d.delivery_id])) for d in found]
        return self._by_content[sha256]


def _when(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == datetime.min.time() else moment.isoformat(sep=" ", timespec="seconds")
