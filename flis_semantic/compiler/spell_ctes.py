"""All CTEs of a value of spells, from the single rows to what a figure is made of."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler.details import AMOUNT, END, PERSON, START, WEIGHT
from flis_semantic.compiler.spell_merges import merged_ctes
from flis_semantic.compiler.spell_pieces import pieces_query, runs_query
from flis_semantic.compiler.spell_sweeps import ends_query, listed_query, swept, touched
from flis_semantic.compiler.spells import GROUP, Cte, Spells
from flis_semantic.compiler.sql import (
    Expr,
    between,
    both,
    col,
    count_rows,
    either,
    eq,
    ge,
    highest,
    is_null,
    join,
    le,
    named,
    num,
    select,
    subquery,
    table,
    total,
)


def spell_ctes(name: str, value: str, spells: Spells) -> list[Cte]:
    """The CTEs of one value; the last one, `name`, has a row per period, group and cell that has any.

    For single units its columns are `period_key`, `unit_key`, the cells, the value and its blanks; else `area` in place of
    `unit_key`, and no blanks.
    """
    found: list[Cte] = []
    pieces = f"{name}_spells"
    if spells.members is not None and not spells.by_period:
        found.append((f"{name}_members", runs_query(spells)))
    found.append((pieces, pieces_query(name, spells)))
    merged = pieces
    if spells.component.merges and not spells.touches and spells.adds:
        merged = f"{name}_merged"
        found += merged_ctes(name, pieces, spells)
    if spells.by_period:
        values = listed_query(merged, spells)
    elif spells.counts_ends:
        values = ends_query(merged, spells)
    elif spells.touches:
        more, values = touched(name, pieces, spells)
        found += more
    else:
        more, values = swept(name, merged, spells)
        found += more
    found.append((name, _finished(values, pieces, value, spells)))
    return found


def _finished(values: exp.Select, pieces: str, value: str, spells: Spells) -> Expr:
    """The value under its name, and of single units how many spells of the period leave it open what it is."""
    group_name = "area" if spells.members is not None else "unit_key"
    keys = ["period_key", *spells.keys]
    source: Expr = subquery(values, "v")
    columns = [*(named(col(key, "v"), group_name) if key == GROUP else col(key, "v") for key in keys)]
    if spells.members is not None:
        return select([*columns, named(col("amount", "v"), value)], source, where=_there(col("amount", "v"), spells))
    unknown = _unknown_parts(spells)
    if not unknown:
        return select(
            [*columns, named(col("amount", "v"), value), named(num(0), f"{value}_blanks")], source, where=_there(col("amount", "v"), spells)
        )
    on = _is_read(spells)
    if spells.by_period:
        on = both(on, eq(col("period_key", "p"), col("period_key", "w")))
    group = [col("period_key", "w"), *(col(key, "p") for key in spells.keys)]
    blanks = select(
        [*(key.copy() for key in group), named(exp.Null(), "amount"), named(count_rows(), "blanks")],
        table(pieces, "p"),
        joins=[join(table(spells.span_name, "w"), on)],
        where=either(*unknown),
        group=group,
    )
    there = _there(col("amount", "k"), spells)
    known = select([*(col(key, "k") for key in keys), col("amount", "k"), named(num(0), "blanks")], subquery(values, "k"), where=there)
    stacked = exp.Union(this=known, expression=blanks, distinct=False)
    together = [named(highest(col("amount", "v")), value), named(total(col("blanks", "v")), f"{value}_blanks")]
    source = subquery(stacked, "v")
    return select([*columns, *together], source, group=[col(key, "v") for key in keys])


def _is_read(spells: Spells) -> Expr | None:
    """Whether a spell p is part of the value of the period w. Whoever goes on may hide the beginning of a merged spell, or its end."""
    if spells.counts_ends and not spells.component.merges:
        flag, day = spells.counted_end
        return both(col(flag, "p"), between(col(day, "p"), col("from_date", "w"), col("to_date", "w")))
    first, last = ("on_date", "on_date") if spells.span.on_a_day else ("from_date", "to_date")
    return both(le(col(START, "p"), col(last, "w")), ge(col(END, "p"), col(first, "w")))


def _there(amount: Expr, spells: Spells) -> Expr | None:
    """A state that nobody is in has no row, so that a cell is there only where somebody is in it."""
    return exp.NEQ(this=amount, expression=num(0)) if spells.adds else None


def _unknown_parts(spells: Spells) -> list[Expr | None]:
    """What a spell may lack, so that no value can be made of it."""
    parts: list[Expr | None] = []
    if spells.detail.expression is not None:
        parts.append(is_null(col(AMOUNT, "p")))
    if spells.detail.weight is not None:
        parts.append(is_null(col(WEIGHT, "p")))
    if spells.component.merges:
        parts.append(is_null(col(PERSON, "p")))
    return parts
