"""Reading: what is delivered (coverage) and what it says (facts), per reporting unit and asked period.

Each fact is aggregated on its own, filters inside, to exactly the asked periods and dimensions; facts are joined only
afterwards. Components with the same fact, span and filters share one scan.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent, ResolvedFact
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.spans import reads_one, source_condition, span_of
from flis_semantic.compiler.sql import (
    EXACT,
    Expr,
    among,
    both,
    case,
    cast,
    coalesce,
    col,
    count_rows,
    either,
    eq,
    fact_expression,
    gt,
    is_null,
    join,
    left_join,
    named,
    not_null,
    num,
    parameter,
    plus,
    select,
    table,
    text,
    times,
    total,
    where_,
)
from flis_semantic.compiler.stretch import Span

UNKNOWN = "unknown"
_THERE = ("delivered", "approved", "reported_by_other")


@dataclass(frozen=True)
class Scan:
    """What decides which rows of a fact are read. Equal scans share a CTE."""

    fact: ResolvedFact
    span: Span
    unit_column: str
    vintage: tuple[str, str] | None
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    dimensions: tuple[str, ...]
    request_filters: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One aggregated column of a scan."""

    aggregate: str
    expression: str | None
    condition: str | None


def scan_of(component: ResolvedComponent, request: Request) -> Scan:
    """The scan of a component: dimensions and filters that it is broadcast over are left out."""
    has = component.fact.dimensions
    return Scan(
        fact=component.fact,
        span=span_of(component),
        unit_column=component.unit_column,
        vintage=component.vintage,
        filters=component.filters,
        dimensions=tuple(d for d in request.dimensions if d in has),
        request_filters=tuple(d for d in request.dimension_filters if d in has),
    )


def value_of(component: ResolvedComponent) -> Value:
    """The aggregate that a component takes from its scan."""
    return Value(component.aggregate, component.expression, component.condition)


def coverage_query(span: Span, span_name: str, request: Request) -> exp.Select:
    """Per asked period and unit: how many of the needed base periods are there, exempt, held, approved."""
    unit_key = request.vocabulary.reporting_unit.key
    state = lambda: col("state", "c")  # noqa: E731
    key = col("base_period_key", "c")
    if reads_one(span, request):
        inside: Expr = eq(key, col("first_key", "w"))
    else:
        inside = exp.Between(this=key, low=col("first_key", "w"), high=col("last_key", "w"))
    rows = join(table("coverage", "c"), both(source_condition(span.sources, "c"), inside))
    counts = {
        "delivered": among(state(), [text(name) for name in _THERE]),
        "exempt": eq(state(), text("exempt")),
        "held": eq(state(), text("held")),
        "approved": eq(state(), text("approved")),
    }
    counted = [named(where_(count_rows(), condition), name) for name, condition in counts.items()]
    keys = [col("period_key", "w"), col(unit_key, "c")]
    if len(span.sources) == 1 and span.latest is None:
        columns = [keys[0].copy(), named(keys[1].copy(), "unit_key"), *counted]
        return select(columns, table(span_name, "w"), joins=[rows], group=keys)
    keys.append(key.copy())
    by_base = select(
        [keys[0].copy(), named(keys[1].copy(), "unit_key"), key.copy(), *counted], table(span_name, "w"), joins=[rows], group=keys
    )
    return _newest(by_base, span) if span.latest is not None else _of_all_lines(by_base, span)


def _of_all_lines(by_base: exp.Select, span: Span) -> exp.Select:
    """Base periods instead of source lines: one is there when every line is, else what the first gap makes of it."""
    lines = len(span.sources)
    there = lambda: plus(plus(col("delivered", "k"), col("exempt", "k")), col("held", "k"))  # noqa: E731
    whole = {
        "delivered": eq(col("delivered", "k"), num(lines)),
        "exempt": both(eq(there(), num(lines)), gt(col("exempt", "k"), num(0))),
        "held": both(eq(there(), num(lines)), eq(col("exempt", "k"), num(0)), gt(col("held", "k"), num(0))),
        "approved": eq(col("approved", "k"), num(lines)),
    }
    keys = [col("period_key", "k"), col("unit_key", "k")]
    columns = [*(key.copy() for key in keys), *(named(where_(count_rows(), condition), name) for name, condition in whole.items())]
    return select(columns, exp.Subquery(this=by_base, alias=exp.TableAlias(this=exp.to_identifier("k"))), group=keys)


