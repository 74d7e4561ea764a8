"""What is not there in time: base periods past the contract's deadline, from the ledger, as of any day.

Coverage expects what anybody delivered; a deadline expects what the contract promises, so a period that nobody delivered is
overdue as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import takewhile
from typing import Any

from flis_semantic.contracts.deadline import due_periods
from flis_semantic.contracts.model import NO_SLOT, Contract
from flis_semantic.errors import RequestError, suggestion
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Decision
from flis_semantic.quality.decisions import standing
from flis_semantic.workspace import Project

COLUMNS = ("source", "unit", "period", "due_date", "status", "received_on", "days_late")


@dataclass(frozen=True)
class _Known:
    """What the ledger says of one contract by some day: first receipt of every unit × base period key, and who need not deliver."""

    first_received: dict[tuple[str, int], datetime]
    exempt: set[tuple[str, int]]


def late_rows(project: Project, on: date, source: str | None = None) -> list[dict[str, Any]]:
    """A row per expected unit × base period that came after its deadline (`late`) or has not come by the end of `on` (`overdue`).

    Keys as in COLUMNS; `received_on` is None for what has not come. Ordered by source, unit and period. Sources without a
    deadline have no rows, units that are exempt neither.

    Raises:
        RequestError: no contract has that name.
        WarehouseError: the ledger cannot be read.
    """
    if source is not None and source not in project.contracts:
        raise RequestError(f"There is no source '{source}'.", hint=suggestion(source, project.contracts), code="unknown_source")
    contracts = [c for c in project.contracts.values() if c.deadline is not None and source in (None, c.table)]
    known: dict[str, _Known] = {}
    if project.ledger_path.is_file():
        with Ledger(project.ledger_path) as ledger:
            known = {contract.table: _known(project, ledger, contract, on) for contract in contracts}
    return [row for contract in contracts for row in _of_contract(project, contract, known.get(contract.table) or _Known({}, set()), on)]


def _of_contract(project: Project, contract: Contract, known: _Known, on: date) -> Iterator[dict[str, Any]]:
    kind = project.vocabulary.reporting_unit.member_kind
    units = sorted(code for code, unit_kind in project.units.items() if contract.units == "all" or unit_kind == kind)
    # A later period is never due earlier.
    due = list(takewhile(lambda item: item[1] < on, due_periods(contract, project.calendar)))
    exempt = known.exempt | _exempt_by_contract(project, contract)
    for unit in units:
        for period, deadline in due:
            received = known.first_received.get((unit, period.key))
            if (unit, period.key) in exempt or (received is not None and received.date() <= deadline):
                continue
            yield {
                "source": contract.table,
                "unit": unit,
                "period": period.label,
                "due_date": deadline,
                "status": "overdue" if received is None else "late",
                "received_on": received.date() if received is not None else None,
                "days_late": ((received.date() if received is not None else on) - deadline).days,
            }


def _known(project: Project, ledger: Ledger, contract: Contract, on: date) -> _Known:
    until = datetime.combine(on, time.max)
    received = {d.delivery_id: d.received_at for d in ledger.deliveries(contract.table, until) if d.admitted and d.mode != "delta"}
    first: dict[tuple[str, int], datetime] = {}
    for delivery_id, parts in ledger.partitions(received).items():
        for unit, key, slot in parts:
            if slot == NO_SLOT:
                first[unit, key] = min(received[delivery_id], first.get((unit, key), received[delivery_id]))
    decisions: list[Decision] = ledger.decisions(contract.table, until)
    return _Known(first, {(unit, key) for _, unit, key in standing(decisions, "exempt")})


def _exempt_by_contract(project: Project, contract: Contract) -> set[tuple[str, int]]:
    parse, base = project.calendar.parse, contract.base_period
    spans = [(item.unit, parse(item.from_, base), parse(item.to, base)) for item in contract.exemptions]
    return {(unit, key) for unit, first, last in spans if first and last for key in range(first.key, last.key + 1)}
