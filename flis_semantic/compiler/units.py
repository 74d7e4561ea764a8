"""Complete cases in time: a row per unit, period and cell, with each component and its state."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler import states
from flis_semantic.compiler.keys import days_after
from flis_semantic.compiler.plan import FigurePlan, Source
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.spans import covers, reaches, reads_one, waits
from flis_semantic.compiler.sql import (
    Expr,
    both,
    case,
    coalesce,
    col,
    eq,
    ge,
    gt,
    is_null,
    join,
    le,
    least,
    left_join,
    lt,
    named,
    num,
    plus,
    select,
    table,
)

_BLANK_STATE = {"suppressed": states.SUPPRESSED, "missing": states.MISSING, "not_applicable": states.EXEMPT}
ZERO_WITHOUT_ROWS = ("sum", "count", "count_distinct")
"""Aggregates that are zero where there is nothing; there is no median of nothing."""
_ABSENT_STATE = {"missing": states.MISSING, "suppressed": states.SUPPRESSED}


def units_query(plan: FigurePlan, request: Request, *, keyed: bool = False) -> exp.Select:
    """A row per period, unit and cell: components c<i>, their states s<i>; with the unit's key when `keyed`."""
    cells = [col(dimension, "x") for dimension in request.dimensions]
    columns: list[Expr] = [col("period_key", "u"), *(col(f"area_{level.id}", "u") for level in request.levels), *cells]
    columns += [col("unit_key", "u")] if keyed else []
    joins: list[exp.Join] = []
    if request.dimensions:
        joins.append(join(table("cells", "x"), eq(col("period_key", "x"), col("period_key", "u"))))
    seen: set[str] = set()
    for source in plan.sources:
        joins += [item for name, item in _source_joins(source) if not (name in seen or seen.add(name))]
    compared = any(source.component.offset is not None for source in plan.sources)
    for index, source in enumerate(plan.sources, start=1):
        value: Expr = col(source.value_name, source.scan_name)
        if source.component.fact.absent == "zero" and source.component.aggregate in ZERO_WITHOUT_ROWS:
            # No row at all is zero; rows of which no value can be made are none.
            value = case((is_null(col("period_key", source.scan_name)), num(0)), otherwise=value)
        columns += [named(value, f"c{index}"), named(_state(source, request, compared=compared), f"s{index}")]
    where = None if plan.figure.all_units else col("is_member", "u")
    return select(columns, table("units", "u"), joins=joins, where=where)


def _source_joins(source: Source) -> list[tuple[str, exp.Join]]:
    def on_period(name: str) -> Expr:
        return eq(col("period_key", name), col("period_key", "u"))

    def on_unit(name: str) -> Expr | None:
        return both(on_period(name), eq(col("unit_key", name), col("unit_key", "u")))

    def on_cell(name: str) -> Expr:
        found = both(on_unit(name), *(eq(col(dimension, name), col(dimension, "x")) for dimension in source.dimensions))
        assert found is not None
        return found

    unit_on = on_unit(source.coverage_name)
    assert unit_on is not None
    return [
        (source.span_name, join(table(source.span_name), on_period(source.span_name))),
        (source.coverage_name, left_join(table(source.coverage_name), unit_on)),
        (source.scan_name, left_join(table(source.scan_name), on_cell(source.scan_name))),
    ]


def _state(source: Source, request: Request, *, compared: bool) -> Expr:
    """State of one component for one unit: the first that applies.

    `compared`: the figure sets a period against an earlier one, and a part of a period is no match for a whole one.
    """
    fact = source.component.fact
    span, coverage, scan = source.span_name, source.coverage_name, source.scan_name

    def covered(name: str) -> Expr:
        return coalesce(col(name, coverage), num(0))

    def needed() -> Expr:
        return col("required", span)

    def reach() -> Expr:
        return least(col("data_to", coverage), col("data_to", span))

    # A delivered base period without a row for the cell: what the contract says an absent row means.
    absent = _ABSENT_STATE.get(fact.absent)
    no_row = lt(coalesce(col(f"{source.value_name}_periods", scan), num(0)), covered("delivered")) if absent is not None else None
    single = reads_one(source.span, request) or source.span.latest is not None
    by_days = source.span.dated or source.is_weighted or (source.span.spell and not source.span.on_a_day)
    waiting = states.WAITING if compared or source.component.waits_for_end else states.PROVISIONAL
    # A day that is looked up and not known yet is not there, whatever its period is.
    open_state = states.MISSING if source.span.looks_up else waiting
    unfinished = None
    if covers(source.span):
        unfinished = ge(col("on_date", span), reach()) if reaches(source.span) else col("is_unfinished", span)
    blank = gt(col(f"{source.value_name}_blanks", scan), num(0))
    blank_state = _BLANK_STATE[fact.blank]
    branches: list[tuple[Expr | None, int]] = [
        (col("has_no_label", span) if source.component.offset is not None else None, states.NOT_VALID),
        (blank if blank_state == states.SUPPRESSED else None, states.SUPPRESSED),
        (no_row if absent == states.SUPPRESSED else None, states.SUPPRESSED),
        (col("is_waiting", span) if waits(source.span) else None, states.WAITING),
        (le(needed(), num(0)) if not single else None, states.MISSING),
        # Delivered before it began: what comes on its days is not known to be nothing.
        (ge(col("from_date", span), reach()) if reaches(source.span) and by_days else None, states.MISSING),
        (lt(plus(plus(covered("delivered"), covered("exempt")), covered("held")), needed()), states.MISSING),
        (no_row if absent == states.MISSING else None, states.MISSING),
        (blank if blank_state != states.SUPPRESSED else None, blank_state),
        (gt(covered("exempt"), num(0)), states.EXEMPT),
        (gt(covered("held"), num(0)), states.HELD),
        # A mean is over the days that the source covers; of a unit that covers fewer there is none yet.
        (lt(col("data_to", coverage), least(days_after(col("on_date", span), 1), col("data_to", span))), states.WAITING)
        if source.span.spell and source.is_weighted
        else (None, states.WAITING),
        (unfinished, open_state),
        (gt(covered("provisional"), num(0)), states.UNSETTLED),
        (eq(covered("approved"), needed()), states.APPROVED),
    ]
    return case(*((condition, num(state)) for condition, state in branches if condition is not None), otherwise=num(states.VALIDATED))
