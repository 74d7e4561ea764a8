"""Periods the slow way: every day has a label, and a period is the run of days that share one.

Written from the calendar rules in the catalogue's documentation with the standard library alone; it shares nothing with the
package, so that an error there is not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Some days in a row, both ends inside."""

    grain: str
    label: str
    first: date
    last: date

    def days(self) -> list[date]:
        """Every day of it."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


class Days:
    """All periods of all grains between two days. `calendars`: name -> (month, day) on which such a year starts."""

    def __init__(self, calendars: Mapping[str, tuple[int, int]], first: date, last: date) -> None:
        self.calendars = dict(calendars)
        self.grains = ("day", "week", "month", "quarter", "year", *self.calendars)
        self.of_day: dict[tuple[str, date], Span] = {}
        self.in_order: dict[str, list[Span]] = {}
        self.place: dict[Span, int] = {}
        for grain in self.grains:
            self._walk(grain, first, last)
        self.by_label = {(grain, span.label): span for grain, spans in self.in_order.items() for span in spans}

    def _walk(self, grain: str, first: date, last: date) -> None:
        runs: dict[str, list[date]] = {}
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            runs.setdefault(self.label(grain, day), []).append(day)
        # The first and the last run may be cut by the ends of the table; they are no periods of it.
        spans = [Span(grain, label, days[0], days[-1]) for label, days in runs.items()]
        kept = [s for s in spans if self.label(grain, s.first - ONE_DAY) != s.label and self.label(grain, s.last + ONE_DAY) != s.label]
        self.in_order[grain] = kept
        self.place |= {span: number for number, span in enumerate(kept)}
        for span in kept:
            for day in span.days():
                self.of_day[grain, day] = span

    def label(self, grain: str, day: date) -> str:
        """The label of the period that the day lies in."""
        if grain == "day":
            return day.isoformat()
        if grain == "week":
            iso = day.isocalendar()
            return f"{iso.year}-W{iso.week:02}"
        if grain == "month":
            return f"{day.year}-{day.month:02}"
        if grain == "quarter":
            return f"{day.year}-Q{1 + (day.month - 1) // 3}"
        if grain == "year":
            return str(day.year)
        starts = day.year if (day.month, day.day) >= self.calendars[grain] else day.year - 1
        return f"{starts}/{(starts + 1) % 100:02}"

    def holding(self, grain: str, day: date) -> Span:
        """The period that the day lies in."""
        return self.of_day[grain, day]

    def named(self, grain: str, label: str) -> Span | None:
        """The period with this label."""
        return self.by_label.get((grain, label))

    def before(self, span: Span, count: int) -> Span | None:
        """The period `count` places earlier."""
        place = self.place[span] - count
        return self.in_order[span.grain][place] if place >= 0 else None

    def years_before(self, span: Span, years: int) -> Span | None:
        """The period whose label is the same but for the year; None where that year has no such label."""
        if span.grain == "range":
            grain = "month" if self.whole("month", span.first, span.last) else "day"
            ends = [self.years_before(self.holding(grain, day), years) for day in (span.first, span.last)]
            first, last = ends[0] and ends[0].first, ends[1] and ends[1].last
            return Span("range", f"{first}/{last}", first, last) if first and last else None
        year = int(span.label[:4]) - years
        rest = f"/{(year + 1) % 100:02}" if span.grain in self.calendars else span.label[4:]
        return self.named(span.grain, f"{year:04}{rest}")

    def whole(self, base: str, first: date, last: date) -> bool:
        """Whether the days from first to last are made of whole periods of `base`."""
        return self.holding(base, first).first == first and self.holding(base, last).last == last


@lru_cache(maxsize=8)
def days_of(calendars: tuple[tuple[str, tuple[int, int]], ...], first: date, last: date) -> Days:
    """The same table for the same calendars: walking some thousand days a dozen times is slow."""
    return Days(dict(calendars), first, last)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month when it is shorter."""
    place = day.year * 12 + day.month - 1 - months
    year, month = divmod(place, 12)
    for number in range(day.day, 0, -1):
        try:
            return date(year, month + 1, number)
        except ValueError:
            continue
    raise AssertionError(day)
