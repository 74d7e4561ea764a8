"""Where in time a component reads, as one CTE per distinct span: from which base period to which, and whether they are due.

Columns of a span: `period_key` of the asked period; `first_key`, `last_key` of the base periods read, the last one clipped to
what is due (NULL first_key: the offset's label does not exist); `required` base periods; `is_unfinished`; `is_waiting` when
only the end of an unfinished period would have a value; `from_date` and `to_date` (clipped likewise) for day weights.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.model import Age, Offset, ReferenceDate, Window
from flis_semantic.catalogue.resolved import ResolvedComponent, SourceSeries
from flis_semantic.compiler.keys import PERIODS_MODEL as PERIODS
from flis_semantic.compiler.keys import Make, containing, days_after, days_between, key_of, months_before, part
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import (
    Expr,
    both,
    coalesce,
    col,
    day,
    eq,
    gt,
    join,
    le,
    least,
    left_join,
    lowest,
    minus,
    named,
    null,
    num,
    plus,
    select,
    table,
    text,
)

NOTHING_DUE = -1_000_000
"""Stands for the last due base period of a source that never delivered: earlier than every key."""


@dataclass(frozen=True)
class Span:
    """What decides which base periods a component reads. Equal spans share a CTE."""

    base_grain: str
    snapshot: bool
    opening: bool
    over_time: str
    reference: ReferenceDate | None
    window: Window | None
    offset: Offset | None
    sources: tuple[SourceSeries, ...]

    @property
    def latest(self) -> Age | None:
        """The greatest age when the newest delivered state is read, whichever it is."""
        return self.reference.latest_known.max_age if self.reference and self.reference.latest_known else None

    @property
    def averages(self) -> bool:
        """Whether states are weighted by the days on which they hold."""
        if self.reference is not None:
            return self.reference.of_period == "average"
        return self.over_time == "average"

    @property
    def looks_up(self) -> bool:
        """Whether one date is looked up, so that no period has to be covered."""
        return self.reference is not None and not self.averages


def span_of(component: ResolvedComponent) -> Span:
    """The span of a component."""
    return Span(
        base_grain=component.fact.base_grain,
        snapshot=component.fact.kind == "snapshot",
        opening=component.fact.opening,
        over_time=component.over_time,
        reference=component.reference,
        window=component.window,
        offset=component.offset,
        sources=component.sources,
    )


def reads_one(span: Span, request: Request) -> bool:
    """Whether the span is a single base period whatever the data, so that rows are found by equality."""
    if span.latest is not None:
        return False
    if span.looks_up or (span.snapshot and not span.averages):
        return True
    return request.grain == span.base_grain and span.window is None


def span_query(span: Span, request: Request) -> exp.Select:
    """The CTE of a span."""
    start, end, joins = _stretch(span, request)
    one = reads_one(span, request)
    first, last = _keys(span, request, start, end)
    due: Make = lambda: col("due_key", "d")  # noqa: E731
    columns = [col("period_key", "p"), named(first(), "first_key")]
    waits = _waits(span, one)
    if (not one and span.latest is None) or waits:
        joins.append(join(exp.Subquery(this=_due(span), alias=exp.TableAlias(this=exp.to_identifier("d"))), None))
    if one:
        waiting = both(gt(last(), due()), le(key_of(request.calendar, span.base_grain, start), due())) if waits else None
        columns += [
            named(last(), "last_key"),
            named(num(1), "required"),
            named(exp.false(), "is_unfinished"),
            named(waiting if waiting is not None else exp.false(), "is_waiting"),
        ]
    else:
        clipped = last() if span.latest is not None else least(last(), due())
        columns += [
            named(clipped, "last_key"),
            named(num(1) if span.latest is not None else plus(minus(clipped.copy(), first()), num(1)), "required"),
            named(exp.false() if span.latest is not None else gt(last(), due()), "is_unfinished"),
            named(exp.false(), "is_waiting"),
        ]
    columns.append(named(start(), "from_date"))
    if span.averages and not one:
        joins.append(left_join(table(PERIODS, "e"), _last_due_period(span, due)))
        columns.append(named(least(end(), col("end_date", "e")), "to_date"))
    return select(columns, table("periods", "p"), joins=joins, comment=_describe(span))


def base_periods_query(span: Span, span_name: str) -> exp.Select:
    """One row per asked period and base period of a span, with the days on which the base period's value holds."""
    # A closing state holds in the base period after its own.
    shift = 1 if span.snapshot and not span.opening else 0
    key: Make = lambda: minus(col("period_key", "b"), num(shift)) if shift else col("period_key", "b")  # noqa: E731
    inside = both(
        eq(col("grain", "b"), text(span.base_grain)),
        exp.Between(this=key(), low=col("first_key", "w"), high=col("last_key", "w")),
    )
    days = days_between(
        exp.Greatest(this=col("from_date", "w"), expressions=[col("start_date", "b")], ignore_nulls=True),
        exp.Least(this=col("to_date", "w"), expressions=[col("end_date", "b")], ignore_nulls=True),
    )
    return select(
        [col("period_key", "w"), named(key(), "base_period_key"), named(days, "day_count")],
        table(span_name, "w"),
        joins=[join(table(PERIODS, "b"), inside)],
    )


def source_condition(sources: tuple[SourceSeries, ...], alias: str) -> Expr:
    """Rows of coverage or source status that belong to these source lines."""
    lines = [both(eq(col("source", alias), text(line.table)), eq(col("series", alias), text(line.series))) for line in sources]
    joined = lines[0]
    for line in lines[1:]:
        joined = exp.Or(this=joined, expression=line)
    assert joined is not None
    return exp.Paren(this=joined) if len(lines) > 1 else joined


