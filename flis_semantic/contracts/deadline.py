"""When the delivery of a base period is due, by the contract and the project's calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from flis_semantic.contracts.model import Contract, Deadline
from flis_semantic.vocabulary.calendar import Calendar, Period


def due_periods(contract: Contract, calendar: Calendar) -> Iterator[tuple[Period, date]]:
    """The base periods that the contract expects, each with the last day on which its delivery is in time.

    In order, from the first start to the calendar's end; none where the contract has no deadline.
    """
    starts = [period.key for label in contract.starts_by_series.values() if (period := calendar.parse(label)) is not None]
    if contract.deadline is None or not starts:
        return
    for key in range(min(starts), calendar.key(contract.base_period, calendar.last_day) + 1):
        period = calendar.period(contract.base_period, key)
        yield period, _due_date(contract.deadline, calendar, period.start if contract.periods_ahead else period.end)


def _due_date(deadline: Deadline, calendar: Calendar, counted_from: date) -> date:
    if deadline.days is not None:
        return counted_from + timedelta(days=deadline.days)
    if deadline.workdays is not None:
        return calendar.workday_after(counted_from, deadline.workdays)
    this_year, next_year = (date.fromisoformat(f"{counted_from.year + more:04}-{deadline.month_day}") for more in (0, 1))
    return this_year if this_year > counted_from else next_year
