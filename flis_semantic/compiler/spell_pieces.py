"""The spells that count for a value, cut to the group, the cell and (where they are listed) the period that they count in."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler.codes import UNKNOWN, code_columns, key_name
from flis_semantic.compiler.details import AMOUNT, END, PERSON, START, born_name
from flis_semantic.compiler.keys import PERIODS_MODEL, Make, age_on, birthday_in, days_after, part
from flis_semantic.compiler.rows import UNIT, filter_parameters
from flis_semantic.compiler.spells import GROUP, Spells
from flis_semantic.compiler.sql import (
    Expr,
    among,
    between,
    both,
    col,
    either,
    eq,
    ge,
    greatest,
    gt,
    highest,
    is_null,
    join,
    le,
    least,
    lowest,
    minus,
    named,
    not_null,
    num,
    parameter,
    plus,
    select,
    subquery,
    table,
    text,
)


def runs_query(spells: Spells) -> exp.Select:
    """Periods in a row in which a unit is in its area's value, as one stretch of days."""
    assert spells.members is not None
    place = exp.Window(
        this=exp.RowNumber(),
        partition_by=[col("unit_key", "g"), col("area", "g")],
        order=exp.Order(expressions=[exp.Ordered(this=col("period_key", "g"))]),
    )
    placed = select(
        [
            *(col(name, "g") for name in ("unit_key", "area")),
            *(col(name, "w") for name in ("from_date", "to_date")),
            named(minus(col("period_key", "g"), place), "run"),
        ],
        table(spells.members.name, "g"),
        joins=[join(table(spells.span_name, "w"), eq(col("period_key", "w"), col("period_key", "g")))],
    )
    keys = [col(name, "p") for name in ("unit_key", "area", "run")]
    return select(
        [
            keys[0].copy(),
            keys[1].copy(),
            named(lowest(col("from_date", "p")), "first_date"),
            named(highest(col("to_date", "p")), "last_date"),
        ],
        subquery(placed, "p"),
        group=keys,
    )


def pieces_query(name: str, spells: Spells) -> exp.Select:
    """Spells, or the parts of them that lie in one group and cell (and are of one period), with their codes."""
    first: list[Expr] = [col(START, "r")]
    last: list[Expr] = [col(END, "r")]
    joins: list[exp.Join] = []
    columns: list[Expr] = []
    group: Expr = col(UNIT, "r")
    if spells.by_period:
        columns.append(col("period_key", "w"))
        joins.append(join(table(spells.span_name, "w"), _in_span(spells)))
        if spells.members is not None:
            same = both(eq(col("period_key", "g"), col("period_key", "w")), eq(col("unit_key", "g"), col(UNIT, "r")))
            joins.append(join(table(spells.members.name, "g"), same))
            group = col("area", "g")
        if not spells.counts_ends:
            first.append(col("on_date" if spells.span.on_a_day else "from_date", "w"))
            last.append(col("on_date" if spells.span.on_a_day else "to_date", "w"))
    elif spells.members is not None:
        # A day more at both ends, so that what goes on from there is no beginning.
        first.append(days_after(col("first_date", "g"), -1) if spells.counts_ends else col("first_date", "g"))
        last.append(days_after(col("last_date", "g"), 1) if spells.counts_ends else col("last_date", "g"))
        inside = both(eq(col("unit_key", "g"), col(UNIT, "r")), le(col(START, "r"), last[-1].copy()), ge(col(END, "r"), first[-1].copy()))
        joins.append(join(table(f"{name}_members", "g"), inside))
        group = col("area", "g")
    begins: list[Expr | None] = [col("is_start", "r")]
    ends: list[Expr | None] = [col("is_end", "r")]
    if spells.members is not None and not spells.by_period:
        # What is cut off by the members' days, or lies on the day beside them, neither begins nor ends there.
        begins.append(ge(col(START, "r"), col("first_date", "g")))
        ends.append(le(col(END, "r"), col("last_date", "g")))
    for dimension in spells.ages:
        if spells.as_of(dimension) == "each_day":
            joins.append(join(table(PERIODS_MODEL, f"y_{dimension}"), _years_of_life(dimension)))
            first.append(birthday_in(_born(dimension), _year(dimension)))
            last.append(days_after(birthday_in(_born(dimension), _year(dimension, later=1)), -1))
            # Who was born nobody knows when has one year of life, which neither begins nor ends.
            born = _born(dimension)
            begins.append(either(is_null(born()), ge(col(START, "r"), first[-1].copy())))
            ends.append(either(is_null(born()), le(col(END, "r"), last[-1].copy())))
    is_start, is_end = both(*begins), both(*ends)
    assert is_start is not None and is_end is not None
    codes, code_joins = code_columns(spells.asked, spells.detail.rows.fact, spells.rows, spells.request, lambda d: _key(d, spells))
    kept = [code for code in codes if code.alias in spells.dimensions]
    columns += [named(group, GROUP), *kept, *(col(cell, "g") for cell in spells.repeated)]
    columns += [col(PERSON, "r")] if spells.detail.person is not None else []
    start, end = greatest(first[0], *first[1:]), least(last[0], *last[1:])
    # A year of life that the spell has days in, and the period or its members' days have not, leaves nothing.
    there = le(start.copy(), end.copy()) if len(first) > 2 else None
    columns += [named(start, START), named(end, END)]
    columns += [named(col(AMOUNT, "r") if spells.detail.expression is not None else num(1), AMOUNT)]
    columns += [col("weight", "r")] if spells.detail.weight is not None else []
    columns += [named(is_start, "is_start"), named(is_end, "is_end")]
    columns += [col("whole_from", "r")] if spells.detail.rows.fact.definition.pieces_of is not None else []
    return select(columns, table(spells.rows, "r"), joins=[*joins, *code_joins], where=both(there, _filtered(codes, spells)))


