"""Weeks nest in nothing, years may have 53 of them, and a school year is not a year."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.planting import COPENHAGEN, Planting, small
from tests.traps.worlds import naive


def daily(folder: Path, over_time: str = "sum") -> Planting:
    """A published daily fact of 1 a day from 14 December 2020 to 17 January 2021; 100 on 1 January."""
    world = small(folder, (COPENHAGEN,))
    world.source("t", "day", "2020-12-14", "2021-01-17")
    world.fact("m", "published", "t", {"n": {"over_time": over_time, "expression": "n"}}, {"n": "BIGINT"})
    for day in world.world.days.in_order["day"]:
        if "2020-12-14" <= day.label <= "2021-01-17":
            world.put("m", day.label, {"0101": 100 if day.label == "2021-01-01" else 1})
    return world


def test_a_week_at_the_turn_of_the_year_is_whole(tmp_path: Path) -> None:
    world = daily(tmp_path)
    figure = world.figure("f", {"measure": "m.n"})
    cut = "SELECT sum(n) FROM fct_m WHERE day_key >= date '2020-12-28' - date '1970-01-01' AND day_key <= date '2020-12-31' - date '1970-01-01'"
    assert naive(world, cut) == 4
    by_year_and_week = (
        "SELECT sum(n) FROM (SELECT n, date '1970-01-01' + day_key AS d FROM fct_m) WHERE year(d) = 2021 AND weekofyear(d) = 53"
    )
    assert naive(world, by_year_and_week) == 102
    rows = world.checked(figure, "country", "week", "2020-W52", "2021-W01")
    assert {period: row["value"] for (_, period), row in rows.items()} == {"2020-W52": 7, "2020-W53": 106, "2021-W01": 7}


def test_week_53_is_compared_with_no_week(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "week", "2019-W50", "2021-W02")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    weeks = [week for week in world.world.days.in_order["week"] if "2019-W50" <= week.label <= "2021-W02"]
    for number, week in enumerate(weeks):
        world.put("m", week.label, {"0101": number})
    figure = world.figure("f", {"plus": [{"measure": "m.n"}], "minus": [{"measure": "m.n", "offset": {"years": 1}}]})
    fifty_two_rows = "SELECT n - lag(n, 52) OVER (ORDER BY week_key) FROM fct_m QUALIFY n = 55"
    assert naive(world, fifty_two_rows) == 52
    rows = world.checked(figure, "country", "week", "2020-W52", "2021-W01")
    assert [row["value"] for row in rows.values()] == [52, None, 53]
    assert (rows["DK", "2020-W53"]["status"], rows["DK", "2020-W53"]["reason"]) == ("not_valid", "offset_label_missing")


def test_29_february_is_compared_with_no_day(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "day", "2019-02-27", "2020-02-29")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    for label, value in (("2019-02-28", 3), ("2019-03-01", 7), ("2020-02-28", 4), ("2020-02-29", 9)):
        world.put("m", label, {"0101": value})
    figure = world.figure("f", {"plus": [{"measure": "m.n"}], "minus": [{"measure": "m.n", "offset": {"years": 1}}]})
    a_year_of_days = "SELECT a.n - b.n FROM fct_m a JOIN fct_m b ON b.day_key = a.day_key - 365 WHERE a.n = 9"
    assert naive(world, a_year_of_days) == 2
    rows = world.checked(figure, "country", "day", "2020-02-28", "2020-02-29")
    assert [(row["value"], row["reason"]) for row in rows.values()] == [(1, None), (None, "offset_label_missing")]


def test_a_school_year_is_not_the_year_it_starts_in(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "month", "2020-01", "2021-12")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    for count in range(24):
        world.put("m", f"{2020 + count // 12}-{count % 12 + 1:02}", {"0101": count + 1})
    figure = world.figure("f", {"measure": "m.n"})
    to_date = world.figure("g", {"measure": "m.n", "window": {"to_date": "school_year"}})
    assert naive(world, "SELECT sum(n) FROM fct_m WHERE month_key // 12 = 2020") == 78
    # August 2020 to July 2021: 8 + 9 + … + 19.
    assert world.one(figure, "country", "school_year", "2020/21")["value"] == 162
    assert world.one(to_date, "country", "month", "2021-01")["value"] == 8 + 9 + 10 + 11 + 12 + 13
    assert "school_year" not in world.catalogue.figures[figure].grains[:3]


def test_the_year_of_a_school_years_first_day_is_that_of_its_last(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "quarter", "2020-Q1", "2021-Q4", status_date="opening")
    world.fact("s", "snapshot", "t", {"n": {"over_time": "first", "expression": "n"}}, {"n": "BIGINT"})
    for quarter, value in (("2020-Q1", 20), ("2020-Q3", 25), ("2020-Q4", 26), ("2021-Q1", 21)):
        world.put("s", quarter, {"0101": value})
    january = world.figure("january", {"measure": "s.n", "reference_date": {"first_of": "year"}})
    start = "SELECT n FROM fct_s WHERE quarter_key = 2020 * 4"
    assert naive(world, start) == 20
    assert world.one(january, "country", "school_year", "2020/21")["value"] == 21


def test_a_school_year_reaches_over_the_last_day_of_the_calendar(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))  # whose calendar ends with 2027
    world.source("t", "month", "2027-07", "2027-12")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    for month in range(7, 13):
        world.put("m", f"2027-{month:02}", {"0101": month})
    to_date = world.figure("g", {"measure": "m.n", "window": {"to_date": "school_year"}})
    rows = world.checked(to_date, "country", "month", "2027-11", "2027-12")
    assert [row["value"] for row in rows.values()] == [8 + 9 + 10 + 11, 8 + 9 + 10 + 11 + 12]
