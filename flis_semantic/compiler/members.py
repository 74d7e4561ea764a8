"""Members of a dated dimension: which code each of them had, when, and in which group it was."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from flis_semantic.compiler.keys import PERIODS_MODEL
from flis_semantic.compiler.sql import Expr, both, case, col, eq, join, le, named, num, select, subquery, table, text
from flis_semantic.vocabulary.model import Cut

BASE = "base_key"
"""Column with the key of a base period."""


def members_in_time(spec: Cut, codes: Sequence[str], base_grain: str, there: Expr) -> exp.Select:
    """The codes that each member had at the end of each base period; before its first interval, the first.

    A member may get another code or move to another group, and those of one time must not get the rows of another. `there`
    narrows the base periods, which are rows of the period table called b.
    """
    begun = lambda: le(col(spec.valid_from or "", "d"), col("end_date", "b"))  # noqa: E731
    newest = exp.Ordered(this=case((begun(), col(spec.valid_from or "", "d"))), desc=True, nulls_first=False)
    first = exp.Ordered(this=col(spec.valid_from or "", "d"), nulls_first=True)
    position = exp.Window(
        this=exp.RowNumber(),
        partition_by=[col(spec.key, "d"), col("period_key", "b")],
        order=exp.Order(expressions=[newest, first]),
    )
    ranked = select(
        [col(spec.key, "d"), named(col("period_key", "b"), BASE), *(col(code, "d") for code in codes), named(position, "position")],
        table(spec.model, "d"),
        joins=[join(table(PERIODS_MODEL, "b"), both(eq(col("grain", "b"), text(base_grain)), there))],
    )
    return select([col(name) for name in (spec.key, BASE, *codes)], subquery(ranked, "ranked"), where=eq(col("position"), num(1)))
