"""Things that happened: nothing is zero, not delivered is missing, and a day belongs to one of several periods."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.oracle.planting import AARHUS, COPENHAGEN, FREDERIKSBERG, Planting, small
from tests.traps.worlds import naive

TWO = (COPENHAGEN, AARHUS)
DATED = {"happened_on": "DATE", "n": "BIGINT", "kind_key": "INTEGER"}
ONLY = {"areas": {"municipality": ("0101",)}}


def events(folder: Path, first: str = "2020-01", last: str = "2021-12", base: str = "month", **more: object) -> Planting:
    """An event fact `e` with the measures `n` (added) and `rows` (counted), its rows dated, by kind."""
    world = small(folder, TWO, python={"n > 3": lambda row: row["n"] > 3})
    world.source("t", base, first, last, absent="zero")
    measures = {
        "n": {"over_time": "sum", "expression": "n"},
        "rows": {"over_time": "sum", "aggregate": "count"},
        "large": {"over_time": "sum", "aggregate": "count", "filter": "n > 3"},
    }
    world.fact("e", "event", "t", measures, DATED, **{"date": "happened_on", "dimensions": {"kind": {}}, **more})
    return world


def happen(world: Planting, code: str, *days: str, n: int = 1, kind: int = 1, base: str = "month") -> None:
    """One event of a unit on each day."""
    for day in days:
        at = date.fromisoformat(day)
        world.row("e", world.world.days.holding(base, at).label, code, happened_on=at, n=n, kind_key=kind)


def test_a_month_without_events_is_zero_and_one_not_delivered_is_missing(tmp_path: Path) -> None:
    world = events(tmp_path, last="2020-03")
    world.deliver("t", "2020-01", "2020-03", codes=["0101"], but="2020-03")
    happen(world, "0101", "2020-01-05", "2020-01-05")
    figure = world.figure("f", {"measure": "e.rows"})
    shown = "SELECT m, count(n) FROM range(24240, 24243) r(m) LEFT JOIN fct_e ON month_key = m GROUP BY m ORDER BY m"
    assert naive(world, shown) == [(24240, 2), (24241, 0), (24242, 0)]
    rows = world.checked(figure, "municipality", "month", "2020-01", "2020-03", **ONLY)
    assert [(row["value"], row["status"]) for row in rows.values()] == [(2, "validated"), (0, "validated"), (None, "missing")]


def test_a_count_that_no_row_passes_is_zero(tmp_path: Path) -> None:
    world = events(tmp_path, last="2020-01")
    world.deliver("t", "2020-01")
    happen(world, "0101", "2020-01-05", n=3)
    rows = world.checked(world.figure("f", {"measure": "e.large"}), "municipality", "month", "2020-01")
    assert naive(world, "SELECT municipality_key, count(*) FROM fct_e WHERE n > 3 GROUP BY ALL") == []
    assert [row["value"] for row in rows.values()] == [0, 0]


def test_a_week_over_two_months_needs_both(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2020-12", but="2020-05")
    happen(world, "0101", "2020-04-27", "2020-04-30", "2020-06-01", "2020-06-07")
    figure = world.figure("f", {"measure": "e.n"})
    # 27 April to 3 May: four of its days came.
    cut = "SELECT sum(n) FROM fct_e WHERE happened_on BETWEEN date '2020-04-27' AND date '2020-05-03'"
    assert naive(world, cut) == 2
    rows = world.checked(figure, "municipality", "week", "2020-W17", "2020-W23", **ONLY)
    assert [row["value"] for row in rows.values()] == [0, None, None, None, None, None, 2]
    assert rows["0101", "2020-W18"]["reason"] == "base_period_missing"


def test_a_week_at_the_turn_of_the_year_holds_days_of_both(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2021-12")
    happen(world, "0101", "2020-12-27", "2020-12-28", "2020-12-31", "2021-01-01", "2021-01-03", "2021-01-04")
    named_by_hand = "SELECT count(*) FROM fct_e WHERE year(happened_on) = 2020 AND weekofyear(happened_on) = 53"
    assert naive(world, named_by_hand) == 2
    rows = world.checked(world.figure("f", {"measure": "e.rows"}), "municipality", "week", "2020-W52", "2021-W01", **ONLY)
    assert [row["value"] for row in rows.values()] == [1, 4, 1]


def test_a_rolling_window_of_days_in_a_gap_is_missing(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2020-12", but="2020-06")
    happen(world, "0101", "2020-05-31", "2020-07-01", "2020-07-31")
    figure = world.figure("f", {"measure": "e.n", "window": {"rolling": {"days": 31}}})
    summed = "SELECT sum(n) FROM fct_e WHERE happened_on > date '2020-07-30' - 31 AND happened_on <= date '2020-07-30'"
    assert naive(world, summed) == 1
    # The 31 days that end on 30 July start on 30 June, which did not come; those that end on 31 July are July.
    rows = world.checked(figure, "municipality", "day", "2020-07-30", "2020-07-31", **ONLY)
    assert [row["value"] for row in rows.values()] == [None, 2]
    assert world.one(figure, "municipality", "month", "2020-07", **ONLY)["value"] == 2
    assert world.one(figure, "municipality", "month", "2020-06", **ONLY)["value"] is None


def test_a_window_of_months_counts_the_month_in_which_nothing_happened(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2020-12")
    happen(world, "0101", "2020-01-15", n=100)
    happen(world, "0101", "2020-02-15", "2020-04-15", n=1)
    figure = world.figure("f", {"measure": "e.n", "window": {"rolling": {"months": 3}}})
    by_rows = """
        SELECT sum(s) OVER (ORDER BY month_key ROWS 2 PRECEDING) FROM (SELECT month_key, sum(n) s FROM fct_e GROUP BY ALL)
        QUALIFY month_key = 2020 * 12 + 3"""
    assert naive(world, by_rows) == 102
    assert world.one(figure, "municipality", "month", "2020-04", **ONLY)["value"] == 2


def test_365_days_are_not_a_leap_year(tmp_path: Path) -> None:
    world = events(tmp_path, first="2019-12", last="2021-01")
    world.deliver("t", "2019-12", "2021-01")
    happen(world, "0101", "2020-01-01", "2020-01-02", "2020-12-31")
    figure = world.figure("f", {"measure": "e.n", "window": {"rolling": {"days": 365}}})
    both_ends = "SELECT sum(n) FROM fct_e WHERE happened_on BETWEEN date '2020-12-31' - 365 AND date '2020-12-31'"
    assert naive(world, both_ends) == 3
    # 366 days lie between: the 365 that end on 31 December start on 2 January.
    assert world.one(figure, "municipality", "year", "2020", **ONLY)["value"] == 2
    assert world.one(figure, "municipality", "day", "2020-12-30", **ONLY)["value"] == 2


def test_an_unfinished_year_of_events_runs_to_the_last_delivery_and_says_so(tmp_path: Path) -> None:
    world = events(tmp_path, first="2020-01", last="2021-02")
    world.deliver("t", "2020-01", "2021-02")
    happen(world, "0101", *(f"2020-{month:02}-10" for month in range(1, 13)), "2021-01-10", "2021-02-10")
    figure = world.figure("f", {"measure": "e.n"})
    change = world.figure("g", {"plus": [{"measure": "e.n"}], "minus": [{"measure": "e.n", "offset": {"years": 1}}]})
    assert naive(world, "SELECT count(*) FROM fct_e WHERE month_key // 12 = 2021") == 2
    row = world.one(figure, "municipality", "year", "2021", **ONLY)
    assert (row["value"], row["status"], row["complete"], row["reason"]) == (2, "provisional", False, "period_unfinished")
    # Two months are not compared with twelve.
    assert naive(world, "SELECT count(*) FILTER (month_key // 12 = 2021) - count(*) FILTER (month_key // 12 = 2020) FROM fct_e") == -10
    assert world.one(change, "municipality", "year", "2021", **ONLY)["value"] is None


def test_free_days_need_every_month_that_they_touch(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2020-12", but="2020-05")
    happen(world, "0101", "2020-03-14", "2020-03-15", "2020-04-30", "2020-06-01")
    figure = world.figure("f", {"measure": "e.n"})
    assert naive(world, "SELECT sum(n) FROM fct_e WHERE happened_on BETWEEN date '2020-03-15' AND date '2020-05-01'") == 2
    assert world.one(figure, "municipality", "range", "2020-03-15", "2020-04-30", **ONLY)["value"] == 2
    assert world.one(figure, "municipality", "range", "2020-03-15", "2020-05-01", **ONLY)["value"] is None


def test_two_event_facts_with_a_cut_are_added_before_they_meet(tmp_path: Path) -> None:
    world = events(tmp_path, last="2020-01")
    world.fact("b", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, DATED, date="happened_on", dimensions={"kind": {}})
    world.deliver("t", "2020-01")
    happen(world, "0101", "2020-01-01", "2020-01-02", "2020-01-03", n=2, kind=1)
    happen(world, "0101", "2020-01-04", n=5, kind=2)
    for day, kind in ((1, 1), (2, 1), (3, 2)):
        world.row("b", "2020-01", "0101", happened_on=date(2020, 1, day), n=10, kind_key=kind)
    figure = world.figure("f", {"measure": "e.n"}, denominator={"measure": "b.n"}, unit="percent")
    joined = "SELECT sum(e.n), sum(b.n) FROM fct_e e JOIN fct_b b USING (municipality_key, month_key, kind_key)"
    assert naive(world, joined) == [(2 * 3 * 2 + 5, 10 * 3 * 2 + 10)]
    rows = world.checked(figure, "municipality", "month", "2020-01", by=["kind"], **ONLY)
    assert [(row["numerator"], row["denominator"], row["value"]) for row in rows.values()] == [(6, 20, 30), (5, 10, 50)]


def test_an_area_divides_the_sums_and_loses_whoever_lacks_a_month(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN, FREDERIKSBERG, AARHUS))
    for table in ("t", "u"):
        world.source(table, "month", "2020-01", "2020-03", absent="zero")
    for fact, table in (("e", "t"), ("b", "u")):
        world.fact(fact, "event", table, {"n": {"over_time": "sum", "expression": "n"}}, DATED, date="happened_on")
        world.deliver(table, "2020-01", "2020-03")
    world.state("t", "2020-02", "0751", "missing")
    for code, top, bottom in (("0101", 1, 10), ("0147", 30, 100), ("0751", 500, 1000)):
        world.row("e", "2020-01", code, happened_on=date(2020, 1, 9), n=top)
        world.row("b", "2020-03", code, happened_on=date(2020, 3, 9), n=bottom)
    figure = world.figure("f", {"measure": "e.n"}, denominator={"measure": "b.n"}, unit="percent")
    ratio = "SELECT 100.0 * (SELECT sum(n) FROM fct_e) / (SELECT sum(n) FROM fct_b)"
    assert float(naive(world, ratio)) == pytest.approx(100 * 531 / 1110)
    row = world.one(figure, "country", "quarter", "2020-Q1")
    assert (row["numerator"], row["denominator"], row["members"], row["members_expected"]) == (31, 110, 2, 3)
    assert row["denominator_share"] == pytest.approx(110 / 1110)


def test_events_of_months_without_a_day_have_no_weeks(tmp_path: Path) -> None:
    world = events(tmp_path, date=None)
    figure = world.figure("f", {"measure": "e.n"})
    rolled = world.figure("g", {"measure": "e.n", "window": {"rolling": {"months": 12}}})
    world.deliver("t", "2020-01", "2020-12")
    happen(world, "0101", "2020-01-01")
    assert naive(world, "SELECT sum(n) * 7 / 31.0 FROM fct_e") > 0
    assert world.catalogue.figures[figure].grains == ("month", "quarter", "year", "school_year")
    assert world.catalogue.figures[rolled].grains == ("month", "quarter", "year", "school_year")


def test_a_year_to_date_with_a_missing_month_is_missing_until_the_next_year(tmp_path: Path) -> None:
    world = events(tmp_path, date=None)
    world.deliver("t", "2020-01", "2021-12", but="2020-02")
    for month in (1, 2, 3, 12):
        world.row("e", f"2020-{month:02}", "0101", n=1, kind_key=1)
    world.row("e", "2021-01", "0101", n=7, kind_key=1)
    figure = world.figure("f", {"measure": "e.n", "window": {"to_date": "year"}})
    running = "SELECT sum(n) OVER (ORDER BY month_key) FROM fct_e QUALIFY month_key = 2021 * 12"
    assert naive(world, running) == 11
    rows = world.checked(figure, "municipality", "month", "2020-01", "2021-01", **ONLY)
    assert [row["value"] for row in rows.values()] == [1, *[None] * 11, 7]


def test_a_held_month_is_no_part_of_a_window(tmp_path: Path) -> None:
    world = events(tmp_path)
    world.deliver("t", "2020-01", "2020-12")
    happen(world, "0101", "2020-05-05", "2020-06-05", "2020-07-05")
    happen(world, "0751", "2020-05-05", "2020-06-05", "2020-07-05", n=10)
    world.state("t", "2020-06", "0101", "held")
    figure = world.figure("f", {"measure": "e.n", "window": {"rolling": {"days": 62}}})
    assert naive(world, "SELECT sum(n) FROM fct_e WHERE happened_on BETWEEN date '2020-06-01' AND date '2020-07-31'") == 22
    row = world.one(figure, "country", "day", "2020-07-31")
    assert (row["value"], row["members"], row["members_expected"], row["reason"]) == (20, 1, 2, "member_missing")
    # 1 July is new enough to leave June out.
    short = world.figure("g", {"measure": "e.n", "window": {"rolling": {"days": 31}}})
    assert world.one(short, "country", "day", "2020-07-31")["value"] == 11


@pytest.mark.parametrize(("extract", "value", "status"), [("2020-01-31", 2, "provisional"), ("2020-02-01", 5, "validated")])
def test_an_extract_on_the_last_day_does_not_hold_that_day(tmp_path: Path, extract: str, value: int, status: str) -> None:
    world = events(tmp_path, last="2020-01")
    world.deliver("t", "2020-01")
    happen(world, "0101", "2020-01-05", n=2)
    happen(world, "0101", "2020-01-31", n=3)
    world.world.data_to["t", ""] = date.fromisoformat(extract)
    assert naive(world, "SELECT sum(n) FROM fct_e") == 5
    row = world.one(world.figure("f", {"measure": "e.n"}), "municipality", "month", "2020-01", **ONLY)
    assert (row["value"], row["status"], row["complete"]) == (value, status, status == "validated")


def test_a_day_after_the_extract_is_missing_and_no_zero(tmp_path: Path) -> None:
    world = events(tmp_path, last="2020-01")
    world.deliver("t", "2020-01")
    happen(world, "0101", "2020-01-05", n=2)
    world.world.data_to["t", ""] = date(2020, 1, 20)
    assert naive(world, "SELECT count(*) FROM fct_e WHERE happened_on = date '2020-01-25'") == 0
    days = world.checked(world.figure("f", {"measure": "e.n"}), "municipality", "day", "2020-01-19", "2020-01-20", **ONLY)
    assert [(row["value"], row["status"], row["reason"]) for row in days.values()] == [
        (0, "validated", None),
        (None, "missing", "base_period_missing"),
    ]


def test_a_municipality_whose_extract_is_older_than_the_others_is_unfinished(tmp_path: Path) -> None:
    world = events(tmp_path, last="2020-01")
    world.deliver("t", "2020-01")
    happen(world, "0101", "2020-01-05", n=2)
    happen(world, "0751", "2020-01-05", n=3)
    world.world.unit_data_to["t", "", 101] = date(2020, 1, 10)
    figure = world.figure("f", {"measure": "e.n"})
    assert naive(world, "SELECT data_to > date '2020-01-31' FROM source_status WHERE source = 't'")
    month = world.checked(figure, "municipality", "month", "2020-01")
    assert {area: (row["value"], row["status"], row["complete"]) for (area, _), row in month.items()} == {
        "0101": (2, "provisional", False),
        "0751": (3, "validated", True),
    }
    week = world.checked(figure, "municipality", "week", "2020-W02", "2020-W03")
    assert [week["0101", label]["status"] for label in ("2020-W02", "2020-W03")] == ["provisional", "missing"]
    assert world.one(figure, "country", "week", "2020-W03")["members"] == 1