def _newest(by_base: exp.Select, span: Span) -> exp.Select:
    """The newest base period that every source line has delivered, per asked period and unit."""
    lines = len(span.sources)
    position = exp.Window(
        this=exp.RowNumber(),
        partition_by=[col("period_key", "k"), col("unit_key", "k")],
        order=exp.Order(expressions=[exp.Ordered(this=col("base_period_key", "k"), desc=True, nulls_first=False)]),
    )
    ranked = select(
        [*(col(name, "k") for name in ("period_key", "unit_key", "base_period_key", "approved")), named(position, "position")],
        exp.Subquery(this=by_base, alias=exp.TableAlias(this=exp.to_identifier("k"))),
        where=eq(col("delivered", "k"), num(lines)),
    )
    return select(
        [
            *(col(name, "n") for name in ("period_key", "unit_key", "base_period_key")),
            named(num(1), "delivered"),
            named(num(0), "exempt"),
            named(num(0), "held"),
            named(case((eq(col("approved", "n"), num(lines)), num(1)), otherwise=num(0)), "approved"),
        ],
        exp.Subquery(this=ranked, alias=exp.TableAlias(this=exp.to_identifier("n"))),
        where=eq(col("position", "n"), num(1)),
    )


def scan_query(scan: Scan, values: list[tuple[str, Value]], names: dict[str, str], request: Request) -> exp.Select:
    """The CTE of a scan: per asked period, unit and dimension code, each value and its count of blanks.

    Args:
        scan: what is read.
        values: column name and aggregate of every value; the blanks of `v1` stand in `v1_blanks`.
        names: names of the span's CTEs: `span`, and `base` or `coverage` where the span needs them.
        request: what is asked.
    """
    key = col(scan.fact.base_key, "f")
    unit = col(scan.unit_column, "f")
    weight: Expr | None = None
    if scan.span.latest is not None:
        period, source = "k", table(names["coverage"], "k")
        on = both(eq(key, col("base_period_key", "k")), eq(unit, col("unit_key", "k")))
    elif reads_one(scan.span, request):
        period, source = "w", table(names["span"], "w")
        on = eq(key, col("first_key", "w"))
    elif scan.span.averages:
        period, source = "b", table(names["base"], "b")
        on = eq(key, col("base_period_key", "b"))
        weight = col("day_count", "b")
    else:
        period, source = "w", table(names["span"], "w")
        on = exp.Between(this=key, low=col("first_key", "w"), high=col("last_key", "w"))
    joins = [join(table(scan.fact.model, "f"), on)]
    cuts: list[Expr] = []
    for dimension in scan.dimensions:
        alias = f"d_{dimension}"
        joins.append(_dimension_join(dimension, alias, scan, request))
        cuts.append(coalesce(col(request.vocabulary.dimensions[dimension].code, alias), text(UNKNOWN)))
    grouped = [col("period_key", period), unit.copy(), *(cut.copy() for cut in cuts)]
    columns = [
        col("period_key", period),
        named(unit.copy(), "unit_key"),
        *(named(cut, dimension) for cut, dimension in zip(cuts, scan.dimensions, strict=True)),
    ]
    joins.append(_delivered_join(scan, request))
    for name, value in values:
        columns += _value_columns(name, value, weight, absent_is_zero=scan.fact.absent == "zero")
    return select(columns, source, joins=joins, where=_rows(scan, request), group=grouped, comment=scan.fact.id)


def _delivered_join(scan: Scan, request: Request) -> exp.Join:
    """Base periods in which every series was delivered: an empty value is a blank only there.

    A row of a wide model stands for several series, and one that was not delivered is empty in it too.
    """
    unit_key = request.vocabulary.reporting_unit.key
    lines = scan.span.sources
    complete = select(
        [named(col(unit_key, "c"), "unit_key"), col("base_period_key", "c")],
        table("coverage", "c"),
        where=both(source_condition(lines, "c"), among(col("state", "c"), [text(name) for name in _THERE])),
        group=[col(unit_key, "c"), col("base_period_key", "c")],
    )
    if len(lines) > 1:
        complete.set("having", exp.Having(this=eq(count_rows(), num(len(lines)))))
    on = both(
        eq(col("unit_key", "delivered"), col(scan.unit_column, "f")),
        eq(col("base_period_key", "delivered"), col(scan.fact.base_key, "f")),
    )
    assert on is not None
    return left_join(exp.Subquery(this=complete, alias=exp.TableAlias(this=exp.to_identifier("delivered"))), on)


