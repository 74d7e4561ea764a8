"""Status and reason as they are computed: small integers in the order in which the first that applies wins."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler.sql import Expr, num, text

NOT_VALID, SUPPRESSED, MISSING, EXEMPT, HELD, NOT_COMPARABLE, WAITING, PROVISIONAL, UNSETTLED, VALIDATED, APPROVED, FINAL = range(12)
"""WAITING is an unfinished period whose value only its end can give; it reads `provisional` and has no value. UNSETTLED is a
finished one whose source still has late registrations to come; it reads `provisional`, too."""

HAS_VALUE = PROVISIONAL
"""A member with this state or a more advanced one is in its area's value."""

STATUSES = {
    NOT_VALID: "not_valid",
    SUPPRESSED: "suppressed",
    MISSING: "missing",
    EXEMPT: "exempt",
    HELD: "held",
    NOT_COMPARABLE: "not_comparable",
    WAITING: "provisional",
    PROVISIONAL: "provisional",
    UNSETTLED: "provisional",
    VALIDATED: "validated",
    APPROVED: "approved",
    FINAL: "final",
}

LEGEND = {**STATUSES, WAITING: "provisional without a value", UNSETTLED: "provisional though finished"}
"""What the numbers mean to a reader of the SQL."""

REASONS = (
    "reference_date_not_available",
    "base_period_missing",
    "outside_publication_limits",
    "member_missing",
    "offset_label_missing",
    "denominator_zero",
    "suppressed_at_source",
    "period_unfinished",
    "not_additive_over_areas",
)
"""In order: when several apply, the first is shown. Their numbers in SQL start at 1."""


def reason_number(name: str) -> int:
    """The number by which a reason is computed."""
    return REASONS.index(name) + 1


def status_text(state: Expr) -> Expr:
    """The status' word."""
    return exp.Case(this=state, ifs=[exp.If(this=num(number), true=text(word)) for number, word in STATUSES.items()])


def reason_text(reason: Expr) -> Expr:
    """The reason's word; NULL stays NULL."""
    return exp.Case(this=reason, ifs=[exp.If(this=num(index), true=text(word)) for index, word in enumerate(REASONS, start=1)])
