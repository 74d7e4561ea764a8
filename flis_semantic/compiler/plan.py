"""What a figure is compiled from: where each component's numbers stand, and how components make a side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import KeyFigure, ResolvedComponent
from flis_semantic.compiler.recomputed import Recomputed
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import value_of
from flis_semantic.compiler.spells import Spells
from flis_semantic.compiler.sql import (
    Expr,
    cast,
    col,
    minus,
    num,
    over,
    plus,
)
from flis_semantic.compiler.stretch import Span
from flis_semantic.vocabulary.model import Level


@dataclass(frozen=True)
class Source:
    """Where a component's numbers stand: CTE names of its span, coverage and scan, and its value's column."""

    component: ResolvedComponent
    span: Span
    span_name: str
    coverage_name: str
    scan_name: str
    value_name: str
    dimensions: tuple[str, ...]
    is_weighted: bool
    detail: Spells | Recomputed | None = None
    """What it is computed from where that is the single rows of its fact."""

    @property
    def may_be_blank(self) -> bool:
        """Whether one cell of a unit may be without a value while another has one."""
        absent = self.component.fact.absent != "zero"
        return absent or value_of(self.component).may_be_blank or self.component.weight is not None or self.component.merges


@dataclass(frozen=True)
class FigurePlan:
    """A figure with the sources of its sides, in the order numerator, denominator, weight."""

    figure: KeyFigure
    name: str
    numerator: tuple[Source, ...]
    denominator: tuple[Source, ...]
    weight: tuple[Source, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """All of them; component number i stands in column c<i>."""
        return (*self.numerator, *self.denominator, *self.weight)

    def number(self, source: Source) -> int:
        """Number of a source's column, from 1."""
        return next(index for index, other in enumerate(self.sources, start=1) if other is source)


def is_base(level: Level, request: Request) -> bool:
    """Whether a level is the reporting unit itself."""
    return level.id == request.vocabulary.reporting_unit.base.id


def side_sum(plan: FigurePlan, side: Sequence[Source], column: Callable[[int], Expr], *, exact: bool) -> Expr:
    """A signed sum of components, each divided by the days of its span where it is a day-weighted mean."""
    result: Expr | None = None
    for source in side:
        term: Expr = column(plan.number(source))
        if source.is_weighted:
            term = over(cast(term, "DOUBLE"), divisor(source.span_name))
        if result is None:
            result = term if source.component.sign > 0 else exp.Neg(this=bracket(term))
        else:
            result = (plus if source.component.sign > 0 else minus)(result, term)
    assert result is not None
    return result if exact or isinstance(result, exp.Div) else cast(result, "DOUBLE")


def divisor(span_name: str) -> Expr:
    """Days covered by a span."""
    return exp.Paren(
        this=plus(exp.DateDiff(this=col("to_date", span_name), expression=col("from_date", span_name), unit=exp.Var(this="DAY")), num(1))
    )


def bracket(term: Expr) -> Expr:
    """The term, in parentheses where its neighbours would tear it apart."""
    return exp.Paren(this=term) if isinstance(term, exp.Div | exp.Add | exp.Sub) else term
