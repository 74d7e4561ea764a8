"""The register of decisions: what somebody held back, approved or exempted, for which unit and base periods, when and why.

Nothing in it is ever changed. The newest decision of a kind counts; to take one back is a decision of its own. Every build
reads the register, so a decision shows from the next one on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flis_semantic.contracts.model import Contract
from flis_semantic.errors import ArgumentError, suggestion
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Decision, DecisionKind
from flis_semantic.vocabulary.calendar import Period
from flis_semantic.workspace import Project

COLUMNS = ("decision_id", "decided_at", "decision", "source", "unit", "from", "to", "reason", "decided_by")


def decide(  # noqa: PLR0913 - what a decision is made of
    project: Project,
    kind: DecisionKind,
    contract: str,
    units: Sequence[str],
    periods: tuple[str, str],
    *,
    reason: str,
    decided_by: str,
    is_lifted: bool = False,
    decided_at: datetime | None = None,
) -> list[Decision]:
    """Add one decision per unit about its base periods from the first to the last of `periods`, inclusive.

    These are labels of the contract's grain, or of a longer one for all that is in it. `is_lifted` takes the newest decision of
    the kind back; `decided_at` (default: now) is when it was taken.

    Raises:
        ArgumentError: an unknown contract, unit or period, no reason, or nothing to lift.
        WarehouseError: the ledger cannot be written.
    """
    found = project.contracts.get(contract)
    if found is None:
        raise ArgumentError(
            f"There is no contract '{contract}'.", where="--contract", hint=suggestion(contract, project.contracts), code="unknown_contract"
        )
    codes = _units(project, found, units)
    from_, to = periods
    first, last = _period(project, found, from_, "--from").start, _period(project, found, to, "--to").end
    if last < first:
        raise ArgumentError(f"'{to}' ends before '{from_}' begins.", where="--to", hint="Turn them round.", code="empty_range")
    if not reason.strip():
        raise ArgumentError("A decision needs a reason.", where="--reason", hint="Say why, for those who read it later.", code="no_reason")
    first_key, last_key = (project.calendar.key(found.base_period, day) for day in (first, last))
    moment = utc(decided_at) if decided_at is not None else datetime.now(UTC).replace(tzinfo=None)
    with Ledger(project.ledger_path) as ledger:
        if is_lifted:
            _something_stands(ledger.decisions(contract), kind, codes, range(first_key, last_key + 1))
        return ledger.decide(
            Decision(kind, contract, code, first_key, last_key, reason.strip(), decided_by, moment, is_lifted) for code in codes
        )


def decision_rows(project: Project, source: str | None = None) -> list[dict[str, Any]]:
    """The whole register in the order in which it was written, of one contract or of all; keys as in COLUMNS."""
    if not project.ledger_path.is_file():
        return []
    with Ledger(project.ledger_path) as ledger:
        decisions = [decision for decision in ledger.decisions(source) if decision.contract in project.contracts]
    return [
        {
            "decision_id": decision.decision_id,
            "decided_at": decision.decided_at,
            "decision": f"lift {decision.kind}" if decision.is_lifted else decision.kind,
            "source": decision.contract,
            "unit": decision.unit_code,
            "from": project.calendar.period(project.contracts[decision.contract].base_period, decision.first_key).label,
            "to": project.calendar.period(project.contracts[decision.contract].base_period, decision.last_key).label,
            "reason": decision.reason,
            "decided_by": decision.decided_by,
        }
        for decision in decisions
    ]


def standing(decisions: Sequence[Decision], kind: DecisionKind) -> set[tuple[str, str, int]]:
    """Contract, unit and base period key of everything for which the newest decision of the kind was not to lift it."""
    found: set[tuple[str, str, int]] = set()
    for decision in sorted(decisions, key=lambda decision: (decision.decided_at, decision.decision_id)):
        if decision.kind == kind:
            parts = {(decision.contract, decision.unit_code, key) for key in range(decision.first_key, decision.last_key + 1)}
            found = found - parts if decision.is_lifted else found | parts
    return found


def _something_stands(decisions: Sequence[Decision], kind: DecisionKind, codes: Sequence[str], keys: range) -> None:
    for code in codes:
        if not any(unit == code and key in keys for _, unit, key in standing(decisions, kind)):
            raise ArgumentError(
                f"Nothing to lift: no decision to {kind} stands for {code} there.",
                where="--lift",
                hint="`flis coverage --decisions` lists them.",
                code="nothing_to_lift",
            )


def _units(project: Project, contract: Contract, units: Sequence[str]) -> list[str]:
    """The codes, each once, all of units that are expected to deliver."""
    kind = project.vocabulary.reporting_unit.member_kind
    expected = [code for code, unit_kind in project.units.items() if contract.units == "all" or unit_kind == kind]
    if not units:
        raise ArgumentError("A decision is about at least one unit.", where="--unit", hint="Name its code.", code="no_unit")
    for code in units:
        if code not in expected:
            known = suggestion(code, expected)
            raise ArgumentError(f"'{code}' delivers no {contract.table}.", where="--unit", hint=known, code="unknown_unit")
    return list(dict.fromkeys(units))


def _period(project: Project, contract: Contract, label: str, where: str) -> Period:
    calendar = project.calendar
    period = calendar.parse(label, contract.base_period)
    if period is None:
        raise ArgumentError(f"'{label}' is not a period.", where=where, hint="Write it as in `flis coverage`.", code="unknown_period")
    if not calendar.nests(contract.base_period, period.grain):
        example = calendar.containing(contract.base_period, period.start).label
        raise ArgumentError(
            f"'{label}' is not made of whole base periods: {contract.table} comes by {contract.base_period}.",
            where=where,
            hint=f"Write one such as {example}.",
            code="finer_period",
        )
    return period
