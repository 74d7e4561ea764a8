"""What a contract's earlier deltas mean for the next: known already, a newer version of one that is, or one more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.report import SEQUENCE, Refusal
from flis_semantic.ledger_records import ActivePartition, DeltaDelivery, Part
from flis_semantic.ledger_streams import Gap, Stream

Rank = tuple[datetime, int, int]

_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True)
class Standing:
    """How a delta stands when it was admitted: the gap behind which it waits, and the parts where a later full delivery counts."""

    gap: Gap = Gap()
    outdated: int = 0
    parts: int = 0


class DeltaHistory:
    """The deltas of one contract, kept up to date through a receive. `in_force` is what is in force in full, by part."""

    def __init__(self, deltas: Sequence[DeltaDelivery], in_force: Mapping[Part, Rank]) -> None:
        self._known = {(delta.stream, delta.sequence): delta for delta in deltas}
        self._in_force = in_force
        self._streams: dict[str, Stream] = {}

    def unchanged(self, arrival: Arrival, same_content: Sequence[int], supersede: bool) -> str | None:
        """A sentence when this very delta counts for its number already; else None."""
        counting = {delta.delivery_id: delta for delta in self._known.values()}
        for delivery_id in same_content:
            delta = counting.get(delivery_id)
            # Two deltas that change nothing may be the same to the byte; their numbers tell them apart.
            same_number = delta is not None and arrival.sequence in (None, delta.sequence)
            if delta is not None and same_number and delta.stream == arrival.stream and not supersede:
                return f"The same content as delivery {delivery_id}, which is delta {delta.sequence}{_of(arrival)}: nothing changed."
        return None

    def rank(self, arrival: Arrival, delivery_id: int, supersede: bool) -> Rank:
        """The rank with which the delta is admitted. Raises Refusal when its number is taken by another that is not older."""
        sequence = arrival.sequence or 0
        rank = (arrival.extracted_at, sequence, delivery_id)
        known = self._known.get((arrival.stream, sequence))
        if known is None or (arrival.extracted_from != "receipt" and arrival.extracted_at > known.rank_at):
            return rank
        if supersede:
            return max(arrival.extracted_at, known.rank_at + _JUST_AFTER), sequence, delivery_id
        raise Refusal(
            SEQUENCE,
            f"Delta {sequence}{_of(arrival)} has come already, with other content (delivery {known.delivery_id}), "
            "and nothing says that this one is newer.",
            "Give it the next number, or the time of a newer extract to replace the other; or use --supersede.",
        )

    def admit(self, arrival: Arrival, rank: Rank, rows: Mapping[Part, int]) -> None:
        """Remember a delta that was admitted."""
        self._streams.clear()
        self._known[arrival.stream, rank[1]] = DeltaDelivery(
            delivery_id=rank[2],
            stream=arrival.stream,
            sequence=rank[1],
            rank_at=rank[0],
            extracted_at=arrival.extracted_at,
            received_at=arrival.extracted_at,
            rows=sum(rows.values()),
            synthetic=arrival.synthetic,
            partitions=dict(rows),
        )

    def standing(self, stream: str, rank: Rank, parts: Sequence[Part]) -> Standing:
        """How an admitted delta stands: behind which numbers it waits, and in how many of its parts a later full delivery counts."""
        deltas = self._streams.setdefault(stream, Stream([delta for delta in self._known.values() if delta.stream == stream]))
        held = {part: self._full(part) for part in parts}
        outdated = sum(full is not None and full.rank > rank for full in held.values())
        fulls = dict.fromkeys(full for full in held.values() if full is None or full.rank < rank) if held else {None: None}
        gaps = [deltas.missing(rank[1], full) for full in fulls]
        return Standing(max(gaps, key=lambda gap: gap.count, default=Gap()), outdated, len(held))

    def _full(self, part: Part) -> ActivePartition | None:
        rank = self._in_force.get(part)
        return ActivePartition(*part, rank[2], 0, rank[0], rank[1], False) if rank is not None else None


def _of(arrival: Arrival) -> str:
    return f" of {arrival.stream}" if arrival.stream else ""
