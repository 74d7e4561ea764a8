"""The rows of the period table: every period of every grain, with the holidays and workdays of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

from flis_semantic.vocabulary.calendar import Calendar


def period_columns(calendar: Calendar, languages: Sequence[str]) -> dict[str, list[object]]:
    """Columns of the period table, equally long: grain, key, label, dates, days, label parts, workdays, holiday titles.

    A workday is a day from Monday to Friday that is no public holiday. Holiday titles stand on day rows only.
    """
    names = ["grain", "period_key", "period", "start_date", "end_date", "day_count", "label_year", "label_position", "workday_count"]
    columns: dict[str, list[object]] = {name: [] for name in [*names, *(f"holiday_{language}" for language in languages)]}
    first = min(calendar.containing(grain, calendar.first_day).start for grain in calendar.grains)
    workdays_before = _workdays_before(calendar, first)
    for grain in calendar.grains:
        for period in calendar.periods(grain):
            year, position = calendar.label_parts(period)
            workdays = workdays_before[(period.end - first).days + 1] - workdays_before[(period.start - first).days]
            values: tuple[object, ...] = (grain, period.key, period.label, period.start, period.end, period.days, year, position, workdays)
            for name, value in zip(names, values, strict=True):
                columns[name].append(value)
            titles = calendar.holidays.get(period.start, {}) if grain == "day" else {}
            for language in languages:
                columns[f"holiday_{language}"].append(titles.get(language))
    return columns


def _workdays_before(calendar: Calendar, first: date) -> list[int]:
    """Workdays from `first` up to, not including, each day up to the end of the last period; one entry more than there are days."""
    last = max(calendar.containing(grain, calendar.last_day).end for grain in calendar.grains)
    return list(accumulate((calendar.is_workday(first + timedelta(days=n)) for n in range((last - first).days + 1)), initial=0))
