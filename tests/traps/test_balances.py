"""Daily and monthly balances over so many days: a mean of days, not of rows, months or means."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.oracle.planting import AARHUS, COPENHAGEN, Planting, small
from tests.traps.worlds import naive

TWO = (COPENHAGEN, AARHUS)
ONLY = {"areas": {"municipality": ("0101",)}}
N = {"n": "BIGINT"}
FIRST, LAST = date(2019, 1, 1), date(2020, 12, 31)


def daily(folder: Path, status: str = "opening", base: str = "day", ends: tuple[str, str] = ("2019-01-01", "2020-12-31")) -> Planting:
    """A snapshot `s.n` averaged over days."""
    world = small(folder, TWO)
    world.source("t", base, *ends, status_date=status)
    world.fact("s", "snapshot", "t", {"n": {"over_time": "average", "expression": "n"}}, N)
    return world


def fill(world: Planting, values: dict[str, int], first: date = FIRST, last: date = LAST, usual: int = 0, code: str = "0101") -> None:
    """A balance for every day: the usual one, but on some."""
    for count in range((last - first).days + 1):
        label = (first + timedelta(days=count)).isoformat()
        world.put("s", label, {code: values.get(label, usual)})


def rolled(world: Planting, days: int) -> str:
    """The mean of the last so many days."""
    return world.figure(f"rolled_{days}", {"measure": "s.n", "window": {"rolling": {"days": days}}})


def test_the_mean_of_365_days_is_not_the_mean_of_month_means(tmp_path: Path) -> None:
    world = daily(tmp_path)
    # 36,500 on one day of February 2019, 3,650 on one of July 2019.
    fill(world, {"2019-02-10": 36500, "2019-07-10": 3650})
    figure = rolled(world, 365)
    months = """
        SELECT avg(m) FROM (SELECT avg(n) m FROM (SELECT n, date '1970-01-01' + day_key AS d FROM fct_s) WHERE year(d) = 2019 GROUP BY month(d))"""
    assert naive(world, months) == pytest.approx((36500 / 28 + 3650 / 31) / 12)
    assert world.one(figure, "municipality", "year", "2019", **ONLY)["value"] == 110


def test_a_quarters_rolling_mean_is_its_last_days_and_not_the_mean_of_its_months(tmp_path: Path) -> None:
    world = daily(tmp_path)
    fill(world, {"2020-02-10": 730, "2020-03-31": 1460})
    figure = rolled(world, 365)
    rows = world.checked(figure, "municipality", "month", "2020-01", "2020-03", **ONLY)
    assert [row["value"] for row in rows.values()] == [0, 2, 6]
    last_day = "SELECT avg(n) FROM fct_s WHERE day_key > date '2020-03-31' - date '1970-01-01' - 365 AND day_key <= date '2020-03-31' - date '1970-01-01'"
    assert naive(world, last_day) == 6
    assert world.one(figure, "municipality", "quarter", "2020-Q1", **ONLY)["value"] == 6
    assert world.one(figure, "municipality", "day", "2020-03-30", **ONLY)["value"] == 2
    # The week of 30 March ends on 5 April.
    assert world.one(figure, "municipality", "week", "2020-W14", **ONLY)["value"] == 6


def test_365_days_of_a_leap_year_leave_one_out(tmp_path: Path) -> None:
    world = daily(tmp_path)
    fill(world, {"2020-01-01": 36500, "2020-12-31": 365})
    figure = rolled(world, 365)
    assert naive(world, "SELECT avg(n) FROM fct_s WHERE day_key >= date '2020-01-01' - date '1970-01-01'") == pytest.approx(36865 / 366)
    assert world.one(figure, "municipality", "year", "2020", **ONLY)["value"] == 1


def test_a_closing_balance_counts_from_the_day_after(tmp_path: Path) -> None:
    world = daily(tmp_path, "closing")
    fill(world, {"2020-02-29": 100, "2020-03-10": 1000})
    figure = rolled(world, 10)
    as_dated = (
        "SELECT avg(n) FROM fct_s WHERE day_key BETWEEN date '2020-03-01' - date '1970-01-01' AND date '2020-03-10' - date '1970-01-01'"
    )
    assert naive(world, as_dated) == 100
    # As 1 March begins there are 100; as 10 March ends there are 1,000, which no day of the ten had.
    assert world.one(figure, "municipality", "day", "2020-03-10", **ONLY)["value"] == 10
    assert world.one(figure, "municipality", "day", "2020-03-11", **ONLY)["value"] == 100


def test_a_day_without_a_balance_leaves_no_mean(tmp_path: Path) -> None:
    world = daily(tmp_path)
    fill(world, {}, usual=5)
    world.world.rows["fct_s"] = [row for row in world.world.rows["fct_s"] if row["day"] != "2020-03-08"]
    world.state("t", "2020-03-08", "0101", "missing")
    figure = rolled(world, 10)
    assert naive(world, "SELECT avg(n) FROM fct_s") == 5
    rows = world.checked(figure, "municipality", "day", "2020-03-07", "2020-03-18", **ONLY)
    assert [row["value"] for row in rows.values()] == [5, *[None] * 10, 5]


def test_a_monthly_balance_holds_for_its_days(tmp_path: Path) -> None:
    world = daily(tmp_path, "closing", "month", ("2019-12", "2020-12"))
    for month, value in (("2020-01", 300), ("2020-02", 600), ("2020-03", 9000)):
        world.put("s", month, {"0101": value})
    figure = rolled(world, 30)
    assert naive(world, "SELECT avg(n) FROM fct_s WHERE month_key IN (2020 * 12 + 1, 2020 * 12 + 2)") == 4800
    # The 30 days that end on 20 March: ten have January's closing (20 to 29 February), twenty February's.
    assert world.one(figure, "municipality", "day", "2020-03-20", **ONLY)["value"] == 500
    assert world.one(figure, "municipality", "month", "2020-03", **ONLY)["value"] == 600


def test_a_rolling_mean_per_inhabitant_is_of_those_who_have_all_days(tmp_path: Path) -> None:
    world = daily(tmp_path)
    world.source("people", "quarter", "2020-Q1", "2020-Q4", status_date="opening")
    world.fact("p", "snapshot", "people", {"n": {"over_time": "first", "expression": "n"}}, N)
    world.put("p", "2020-Q1", {"0101": 10, "0751": 20})
    fill(world, {"2020-03-31": 300}, date(2020, 3, 1))
    fill(world, {"2020-03-31": 900}, date(2020, 3, 3), code="0751")
    figure = world.figure(
        "f",
        {"measure": "s.n", "window": {"rolling": {"days": 30}}},
        denominator={"measure": "p.n", "reference_date": {"latest_known": {"max_age": {"years": 1}}}},
    )
    short = "SELECT avg(n) FROM fct_s WHERE municipality_key = 751 AND day_key <= date '2020-03-31' - date '1970-01-01'"
    assert naive(world, short) == pytest.approx(900 / 29)
    row = world.one(figure, "country", "month", "2020-03")
    assert (row["numerator"], row["denominator"], row["value"], row["members"]) == (10, 10, 1, 1)
