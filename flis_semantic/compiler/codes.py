"""From the keys of a fact's rows to the codes that are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedFact
from flis_semantic.compiler.members import BASE, members_in_time
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import Expr, both, coalesce, col, eq, left_join, named, select, subquery, table, text

UNKNOWN = "unknown"
"""The code of rows whose key no member of a dimension has."""


def key_name(column: str) -> str:
    """What a reading calls a key column of its fact: never the name of one of its own columns."""
    return f"key_{column}"


def code_columns(
    dimensions: Sequence[str],
    fact: ResolvedFact,
    rows: str,
    request: Request,
    key_of: Callable[[str], Expr] | None = None,
) -> tuple[list[Expr], list[exp.Join]]:
    """A column with the code of each dimension, and the joins to the dimensions' models that it takes.

    Args:
        dimensions: cuts that the fact has.
        fact: whose rows they are.
        rows: name of the relation with the rows, which is called r.
        request: what is asked.
        key_of: the key of a dimension's member; a column of r if left out.
    """
    columns: list[Expr] = []
    joins: dict[str, exp.Join] = {}
    for dimension in dimensions:
        spec = request.vocabulary.cuts[dimension]
        alias = f"d_{spec.dimension}"
        if alias not in joins:
            key = key_of(dimension) if key_of is not None else col(key_name(fact.dimensions[dimension]), "r")
            joins[alias] = _dimension_join(dimension, alias, key, dimensions, fact, rows, request)
        columns.append(named(coalesce(col(spec.code, alias), text(UNKNOWN)), dimension))
    return columns, list(joins.values())


def _dimension_join(
    dimension: str, alias: str, key: Expr, dimensions: Sequence[str], fact: ResolvedFact, rows: str, request: Request
) -> exp.Join:
    spec = request.vocabulary.cuts[dimension]
    on = eq(col(spec.key, alias), key)
    if spec.valid_from is None:
        return left_join(table(spec.model, alias), on)
    # A dated dimension has a row per validity interval; the key alone must not fan out.
    cuts = request.vocabulary.cuts
    used = list(dict.fromkeys(cuts[d].code for d in dimensions if cuts[d].dimension == spec.dimension))
    there = exp.In(this=col("period_key", "b"), query=exp.Subquery(this=select([col(BASE)], table(rows))))
    members = members_in_time(spec, used, fact.base_grain, there)
    dated = both(on, eq(col(BASE, alias), col(BASE, "r")))
    assert dated is not None
    return left_join(subquery(members, alias), dated)
