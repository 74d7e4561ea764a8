"""Short constructors of sqlglot nodes, so that the passes read like the SQL they write.

Nodes are built directly: the fluent builders cost ten times as much. A node may be used once only (it knows its parent), so
everything that is used twice is a function or is copied where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import sqlglot
from sqlglot import exp

Expr = exp.Expr

EXACT = "DECIMAL(38, 9)"
"""Type in which computed numbers are added: a sum of decimals is the same in every order of rows."""
FINE = "DECIMAL(38, 15)"
"""The same for what stands on both sides of a quotient, however small: weights of means over areas."""


def col(name: str, table: str | None = None) -> exp.Column:
    """`table.name`; the name `*` stands for all columns."""
    if name == "*":
        return exp.Column(this=exp.Star(), table=exp.to_identifier(table) if table else None)
    return exp.Column(this=exp.to_identifier(name), table=exp.to_identifier(table) if table else None)


def num(value: int | float) -> Expr:
    """A number."""
    if value < 0:
        return exp.Neg(this=exp.Literal.number(str(-value)))
    return exp.Literal.number(str(value))


def text(value: str) -> Expr:
    """A constant of the definitions (never of a request: those are parameters)."""
    return exp.Literal.string(value)


def day(value: date) -> Expr:
    """DATE 'YYYY-MM-DD'"""
    return cast(text(value.isoformat()), "DATE")


def null() -> Expr:
    """NULL"""
    return exp.Null()


def parameter(name: str) -> Expr:
    """$name, bound when the query runs."""
    return exp.Placeholder(this=name)


def cast(value: Expr, kind: str) -> Expr:
    """CAST(value AS kind)"""
    return exp.Cast(this=value, to=_data_type(kind).copy())


def call(name: str, *arguments: Expr) -> Expr:
    """A function that sqlglot needs not know."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def total(value: Expr) -> Expr:
    """SUM(value)"""
    return exp.Sum(this=value)


def count_rows() -> Expr:
    """COUNT(*)"""
    return exp.Count(this=exp.Star())


def lowest(value: Expr) -> Expr:
    """MIN(value)"""
    return exp.Min(this=value)


def highest(value: Expr) -> Expr:
    """MAX(value)"""
    return exp.Max(this=value)


def where_(aggregate: Expr, condition: Expr | None) -> Expr:
    """aggregate FILTER (WHERE condition)"""
    return aggregate if condition is None else exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def coalesce(first: Expr, *rest: Expr) -> Expr:
    """COALESCE(first, …)"""
    return exp.Coalesce(this=first, expressions=list(rest))


def both(*conditions: Expr | None) -> Expr | None:
    """All conditions that are there, joined by AND; None when none is."""
    return _joined(exp.And, conditions)


def either(*conditions: Expr | None) -> Expr | None:
    """All conditions that are there, joined by OR, in parentheses; None when none is."""
    joined = _joined(exp.Or, conditions)
    return exp.Paren(this=joined) if isinstance(joined, exp.Or) else joined


def eq(left: Expr, right: Expr) -> Expr:
    """left = right"""
    return exp.EQ(this=left, expression=right)


def lt(left: Expr, right: Expr) -> Expr:
    """left < right"""
    return exp.LT(this=left, expression=right)


def le(left: Expr, right: Expr) -> Expr:
    """left <= right"""
    return exp.LTE(this=left, expression=right)


def gt(left: Expr, right: Expr) -> Expr:
    """left > right"""
    return exp.GT(this=left, expression=right)


def ge(left: Expr, right: Expr) -> Expr:
    """left >= right"""
    return exp.GTE(this=left, expression=right)


def is_null(value: Expr) -> Expr:
    """value IS NULL"""
    return exp.Is(this=value, expression=exp.Null())


def not_null(value: Expr) -> Expr:
    """NOT value IS NULL"""
    return exp.Not(this=is_null(value))


def among(value: Expr, choices: Sequence[Expr]) -> Expr:
    """value IN (…)"""
    return exp.In(this=value, expressions=list(choices))


def between(value: Expr, low: Expr, high: Expr) -> Expr:
    """value BETWEEN low AND high"""
    return exp.Between(this=value, low=low, high=high)


def plus(left: Expr, right: Expr) -> Expr:
    """left + right"""
    return exp.Add(this=left, expression=right)


