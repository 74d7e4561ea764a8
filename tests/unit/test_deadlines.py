"""Until when a delivery is in time: days, workdays of the project's calendar, a day of the year. By hand, from a wall calendar."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.contracts.deadline import due_periods
from flis_semantic.contracts.model import Contract, Deadline
from flis_semantic.workspace import Project

PROJECT = Project(Path(__file__).resolve().parents[2])
MONTHLY = PROJECT.contracts["oko_postering"]
# A year that is delivered ahead: its deadline is counted from its first day.
AHEAD = PROJECT.contracts["oko_budget"]
DAILY = PROJECT.contracts["oko_likviditet"]


def due(contract: Contract, period: str, **deadline: Any) -> date:
    found = {item.label: day for item, day in due_periods(contract.model_copy(update={"deadline": Deadline(**deadline)}), PROJECT.calendar)}
    return found[period]


@pytest.mark.parametrize(
    ("period", "deadline", "day"),
    [
        ("2020-01", {"days": 0}, date(2020, 1, 31)),
        # Days go on over the end of February of a leap year, and over holidays.
        ("2020-01", {"days": 30}, date(2020, 3, 1)),
        ("2019-12", {"days": 14}, date(2020, 1, 14)),
        # February 2020 ends on a Saturday.
        ("2020-02", {"workdays": 1}, date(2020, 3, 2)),
        ("2020-02", {"workdays": 5}, date(2020, 3, 6)),
        ("2020-02", {"workdays": 6}, date(2020, 3, 9)),
        # Easter 2020: Thursday 9, Friday 10 and Monday 13 April are no workdays.
        ("2020-03", {"workdays": 6}, date(2020, 4, 8)),
        ("2020-03", {"workdays": 7}, date(2020, 4, 14)),
        # Wednesday 1 January is none either; Christmas is two days, of which 2021 has one on a Saturday and one on a Sunday.
        ("2019-12", {"workdays": 1}, date(2020, 1, 2)),
        ("2021-11", {"workdays": 18}, date(2021, 12, 24)),
        ("2021-11", {"workdays": 19}, date(2021, 12, 27)),
        # Great Prayer Day was a holiday until 2023: Friday 5 May 2023, not Friday 26 April 2024.
        ("2023-04", {"workdays": 5}, date(2023, 5, 8)),
        ("2024-03", {"workdays": 19}, date(2024, 4, 26)),
        ("2019-12", {"month_day": "03-01"}, date(2020, 3, 1)),
        ("2020-03", {"month_day": "03-01"}, date(2021, 3, 1)),
        ("2020-06", {"month_day": "06-30"}, date(2021, 6, 30)),
    ],
)
def test_a_month_is_due(period: str, deadline: dict[str, Any], day: date) -> None:
    assert due(MONTHLY, period, **deadline) == day


def test_what_is_delivered_ahead_is_due_after_it_begins() -> None:
    assert due(AHEAD, "2020", days=31) == date(2020, 2, 1)
    assert due(AHEAD, "2020", workdays=2) == date(2020, 1, 3)
    assert due(AHEAD, "2020", month_day="01-31") == date(2020, 1, 31)


def test_a_day_of_a_long_weekend_is_due_after_it() -> None:
    assert {due(DAILY, f"2020-04-{day:02}", workdays=1) for day in range(8, 14)} == {date(2020, 4, 14)}


def test_every_period_from_the_start_to_the_calendar_s_end_is_due_and_none_before_the_one_before() -> None:
    for deadline in ({"days": 10}, {"workdays": 7}, {"month_day": "03-01"}):
        found = list(due_periods(MONTHLY.model_copy(update={"deadline": Deadline(**deadline)}), PROJECT.calendar))
        assert (found[0][0].label, found[-1][0].label, len(found)) == ("2019-01", "2035-12", 17 * 12)
        assert [day for _, day in found] == sorted(day for _, day in found)
        assert all(day > period.end for period, day in found)
    assert not [*due_periods(MONTHLY.model_copy(update={"deadline": None}), PROJECT.calendar)]
