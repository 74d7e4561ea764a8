"""Values of every period from spells: swept in the order of days, or taken from the list of each period."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler.aggregates import aggregate_of
from flis_semantic.compiler.details import AMOUNT, END, PERSON, START
from flis_semantic.compiler.keys import days_since_epoch, key_of
from flis_semantic.compiler.spells import Cte, Spells
from flis_semantic.compiler.sql import (
    Expr,
    between,
    both,
    call,
    coalesce,
    col,
    count_rows,
    eq,
    greatest,
    highest,
    join,
    le,
    minus,
    named,
    not_null,
    num,
    plus,
    select,
    subquery,
    table,
    times,
    total,
)


def swept(name: str, pieces: str, spells: Spells) -> tuple[list[Cte], exp.Select]:
    """The state on a day, or the days spent in it, from changes cumulated in the order of days."""
    keys = spells.keys
    changes = _changes(pieces, keys, days_since_epoch(col(START)), plus(days_since_epoch(col(END)), num(1)))
    days = [days_since_epoch(col("on_date", "w"))]
    if not spells.span.on_a_day:
        days = [minus(days_since_epoch(col("from_date", "w")), num(1)), days_since_epoch(col("to_date", "w"))]
    points: Expr | None = None
    for day in days:
        one = select([named(day.copy(), "on_day")], table(spells.span_name, "w"), group=[day.copy()])
        points = one if points is None else exp.Union(this=points, expression=one, distinct=True)
    assert points is not None
    found: list[Cte] = [(f"{name}_changes", changes), (f"{name}_states", _cumulated(f"{name}_changes", points, keys, moments=True))]

    def at(alias: str, day: Expr) -> Expr:
        same = both(eq(col("on_day", alias), day), eq(col("is_asked", alias), num(1)))
        assert same is not None
        return same

    if spells.span.on_a_day:
        joins = [join(table(f"{name}_states", "e"), at("e", days[0]))]
        value: Expr = col("state", "e")
    else:
        before, end = days
        same = both(at("b", before), *(eq(col(key, "b"), col(key, "e")) for key in keys))
        joins = [join(table(f"{name}_states", "e"), at("e", end)), join(table(f"{name}_states", "b"), same)]
        value = minus(_days_until("e", end), _days_until("b", before))
    columns = [col("period_key", "w"), *(col(key, "e") for key in keys), named(value, "amount")]
    return found, select(columns, table(spells.span_name, "w"), joins=joins)


def _days_until(alias: str, day: Expr) -> Expr:
    """Days spent in the state up to a day: each change counts from its own day on."""
    return exp.Paren(this=minus(times(col("state", alias), plus(day.copy(), num(1))), col("moment", alias)))


def _changes(pieces: str, keys: list[str], first: Expr, after_last: Expr) -> exp.Select:
    """By how much the state changes on each day (or in each period)."""
    both_ways: Expr | None = None
    for day, amount in ((first, col(AMOUNT)), (after_last, exp.Neg(this=col(AMOUNT)))):
        one = select([*(col(key) for key in keys), named(day, "on_day"), named(amount, AMOUNT)], table(pieces))
        both_ways = one if both_ways is None else exp.Union(this=both_ways, expression=one, distinct=False)
    assert both_ways is not None
    group = [*(col(key, "c") for key in keys), col("on_day", "c")]
    return select(
        [*(key.copy() for key in group), named(total(col(AMOUNT, "c")), AMOUNT)],
        subquery(both_ways, "c"),
        group=group,
    )


def _cumulated(changes: str, points: Expr, keys: list[str], *, moments: bool) -> exp.Select:
    """The state after every change and on every day that is asked, in each group and cell that has changes at all."""
    there = select([col(key) for key in keys], table(changes), group=[col(key) for key in keys])
    asked = select(
        [*(col(key, "g") for key in keys), col("on_day", "t"), named(num(1), "is_asked"), named(num(0), AMOUNT)],
        subquery(there, "g"),
        joins=[join(subquery(points, "t"), None)],
    )
    changed = select([*(col(key) for key in keys), col("on_day"), named(num(0), "is_asked"), col(AMOUNT)], table(changes))
    steps = exp.Union(this=changed, expression=asked, distinct=False)

    def until_here(value: Expr) -> Expr:
        frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
        order = [exp.Ordered(this=col(name, "c")) for name in ("on_day", "is_asked")]
        return exp.Window(this=total(value), partition_by=[col(key, "c") for key in keys], order=exp.Order(expressions=order), spec=frame)

    columns = [*(col(key, "c") for key in keys), col("on_day", "c"), col("is_asked", "c"), named(until_here(col(AMOUNT, "c")), "state")]
    if moments:
        columns.append(named(until_here(times(col(AMOUNT, "c"), col("on_day", "c"))), "moment"))
    return select(columns, subquery(steps, "c"))


def ends_query(pieces: str, spells: Spells) -> exp.Select:
    """Spells that begin or end in each period, added up by day first."""
    flag, day = spells.counted_end
    keys = [*(col(key, "p") for key in spells.keys), col(day, "p")]
    by_day = select(
        [*(key.copy() for key in keys), named(total(col(AMOUNT, "p")), AMOUNT)], table(pieces, "p"), where=col(flag, "p"), group=keys
    )
    inside = between(col(day, "d"), col("from_date", "w"), col("to_date", "w"))
    group = [col("period_key", "w"), *(col(key, "d") for key in spells.keys)]
    return select(
        [*(key.copy() for key in group), named(total(col(AMOUNT, "d")), "amount")],
        subquery(by_day, "d"),
        joins=[join(table(spells.span_name, "w"), inside)],
        group=group,
    )


def touched(name: str, pieces: str, spells: Spells) -> tuple[list[Cte], exp.Select]:
    """Persons with a day in each period: the periods that a person's spells touch, each once, swept like days."""
    keys, grain = [*spells.keys, PERSON], spells.request.grain

    def key(day: str) -> Expr:
        return key_of(spells.request.calendar, grain, lambda: col(day, "p"))

    touched = select(
        [*(col(name, "p") for name in keys), named(key(START), "first_period"), named(key(END), "last_period")],
        table(pieces, "p"),
        where=not_null(col(PERSON, "p")),
    )
    frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=num(1), end_side="PRECEDING")
    order = exp.Order(expressions=[exp.Ordered(this=col(name, "t")) for name in ("first_period", "last_period")])
    reached = exp.Window(this=highest(col("last_period", "t")), partition_by=[col(name, "t") for name in keys], order=order, spec=frame)
    seen = select([col("*", "t"), named(reached, "reached")], table(f"{name}_touched", "t"))
    first = greatest(col("first_period", "t"), plus(coalesce(col("reached", "t"), minus(col("first_period", "t"), num(1))), num(1)))
    columns = [*(col(name, "t") for name in spells.keys), named(first, START), named(col("last_period", "t"), END), named(num(1), AMOUNT)]
    once = select(columns, subquery(seen, "t"))
    new = select([col("*", "o")], subquery(once, "o"), where=le(col(START, "o"), col(END, "o")))
    found: list[Cte] = [
        (f"{name}_touched", touched),
        (f"{name}_once", new),
        (f"{name}_changes", _changes(f"{name}_once", spells.keys, col(START), plus(col(END), num(1)))),
    ]
    points = select([named(col("period_key"), "on_day")], table("periods"))
    found.append((f"{name}_states", _cumulated(f"{name}_changes", points, spells.keys, moments=False)))
    values = select(
        [named(col("on_day", "e"), "period_key"), *(col(key, "e") for key in spells.keys), named(col("state", "e"), "amount")],
        table(f"{name}_states", "e"),
        where=eq(col("is_asked", "e"), num(1)),
    )
    return found, values


