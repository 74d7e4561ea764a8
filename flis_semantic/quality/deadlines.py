"""The calendar of deliveries: what every source expects of every unit, until when, and how it came; from the ledger, as of any day.

Coverage expects what anybody delivered; a deadline expects what the contract promises, so a period that nobody delivered is
overdue as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import takewhile
from typing import Any, Literal

from flis_semantic.contracts.deadline import due_periods
from flis_semantic.contracts.model import NO_SLOT, Contract
from flis_semantic.errors import ArgumentError, RequestError, suggestion
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Decision
from flis_semantic.quality.decisions import standing
from flis_semantic.workspace import Project

Status = Literal["in_time", "late", "overdue", "awaited", "exempt"]
COLUMNS = ("source", "unit", "period", "due_date", "status", "received_on", "days_late", "reason")
CALENDAR_COLUMNS = ("source", "period", "due_date", "expected", "in_time", "late", "overdue", "awaited", "exempt")


@dataclass(frozen=True)
class _Known:
    """What the ledger says of one contract by some day: first receipt of every unit × base period key, and who need not deliver, why."""

    first_received: dict[tuple[str, int], datetime]
    exempt: dict[tuple[str, int], str]


def expected_rows(project: Project, on: date, source: str | None = None, units: list[str] | None = None) -> list[dict[str, Any]]:
    """A row per unit × base period that has begun by `on` and whose delivery has a deadline; keys as in COLUMNS.

    `status`: in_time, late (it came after its deadline), overdue (the deadline is past and it has not come by the end of `on`),
    awaited (the deadline is still to come), exempt (with the reason). `received_on` is None for what has not come, `days_late` 0
    for what is not late. Ordered by source, unit and period. `source` and `units` (default: all) choose.

    Raises:
        RequestError: no contract, or no unit, has that name.
        WarehouseError: the ledger cannot be read.
    """
    if source is not None and source not in project.contracts:
        raise RequestError(f"There is no source '{source}'.", hint=suggestion(source, project.contracts), code="unknown_source")
    for unit in units or []:
        if unit not in project.units:
            raise ArgumentError(f"There is no unit '{unit}'.", where="--unit", hint=suggestion(unit, project.units), code="unknown_unit")
    contracts = [c for c in project.contracts.values() if c.deadline is not None and source in (None, c.table)]
    known: dict[str, _Known] = {}
    if project.ledger_path.is_file():
        with Ledger(project.ledger_path) as ledger:
            known = {contract.table: _known(project, ledger, contract, on) for contract in contracts}
    return [
        row
        for contract in contracts
        for row in _of_contract(project, contract, known.get(contract.table) or _Known({}, {}), on)
        if units is None or row["unit"] in units
    ]


def late_rows(project: Project, on: date, source: str | None = None) -> list[dict[str, Any]]:
    """The rows of what came after its deadline (`late`) or has not come by the end of `on` (`overdue`)."""
    return [row for row in expected_rows(project, on, source) if row["status"] in ("late", "overdue")]


def by_period(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The calendar: of every source and base period how many units are expected, and how many have which status."""
    found: dict[tuple[str, date, str], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            (row["source"], row["due_date"], row["period"]), {name: row.get(name, 0) for name in CALENDAR_COLUMNS} | {"expected": 0}
        )
        entry["expected"] += row["status"] != "exempt"
        entry[row["status"]] += 1
    return [found[key] for key in sorted(found)]


def without_deadline(project: Project) -> list[str]:
    """Sources that nobody promised for a day: they are in no calendar."""
    return [contract.table for contract in project.contracts.values() if contract.deadline is None]


def _of_contract(project: Project, contract: Contract, known: _Known, on: date) -> Iterator[dict[str, Any]]:
    kind = project.vocabulary.reporting_unit.member_kind
    units = sorted(code for code, unit_kind in project.units.items() if contract.units == "all" or unit_kind == kind)
    due = list(takewhile(lambda item: item[0].start <= on, due_periods(contract, project.calendar)))
    exempt = known.exempt | _exempt_by_contract(project, contract)
    for unit in units:
        for period, deadline in due:
            received, reason = known.first_received.get((unit, period.key)), exempt.get((unit, period.key))
            day = received.date() if received is not None else None
            status = "exempt" if reason is not None else _status(day, deadline, on)
            yield {
                "source": contract.table,
                "unit": unit,
                "period": period.label,
                "due_date": deadline,
                "status": status,
                "received_on": day,
                "days_late": ((day or on) - deadline).days if status in ("late", "overdue") else 0,
                "reason": reason,
            }


def _status(received: date | None, deadline: date, on: date) -> Status:
    """The day of the deadline itself is in time."""
    if received is not None:
        return "in_time" if received <= deadline else "late"
    return "overdue" if deadline < on else "awaited"


def _known(project: Project, ledger: Ledger, contract: Contract, on: date) -> _Known:
    until = datetime.combine(on, time.max)
    deliveries = ledger.deliveries(contract.table, until)
    came = {delivery.delivery_id: delivery.received_at for delivery in deliveries}
    # What was judged again came when it came first.
    received = {d.delivery_id: came[d.rejudges or d.delivery_id] for d in deliveries if d.admitted and d.mode != "delta"}
    first: dict[tuple[str, int], datetime] = {}
    for delivery_id, parts in ledger.partitions(received).items():
        for unit, key, slot in parts:
            if slot == NO_SLOT:
                first[unit, key] = min(received[delivery_id], first.get((unit, key), received[delivery_id]))
    decisions = ledger.decisions(contract.table, until)
    return _Known(first, {(unit, key): _reason(decisions, unit, key) for _, unit, key in standing(decisions, "exempt")})


def _reason(decisions: list[Decision], unit: str, key: int) -> str:
    """Why the newest decision exempts a unit from a base period."""
    about = [d for d in decisions if d.kind == "exempt" and d.unit_code == unit and d.first_key <= key <= d.last_key]
    return max(about, key=lambda decision: (decision.decided_at, decision.decision_id)).reason


def _exempt_by_contract(project: Project, contract: Contract) -> dict[tuple[str, int], str]:
    parse, base, language = project.calendar.parse, contract.base_period, project.vocabulary.languages[0]
    spans = [(item, parse(item.from_, base), parse(item.to, base)) for item in contract.exemptions]
    return {
        (item.unit, key): item.reason.get(language, "")
        for item, first, last in spans
        if first and last
        for key in range(first.key, last.key + 1)
    }
