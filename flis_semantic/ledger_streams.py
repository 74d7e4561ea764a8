"""Which deltas are in force in a partition, and which wait for one that has not come. Pure, on the ledger's own records.

A delta is in force in a partition when its rank is later than that of the full delivery in force there, and every number between
that one's and its own was received. Deltas are received in any order; what is in force follows from what has come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as count_from
from itertools import islice

from flis_semantic.ledger_records import ActivePartition, DeltaDelivery, Part

_MOST_NAMED = 5


@dataclass(frozen=True)
class Gap:
    """Numbers of a stream that have not come: the first few of them, and how many there are."""

    first: tuple[int, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class Stream:
    """The deltas of one contract × sender scope, one per number."""

    deltas: Sequence[DeltaDelivery]
    numbers: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", frozenset(delta.sequence for delta in self.deltas))

    def base(self, full: ActivePartition | None) -> int:
        """The number that the full delivery in force stands for: the next delta is the one after it.

        It is the full delivery's own number, else the highest one that was extracted no later, else the one before the first.
        """
        if full is not None and full.sequence >= 0:
            return full.sequence
        earlier = [delta.sequence for delta in self.deltas if full is not None and delta.rank_at <= full.rank_at]
        return max(earlier) if earlier else min(self.numbers) - 1

    def reach(self, full: ActivePartition | None) -> int:
        """The highest number that was received together with all between the full delivery's and its own."""
        number = self.base(full)
        while number + 1 in self.numbers:
            number += 1
        return number

    def in_force(self, part: Part, full: ActivePartition | None) -> list[DeltaDelivery]:
        """The deltas in force in a partition, in the order of their numbers."""
        reach = self.reach(full)
        return [delta for delta in self._after(part, full) if delta.sequence <= reach]

    def missing(self, number: int, full: ActivePartition | None) -> Gap:
        """The numbers before this one that have not come, as a partition with this full delivery needs them."""
        base = self.base(full)
        count = max(0, number - 1 - base) - sum(base < earlier < number for earlier in self.numbers)
        first = (earlier for earlier in count_from(base + 1) if earlier not in self.numbers)
        return Gap(tuple(islice(first, min(count, _MOST_NAMED))), count)

    def _after(self, part: Part, full: ActivePartition | None) -> list[DeltaDelivery]:
        return [d for d in self.deltas if part in d.partitions and (full is None or d.rank > full.rank)]


def streams(deltas: Iterable[DeltaDelivery]) -> Mapping[str, Stream]:
    """The deltas by stream."""
    found: dict[str, list[DeltaDelivery]] = {}
    for delta in deltas:
        found.setdefault(delta.stream, []).append(delta)
    return {name: Stream(members) for name, members in found.items()}
