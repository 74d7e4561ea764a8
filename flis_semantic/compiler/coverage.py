"""What was delivered: per asked period and unit how many base periods are there, and base periods with every series."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from flis_semantic.catalogue.resolved import SourceSeries
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.spans import reaches, reads_one, source_condition
from flis_semantic.compiler.sql import (
    Expr,
    among,
    both,
    case,
    coalesce,
    col,
    count_rows,
    either,
    eq,
    ge,
    gt,
    is_null,
    join,
    le,
    least,
    left_join,
    lowest,
    lt,
    minus,
    named,
    num,
    plus,
    select,
    subquery,
    table,
    text,
    where_,
)
from flis_semantic.compiler.stretch import Span

_THERE = ("delivered", "provisional", "approved", "reported_by_other")


def coverage_query(span: Span, span_name: str, request: Request) -> exp.Select:
    """Per asked period and unit: how many of the needed base periods are there, exempt, held, approved, provisional.

    Of what covers days also `data_to`, the first day that the unit does not cover.
    """
    unit_key = request.vocabulary.reporting_unit.key
    state = lambda: col("state", "c")  # noqa: E731
    key = col("base_period_key", "c")
    if reads_one(span, request) and not span.beside:
        inside: Expr = eq(key, col("first_key", "w"))
    else:
        first, last = col("first_key", "w"), col("last_key", "w")
        low, high = minus(first, num(span.before)) if span.before else first, plus(last, num(span.after)) if span.after else last
        inside = exp.Between(this=key, low=low, high=high)
    joins = [join(table("coverage", "c"), both(source_condition(span.sources, "c"), inside))]
    counts = {
        "delivered": among(state(), [text(name) for name in _THERE]),
        "exempt": eq(state(), text("exempt")),
        "held": eq(state(), text("held")),
        "approved": eq(state(), text("approved")),
        "provisional": eq(state(), text("provisional")),
    }
    counted = [named(where_(count_rows(), condition), name) for name, condition in counts.items()]
    if reaches(span):
        same = both(*(eq(col(name, "t"), col(name, "c")) for name in ("source", "series", unit_key)))
        assert same is not None
        joins.append(left_join(table("data_to", "t"), same))
        counted.append(named(lowest(col("data_to", "t")), "data_to"))
    keys = [col("period_key", "w"), col(unit_key, "c")]
    if len(span.sources) == 1 and span.latest is None:
        columns = [keys[0].copy(), named(keys[1].copy(), "unit_key"), *counted]
        return select(columns, table(span_name, "w"), joins=joins, group=keys)
    keys.append(key.copy())
    by_base = select(
        [keys[0].copy(), named(keys[1].copy(), "unit_key"), key.copy(), *counted], table(span_name, "w"), joins=joins, group=keys
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
        "provisional": both(eq(col("delivered", "k"), num(lines)), gt(col("provisional", "k"), num(0))),
    }
    keys = [col("period_key", "k"), col("unit_key", "k")]
    columns = [*(key.copy() for key in keys), *(named(where_(count_rows(), condition), name) for name, condition in whole.items())]
    if reaches(span):
        columns.append(named(lowest(col("data_to", "k")), "data_to"))
    return select(columns, subquery(by_base, "k"), group=keys)


def _newest(by_base: exp.Select, span: Span) -> exp.Select:
    """The newest base period that every source line has delivered, per asked period and unit."""
    lines = len(span.sources)
    position = exp.Window(
        this=exp.RowNumber(),
        partition_by=[col("period_key", "k"), col("unit_key", "k")],
        order=exp.Order(expressions=[exp.Ordered(this=col("base_period_key", "k"), desc=True, nulls_first=False)]),
    )
    ranked = select(
        [
            *(col(name, "k") for name in ("period_key", "unit_key", "base_period_key", "approved", "provisional")),
            named(position, "position"),
        ],
        subquery(by_base, "k"),
        where=eq(col("delivered", "k"), num(lines)),
    )
    return select(
        [
            *(col(name, "n") for name in ("period_key", "unit_key", "base_period_key")),
            named(num(1), "delivered"),
            named(num(0), "exempt"),
            named(num(0), "held"),
            named(case((eq(col("approved", "n"), num(lines)), num(1)), otherwise=num(0)), "approved"),
            named(col("provisional", "n"), "provisional"),
        ],
        subquery(ranked, "n"),
        where=eq(col("position", "n"), num(1)),
    )


EVERYBODY = "everybody"
"""CTE of the asked periods in which a column for each span says whether everybody has delivered."""


def everybody_name(span_name: str) -> str:
    """Name of the CTE, and of the column, that says in which periods everybody has delivered."""
    return f"{span_name}_everybody"


def everybody_periods(span_names: Sequence[str]) -> exp.Select:
    """The asked periods with a column for each of these spans: one join for all figures and levels instead of one for each."""
    names = [everybody_name(name) for name in span_names]
    joins = [left_join(table(name), eq(col("period_key", name), col("period_key", "p"))) for name in names]
    return select([col("*", "p"), *(named(col("is_everybody", name), name) for name in names)], table("periods", "p"), joins=joins)


def expected_query(lines: tuple[SourceSeries, ...], request: Request) -> exp.Select:
    """Units of which something is expected in every one of the source lines, per asked period at whose end they exist."""
    unit = request.vocabulary.reporting_unit
    line = [col(name, "c") for name in (unit.key, "source", "series")]
    told = select(line, table("coverage", "c"), where=source_condition(lines, "c"), group=[each.copy() for each in line])
    of_all = select([col(unit.key, "x")], subquery(told, "x"), group=[col(unit.key, "x")])
    of_all.set("having", exp.Having(this=eq(count_rows(), num(len(lines)))))
    return select(
        [col("period_key", "p"), named(col(unit.key, "u"), "unit_key")],
        table("periods", "p"),
        joins=[join(table(unit.model, "u"), unit_exists(request)), join(subquery(of_all, "e"), eq(col(unit.key, "e"), col(unit.key, "u")))],
    )


def everybody_query(span: Span, span_name: str, expected: str) -> exp.Select:
    """Per asked period whether every unit of which something is expected has delivered all that is read, or need not."""
    coverage = f"{span_name}_coverage"
    own = both(eq(col("period_key", coverage), col("period_key", "e")), eq(col("unit_key", coverage), col("unit_key", "e")))
    there = plus(coalesce(col("delivered", coverage), num(0)), coalesce(col("exempt", coverage), num(0)))
    known = least(col("data_to", coverage), col("data_to", "w"))
    came = both(ge(there, col("required", "w")), lt(col("on_date", "w"), known) if reaches(span) else None)
    assert came is not None and own is not None
    return select(
        [col("period_key", "e"), named(eq(lowest(case((came, num(1)), otherwise=num(0))), num(1)), "is_everybody")],
        table(expected, "e"),
        joins=[join(table(span_name, "w"), eq(col("period_key", "w"), col("period_key", "e"))), left_join(table(coverage), own)],
        group=[col("period_key", "e")],
    )


def unit_exists(request: Request) -> Expr | None:
    """Whether a unit, a row u of its model, exists on the last day of a period p."""
    unit = request.vocabulary.reporting_unit
    ends = lambda: col("end_date", "p")  # noqa: E731
    return both(le(col(unit.valid_from, "u"), ends()), either(is_null(col(unit.valid_to, "u")), ge(col(unit.valid_to, "u"), ends())))


def delivered_query(lines: tuple[SourceSeries, ...], request: Request) -> exp.Select:
    """Units and base periods in which every one of the source lines was delivered.

    A row of a wide model stands for several series, and one that was not delivered is empty in it too: an empty value is a
    blank only here.
    """
    keys = [col(request.vocabulary.reporting_unit.key, "c"), col("base_period_key", "c")]
    complete = select(
        [named(keys[0].copy(), "unit_key"), keys[1].copy()],
        table("coverage", "c"),
        where=both(source_condition(lines, "c"), among(col("state", "c"), [text(name) for name in _THERE])),
        group=keys if len(lines) > 1 else (),
    )
    if len(lines) > 1:
        complete.set("having", exp.Having(this=eq(count_rows(), num(len(lines)))))
    return complete
