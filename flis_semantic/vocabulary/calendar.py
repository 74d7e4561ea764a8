"""Periods: keys, labels, starts and ends of every grain, in pure Python.

The same arithmetic stands as SQL in the shipped dbt package's macros; `tests/unit/test_calendar.py` holds the two together
with a third source. Keys are contiguous integers within a grain, so that "n periods earlier" is key - n:
day = days since 1970-01-01, week = Mondays since 1969-12-29, month = year * 12 + month - 1, quarter = year * 4 + quarter - 1,
year = the year, a declared calendar = the year in which it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from flis_semantic.vocabulary.model import BUILT_IN_GRAINS, RANGE_GRAIN, CalendarDefinition, Vocabulary

_EPOCH = date(1970, 1, 1)
_DAY = timedelta(days=1)
_SATURDAY = 5
_SHAPES = {
    "day": re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z"),
    "week": re.compile(r"(\d{4})-W(\d{2})\Z"),
    "month": re.compile(r"(\d{4})-(\d{2})\Z"),
    "quarter": re.compile(r"(\d{4})-Q([1-4])\Z"),
    "year": re.compile(r"(\d{4})\Z"),
}
_RANK = {"day": 0, "week": 1, "month": 2, "quarter": 3, "year": 4}
_YEAR_RANK = 4


@dataclass(frozen=True)
class Period:
    """One period. `start` and `end` are both inside it."""

    grain: str
    key: int
    label: str
    start: date
    end: date

    @property
    def days(self) -> int:
        """Calendar days in the period."""
        return (self.end - self.start).days + 1


class Calendar:
    """The periods of one vocabulary: the built-in grains and its declared calendars."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.first_day = date(vocabulary.calendar.first_year, 1, 1)
        self.last_day = date(vocabulary.calendar.last_year, 12, 31)

    @cached_property
    def grains(self) -> tuple[str, ...]:
        """Every grain that has a period table row, finest first."""
        return (*BUILT_IN_GRAINS, *self._vocabulary.calendars)

    def declared(self, grain: str) -> CalendarDefinition | None:
        """The declared calendar of this name, or None for a built-in grain."""
        return self._vocabulary.calendars.get(grain)

    def starts(self, grain: str) -> tuple[int, int]:
        """Month and day on which a yearly grain (`year` or a declared calendar) starts."""
        definition = self.declared(grain)
        if definition is None:
            return 1, 1
        month, day = definition.starts.split("-")
        return int(month), int(day)

    def rank(self, grain: str) -> int:
        """Order of length: day, week, month, quarter, year and declared calendars."""
        return _RANK.get(grain, _YEAR_RANK)

    def nests(self, fine: str, coarse: str) -> bool:
        """Whether every period of `fine` lies inside one period of `coarse`."""
        if fine in (coarse, "day"):
            return True
        if fine == "week" or coarse in ("day", "week") or self.rank(fine) >= self.rank(coarse):
            return False
        month, day = self.starts(coarse) if self.rank(coarse) == _YEAR_RANK else (1, 1)
        return day == 1 and (fine == "month" or (fine == "quarter" and month % 3 == 1))

    def key(self, grain: str, day: date) -> int:
        """Key of the period of `grain` that contains `day`."""
        if grain == "day":
            return (day - _EPOCH).days
        if grain == "week":
            return ((day - _EPOCH).days + 3) // 7
        if grain == "month":
            return day.year * 12 + day.month - 1
        if grain == "quarter":
            return day.year * 4 + (day.month - 1) // 3
        return day.year - ((day.month, day.day) < self.starts(grain))

    def period(self, grain: str, key: int) -> Period:
        """The period of `grain` with this key."""
        start = self._start(grain, key)
        end = self._start(grain, key + 1) - _DAY
        return Period(grain, key, self._label(grain, key, start, end), start, end)

    def containing(self, grain: str, day: date) -> Period:
        """The period of `grain` that contains `day`."""
        return self.period(grain, self.key(grain, day))

    def parse(self, label: str, grain: str | None = None) -> Period | None:
        """The period that a label of any grain names, or None. `2026-W54` and `2026-02-30` name none.

        Of several calendars that write their labels alike, that of `grain` is meant.
        """
        for built_in, shape in _SHAPES.items():
            match = shape.match(label)
            if match:
                return self._from_numbers(built_in, [int(part) for part in match.groups()], label)
        for name in sorted(self._vocabulary.calendars, key=lambda name: name != grain):
            match = re.match(r"(\d{4})[/-]\d{2,4}\Z", label)
            if match:
                period = self.period(name, int(match.group(1)))
                if period.label == label:
                    return period
        return None

    def range(self, start: date, end: date) -> Period:
        """The whole of a range of days as one period."""
        return Period(RANGE_GRAIN, 0, f"{start.isoformat()}/{end.isoformat()}", start, end)

    def same_label_years_earlier(self, period: Period, years: int) -> Period | None:
        """The period with the same label so many years earlier; None when no such label exists (W53, 29 February).

        A free range moves with its months when it consists of whole ones, else with its days.
        """
        if period.grain == RANGE_GRAIN:
            return self._range_years_earlier(period, years)
        year, position = self.label_parts(period)
        return self._from_numbers(period.grain, self._numbers(period.grain, year - years, position), None)

    def _range_years_earlier(self, period: Period, years: int) -> Period | None:
        first, last = self.containing("month", period.start), self.containing("month", period.end)
        if first.start != period.start or last.end != period.end:
            first, last = self.containing("day", period.start), self.containing("day", period.end)
        earlier_first, earlier_last = (self.same_label_years_earlier(end, years) for end in (first, last))
        if earlier_first is None or earlier_last is None:
            return None
        return self.range(earlier_first.start, earlier_last.end)

    def label_parts(self, period: Period) -> tuple[int, int]:
        """Year and position in the year as the label says them: 2026-W53 is (2026, 53), 2024-02-29 is (2024, 229)."""
        if period.grain == "week":
            iso = period.start.isocalendar()
            return iso.year, iso.week
        if period.grain == "day":
            return period.start.year, period.start.month * 100 + period.start.day
        if period.grain == "month":
            return period.start.year, period.start.month
        if period.grain == "quarter":
            return period.start.year, (period.start.month - 1) // 3 + 1
        return period.key, 1

    def periods(self, grain: str) -> Iterator[Period]:
        """Every period of `grain` that has a day in the calendar's span, in order: the outermost may reach out of it."""
        for key in range(self.key(grain, self.first_day), self.key(grain, self.last_day) + 1):
            yield self.period(grain, key)

    @cached_property
    def holidays(self) -> dict[date, dict[str, str]]:
        """Public holidays in the span and a year on either side, where its outermost periods end; titles by language."""
        found: dict[date, dict[str, str]] = {}
        for year in range(self.first_day.year - 1, self.last_day.year + 2):
            for holiday in self._vocabulary.holidays:
                if (holiday.first_year or year) <= year <= (holiday.last_year or year):
                    if holiday.easter is not None:
                        day = easter_sunday(year) + timedelta(days=holiday.easter)
                    else:
                        month, number = str(holiday.month_day).split("-")
                        day = date(year, int(month), int(number))
                    found.setdefault(day, holiday.title)
        return found

    def is_workday(self, day: date) -> bool:
        """Whether a day is one from Monday to Friday and no public holiday."""
        return day.weekday() < _SATURDAY and day not in self.holidays

    def workday_after(self, day: date, count: int) -> date:
        """The workday with this number, counted from 1, after a day."""
        while count:
            day += _DAY
            count -= self.is_workday(day)
        return day

    def _start(self, grain: str, key: int) -> date:
        if grain == "day":
            return _EPOCH + timedelta(days=key)
        if grain == "week":
            return _EPOCH + timedelta(days=key * 7 - 3)
        if grain == "month":
            return date(key // 12, key % 12 + 1, 1)
        if grain == "quarter":
            return date(key // 4, key % 4 * 3 + 1, 1)
        month, day = self.starts(grain)
        return date(key, month, day)

    def _label(self, grain: str, key: int, start: date, end: date) -> str:
        if grain == "day":
            return start.isoformat()
        if grain == "week":
            iso = start.isocalendar()
            return f"{iso.year}-W{iso.week:02}"
        if grain == "month":
            return f"{start.year}-{start.month:02}"
        if grain == "quarter":
            return f"{key // 4}-Q{key % 4 + 1}"
        definition = self.declared(grain)
        if definition is None:
            return f"{start.year:04}"
        return definition.label.format(start=f"{start.year:04}", end=f"{end.year:04}", end2=f"{end.year % 100:02}")

    @staticmethod
    def _numbers(grain: str, year: int, position: int) -> list[int]:
        if grain == "day":
            return [year, position // 100, position % 100]
        return [year, position] if grain in ("week", "month", "quarter") else [year]

    def _from_numbers(self, grain: str, numbers: list[int], label: str | None) -> Period | None:
        year = numbers[0]
        try:
            if grain == "day":
                period = self.containing("day", date(*numbers))
            elif grain == "week":
                period = self.containing("week", date.fromisocalendar(year, numbers[1], 1))
            elif grain == "month":
                period = self.containing("month", date(year, numbers[1], 1))
            elif grain == "quarter":
                period = self.period("quarter", year * 4 + numbers[1] - 1)
            else:
                period = self.period(grain, year)
        except ValueError:
            return None
        return period if label is None or period.label == label else None


def easter_sunday(year: int) -> date:
    """Easter Sunday of a year of the Gregorian calendar (Gauss' rule in the form of Meeus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)