def _value_columns(name: str, value: Value, weight: Expr | None, *, absent_is_zero: bool) -> list[Expr]:
    """A value, its count of blanks in `…_blanks`, and the number of delivered base periods with rows of it in `…_periods`."""
    condition = fact_expression(value.condition, "f") if value.condition else None
    periods = exp.Count(this=exp.Distinct(expressions=[col("base_period_key", "delivered")]))
    if value.expression is None:
        counted = total(weight.copy()) if weight is not None else count_rows()
        found = [named(coalesce(where_(counted, condition), num(0)), name), named(num(0), f"{name}_blanks")]
        return found if absent_is_zero else [*found, named(periods, f"{name}_periods")]
    amount = fact_expression(value.expression, "f")
    columns = {column.name: column for column in amount.find_all(exp.Column)}

    def where(*more: Expr | None) -> Expr | None:
        return both(condition.copy() if condition is not None else None, *more)

    blank = where(either(*(is_null(column.copy()) for column in columns.values())), not_null(col("base_period_key", "delivered")))
    plain = isinstance(amount, exp.Column)
    weighed = times(amount, weight.copy()) if weight is not None else amount
    # Computed amounts are added as decimals, since floating-point sums depend on the order of rows.
    summed = where_(total(weighed if plain else cast(weighed, EXACT)), where())
    if absent_is_zero:
        summed = coalesce(summed, num(0))
    if not plain:
        # One that cannot be computed (a division by zero) leaves no sum: a part of the period is not the period.
        summed = case((eq(where_(count_rows(), where(is_null(amount.copy()))), num(0)), summed))
    found = [named(summed, name), named(where_(count_rows(), blank), f"{name}_blanks")]
    return found if absent_is_zero else [*found, named(where_(periods, where()), f"{name}_periods")]


def _rows(scan: Scan, request: Request) -> Expr | None:
    conditions: list[Expr | None] = []
    if scan.vintage is not None:
        conditions.append(eq(col(scan.vintage[0], "f"), text(scan.vintage[1])))
    for dimension, codes in scan.filters:
        conditions.append(_has_code(dimension, [text(code) for code in codes], scan, request))
    for dimension in scan.request_filters:
        values = request.dimension_filters[dimension]
        known = [parameter(name) for name, value in zip(filter_parameters(dimension, values), values, strict=True) if value != UNKNOWN]
        named_codes = _has_code(dimension, known, scan, request) if known else None
        conditions.append(either(named_codes, _has_no_code(dimension, scan, request) if UNKNOWN in values else None))
    return both(*conditions)


def filter_parameters(name: str, values: tuple[str, ...]) -> list[str]:
    """Names of the parameters that carry a filter's values."""
    return [f"{name}_{index}" for index in range(1, len(values) + 1)]


def _has_code(dimension: str, codes: list[Expr], scan: Scan, request: Request) -> Expr:
    spec = request.vocabulary.dimensions[dimension]
    keys = select([col(spec.key)], table(spec.model), where=among(col(spec.code), codes))
    return exp.In(this=col(scan.fact.dimensions[dimension], "f"), query=exp.Subquery(this=keys))


def _has_no_code(dimension: str, scan: Scan, request: Request) -> Expr:
    """Rows whose key no member of the dimension has."""
    spec = request.vocabulary.dimensions[dimension]
    key = lambda: col(scan.fact.dimensions[dimension], "f")  # noqa: E731
    keys = select([col(spec.key)], table(spec.model))
    found = either(is_null(key()), exp.Not(this=exp.In(this=key(), query=exp.Subquery(this=keys))))
    assert found is not None
    return found


def _dimension_join(dimension: str, alias: str, scan: Scan, request: Request) -> exp.Join:
    spec = request.vocabulary.dimensions[dimension]
    on = eq(col(spec.key, alias), col(scan.fact.dimensions[dimension], "f"))
    if spec.valid_from is None:
        return left_join(table(spec.model, alias), on)
    # A dated dimension has a row per validity interval; the key alone must not fan out.
    members = select([col(spec.key), col(spec.code)], table(spec.model), group=[col(spec.key), col(spec.code)])
    return left_join(exp.Subquery(this=members, alias=exp.TableAlias(this=exp.to_identifier(alias))), on)