def _in_span(spells: Spells) -> Expr:
    """Whether a spell is of a period."""
    start, end = col(START, "r"), col(END, "r")
    if spells.span.on_a_day:
        return between(col("on_date", "w"), start, end)
    if spells.counts_ends:
        found = both(le(start, days_after(col("to_date", "w"), 1)), ge(end, days_after(col("from_date", "w"), -1)))
    else:
        found = both(le(start, col("to_date", "w")), ge(end, col("from_date", "w")))
    assert found is not None
    return found


def _born(dimension: str) -> Make:
    return lambda: col(born_name(dimension), "r")


def _year(dimension: str, later: int = 0) -> Make:
    """The calendar year in which a year of life begins, or one later."""
    year = lambda: col("period_key", f"y_{dimension}")  # noqa: E731
    return (lambda: plus(year(), num(later))) if later else year


def _years_of_life(dimension: str) -> Expr:
    """Calendar years in which a year of life begins that a spell has a day in; one of them where nobody knows the birth."""
    born, year = _born(dimension), _year(dimension)
    known = both(
        not_null(born()),
        ge(year(), minus(part("year", col(START, "r")), num(1))),
        le(year(), part("year", col(END, "r"))),
        le(birthday_in(born, year), col(END, "r")),
        gt(birthday_in(born, _year(dimension, later=1)), col(START, "r")),
    )
    unknown = both(is_null(born()), eq(year(), part("year", col(START, "r"))))
    found = both(eq(col("grain", f"y_{dimension}"), text("year")), either(known, unknown))
    assert found is not None
    return found


def _key(dimension: str, spells: Spells) -> Expr:
    """The key of a dimension's member: a column, or the age on the day that the fact says."""
    fact = spells.detail.rows.fact
    if dimension not in fact.ages:
        return col(key_name(fact.dimensions[dimension]), "r")
    born, as_of = _born(dimension), spells.as_of(dimension)
    if as_of == "each_day":
        return minus(col("period_key", f"y_{dimension}"), part("year", born()))
    if as_of == "event":
        begun = "whole_from" if fact.definition.pieces_of is not None else START
        return age_on(born, lambda: col(begun, "r"))
    day = "on_date" if spells.looked_up else "from_date" if as_of == "period_start" else "end_date"
    if as_of == "year_end":
        return minus(part("year", col(day, "w")), part("year", born()))
    return age_on(born, lambda: col(day, "w"))


def _filtered(codes: list[Expr], spells: Spells) -> Expr | None:
    """What could not be filtered before the codes were known; and where members differ by cell, those of the cell count."""
    code = {item.alias: item.this for item in codes}
    found: list[Expr | None] = []
    for dimension, values in spells.component.filters:
        if dimension in spells.detail.late:
            found.append(among(code[dimension].copy(), [text(value) for value in values]))
    for dimension, values in spells.request.dimension_filters.items():
        if dimension in spells.detail.late:
            names = filter_parameters(dimension, values)
            wanted = [parameter(key) if value != UNKNOWN else text(UNKNOWN) for key, value in zip(names, values, strict=True)]
            found.append(among(code[dimension].copy(), wanted))
    if spells.members is not None and spells.members.by_cell:
        found += [eq(col(dimension, "g"), code[dimension].copy()) for dimension in spells.dimensions]
    return both(*found)
