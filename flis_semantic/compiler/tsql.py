"""How each kind of node is written in T-SQL, where it differs from engines with booleans."""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.compiler.rewrites import Plain, Rewriter
from flis_semantic.compiler.sql import Expr, call, cast, eq, num
from flis_semantic.compiler.whitelist import PREDICATES, NotSayable, construct, type_of_sum

ENOUGH_TEXT = "NVARCHAR(4000)"


class TSqlRewriter(Rewriter):
    """Writes for an engine without booleans, aggregate filters, intervals and an order of NULLs."""

    def __init__(self) -> None:
        super().__init__(Plain("tsql", True), has_parameters=False)

    def query(self, tree: Expr) -> Expr:
        """WITH stands at the top only, and every column of a relation has a name."""
        for with_ in tree.find_all(exp.With):
            if with_.parent is not tree:
                raise NotSayable("a WITH inside a query")
        for relation in tree.find_all(exp.CTE, exp.Subquery):
            named = isinstance(relation, exp.CTE) or isinstance(relation.parent, exp.From | exp.Join)
            body = relation.this
            if named and isinstance(body, exp.Select) and any(not item.alias_or_name for item in body.expressions):
                raise NotSayable("a column without a name")
        return super().query(tree)

    def value(self, node: Expr) -> Expr:
        """True and false are the numbers 1 and 0, and unknown is NULL."""
        if isinstance(node, exp.Boolean):
            return _bit(num(int(node.this)))
        if isinstance(node, PREDICATES):
            return _bit(
                exp.Case(
                    ifs=[
                        exp.If(this=self.condition(node), true=num(1)),
                        exp.If(this=exp.Not(this=exp.Paren(this=self.condition(node))), true=num(0)),
                    ]
                )
            )
        return super().value(node)

    def condition(self, node: Expr) -> Expr:
        """A condition is no value, and a value is no condition."""
        if isinstance(node, exp.Boolean):
            return eq(num(1), num(int(node.this)))
        if isinstance(node, exp.Paren):
            return exp.Paren(this=self.condition(node.this))
        return super().value(node) if isinstance(node, PREDICATES) else eq(self.value(node), num(1))

    def literal(self, node: exp.Literal) -> Expr:
        """Text with letters that the code page may lack is national text."""
        made = super().literal(node)
        return made if node.name.isascii() or not node.is_string else exp.National(this=node.name)

    def parameter(self, node: exp.Placeholder) -> Expr:
        """@name"""
        return exp.Parameter(this=exp.Var(this=super().parameter(node).name))

    def kept(self, node: Expr) -> Expr:
        """NULLs come first in the engine's order; a key of its own puts them last."""
        if not isinstance(node, exp.Order):
            return super().kept(node)
        keys: list[Expr] = []
        for item in node.expressions:
            first, falling = bool(item.args.get("nulls_first")), bool(item.args.get("desc"))
            if first == falling and not _is_constant(item.this):
                is_null = exp.Is(this=self.value(item.this), expression=exp.Null())
                keys.append(exp.Case(ifs=[exp.If(this=is_null, true=num(0 if first else 1))], default=num(1 if first else 0)))
            keys.append(exp.Ordered(this=self.value(item.this), desc=falling or None, nulls_first=not falling))
        return exp.Order(expressions=keys)

    def aggregate(self, node: Expr, condition: Expr | None = None) -> Expr:
        """A condition becomes a CASE inside; whole numbers are added as decimals, since their own sum overflows."""
        if node.find(exp.Subquery, exp.Select) or (condition is not None and condition.find(exp.Subquery, exp.Select)):
            raise NotSayable(f"a query inside {construct(node)}")
        counts_rows = isinstance(node.this, exp.Star)
        if counts_rows and condition is None:
            return exp.Count(this=exp.Star(), big_int=True)
        argument = num(1) if counts_rows else self.argument(node)
        if isinstance(node, exp.Sum):
            argument = cast(argument, type_of_sum(node))
        if condition is not None:
            argument = exp.Case(ifs=[exp.If(this=self.condition(condition), true=argument)])
        made = self.aggregated(node, argument)
        return cast(made, type_of_sum(node)) if isinstance(node, exp.Sum) else made

    def divide_whole(self, node: exp.IntDiv) -> Expr:
        """Whole numbers divided by /, which cuts towards zero."""
        super().divide_whole(node)
        return exp.Div(this=cast(self.value(node.this), "BIGINT"), expression=self.value(node.expression), typed=True, safe=False)

    def remainder(self, node: exp.Mod) -> Expr:
        """%, with the sign of the dividend."""
        super().remainder(node)
        return exp.Mod(this=exp.Paren(this=self.value(node.this)), expression=self.value(node.expression))

    def shifted(self, node: Expr, count: int, unit: str) -> Expr:
        """DATEADD, which keeps the type of the date."""
        sign = 1 if isinstance(node, exp.Add) else -1
        return call("DATEADD", exp.Var(this=unit), num(sign * count), cast(self.value(node.this), "DATE"))

    def part(self, node: exp.Extract) -> Expr:
        """DATEPART; its own week is not the ISO week."""
        super().part(node)
        name = node.name.upper()
        return call("DATEPART", exp.Var(this="ISO_WEEK" if name == "WEEK" else name), self.value(node.expression))

    def days_between(self, node: exp.DateDiff) -> Expr:
        """DATEDIFF, which counts midnights."""
        super().days_between(node)
        first, last = cast(self.value(node.expression), "DATE"), cast(self.value(node.this), "DATE")
        return call("DATEDIFF", exp.Var(this="DAY"), first, last)

    def type_(self, kind: exp.DataType) -> exp.DataType:
        """Text without a length would be cut after thirty letters."""
        if kind.this in (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR):
            return exp.DataType.build(ENOUGH_TEXT, dialect="tsql")
        return super().type_(kind)


def _bit(value: Expr) -> Expr:
    """CAST(value AS BIT)"""
    return exp.Cast(this=value, to=exp.DataType.build("BIT", dialect="tsql"))


def _is_constant(node: Expr) -> bool:
    return isinstance(node, exp.Literal)
