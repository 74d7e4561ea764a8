"""States that last: how many, how long, begun and ended, per period and group of units.

A value is found by a *sweep*: every spell is a change by so much on its first day and back on the day after its last; cumulated
in order of days, the changes give the state on any day and the days spent in it up to then. Nothing is joined by ranges of days and
no spell is spread over its days. Only where the periods of an answer overlap (windows), or a value has to be taken from the
single spells of each period, are the spells of each period listed.

Every query here groups by `group_key`: the unit itself, or an area of which only the units in the value count. Spells of one
person are merged within a group and cell, so that a merged value of an area is not the sum of its units'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flis_semantic.catalogue.resolved import ResolvedComponent
from flis_semantic.compiler.details import END, START, Detail
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import Expr
from flis_semantic.compiler.stretch import Span

Cte = tuple[str, Expr]
GROUP = "group_key"


@dataclass(frozen=True)
class Members:
    """The units that are in an area's value: CTE with `period_key`, `unit_key`, `area`, and the cells where these differ in them."""

    name: str
    by_cell: bool

    def repeated(self, dimensions: Sequence[str], request: Request) -> tuple[str, ...]:
        """Cells over which a value with these dimensions is repeated, each time for its own members."""
        return tuple(cell for cell in request.dimensions if cell not in dimensions) if self.by_cell else ()


@dataclass(frozen=True)
class Spells:
    """What a value is computed from. `rows` is the CTE of the details, `span_name` that of the span."""

    component: ResolvedComponent
    span: Span
    span_name: str
    detail: Detail
    rows: str
    dimensions: tuple[str, ...]
    request: Request
    members: Members | None = None

    @property
    def counts_ends(self) -> bool:
        """Whether spells that begin or end are counted."""
        return self.span.reference is None and self.component.over_time in ("started", "ended")

    @property
    def counted_end(self) -> tuple[str, str]:
        """The flag and the day of the ends that are counted."""
        return ("is_start", START) if self.component.over_time == "started" else ("is_end", END)

    @property
    def adds(self) -> bool:
        """Whether it is a sum or a count, and no aggregate that needs the single spells."""
        return self.component.aggregate in ("sum", "count")

    @property
    def touches(self) -> bool:
        """Whether one day in the period is enough."""
        return self.span.reference is None and self.component.over_time == "any"

    @property
    def by_period(self) -> bool:
        """Whether the spells of each period have to be listed, since no sweep over all periods gives the value."""
        overlapping = self.span.window is not None or self.looked_up
        moved = self.span.offset is not None or self.request.is_range
        dated_by_period = any(self.as_of(name) not in ("event", "each_day") for name in self.ages)
        return (
            not self.adds
            or dated_by_period
            or (self.component.merges and overlapping)
            or (self.touches and (not self.component.merges or moved or overlapping))
            or (self.members is not None and self.members.by_cell)
        )

    @property
    def ages(self) -> tuple[str, ...]:
        """Ages that are cut by or filtered."""
        return self.detail.ages

    @property
    def asked(self) -> tuple[str, ...]:
        """Dimensions whose codes are needed."""
        return tuple(dict.fromkeys((*self.dimensions, *self.ages, *self.detail.late)))

    def as_of(self, dimension: str) -> str:
        """On which day an age is taken."""
        given = self.detail.rows.fact.ages[dimension].as_of
        # A period of one day ends on each day; a window of several does not.
        one_day = self.request.grain == "day" and self.span.window is None and not self.looked_up
        return "each_day" if one_day and given in ("period_start", "period_end") else given

    @property
    def looked_up(self) -> bool:
        """Whether the state of one day stands for periods that need not hold it: it is the same for all of them."""
        return self.span.on_a_day and self.span.reference is not None

    @property
    def keys(self) -> list[str]:
        """What values are grouped by, beside the period."""
        return [GROUP, *self.dimensions, *self.repeated]

    @property
    def repeated(self) -> tuple[str, ...]:
        """Cells that the fact does not have, and in which other units are in the value."""
        return self.members.repeated(self.dimensions, self.request) if self.members is not None else ()
