"""Where in time a component reads, as one CTE per distinct span: from which base period to which, and whether they are due.

Columns of a span: `period_key` of the asked period; `first_key`, `last_key` of the base periods read, the last one clipped to
what is due (NULL: nothing can be read); `required` base periods; `is_unfinished` of states; `is_waiting` when only the end of an
unfinished period would have a value; `has_no_label` where an offset names no period; `from_date` and `to_date` (clipped
likewise) for day weights and dated rows; `on_date`, the last day, on which rows must be in force and up to which what happens
over days must be covered; `data_to`, the first day that nobody covers.
"""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent, SourceSeries
from flis_semantic.compiler.keys import PERIODS_MODEL as PERIODS
from flis_semantic.compiler.keys import Make, days_after, days_between, key_of
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import (
    Expr,
    among,
    both,
    coalesce,
    col,
    either,
    eq,
    greatest,
    gt,
    join,
    le,
    least,
    left_join,
    lowest,
    minus,
    named,
    num,
    plus,
    select,
    subquery,
    table,
    text,
)
from flis_semantic.compiler.stretch import Span, Stretch, keys_of, missing_label, stretch_of

NOTHING_DUE = -1_000_000
"""Stands for the last due base period of a source that never delivered: earlier than every key."""


def span_of(component: ResolvedComponent) -> Span:
    """The span of a component."""
    return Span(
        base_grain=component.fact.base_grain,
        snapshot=component.fact.kind == "snapshot",
        spell=component.fact.kind == "spell",
        opening=component.fact.opening,
        in_force=component.fact.in_force,
        dated=component.fact.definition.date is not None,
        over_time=component.over_time,
        reference=component.reference,
        window=component.window,
        offset=component.offset,
        sources=component.sources,
        before=component.fact.before,
        after=component.fact.after,
    )


def reads_one(span: Span, request: Request) -> bool:
    """Whether the span is a single base period whatever the data, so that rows are found by equality."""
    if span.latest is not None:
        return False
    if span.spell:
        return span.on_a_day
    if span.in_force or span.looks_up or (span.snapshot and not span.averages):
        return True
    return request.grain == span.base_grain and span.window is None and span.reference is None


def covers(span: Span) -> bool:
    """Whether the span is a stretch of time to be covered, so that it can be unfinished; not a look-up of one status."""
    return span.spell or (not span.looks_up and (span.averages or not span.snapshot))


def reaches(span: Span) -> bool:
    """Whether it covers days up to the extract, which is not the same for every unit; not states, which hold while they are the newest."""
    return covers(span) and not span.snapshot


def waits(span: Span) -> bool:
    """Whether only the end of the period can give its value."""
    if span.reference is not None or span.over_time != "last":
        return False
    return span.spell or (span.snapshot and not span.in_force)


def span_query(span: Span, request: Request) -> exp.Select:
    """The CTE of a span."""
    stretch = stretch_of(span, request)
    first, last = keys_of(span, request, stretch)
    one = reads_one(span, request)
    columns: list[Expr] = [col("period_key", "p"), named(first(), "first_key")]
    joins = list(stretch.joins)
    if covers(span) or waits(span):
        joins.append(join(subquery(_due(span), "d"), None))
    if one or span.latest is not None:
        columns += [named(last(), "last_key"), named(num(1 + span.beside), "required")]
    else:
        clipped = least(last(), col("due_key", "d"))
        columns += [named(clipped, "last_key"), named(plus(minus(clipped.copy(), first()), num(1 + span.beside)), "required")]
    if covers(span) and not reaches(span):
        # A state holds as long as it is the newest.
        columns.append(named(gt(last(), col("due_key", "d")), "is_unfinished"))
    elif reaches(span):
        columns += [named(_on_date(span, stretch)(), "on_date"), col("data_to", "d")]
    if waits(span):
        begun = le(key_of(request.calendar, span.base_grain, stretch.start), col("due_key", "d"))
        needed = plus(last(), num(span.after)) if span.after else last()
        waiting = both(gt(needed, col("due_key", "d")), begun)
        assert waiting is not None
        columns.append(named(waiting, "is_waiting"))
    if span.offset is not None:
        columns.append(named(missing_label(stretch), "has_no_label"))
    columns.append(named(stretch.start(), "from_date"))
    if span.in_force:
        columns.append(named(stretch.end(), "on_date"))
    if span.spell:
        columns.append(named(stretch.end(), "end_date"))
    if span.dated or span.spell or (span.averages and not one):
        # A date that is looked up may lie after the period that asks for it.
        end = _on_date(span, stretch) if span.on_a_day else stretch.end
        columns.append(named(_last_day(span, end(), joins), "to_date"))
    return select(columns, table("periods", "p"), joins=joins, comment=_describe(span))


