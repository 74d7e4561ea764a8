"""From aggregated rows to asked periods: per period, unit and dimension code, each value with its blanks.

Facts are joined only after this. A scan is one reading (`rows.py`) seen through one span.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent
from flis_semantic.compiler.codes import code_columns
from flis_semantic.compiler.members import BASE
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import DAY, FROM, TO, UNIT, Rows, Value, rows_of, value_parts
from flis_semantic.compiler.spans import reads_one, span_of
from flis_semantic.compiler.sql import (
    Expr,
    between,
    both,
    case,
    coalesce,
    col,
    either,
    eq,
    ge,
    gt,
    is_null,
    join,
    le,
    left_join,
    named,
    not_null,
    num,
    select,
    table,
    times,
    total,
    where_,
)
from flis_semantic.compiler.stretch import Span


@dataclass(frozen=True)
class Scan:
    """A reading seen through a span, by these dimensions. Equal scans share a CTE."""

    rows: Rows
    span: Span
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class Names:
    """Names of the CTEs that a scan reads: `rows` by code where it has dimensions, `base` the span's base periods.

    `delivered` is absent where nothing asks for it.
    """

    rows: str
    span: str
    base: str
    coverage: str
    delivered: str | None


def scan_of(component: ResolvedComponent, request: Request) -> Scan:
    """The scan of a component."""
    has = component.fact.dimensions
    return Scan(rows_of(component, request), span_of(component), tuple(d for d in request.dimensions if d in has))


def needs_delivered(scan: Scan, values: list[tuple[str, Value]]) -> bool:
    """Whether it matters what was delivered: where a value can be blank, or an absent row is no zero."""
    return scan.rows.fact.absent != "zero" or any(value.may_be_blank for _, value in values)


def scan_query(scan: Scan, values: list[tuple[str, Value]], names: Names, request: Request) -> exp.Select:
    """The CTE of a scan. The blanks of value `v1` stand in `v1_blanks`, base periods with rows of it in `v1_periods`."""
    source, period, on, weight = _place_in_time(scan, names, request)
    joins = [join(table(names.rows, "r"), on)]
    if names.delivered is not None:
        same = both(eq(col("unit_key", "delivered"), col(UNIT, "r")), eq(col("base_period_key", "delivered"), col(BASE, "r")))
        assert same is not None
        joins.append(left_join(table(names.delivered, "delivered"), same))
    keys: list[Expr] = [col("period_key", period), col(UNIT, "r"), *(col(dimension, "r") for dimension in scan.dimensions)]
    columns = [key.copy() for key in keys]
    for name, value in values:
        columns += _value_columns(name, value, weight, absent_is_zero=scan.rows.fact.absent == "zero")
    return select(columns, source, joins=joins, group=keys)


def codes_query(scan: Scan, values: list[tuple[str, Value]], rows: str, request: Request) -> exp.Select:
    """The CTE of a reading by the codes that are asked for: many keys of a hierarchy become one code before periods are joined."""
    fact = scan.rows.fact
    placed = [UNIT, BASE, *([DAY] if fact.definition.date is not None else []), *([FROM, TO] if fact.in_force else [])]
    cuts, joins = code_columns(scan.dimensions, fact, rows, request)
    columns: list[Expr] = [*(col(name, "r") for name in placed)]
    columns += cuts
    for name, value in values:
        columns += [named(total(col(part, "r")), part) for part in value_parts(name, value, needs_rows=fact.absent != "zero")]
    keys = [*(col(name, "r") for name in placed), *(cut.this.copy() for cut in cuts)]
    return select(columns, table(rows, "r"), joins=joins, group=keys)


def _place_in_time(scan: Scan, names: Names, request: Request) -> tuple[exp.Table, str, Expr, Expr | None]:
    """What says which rows belong to which period: its relation and alias, the condition, and a weight in days."""
    span, key = scan.span, col(BASE, "r")
    if span.latest is not None:
        on = both(eq(key, col("base_period_key", "k")), eq(col(UNIT, "r"), col("unit_key", "k")))
        assert on is not None
        return table(names.coverage, "k"), "k", on, None
    if span.in_force:
        day = lambda: col("on_date", "w")  # noqa: E731
        on = both(
            eq(key, col("first_key", "w")),
            le(col(FROM, "r"), day()),
            either(is_null(col(TO, "r")), ge(col(TO, "r"), day())),
        )
        assert on is not None
        return table(names.span, "w"), "w", on, None
    if span.dated:
        return table(names.span, "w"), "w", between(col(DAY, "r"), col("from_date", "w"), col("to_date", "w")), None
    if reads_one(span, request):
        return table(names.span, "w"), "w", eq(key, col("first_key", "w")), None
    if span.averages:
        return table(names.base, "b"), "b", eq(key, col("base_period_key", "b")), col("day_count", "b")
    return table(names.span, "w"), "w", between(key, col("first_key", "w"), col("last_key", "w")), None


def _value_columns(name: str, value: Value, weight: Expr | None, *, absent_is_zero: bool) -> list[Expr]:
    def weighed() -> Expr:
        return times(col(name, "r"), weight.copy()) if weight is not None else col(name, "r")

    summed = total(weighed())
    if value.expression is None:
        found = [named(coalesce(summed, num(0)), name), named(num(0), f"{name}_blanks")]
        # Rows that its filter leaves out are counted as none, and are there.
        with_rows = None
    else:
        if absent_is_zero:
            summed = coalesce(summed, num(0))
        if not value.is_plain:
            # One that cannot be computed (a division by zero) leaves no sum: a part of the period is not the period.
            summed = case((eq(total(col(f"{name}_failed", "r")), num(0)), summed))
        blanks: Expr = num(0)
        if value.may_be_blank:
            there = not_null(col("base_period_key", "delivered"))
            blanks = coalesce(where_(total(col(f"{name}_blanks", "r")), there), num(0))
        found = [named(summed, name), named(blanks, f"{name}_blanks")]
        with_rows = gt(col(f"{name}_rows", "r"), num(0))
    if absent_is_zero:
        return found
    periods = exp.Count(this=exp.Distinct(expressions=[col("base_period_key", "delivered")]))
    return [*found, named(where_(periods, with_rows), f"{name}_periods")]
