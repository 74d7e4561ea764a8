"""Which kinds of node mean the same in every engine, and what can be told of an expression without knowing its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sqlglot import exp

from flis_semantic.compiler.sql import FINE, Expr

SUMMED = "DECIMAL(26, 9)"
"""Type of sums where the engine shortens the scale of a decimal that is added to another or multiplied by a whole number of
days: with room for both in 38 digits."""

KEPT: Mapping[type[Expr], frozenset[str]] = {
    kind: frozenset(arguments.split())
    for kind, arguments in {
        exp.Select: "expressions from_ joins where group having order with_",
        exp.From: "this",
        exp.Where: "this",
        exp.Having: "this",
        exp.Group: "expressions",
        exp.Grouping: "expressions",
        exp.Order: "expressions",
        exp.With: "expressions",
        exp.CTE: "this alias",
        exp.Table: "this alias",
        exp.TableAlias: "this",
        exp.Union: "this expression distinct",
        exp.Alias: "this alias",
        exp.Column: "this table",
        exp.Star: "",
        exp.Null: "",
        exp.Boolean: "this",
        exp.Paren: "this",
        exp.And: "this expression",
        exp.Or: "this expression",
        exp.Not: "this",
        exp.EQ: "this expression",
        exp.NEQ: "this expression",
        exp.GT: "this expression",
        exp.GTE: "this expression",
        exp.LT: "this expression",
        exp.LTE: "this expression",
        exp.In: "this expressions query",
        exp.Exists: "this",
        exp.Between: "this low high",
        exp.Case: "this ifs default",
        exp.If: "this true",
        exp.Coalesce: "this expressions",
        exp.Nullif: "this expression",
        exp.Mul: "this expression",
        exp.Neg: "this",
        exp.Abs: "this",
        exp.RowNumber: "",
    }.items()
}
"""Kinds that mean the same everywhere, each with the arguments of which that is true."""

PREDICATES = (exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Exists, exp.Between, exp.Is)
AGGREGATES = (exp.Sum, exp.Min, exp.Max, exp.Count)
PARTS = ("YEAR", "QUARTER", "MONTH", "DAY", "WEEK")
"""Parts of a date that are whole numbers of the same meaning; WEEK is the ISO week."""

_SHOWN = 60
KEYWORD_LIKE = re.compile(r"[a-z]{2,}|(current|session|system|identity)_.*")


class NotSayable(Exception):  # noqa: N818 - caught at once and told as a RequestError
    """A construct without a known equal."""

    def __init__(self, construct: str) -> None:
        super().__init__(construct)
        self.construct = construct


def construct(node: Expr) -> str:
    """What a reader finds of a node in DuckDB's text: a function's name, an expression, a clause's keyword."""
    if isinstance(node, exp.Subquery):
        return "a subquery with more than a name"
    if isinstance(node, exp.Condition):
        text = node.sql(dialect="duckdb")
        called = re.match(r"\w+(?=\()", text)
        return f"{called[0].upper()}(…)" if called else text[:_SHOWN]
    return node.key.upper()


def type_of_sum(node: Expr) -> str:
    """The type that a sum is given: what is added in fine decimals is a side of a quotient alone, and needs no room for more."""
    argument = node.this
    is_fine = isinstance(argument, exp.Cast) and argument.to == exp.DataType.build(FINE, dialect="duckdb")
    return FINE if is_fine else SUMMED


def is_number(node: Expr) -> bool:
    """Whether it is a whole number that stands in the text."""
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()


def is_never_zero(node: Expr) -> bool:
    """Whether a divisor cannot be zero: NULL then, or a number that is another."""
    if isinstance(node, exp.Paren):
        return is_never_zero(node.this)
    if isinstance(node, exp.Nullif):
        return isinstance(node.expression, exp.Literal) and not node.expression.is_string and float(node.expression.name) == 0
    return isinstance(node, exp.Literal) and not node.is_string and float(node.name) != 0


def is_whole(node: Expr) -> bool:
    """Whether a value is a whole number whatever the data."""
    if isinstance(node, exp.Neg | exp.Paren):
        return is_whole(node.this)
    return is_number(node) or isinstance(node, exp.Null | exp.DateDiff | exp.Extract | exp.Count | exp.IntDiv)


def is_text(node: Expr) -> bool:
    """Whether a value is a text as it stands, or bound as one."""
    return isinstance(node, exp.Null | exp.Placeholder) or (isinstance(node, exp.Literal) and node.is_string)


def is_date(node: Expr) -> bool:
    """Whether an expression is a date, as far as the house's names of columns tell."""
    match node:
        case exp.Cast():
            return node.to.this in (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP)
        case exp.Column():
            return node.name.lower().endswith(("_date", "_at")) or node.name.lower() in ("data_to", "valid_from", "valid_to")
        case exp.Paren() | exp.Min() | exp.Max():
            return is_date(node.this)
        case exp.Least() | exp.Greatest() | exp.Coalesce():
            return any(is_date(item) for item in (node.this, *node.expressions))
        case _:
            return False


def is_searched(branch: exp.If) -> bool:
    """Whether a branch of a CASE states a condition, and not a value to compare with."""
    return isinstance(branch.parent, exp.Case) and branch.parent.this is None


def interval_of(node: exp.Interval) -> tuple[int, str]:
    """Count and unit of an interval that is written as a constant of whole days, months or years."""
    count, unit = node.this, str(node.args.get("unit") or "").upper().removesuffix("S")
    if not isinstance(count, exp.Literal) or not count.name.isdigit() or unit not in ("DAY", "MONTH", "YEAR"):
        raise NotSayable(node.sql(dialect="duckdb"))
    return int(count.name), unit
