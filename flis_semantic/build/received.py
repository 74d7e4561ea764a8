"""What the ledger says at one moment: the input of one build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flis_semantic.contracts.model import Contract
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Decision, Delivery


@dataclass(frozen=True)
class ReceivedPartition:
    """Accepted rows of one delivery in one unit × base period × slot, and whether that delivery is the full one in force there."""

    contract: str
    delivery_id: int
    unit_code: str
    base_period_key: int
    slot: str
    rows: int
    is_active: bool


@dataclass(frozen=True)
class Received:
    """Deliveries, their partitions, the decisions taken, and per contract the landing files to read (relative to its folder).

    `files` hold a partition in force, `delta_files` a delta. `known_on` (UTC): only what was received and decided by then.
    """

    deliveries: tuple[Delivery, ...]
    partitions: tuple[ReceivedPartition, ...]
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
        partitions, files = _partitions(ledger, contracts, deliveries, until)
        deltas = {contract: [d.delivery_id for d in deliveries if d.contract == contract and _is_delta(d)] for contract in contracts}
        delta_files = {contract: ledger.files_of(ids) for contract, ids in deltas.items()}
        last = max((delivery.delivery_id for delivery in deliveries), default=0)
        if all(delivery.delivery_id <= last for delivery in ledger.deliveries(known_on=until) if delivery.contract in contracts):
            return Received(tuple(deliveries), tuple(partitions), tuple(decisions), files, delta_files, until)


def _is_delta(delivery: Delivery) -> bool:
    return delivery.mode == "delta" and delivery.admitted


def _partitions(
    ledger: Ledger, contracts: dict[str, Contract], deliveries: list[Delivery], until: datetime | None
) -> tuple[list[ReceivedPartition], dict[str, list[str]]]:
    """Every partition of the admitted deliveries, and the files of those in force."""
    active: set[tuple[int, str, int, str]] = set()
    files: dict[str, list[str]] = {}
    for contract in contracts:
        in_force = ledger.active_partitions(contract, until)
        active |= {(part.delivery_id, part.unit_code, part.base_period_key, part.slot) for part in in_force}
        files[contract] = ledger.files_of({part.delivery_id for part in in_force})
    contract_of = {delivery.delivery_id: delivery.contract for delivery in deliveries if delivery.admitted}
    found = [
        ReceivedPartition(contract_of[delivery_id], delivery_id, unit, key, slot, rows, (delivery_id, unit, key, slot) in active)
        for delivery_id, parts in ledger.partitions(contract_of).items()
        for (unit, key, slot), rows in parts.items()
    ]
    return found, files
