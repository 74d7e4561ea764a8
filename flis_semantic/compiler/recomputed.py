"""Values of events and snapshots that are taken from single rows: distinct persons, averages, medians, per period and group."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent
from flis_semantic.compiler.aggregates import aggregate_of
from flis_semantic.compiler.codes import code_columns
from flis_semantic.compiler.details import AMOUNT, WEIGHT, Detail
from flis_semantic.compiler.members import BASE
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import DAY, UNIT
from flis_semantic.compiler.spans import reads_one
from flis_semantic.compiler.spells import Members
from flis_semantic.compiler.sql import Expr, between, both, col, count_rows, either, eq, is_null, join, named, select, table, where_
from flis_semantic.compiler.stretch import Span


@dataclass(frozen=True)
class Recomputed:
    """What a value is computed from. `rows` is the CTE of the details, `span_name` that of the span, `coverage` what was delivered."""

    component: ResolvedComponent
    span: Span
    span_name: str
    coverage: str
    detail: Detail
    rows: str
    dimensions: tuple[str, ...]
    request: Request
    members: Members | None = None


def recomputed_query(value: str, asked: Recomputed) -> exp.Select:
    """A row per period, unit (or area) and cell that has rows: the value, and of single units how many rows lack it."""
    period, joins = _place_in_time(asked)
    group: Expr = named(col(UNIT, "r"), "unit_key")
    codes, code_joins = code_columns(asked.dimensions, asked.detail.rows.fact, asked.rows, asked.request)
    where: Expr | None = None
    repeated: list[Expr] = []
    if asked.members is not None:
        repeated = [col(cell, "g") for cell in asked.members.repeated(asked.dimensions, asked.request)]
        same = both(eq(col("period_key", "g"), col("period_key", period)), eq(col("unit_key", "g"), col(UNIT, "r")))
        joins.append(join(table(asked.members.name, "g"), same))
        group = col("area", "g")
        if asked.members.by_cell:
            where = both(*(eq(col(code.alias, "g"), code.this.copy()) for code in codes))
    keys: list[Expr] = [col("period_key", period), group, *codes, *repeated]
    columns = [*keys, named(aggregate_of(asked.component, "r"), value)]
    if asked.members is None:
        weightless = is_null(col(WEIGHT, "r")) if asked.component.weight is not None else None
        blanks = where_(count_rows(), either(is_null(col(AMOUNT, "r")), weightless))
        columns.append(named(blanks, f"{value}_blanks"))
    by = [key.this.copy() if isinstance(key, exp.Alias) else key.copy() for key in keys]
    return select(columns, table(asked.rows, "r"), joins=[*joins, *code_joins], where=where, group=by)


def _place_in_time(asked: Recomputed) -> tuple[str, list[exp.Join]]:
    """The relation that says which rows belong to which period."""
    key = col(BASE, "r")
    if asked.span.latest is not None:
        newest = both(eq(key, col("base_period_key", "k")), eq(col(UNIT, "r"), col("unit_key", "k")))
        return "k", [join(table(asked.coverage, "k"), newest)]
    if asked.span.dated:
        inside: Expr = between(col(DAY, "r"), col("from_date", "w"), col("to_date", "w"))
    elif reads_one(asked.span, asked.request):
        inside = eq(key, col("first_key", "w"))
    else:
        inside = between(key, col("first_key", "w"), col("last_key", "w"))
    return "w", [join(table(asked.span_name, "w"), inside)]
