"""What the ledger says at one moment: the input of one build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flis_semantic.contracts.model import Contract
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Decision, Delivery, PlacedPartition


@dataclass(frozen=True)
class Received:
    """Deliveries, their partitions, the decisions taken, and per contract the landing files to read (relative to its folder).

    `files` hold a partition in force, `delta_files` a delta. `known_on` (UTC): only what was received and decided by then.
    """

    deliveries: tuple[Delivery, ...]
    partitions: tuple[PlacedPartition, ...]
    decisions: tuple[Decision, ...]
    files: dict[str, list[str]]
    delta_files: dict[str, list[str]]
    known_on: datetime | None = None


def read_received(ledger: Ledger, contracts: dict[str, Contract], known_on: datetime | None = None) -> Received:
    """Read the ledger as it stands at one moment, also while a receive is adding to it."""
    until = utc(known_on) if known_on is not None else None
    while True:
        deliveries = [delivery for delivery in ledger.deliveries(known_on=until) if delivery.contract in contracts]
        decisions = [decision for decision in ledger.decisions(known_on=until) if decision.contract in contracts]
        partitions = [part for part in ledger.placed_partitions(until) if part.contract in contracts]
        active: dict[str, set[int]] = {contract: set() for contract in contracts}
        for part in partitions:
            if part.is_active:
                active[part.contract].add(part.delivery_id)
        files = {contract: ledger.files_of(ids) for contract, ids in active.items()}
        deltas = {contract: [d.delivery_id for d in deliveries if d.contract == contract and _is_delta(d)] for contract in contracts}
        delta_files = {contract: ledger.files_of(ids) for contract, ids in deltas.items()}
        last = max((delivery.delivery_id for delivery in deliveries), default=0)
        if all(delivery.delivery_id <= last for delivery in ledger.deliveries(known_on=until) if delivery.contract in contracts):
            return Received(tuple(deliveries), tuple(partitions), tuple(decisions), files, delta_files, until)


def _is_delta(delivery: Delivery) -> bool:
    return delivery.mode == "delta" and delivery.admitted