def minus(left: Expr, right: Expr) -> Expr:
    """left - right; a sum on the right is put in parentheses"""
    return exp.Sub(this=left, expression=exp.Paren(this=right) if isinstance(right, exp.Add | exp.Sub) else right)


def times(left: Expr, right: Expr) -> Expr:
    """left * right, sums in parentheses"""
    return exp.Mul(this=_grouped(left), expression=_grouped(right))


def over(left: Expr, right: Expr) -> Expr:
    """left / right, in floating point; a zero denominator gives NULL."""
    return exp.Div(this=_grouped(left), expression=exp.Nullif(this=right, expression=num(0)), typed=False, safe=False)


def case(*branches: tuple[Expr, Expr], otherwise: Expr | None = None) -> Expr:
    """CASE WHEN … THEN … ELSE … END"""
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=otherwise)


def least(first: Expr, *rest: Expr) -> Expr:
    """LEAST(…), skipping NULLs as DuckDB does."""
    return exp.Least(this=first, expressions=list(rest), ignore_nulls=True) if rest else first


def greatest(first: Expr, *rest: Expr) -> Expr:
    """GREATEST(…), skipping NULLs as DuckDB does."""
    return exp.Greatest(this=first, expressions=list(rest), ignore_nulls=True) if rest else first


def named(value: Expr, name: str) -> Expr:
    """value AS name"""
    return exp.Alias(this=value, alias=exp.to_identifier(name))


def table(name: str, alias: str | None = None) -> exp.Table:
    """A relation, or a CTE."""
    return exp.Table(this=exp.to_identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias)) if alias else None)


def select(
    columns: Sequence[Expr],
    source: Expr,
    *,
    joins: Sequence[exp.Join] = (),
    where: Expr | None = None,
    group: Sequence[Expr] = (),
    comment: str = "",
) -> exp.Select:
    """SELECT columns FROM source joins WHERE where GROUP BY group"""
    node = exp.Select(
        expressions=list(columns),
        from_=exp.From(this=source),
        joins=list(joins),
        where=exp.Where(this=where) if where is not None else None,
        group=exp.Group(expressions=list(group)) if group else None,
    )
    if comment:
        node.add_comments([f" {comment}"])
    return node


def join(source: Expr, on: Expr | None) -> exp.Join:
    """JOIN source ON on; CROSS JOIN without a condition."""
    return exp.Join(this=source, on=on) if on is not None else exp.Join(this=source, kind="CROSS")


def left_join(source: Expr, on: Expr) -> exp.Join:
    """LEFT JOIN source ON on"""
    return exp.Join(this=source, on=on, side="LEFT")


def subquery(query: Expr, alias: str) -> exp.Subquery:
    """(query) AS alias"""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.to_identifier(alias)))


def scalar(query: exp.Select) -> Expr:
    """A query as a value."""
    return exp.Subquery(this=query)


def with_(ctes: Sequence[tuple[str, Expr]], query: exp.Select) -> exp.Select:
    """WITH name AS (…), … query"""
    query.set(
        "with_",
        exp.With(expressions=[exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(name))) for name, body in ctes]),
    )
    return query


@lru_cache(maxsize=1024)
def _parsed(expression: str) -> Expr:
    return sqlglot.parse_one(expression, dialect="duckdb")


def fact_expression(expression: str, alias: str) -> Expr:
    """An expression of the catalogue, its columns taken from the relation `alias`."""
    tree = _parsed(expression).copy()
    for column in [tree] if isinstance(tree, exp.Column) else list(tree.find_all(exp.Column)):
        column.set("table", exp.to_identifier(alias))
    # Whoever joins it to another condition by AND must get all of it.
    return exp.Paren(this=tree) if isinstance(tree, exp.Or | exp.Xor) else tree


@lru_cache(maxsize=64)
def _data_type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind, dialect="duckdb")


def _grouped(value: Expr) -> Expr:
    return exp.Paren(this=value) if isinstance(value, exp.Add | exp.Sub | exp.Div) else value


def _joined(kind: type[exp.Connector], conditions: Sequence[Expr | None]) -> Expr | None:
    joined: Expr | None = None
    for condition in conditions:
        if condition is not None:
            joined = condition if joined is None else kind(this=joined, expression=condition)
    return joined
