"""How each kind of node is written for engines other than DuckDB.

A rewriter builds a new tree. A node is kept when its kind and all of its arguments stand in `KEPT`; it is rewritten when there
is a method for its kind; everything else is refused. What a kind means in DuckDB, and what it would mean elsewhere, is said
where it is rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast as typed

from sqlglot import exp

from flis_semantic.compiler.sql import Expr, call, cast
from flis_semantic.compiler.whitelist import (
    AGGREGATES,
    KEPT,
    KEYWORD_LIKE,
    PARTS,
    PREDICATES,
    NotSayable,
    construct,
    interval_of,
    is_date,
    is_never_zero,
    is_number,
    is_searched,
    is_text,
    is_whole,
    type_of_sum,
)


@dataclass(frozen=True)
class Plain:
    """An engine that has booleans and aggregate filters: what else of it must be known."""

    id: str
    shortens_decimals: bool


PLAIN_DIALECTS: Mapping[str, Plain] = {"postgres": Plain("postgres", False), "spark": Plain("spark", True)}


class Rewriter:
    """Writes for an engine with booleans and aggregate filters; one use per query."""

    def __init__(self, plain: Plain, *, has_parameters: bool) -> None:
        self.plain = plain
        # A driver that binds %(name)s reads every other % as a mistake.
        self.escapes_percent = plain.id == "postgres" and has_parameters
        self.rewrites: dict[type[Expr], Callable[..., Expr]] = {
            exp.Identifier: self.identifier,
            exp.Literal: self.literal,
            exp.Placeholder: self.parameter,
            exp.Subquery: self.subquery,
            exp.GroupingSets: self.grouping_sets,
            exp.Join: self.join,
            exp.Is: self.is_,
            exp.Ordered: self.ordered,
            exp.Window: self.window,
            exp.Filter: self.filter,
            **dict.fromkeys(AGGREGATES, self.aggregate),
            exp.Div: self.divide,
            exp.IntDiv: self.divide_whole,
            exp.Mod: self.remainder,
            exp.Add: self.add,
            exp.Sub: self.add,
            exp.Cast: self.convert,
            exp.Extract: self.part,
            exp.DateDiff: self.days_between,
            exp.Least: self.extreme,
            exp.Greatest: self.extreme,
        }

    def query(self, tree: Expr) -> Expr:
        """The whole query."""
        if not isinstance(tree, exp.Select):
            raise NotSayable(construct(tree))
        return self.value(tree)

    def value(self, node: Expr) -> Expr:
        """A node where a value stands."""
        rewrite = self.rewrites.get(type(node))
        written = rewrite(node) if rewrite is not None else self.kept(node)
        if node.comments:
            written.comments = [self.escaped(comment) for comment in node.comments]
        return written

    def condition(self, node: Expr) -> Expr:
        """A node where true or false is asked for."""
        return self.value(node)

    def kept(self, node: Expr) -> Expr:
        """A node of the same meaning, with all that stands in it."""
        allowed = KEPT.get(type(node))
        if allowed is None:
            raise NotSayable(construct(node))
        for name, argument in node.args.items():
            if argument and name not in allowed:
                raise NotSayable(f"{construct(node)} with {name.rstrip('_').replace('_', ' ')}")
        asks = isinstance(node, exp.And | exp.Or | exp.Not | exp.Where | exp.Having)
        found: dict[str, object] = {}
        for name, argument in node.args.items():
            write = self.condition if asks or (isinstance(node, exp.If) and name == "this" and is_searched(node)) else self.value
            if isinstance(argument, exp.Expr):
                found[name] = write(argument)
            elif isinstance(argument, list):
                found[name] = [write(item) for item in typed(list[Expr], argument)]
            else:
                found[name] = argument
        return type(node)(**found)

    def identifier(self, node: exp.Identifier) -> Expr:
        """Quoted where it could be a keyword of some engine; in small letters, as unquoted names are kept."""
        if node.args.get("quoted"):
            return node.copy()
        name = str(node.this).lower()
        return exp.Identifier(this=name, quoted=KEYWORD_LIKE.fullmatch(name) is not None)

    def literal(self, node: exp.Literal) -> Expr:
        """A number or a text."""
        return exp.Literal.string(self.escaped(node.name)) if node.is_string else exp.Literal.number(node.name)

    def escaped(self, text: str) -> str:
        """A text as the driver must be given it."""
        return text.replace("%", "%%") if self.escapes_percent else text

    def parameter(self, node: exp.Placeholder) -> Expr:
        """A value bound by name."""
        if not node.this:
            raise NotSayable("a parameter without a name")
        return exp.Placeholder(this=node.name)

    def subquery(self, node: exp.Subquery) -> Expr:
        """A query as a relation, which needs a name, or as a value."""
        if any(argument for name, argument in node.args.items() if name not in ("this", "alias")):
            raise NotSayable(construct(node))
        if isinstance(node.parent, exp.From | exp.Join) and not node.alias:
            raise NotSayable("a subquery without a name")
        alias = node.args.get("alias")
        return exp.Subquery(this=self.value(node.this), alias=self.value(alias) if alias else None)

    def grouping_sets(self, node: exp.GroupingSets) -> Expr:
        """Each set in brackets; lists of values are no values anywhere else."""
        sets = [exp.Tuple(expressions=[self.value(item) for item in keys.expressions]) for keys in typed(list[Expr], node.expressions)]
        return exp.GroupingSets(expressions=sets)

    def join(self, node: exp.Join) -> Expr:
        """INNER, LEFT and CROSS with a condition, never by the names of columns."""
        if any(argument for name, argument in node.args.items() if name not in ("this", "on", "side", "kind")):
            raise NotSayable("a join by the names of columns" if node.args.get("using") else construct(node))
        on, side, kind = node.args.get("on"), node.side, node.kind
        if side not in ("", "LEFT") or kind not in ("", "INNER", "OUTER", "CROSS") or (on is None and kind != "CROSS"):
            raise NotSayable(f"{side} {kind} JOIN".strip() + ("" if on is not None else " without a condition"))
        return exp.Join(this=self.value(node.this), on=self.condition(on) if on is not None else None, side=side or None, kind=kind or None)

    def is_(self, node: exp.Is) -> Expr:
        """IS NULL, and nothing else that IS can say."""
        if not isinstance(node.expression, exp.Null):
            raise NotSayable(node.sql(dialect="duckdb"))
        return exp.Is(this=self.value(node.this), expression=exp.Null())

    def ordered(self, node: exp.Ordered) -> Expr:
        """Where NULL stands is written out wherever it is not the engine's own habit."""
        return exp.Ordered(this=self.value(node.this), desc=node.args.get("desc") or None, nulls_first=bool(node.args.get("nulls_first")))

    def window(self, node: exp.Window) -> Expr:
        """Numbers of rows; frames differ too much."""
        plain = {"this", "partition_by", "order", "over"}
        if not isinstance(node.this, exp.RowNumber) or any(argument for name, argument in node.args.items() if name not in plain):
            raise NotSayable(f"{construct(node.this)} OVER (…)")
        order = node.args.get("order")
        partition = [self.value(item) for item in typed(list[Expr], node.args.get("partition_by") or [])]
        return exp.Window(this=exp.RowNumber(), partition_by=partition, order=self.value(order) if order else None, over="OVER")

    def filter(self, node: exp.Filter) -> Expr:
        """An aggregate of the rows of which a condition is true."""
        if not isinstance(node.this, AGGREGATES):
            raise NotSayable(construct(node.this))
        return self.aggregate(node.this, node.expression.this)

    def aggregate(self, node: Expr, condition: Expr | None = None) -> Expr:
        """SUM, MIN, MAX, COUNT, perhaps of some rows only."""
        made = self.aggregated(node, self.argument(node))
        if condition is not None:
            made = exp.Filter(this=made, expression=exp.Where(this=self.condition(condition)))
        # Added to a sum of other decimals, the scale would be cut to what is left of 38 digits.
        return cast(made, type_of_sum(node)) if isinstance(node, exp.Sum) and self.plain.shortens_decimals else made

    def argument(self, node: Expr) -> Expr:
        """What is aggregated."""
        if any(argument for name, argument in node.args.items() if name not in ("this", "big_int")):
            raise NotSayable(f"{construct(node)} of several values")
        inner = node.this
        if isinstance(inner, exp.Distinct):
            if not isinstance(node, exp.Count) or len(inner.expressions) != 1 or inner.args.get("on"):
                raise NotSayable(f"{construct(node)} of several distinct values")
            return self.value(inner.expressions[0])
        if isinstance(inner, (*PREDICATES, exp.Boolean)):
            raise NotSayable(f"{construct(node)} of true and false")
        return self.value(inner)

    def aggregated(self, node: Expr, argument: Expr) -> Expr:
        """The aggregate of an argument that is written already."""
        if isinstance(node, exp.Count):
            return exp.Count(this=exp.Distinct(expressions=[argument]) if isinstance(node.this, exp.Distinct) else argument, big_int=True)
        return type(node)(this=argument)

    def divide(self, node: exp.Div) -> Expr:
        """In floating point, also of whole numbers. By zero DuckDB gives infinity, the others an error or NULL: it must be impossible."""
        if not is_never_zero(node.expression):
            raise NotSayable(f"a division by {node.expression.sql(dialect='duckdb')}, which may be zero (write NULLIF(…, 0))")
        left = self.value(node.this)
        if not (isinstance(left, exp.Cast) and left.to.this == exp.DataType.Type.DOUBLE):
            left = cast(left, "DOUBLE")
        return exp.Div(this=left, expression=self.value(node.expression), typed=True, safe=False)

    def divide_whole(self, node: exp.IntDiv) -> Expr:
        """Whole numbers, cut towards zero."""
        if not (is_number(node.expression) and is_never_zero(node.expression)):
            raise NotSayable(f"a whole division by {node.expression.sql(dialect='duckdb')}")
        made = exp.IntDiv(this=self.value(node.this), expression=self.value(node.expression))
        return cast(made, "BIGINT") if self.plain.id == "postgres" else made

    def remainder(self, node: exp.Mod) -> Expr:
        """With the sign of the dividend everywhere. As a function where % is the driver's."""
        if not (is_number(node.expression) and is_never_zero(node.expression)):
            raise NotSayable(f"a remainder of a division by {node.expression.sql(dialect='duckdb')}")
        return call("MOD", self.value(node.this), self.value(node.expression))

    def add(self, node: Expr) -> Expr:
        """A sum or difference of numbers; days and months after or before a date."""
        if isinstance(node.expression, exp.Interval):
            return self.shifted(node, *interval_of(node.expression))
        if any(isinstance(side, exp.Interval) or is_date(side) for side in (node.this, node.expression)):
            raise NotSayable(f"{node.sql(dialect='duckdb')}, arithmetic of dates without an interval")
        return type(node)(this=self.value(node.this), expression=self.value(node.expression))

    def shifted(self, node: Expr, count: int, unit: str) -> Expr:
        """A date so many days, months or years later or earlier; the last day of a shorter month."""
        interval = exp.Interval(this=exp.Literal.string(str(count)), unit=exp.Var(this=unit))
        return type(node)(this=self.value(node.this), expression=interval)

    def convert(self, node: exp.Cast) -> Expr:
        """To a date, floating point or decimals; to whole numbers and text only what cannot be rounded or written differently."""
        kind, value = node.to.this, node.this
        known = exp.DataType.Type
        if any(argument for name, argument in node.args.items() if name not in ("this", "to")):
            raise NotSayable(construct(node))
        whole = kind in (known.INT, known.BIGINT, known.SMALLINT) and is_whole(value)
        plain = kind in (known.TEXT, known.VARCHAR) and is_text(value)
        truth = kind == known.BOOLEAN and isinstance(value, exp.Null | exp.Boolean)
        if not (whole or plain or truth or kind in (known.DATE, known.DOUBLE, known.DECIMAL)):
            raise NotSayable(node.sql(dialect="duckdb"))
        return exp.Cast(this=self.value(value), to=self.type_(node.to))

    def type_(self, kind: exp.DataType) -> exp.DataType:
        """A type as the engine calls it."""
        return kind.copy()

    def part(self, node: exp.Extract) -> Expr:
        """A part of a date, as a whole number."""
        if node.name.upper() not in PARTS:
            raise NotSayable(node.sql(dialect="duckdb"))
        made = exp.Extract(this=exp.Var(this=node.name.upper()), expression=self.value(node.expression))
        return cast(made, "INT") if self.plain.id == "postgres" else made

    def days_between(self, node: exp.DateDiff) -> Expr:
        """Days from one date to another."""
        if str(node.args.get("unit") or "").upper() != "DAY":
            raise NotSayable(node.sql(dialect="duckdb"))
        last, first = self.value(node.this), self.value(node.expression)
        if self.plain.id == "spark":
            return call("DATEDIFF", cast(last, "DATE"), cast(first, "DATE"))
        return exp.Paren(this=exp.Sub(this=cast(last, "DATE"), expression=cast(first, "DATE")))

    def extreme(self, node: Expr) -> Expr:
        """LEAST and GREATEST of the values that are there, in every one of the engines."""
        if not node.args.get("ignore_nulls"):
            raise NotSayable(f"{construct(node)} with NULLs")
        arguments = [self.value(item) for item in (node.this, *node.expressions)]
        return call("LEAST" if isinstance(node, exp.Least) else "GREATEST", *arguments)