def base_periods_query(span: Span, span_name: str) -> exp.Select:
    """One row per asked period and base period of a span, with the days on which the base period's value holds."""
    key = lambda: minus(col("period_key", "b"), num(1)) if span.holds_later else col("period_key", "b")  # noqa: E731
    inside = both(
        eq(col("grain", "b"), text(span.base_grain)),
        exp.Between(this=key(), low=col("first_key", "w"), high=col("last_key", "w")),
    )
    days = days_between(
        greatest(col("from_date", "w"), col("start_date", "b")),
        least(col("to_date", "w"), col("end_date", "b")),
    )
    # A base period that was delivered before it began has no day yet.
    return select(
        [col("period_key", "w"), named(key(), "base_period_key"), named(greatest(days, num(0)), "day_count")],
        table(span_name, "w"),
        joins=[join(table(PERIODS, "b"), inside)],
    )


def source_condition(sources: tuple[SourceSeries, ...], alias: str) -> Expr:
    """Rows of coverage or source status that belong to these source lines."""
    series: dict[str, list[str]] = {}
    for line in sources:
        series.setdefault(line.table, []).append(line.series)
    conditions: list[Expr | None] = []
    for name, lines in series.items():
        found = col("series", alias)
        of_series = eq(found, text(lines[0])) if len(lines) == 1 else among(found, [text(line) for line in lines])
        conditions.append(both(eq(col("source", alias), text(name)), of_series))
    joined = either(*conditions)
    assert joined is not None
    return joined


def _due(span: Span) -> exp.Select:
    """How far every one of the sources has come: the last base period that anybody delivered, and the first day not covered."""
    return select(
        [
            named(coalesce(lowest(col("due_key", "s")), num(NOTHING_DUE)), "due_key"),
            named(lowest(col("data_to", "s")), "data_to"),
        ],
        table("source_status", "s"),
        where=source_condition(span.sources, "s"),
    )


def _on_date(span: Span, stretch: Stretch) -> Make:
    """The one day that is looked at."""
    return stretch.start if span.on_a_day and not span.on_last_day else stretch.end


def _last_day(span: Span, end: Expr, joins: list[exp.Join]) -> Expr:
    """The last day that is covered."""
    if not span.snapshot:
        return least(end, days_after(col("data_to", "d"), -1))
    due = plus(col("due_key", "d"), num(1)) if span.holds_later else col("due_key", "d")
    found = both(eq(col("grain", "e"), text(span.base_grain)), eq(col("period_key", "e"), due))
    assert found is not None
    joins.append(left_join(table(PERIODS, "e"), found))
    return least(end, col("end_date", "e"))


def _describe(span: Span) -> str:
    reads = span.over_time
    if span.reference is not None:
        reference = span.reference
        reads = "on " + (
            f"the first day of the {reference.first_of}"
            if reference.first_of
            else reference.month_day or (f"the {reference.of_period} of the period" if reference.of_period else "the latest known date")
        )
    if span.in_force:
        reads = "in force on the last day"
    if span.window is not None:
        rolling = span.window.rolling
        length = f"{rolling.days} days" if rolling and rolling.days else f"{rolling.months} months" if rolling else ""
        reads += f", {length or f'{span.window.to_date} to date'}"
    if span.offset is not None:
        reads += f", {span.offset.years} years before" if span.offset.years else f", {span.offset.periods} periods before"
    lines = ", ".join(f"{line.table}{'/' + line.series if line.series else ''}" for line in span.sources)
    return f"{lines} by {span.base_grain}: {reads}".replace("*/", "")
