"""What the ledger says at one moment: the input of one build."""

from __future__ import annotations

from dataclasses import dataclass

from flis_semantic.contracts.model import Contract
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Delivery


@dataclass(frozen=True)
class ReceivedPartition:
    """Accepted rows of one delivery in one unit × base period, and whether that delivery is the one in force there."""

    contract: str
    delivery_id: int
    unit_code: str
    base_period_key: int
    slot: str
    rows: int
    is_active: bool


@dataclass(frozen=True)
class Received:
    """Deliveries, their partitions, and per contract the landing files that hold an active one (relative to its folder)."""

    deliveries: tuple[Delivery, ...]
    partitions: tuple[ReceivedPartition, ...]
    files: dict[str, list[str]]


def read_received(ledger: Ledger, contracts: dict[str, Contract]) -> Received:
    """Read the ledger as it stands at one moment, also while a receive is adding to it."""
    while True:
        deliveries = [delivery for delivery in ledger.deliveries() if delivery.contract in contracts]
        files = {contract: ledger.active_files(contract) for contract in contracts}
        partitions = _partitions(ledger, contracts, deliveries)
        last = max((delivery.delivery_id for delivery in deliveries), default=0)
        if all(delivery.delivery_id <= last for delivery in ledger.deliveries() if delivery.contract in contracts):
            return Received(tuple(deliveries), tuple(partitions), files)


def _partitions(ledger: Ledger, contracts: dict[str, Contract], deliveries: list[Delivery]) -> list[ReceivedPartition]:
    active = {
        (contract, partition.delivery_id, partition.unit_code, partition.base_period_key, partition.slot)
        for contract in contracts
        for partition in ledger.active_partitions(contract)
    }
    contract_of = {delivery.delivery_id: delivery.contract for delivery in deliveries if delivery.admitted}
    return [
        ReceivedPartition(
            contract_of[delivery_id], delivery_id, unit, key, slot, rows, (contract_of[delivery_id], delivery_id, unit, key, slot) in active
        )
        for delivery_id, parts in ledger.partitions(contract_of).items()
        for (unit, key, slot), rows in parts.items()
    ]