def listed_query(pieces: str, spells: Spells) -> exp.Select:
    """The value of each period from its own list of spells."""
    group = [col("period_key", "p"), *(col(key, "p") for key in spells.keys)]
    where: Expr | None = None
    joins: list[exp.Join] = []
    if spells.counts_ends:
        flag, day = spells.counted_end
        joins = [join(table(spells.span_name, "w"), eq(col("period_key", "w"), col("period_key", "p")))]
        where = both(col(flag, "p"), between(col(day, "p"), col("from_date", "w"), col("to_date", "w")))
    if not spells.adds:
        value = aggregate_of(spells.component, "p")
    elif spells.touches:
        value = _counted_once(spells)
    elif spells.counts_ends or spells.span.on_a_day:
        value = total(col(AMOUNT, "p"))
    else:
        days = plus(minus(days_since_epoch(col(END, "p")), days_since_epoch(col(START, "p"))), num(1))
        value = total(times(col(AMOUNT, "p"), days))
    return select([*(key.copy() for key in group), named(value, "amount")], table(pieces, "p"), joins=joins, where=where, group=group)


def _counted_once(spells: Spells) -> Expr:
    """Each person, or each spell, once; the pieces of one spell have its first day."""
    if spells.component.merges:
        return exp.Count(this=exp.Distinct(expressions=[col(PERSON, "p")]))
    if spells.detail.rows.fact.definition.pieces_of is None or spells.detail.person is None:
        return count_rows()
    spell = call("row", col(PERSON, "p"), col("whole_from", "p"))
    return exp.Count(this=exp.Distinct(expressions=[spell]))