def _stretch(span: Span, request: Request) -> tuple[Make, Make, list[exp.Join]]:
    """First and last day of what is read, before it is put into base periods, and the joins they need."""
    start: Make
    end: Make
    joins: list[exp.Join] = []
    alias = "p"
    if span.offset is not None and request.is_range:
        return *_shifted_range(span.offset, request), joins
    if span.offset is not None:
        alias = "o"
        label = (
            both(
                eq(col("label_year", "o"), minus(col("label_year", "p"), num(span.offset.years))),
                eq(col("label_position", "o"), col("label_position", "p")),
            )
            if span.offset.years is not None
            else eq(col("period_key", "o"), minus(col("period_key", "p"), num(span.offset.periods or 0)))
        )
        on = both(eq(col("grain", "o"), text(request.grain)), label)
        assert on is not None
        joins.append(left_join(table(PERIODS, "o"), on))
    end = lambda: col("end_date", alias)  # noqa: E731
    start = lambda: col("start_date", alias)  # noqa: E731
    calendar_of_window = span.window.to_date if span.window else None
    calendar_of_reference = span.reference.first_of if span.reference else None
    if calendar_of_window or calendar_of_reference:
        joins.append(containing("y", text(str(calendar_of_window or calendar_of_reference)), end()))
        start = lambda: col("start_date", "y")  # noqa: E731
    elif span.window is not None and span.window.rolling is not None:
        first_month = minus(key_of(request.calendar, "month", end), num(span.window.rolling.months - 1))
        on = both(eq(col("grain", "m"), text("month")), eq(col("period_key", "m"), first_month))
        assert on is not None
        joins.append(left_join(table(PERIODS, "m"), on))
        start = lambda: col("start_date", "m")  # noqa: E731
    elif span.reference is not None and span.reference.month_day is not None:
        month, number = (int(piece) for piece in span.reference.month_day.split("-"))
        start = lambda: exp.DateFromParts(year=part("year", col("end_date", alias)), month=num(month), day=num(number))  # noqa: E731
    return start, end, joins


def _shifted_range(offset: Offset, request: Request) -> tuple[Make, Make]:
    """A free range moves by whole years; the query core refuses what has no such dates."""
    assert request.first is not None and offset.years is not None
    moved = [
        request.calendar.same_label_years_earlier(request.calendar.containing("day", d), offset.years)
        for d in (request.first.start, request.first.end)
    ]
    first, last = (period.start if period else None for period in moved)
    return (lambda: day(first) if first else null()), (lambda: day(last) if last else null())


def _keys(span: Span, request: Request, start: Make, end: Make) -> tuple[Make, Make]:
    """First and last base period read."""
    calendar, grain = request.calendar, span.base_grain

    def key(value: Make, shift: int = 0) -> Make:
        return lambda: (
            plus(key_of(calendar, grain, value), num(shift))
            if shift > 0
            else (minus(key_of(calendar, grain, value), num(-shift)) if shift < 0 else key_of(calendar, grain, value))
        )

    def after(value: Make, count: int) -> Make:
        return lambda: days_after(value(), count)

    if request.grain == grain and span.window is None and span.reference is None and (span.opening or not span.averages):
        alias = "o" if span.offset is not None else "p"
        return (lambda: col("period_key", alias)), (lambda: col("period_key", alias))
    if not span.snapshot:
        return key(start), key(end)
    holds = 0 if span.opening else -1
    if span.latest is not None:
        oldest: Make = lambda: months_before(end(), span.latest.years * 12 + span.latest.months)  # type: ignore[union-attr]  # noqa: E731
        return (key(oldest, 1), key(end)) if span.opening else (key(after(oldest, 1)), key(after(end, 1), -1))
    if span.averages:
        return key(start, holds), key(end, holds)
    at_end = span.reference is not None and span.reference.of_period == "end"
    if at_end or (span.reference is None and span.over_time == "last"):
        last = key(end) if span.opening else key(after(end, 1), -1)
        return last, last
    if span.reference is not None:
        # The state as the day begins: the opening of its base period, or the closing before it.
        return key(start, holds), key(start, holds)
    first = key(after(start, -1), 1) if span.opening else key(start)
    return first, first


def _waits(span: Span, one: bool) -> bool:
    """Whether only the end of the period can give its value."""
    return one and span.snapshot and span.over_time == "last" and not span.looks_up


def _due(span: Span) -> exp.Select:
    """The last base period that every one of the sources has delivered from anybody."""
    query = select(
        [named(coalesce(lowest(col("due_key", "s")), num(NOTHING_DUE)), "due_key")],
        table("source_status", "s"),
        where=source_condition(span.sources, "s"),
    )
    return query


def _last_due_period(span: Span, due: Make) -> Expr:
    shift = 1 if span.snapshot and not span.opening else 0
    found = both(eq(col("grain", "e"), text(span.base_grain)), eq(col("period_key", "e"), plus(due(), num(shift)) if shift else due()))
    assert found is not None
    return found


def _describe(span: Span) -> str:
    reads = span.over_time
    if span.reference is not None:
        reference = span.reference
        reads = "on " + (
            f"the first day of the {reference.first_of}"
            if reference.first_of
            else reference.month_day or (f"the {reference.of_period} of the period" if reference.of_period else "the latest known date")
        )
    if span.window is not None:
        reads += f", {span.window.rolling.months} months" if span.window.rolling else f", {span.window.to_date} to date"
    if span.offset is not None:
        reads += f", {span.offset.years} years before" if span.offset.years else f", {span.offset.periods} periods before"
    lines = ", ".join(f"{line.table}{'/' + line.series if line.series else ''}" for line in span.sources)
    return f"{lines} by {span.base_grain}: {reads}".replace("*/", "")
