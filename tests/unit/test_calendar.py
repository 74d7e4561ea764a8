"""Period arithmetic three times: in Python, in the dbt package's SQL, and by the standard library or a package that others keep."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import holidays
import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flis_semantic.vocabulary.calendar import Calendar, Period, easter_sunday
from flis_semantic.vocabulary.load import load_vocabulary
from tests.sampling import sample

ROOT = Path(__file__).resolve().parents[2]
CALENDAR = Calendar(load_vocabulary(ROOT / "catalogue"))
ALL_GRAINS = ("day", "week", "month", "quarter", "year", "school_year")
DAYS = st.dates(min_value=date(2005, 1, 1), max_value=date(2035, 12, 31))
DAY = timedelta(days=1)


def label_by_the_standard_library(grain: str, day: date) -> str:
    """The label of the period that contains a day, without the calendar under test."""
    iso = day.isocalendar()
    school = day.year if day.month >= 8 else day.year - 1
    return {
        "day": day.isoformat(),
        "week": f"{iso.year}-W{iso.week:02}",
        "month": day.strftime("%Y-%m"),
        "quarter": f"{day.year}-Q{(day.month + 2) // 3}",
        "year": str(day.year),
        "school_year": f"{school}/{(school + 1) % 100:02}",
    }[grain]


def test_the_vocabulary_declares_the_grains() -> None:
    assert CALENDAR.grains == ALL_GRAINS


@pytest.mark.parametrize(
    ("grain", "day", "key", "label", "start", "end"),
    [
        ("day", date(1970, 1, 1), 0, "1970-01-01", date(1970, 1, 1), date(1970, 1, 1)),
        ("day", date(2024, 2, 29), 19782, "2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("week", date(1970, 1, 4), 0, "1970-W01", date(1969, 12, 29), date(1970, 1, 4)),
        ("week", date(1970, 1, 5), 1, "1970-W02", date(1970, 1, 5), date(1970, 1, 11)),
        # 1 January 2027 is a Friday: still the 53rd week of 2026.
        ("week", date(2027, 1, 1), 2974, "2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("week", date(2024, 12, 30), 2870, "2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
        ("month", date(2026, 7, 31), 2026 * 12 + 6, "2026-07", date(2026, 7, 1), date(2026, 7, 31)),
        ("month", date(2024, 2, 1), 2024 * 12 + 1, "2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("quarter", date(2020, 9, 30), 2020 * 4 + 2, "2020-Q3", date(2020, 7, 1), date(2020, 9, 30)),
        ("year", date(2025, 12, 31), 2025, "2025", date(2025, 1, 1), date(2025, 12, 31)),
        ("school_year", date(2025, 7, 31), 2024, "2024/25", date(2024, 8, 1), date(2025, 7, 31)),
        ("school_year", date(2025, 8, 1), 2025, "2025/26", date(2025, 8, 1), date(2026, 7, 31)),
        ("school_year", date(1999, 9, 1), 1999, "1999/00", date(1999, 8, 1), date(2000, 7, 31)),
    ],
)
def test_known_periods(grain: str, day: date, key: int, label: str, start: date, end: date) -> None:
    assert CALENDAR.containing(grain, day) == Period(grain, key, label, start, end)


@pytest.mark.parametrize("grain", ALL_GRAINS)
@given(day=DAYS)
def test_a_period_holds_its_days_and_no_other(grain: str, day: date) -> None:
    period = CALENDAR.containing(grain, day)
    assert period.label == label_by_the_standard_library(grain, day)
    assert period.start <= day <= period.end
    assert CALENDAR.key(grain, period.start) == CALENDAR.key(grain, period.end) == period.key
    assert CALENDAR.key(grain, period.end + DAY) == period.key + 1
    assert CALENDAR.key(grain, period.start - DAY) == period.key - 1
    assert period.days == (period.end - period.start).days + 1


@pytest.mark.parametrize("grain", ALL_GRAINS)
@given(day=DAYS)
def test_a_label_names_its_period(grain: str, day: date) -> None:
    period = CALENDAR.containing(grain, day)
    assert CALENDAR.parse(period.label) == period


@pytest.mark.parametrize(
    "label",
    ["2026-W54", "2025-W53", "2026-W00", "2026-02-30", "2025-02-29", "2026-13", "2026-00", "2026-Q5", "2026-Q0", "2025/27", "2025-26",
     "26", "20260", "2026M07", "2026-7", "2026-07-1", " 2026", "2026 ", "2026\n", ""],
)  # fmt: skip
def test_what_is_no_period_is_none(label: str) -> None:
    assert CALENDAR.parse(label) is None


@pytest.mark.parametrize("year", range(2005, 2036))
def test_a_year_has_as_many_weeks_as_the_standard_library_says(year: int) -> None:
    last_week = date(year, 12, 28).isocalendar().week
    assert CALENDAR.parse(f"{year}-W{last_week}") is not None
    assert CALENDAR.parse(f"{year}-W{last_week + 1}") is None
    assert (last_week == 53) == (year in (2009, 2015, 2020, 2026, 2032))


def test_week_53_has_no_counterpart_in_a_year_of_52() -> None:
    week = CALENDAR.parse("2026-W53")
    assert week is not None
    assert CALENDAR.same_label_years_earlier(week, 1) is None
    assert CALENDAR.same_label_years_earlier(week, 6) == CALENDAR.parse("2020-W53")


def test_29_february_has_no_counterpart_in_a_common_year() -> None:
    leap_day = CALENDAR.parse("2024-02-29")
    assert leap_day is not None
    assert CALENDAR.same_label_years_earlier(leap_day, 1) is None
    assert CALENDAR.same_label_years_earlier(leap_day, 4) == CALENDAR.parse("2020-02-29")


@pytest.mark.parametrize(
    ("label", "earlier"),
    [
        # By label, not by 52 rows or 365 days back.
        ("2027-W01", "2026-W01"),
        ("2025-03-01", "2024-03-01"),
        ("2026-07", "2025-07"),
        ("2026-Q3", "2025-Q3"),
        ("2026", "2025"),
        ("2025/26", "2024/25"),
    ],
)
def test_a_year_earlier_is_the_same_label(label: str, earlier: str) -> None:
    period = CALENDAR.parse(label)
    assert period is not None
    assert CALENDAR.same_label_years_earlier(period, 1) == CALENDAR.parse(earlier)


@pytest.mark.parametrize("fine", ALL_GRAINS)
@pytest.mark.parametrize("coarse", ALL_GRAINS)
def test_a_grain_nests_exactly_where_no_period_crosses_a_border(fine: str, coarse: str) -> None:
    inside = all(CALENDAR.key(coarse, period.start) == CALENDAR.key(coarse, period.end) for period in CALENDAR.periods(fine))
    if CALENDAR.rank(fine) > CALENDAR.rank(coarse):
        inside = False
    assert CALENDAR.nests(fine, coarse) == inside


def test_a_quarter_does_not_nest_in_a_school_year() -> None:
    assert not CALENDAR.nests("quarter", "school_year")
    assert CALENDAR.nests("month", "school_year")
    assert not CALENDAR.nests("week", "year")


def test_a_range_is_one_period() -> None:
    period = CALENDAR.range(date(2024, 1, 1), date(2025, 12, 31))
    assert (period.grain, period.label, period.days) == ("range", "2024-01-01/2025-12-31", 731)


@pytest.mark.parametrize("grain", ALL_GRAINS)
def test_the_periods_of_the_span_follow_each_other_and_hold_each_of_its_days(grain: str) -> None:
    periods = list(CALENDAR.periods(grain))
    assert all(later.key == earlier.key + 1 for earlier, later in zip(periods, periods[1:], strict=False))
    assert periods[0].start <= CALENDAR.first_day <= periods[0].end
    assert periods[-1].start <= CALENDAR.last_day <= periods[-1].end
    assert len({period.label for period in periods}) == len(periods)


@pytest.mark.parametrize("year", range(2005, 2036))
def test_danish_holidays_are_those_of_the_holidays_package(year: int) -> None:
    ours = {day for day in CALENDAR.holidays if day.year == year}
    theirs = {day for day in holidays.country_holidays("DK", years=year) if day.year == year}
    assert ours == theirs


def test_store_bededag_ended_with_2023() -> None:
    titles = {day: title["da"] for day, title in CALENDAR.holidays.items()}
    assert titles[date(2023, 5, 5)] == "Store bededag"
    assert date(2024, 4, 26) not in titles
    assert titles[date(2024, 12, 26)] == "2. juledag"


def test_easter_of_years_that_are_known() -> None:
    # 1954 and 1981: where the simple rule of Gauss needs its exceptions; 2000, 2038: the latest kind of Easter.
    known = ["1954-04-18", "1981-04-19", "2000-04-23", "2008-03-23", "2025-04-20", "2026-04-05", "2038-04-25"]
    assert [easter_sunday(int(day[:4])).isoformat() for day in known] == known


class Macros:
    """The period macros of the dbt package, rendered by Jinja alone: `macros.month_key("d")` is SQL text."""

    def __init__(self) -> None:
        folder = ROOT / "flis_semantic/project/macros"
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - SQL of our own, no page
        text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("period_*.sql")))
        adapter = SimpleNamespace(dispatch=lambda macro, _package: getattr(self._module, f"default__{macro}"))
        self._module: Any = environment.from_string(text, globals={"adapter": adapter, "flis_project": self}).module

    def __getattr__(self, macro: str) -> Any:
        return lambda *arguments: re.sub(r"\s+", " ", str(getattr(self._module, macro)(*arguments))).strip()


def key_macros() -> dict[str, str]:
    """SQL of each grain's key of the column `d`."""
    macros = Macros()
    return {
        "day": macros.day_key("d"),
        "week": macros.week_key("d"),
        "month": macros.month_key("d"),
        "quarter": macros.quarter_key("d"),
        "year": macros.year_key("d"),
        "school_year": macros.calendar_key("d", 8, 1),
    }


@pytest.mark.parametrize("grain", ALL_GRAINS)
def test_the_sql_of_the_dbt_package_gives_the_same_keys(grain: str) -> None:
    days = "select unnest(generate_series(date '1969-12-20', date '2040-01-10', interval 1 day))::date as d"
    sql = f"select d, {key_macros()[grain]} from ({days})"
    with duckdb.connect() as connection:
        rows = connection.execute(sql).fetchall()
        types = connection.execute(f"describe {sql}").fetchall()
    assert len(rows) == 25_589
    assert types[1][1] == "INTEGER"
    assert [row for row in sample(rows, 4_000) if row[1] != CALENDAR.key(grain, row[0])] == []


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_the_sql_of_the_dbt_package_gives_the_same_starts(grain: str) -> None:
    start = getattr(Macros(), f"{grain}_start")("k")
    first, last = CALENDAR.key(grain, date(2005, 1, 1)), CALENDAR.key(grain, date(2035, 12, 31))
    with duckdb.connect() as connection:
        rows = connection.execute(f"select k, {start} from (select unnest(range({first}, {last + 1})) as k)").fetchall()
    assert rows == [(key, CALENDAR.period(grain, key).start) for key in range(first, last + 1)]
