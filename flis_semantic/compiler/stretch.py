"""From a span to days and base periods: which days it is about, and the keys of the first and last base period that it reads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.model import Age, Offset, ReferenceDate, Window
from flis_semantic.catalogue.resolved import SourceSeries
from flis_semantic.compiler.keys import PERIODS_MODEL, Make, containing, days_after, key_of, months_before, part
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import Expr, both, case, col, day, eq, is_null, le, left_join, minus, null, num, plus, table, text


@dataclass(frozen=True)
class Span:
    """What decides which base periods a component reads. Equal spans share a CTE."""

    base_grain: str
    snapshot: bool
    spell: bool
    opening: bool
    in_force: bool
    dated: bool
    over_time: str
    reference: ReferenceDate | None
    window: Window | None
    offset: Offset | None
    sources: tuple[SourceSeries, ...]
    before: int = 0
    after: int = 0

    @property
    def beside(self) -> int:
        """How many base periods beside its own a row is computed from."""
        return self.before + self.after

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
        """Whether one date is looked up that may not be published yet, so that no period has to be covered."""
        return self.reference is not None and not self.averages

    @property
    def on_a_day(self) -> bool:
        """Whether it is about spells that go on on one day."""
        return self.spell and not self.averages and (self.reference is not None or self.over_time in ("first", "last"))

    @property
    def on_last_day(self) -> bool:
        """Whether that day is the last one."""
        return self.reference.of_period == "end" if self.reference is not None else self.over_time == "last"

    @property
    def holds_later(self) -> int:
        """By how many base periods a value holds after its own: a closing state holds in the next one."""
        return 1 if self.snapshot and not self.opening else 0


@dataclass
class Stretch:
    """First and last day of what a span is about, as expressions over the joins. `label` is NULL when there is no such period."""

    start: Make
    end: Make
    label: Make
    joins: list[exp.Join]


def stretch_of(span: Span, request: Request) -> Stretch:
    """The days that a span is about: the period or an earlier one, its window, its reference date."""
    found = _period(span, request)
    end = found.end
    calendar = span.window.to_date if span.window else span.reference.first_of if span.reference else None
    if calendar is not None:
        found.joins.append(containing("y", text(calendar), end()))
        found.start = lambda: col("start_date", "y")
    elif span.window is not None and span.window.rolling is not None and span.window.rolling.days is not None:
        days = span.window.rolling.days
        found.start = lambda: days_after(end(), 1 - days)
    elif span.window is not None and span.window.rolling is not None:
        first_month = minus(key_of(request.calendar, "month", end), num((span.window.rolling.months or 1) - 1))
        found.joins.append(_period_join("m", "month", eq(col("period_key", "m"), first_month)))
        found.start = lambda: col("start_date", "m")
    elif span.reference is not None and span.reference.month_day is not None:
        month, number = (int(piece) for piece in span.reference.month_day.split("-"))
        # Found by its label: a year without 29 February has no such row.
        same = both(eq(col("label_year", "y"), part("year", end())), eq(col("label_position", "y"), num(month * 100 + number)))
        found.joins.append(_period_join("y", "day", same))
        found.start = lambda: col("start_date", "y")
    return found


def keys_of(span: Span, request: Request, stretch: Stretch) -> tuple[Make, Make]:
    """First and last base period read."""
    key = _Keys(span, request).key
    start, end = stretch.start, stretch.end
    if span.in_force:
        return key(end), key(end)
    whole = request.grain == span.base_grain and span.window is None and span.reference is None
    if whole and not (span.averages and span.holds_later):
        alias = "o" if span.offset is not None else "p"
        return (lambda: col("period_key", alias)), (lambda: col("period_key", alias))
    if span.on_a_day:
        on_day = key(end if span.on_last_day else start)
        return on_day, on_day
    if not span.snapshot:
        return key(start), key(end)
    if span.latest is not None:
        months = span.latest.years * 12 + span.latest.months
        return _Keys(span, request).dated(lambda: months_before(end(), months), end)
    if span.averages:
        return key(start, shift=-span.holds_later), key(end, shift=-span.holds_later)
    if span.reference is not None and span.reference.of_period != "end":
        # The state as the day begins: the opening of its base period, or the closing before it.
        return key(start, shift=-span.holds_later), key(start, shift=-span.holds_later)
    earliest, latest = _Keys(span, request).dated(start, end)
    if span.reference is not None:
        return latest, latest
    chosen = latest if span.over_time == "last" else earliest
    if request.is_range or span.window is not None:
        # Shorter than the rhythm, a stretch may hold no status date at all.
        return (lambda: case((le(earliest(), latest()), chosen()))), (lambda: case((le(earliest(), latest()), chosen())))
    return chosen, chosen


@dataclass(frozen=True)
class _Keys:
    """Keys of base periods from days."""

    span: Span
    request: Request

    def key(self, value: Make, *, days: int = 0, shift: int = 0) -> Make:
        """Key of the base period of the date so many days later, moved by so many base periods."""

        def made() -> Expr:
            dated: Make = (lambda: days_after(value(), days)) if days else value
            found = key_of(self.request.calendar, self.span.base_grain, dated)
            if shift:
                found = plus(found, num(shift)) if shift > 0 else minus(found, num(-shift))
            return found

        return made

    def dated(self, start: Make, end: Make) -> tuple[Make, Make]:
        """First and last base period whose status date lies from start to end."""
        if self.span.opening:
            return self.key(start, days=-1, shift=1), self.key(end)
        return self.key(start), self.key(end, days=1, shift=-1)


def _period(span: Span, request: Request) -> Stretch:
    """The asked period, or the earlier one that the offset names."""
    if span.offset is None:
        return Stretch(lambda: col("start_date", "p"), lambda: col("end_date", "p"), lambda: col("period_key", "p"), [])
    if request.is_range:
        start, end = _shifted_range(span.offset, request)
        return Stretch(start, end, start, [])
    if span.offset.years is not None:
        label = both(
            eq(col("label_year", "o"), minus(col("label_year", "p"), num(span.offset.years))),
            eq(col("label_position", "o"), col("label_position", "p")),
        )
    else:
        label = eq(col("period_key", "o"), minus(col("period_key", "p"), num(span.offset.periods or 0)))
    joins = [_period_join("o", request.grain, label)]
    return Stretch(lambda: col("start_date", "o"), lambda: col("end_date", "o"), lambda: col("period_key", "o"), joins)


def _shifted_range(offset: Offset, request: Request) -> tuple[Make, Make]:
    """A free range moves by whole years; the query core refuses what has no such dates."""
    assert request.first is not None and offset.years is not None
    moved = request.calendar.same_label_years_earlier(request.first, offset.years)
    return (lambda: day(moved.start) if moved else null()), (lambda: day(moved.end) if moved else null())


def _period_join(alias: str, grain: str, condition: Expr | None) -> exp.Join:
    on = both(eq(col("grain", alias), text(grain)), condition)
    assert on is not None
    return left_join(table(PERIODS_MODEL, alias), on)


def missing_label(stretch: Stretch) -> Expr:
    """True where the offset names no period."""
    return is_null(stretch.label())
