"""Spells of one person as one, within a group and a cell."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from flis_semantic.compiler.details import AMOUNT, END, PERSON, START
from flis_semantic.compiler.keys import days_after, days_since_epoch
from flis_semantic.compiler.spells import Cte, Spells
from flis_semantic.compiler.sql import (
    Expr,
    both,
    case,
    col,
    either,
    eq,
    ge,
    gt,
    highest,
    is_null,
    join,
    le,
    least,
    lowest,
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


def _of_one_person(spells: Spells) -> list[str]:
    return [*(["period_key"] if spells.by_period else []), *spells.keys, PERSON]


def merged_ctes(name: str, pieces: str, spells: Spells) -> list[Cte]:
    """One spell for each stretch of days in which a person has any; with amounts, one for each stretch with the same largest amount."""
    if spells.detail.expression is not None and not spells.counts_ends:
        return _largest(name, pieces, spells)
    return _islands(name, pieces, _of_one_person(spells), START, END)


def _islands(name: str, pieces: str, keys: list[str], first: str, last: str) -> list[Cte]:
    def window(this: Expr, *, before: bool) -> Expr:
        frame = exp.WindowSpec(
            kind="ROWS", start="UNBOUNDED", start_side="PRECEDING",
            end=num(1) if before else "CURRENT ROW", end_side="PRECEDING" if before else None,
        )  # fmt: skip
        ordered = [exp.Ordered(this=col(part)) for part in (first, last)]
        return exp.Window(this=this, partition_by=[col(key) for key in keys], order=exp.Order(expressions=ordered), spec=frame)

    reached = select([col("*"), named(window(highest(col(last)), before=True), "reached")], table(pieces), where=not_null(col(PERSON)))
    # Days that follow one another are one stretch.
    new = either(is_null(col("reached")), gt(col(first), days_after(col("reached"), 1)))
    assert new is not None
    placed = select([col("*"), named(window(total(case((new, num(1)), otherwise=num(0))), before=False), "island")], subquery(reached, "p"))
    group = [*(col(key, "p") for key in keys), col("island", "p")]
    merged = select(
        [
            *(key.copy() for key in group[:-1]),
            named(lowest(col(first, "p")), first),
            named(highest(col(last, "p")), last),
            named(num(1), AMOUNT),
            # It begins only if nothing that has its first day began before, and ends likewise.
            named(_all_of(lowest, first, "is_start"), "is_start"),
            named(_all_of(highest, last, "is_end"), "is_end"),
        ],
        subquery(placed, "p"),
        group=group,
    )
    return [(f"{name}_merged", merged)]


def _all_of(extreme: Callable[[Expr], Expr], day: str, flag: str) -> Expr:
    """Whether the flag holds for all that have the first (or last) day of a stretch: two in one number, the day before the flag."""
    against = num(0) if extreme is lowest else num(1)
    in_favour = num(1) if extreme is lowest else num(0)
    both_told = plus(times(num(2), days_since_epoch(col(day, "p"))), case((col(flag, "p"), in_favour), otherwise=against))
    return eq(exp.Mod(this=exp.Paren(this=extreme(both_told)), expression=num(2)), in_favour.copy())


def _largest(name: str, pieces: str, spells: Spells) -> list[Cte]:
    """Between any two days on which something begins or ends, the largest amount of what goes on, at most 1."""
    keys = _of_one_person(spells)
    days: list[exp.Select] = []
    for day in (col(START), days_after(col(END), 1)):
        days.append(select([*(col(key) for key in keys), named(day, START)], table(pieces), where=not_null(col(PERSON))))
    edges = exp.Union(this=days[0], expression=days[1], distinct=True)
    following = exp.Window(
        this=exp.Lead(this=col(START, "e")),
        partition_by=[col(key, "e") for key in keys],
        order=exp.Order(expressions=[exp.Ordered(this=col(START, "e"))]),
    )
    stretches = select(
        [*(col(key, "e") for key in keys), col(START, "e"), named(days_after(following, -1), END)],
        subquery(edges, "e"),
    )
    same = both(*(eq(col(key, "p"), col(key, "s")) for key in keys), le(col(START, "p"), col(START, "s")), ge(col(END, "p"), col(END, "s")))
    group = [*(col(key, "s") for key in keys), col(START, "s"), col(END, "s")]
    merged = select(
        [*(key.copy() for key in group), named(least(highest(col(AMOUNT, "p")), num(1)), AMOUNT)],
        table(f"{name}_stretches", "s"),
        joins=[join(table(pieces, "p"), same)],
        group=group,
    )
    return [(f"{name}_stretches", stretches), (f"{name}_merged", merged)]
