"""Aggregates that are taken from single rows, and are never made of smaller ones."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent
from flis_semantic.compiler.details import AMOUNT, WEIGHT
from flis_semantic.compiler.sql import EXACT, Expr, cast, col, highest, lowest, not_null, num, over, times, total, where_


def aggregate_of(component: ResolvedComponent, alias: str) -> Expr:
    """The aggregate of a component over rows that have its `amount` (and `weight`); in floating point where it is no count."""
    amount = col(AMOUNT, alias)
    if component.aggregate == "count_distinct":
        return exp.Count(this=exp.Distinct(expressions=[amount]))
    if component.aggregate == "average":
        weight: Expr = cast(col(WEIGHT, alias), EXACT) if component.weight is not None else cast(num(1), EXACT)
        known = not_null(col(AMOUNT, alias))
        weighed = total(times(cast(amount, EXACT), weight))
        return over(cast(weighed, "DOUBLE"), cast(where_(total(weight.copy()), known), "DOUBLE"))
    number = cast(amount, "DOUBLE")
    if component.aggregate in ("min", "max"):
        return (lowest if component.aggregate == "min" else highest)(number)
    share = 0.5 if component.percentile is None else component.percentile / 100
    order = exp.Order(expressions=[exp.Ordered(this=number)])
    return exp.WithinGroup(this=exp.PercentileCont(this=num(share)), expression=order)
