"""Spells: open, long, overlapping, impossible, unfinished; what a move, a birthday and a week at the turn of the year do to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.planting import AARHUS, COPENHAGEN, FREDERIKSBERG, Planting, small
from tests.oracle.world import Code
from tests.traps.worlds import naive

THREE = (COPENHAGEN, FREDERIKSBERG, AARHUS)
COLUMNS = {"person": "BIGINT", "since": "DATE", "until": "DATE", "degree": "DECIMAL(9,2)", "kind_key": "INTEGER", "born": "DATE"}
MEASURES: dict[str, dict[str, Any]] = {
    "days": {"aggregate": "count", "over_time": "sum", "overlaps": "count"},
    "person_days": {"aggregate": "count", "over_time": "sum", "overlaps": "merge"},
    "full_time": {"expression": "degree", "over_time": "average", "overlaps": "merge"},
    "ongoing": {"aggregate": "count", "over_time": "last", "overlaps": "count"},
    "first": {"aggregate": "count", "over_time": "first", "overlaps": "count"},
    "started": {"aggregate": "count", "over_time": "started", "overlaps": "merge"},
    "spells_started": {"aggregate": "count", "over_time": "started", "overlaps": "count"},
    "ended": {"aggregate": "count", "over_time": "ended", "overlaps": "count"},
    "persons": {"aggregate": "count", "over_time": "any", "overlaps": "merge"},
    "median": {"aggregate": "median", "expression": "degree", "over_time": "started", "overlaps": "count"},
    "mean": {"aggregate": "average", "expression": "degree", "over_time": "started", "overlaps": "count"},
}
Spell = tuple[int, str, str, str | None]


def spells(folder: Path, rows: Iterable[Spell], data_to: str | None = None, as_of: str = "each_day", **columns: Any) -> Planting:
    """A fact `s` delivered from 2019 to 2020: person, unit, first day, last day."""
    world = small(folder, THREE)
    world.world.vocabulary["dimensions"]["age"] = {
        "title": {"da": "Alder", "en": "Age"},
        "model": "dim_age",
        "key": "age_key",
        "code": "age_code",
    }
    world.world.dimensions["age"] = [Code(str(age), key=age) for age in range(16, 30)]
    world.source("t", "month", "2019-01", "2020-12", absent="zero")
    dimensions = {"kind": {}, "age": {"born": "born", "as_of": as_of}}
    world.fact("s", "spell", "t", MEASURES, COLUMNS, lasts={"from": "since", "to": "until"}, person="person", dimensions=dimensions)
    world.deliver("t", "2019-01", "2020-12")
    if data_to:
        world.world.data_to["t", ""] = date.fromisoformat(data_to)
    for person, unit, since, until in rows:
        days = {"since": date.fromisoformat(since), "until": date.fromisoformat(until) if until else None}
        given = {"degree": Decimal(1), "kind_key": 1, "born": date(2000, 6, 15), **columns}
        world.world.rows["fct_s"].append({"municipality_key": int(unit), "person": person, **days, **given})
    return world


def value(world: Planting, measure: str, period: str, level: str = "country", grain: str = "month", **more: Any) -> Any:
    """The one value of a measure as a key figure."""
    return world.one(world.figure(measure, {"measure": f"s.{measure}"}), level, grain, period, **more)["value"]


def test_a_spell_that_goes_on_is_there_every_day_up_to_the_extract(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-02-10", None)])
    assert naive(world, "SELECT sum(until - since + 1) FROM fct_s") is None
    assert value(world, "days", "2020-02") == 20
    assert value(world, "ongoing", "2020-12") == 1
    assert value(world, "ended", "2020", grain="year") == 0


def test_a_spell_longer_than_the_request_counts_in_every_period(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2019-03-01", "2020-11-30")])
    assert naive(world, "SELECT count(*) FROM fct_s WHERE since BETWEEN DATE '2020-05-01' AND DATE '2020-05-31'") == 0
    figures = {measure: value(world, measure, "2020-05") for measure in ("days", "full_time", "ongoing", "persons", "started", "ended")}
    assert figures == {"days": 31, "full_time": 1, "ongoing": 1, "persons": 1, "started": 0, "ended": 0}


def test_two_overlapping_spells_of_one_person_are_merged_where_the_measure_says_so(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-05-20"), (1, "0101", "2020-05-11", "2020-05-31")])
    assert naive(world, "SELECT sum(until - since + 1) FROM fct_s") == 41
    assert (value(world, "days", "2020-05"), value(world, "person_days", "2020-05"), value(world, "full_time", "2020-05")) == (41, 31, 1)


def test_a_spell_that_ends_before_it_starts_takes_no_days_away(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-05-10"), (2, "0101", "2020-05-20", "2020-05-12")])
    assert naive(world, "SELECT sum(until - since + 1) FROM fct_s") == 3
    assert (value(world, "days", "2020-05"), value(world, "persons", "2020-05"), value(world, "spells_started", "2020-05")) == (10, 1, 1)


def test_an_open_spell_counts_no_days_that_have_not_come(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-12-01", None)], data_to="2020-12-11")
    assert naive(world, "SELECT sum(DATE '2020-12-31' - since + 1) FROM fct_s") == 31
    days = world.one(world.figure("days", {"measure": "s.days"}), "country", "month", "2020-12")
    assert (days["value"], days["status"], days["complete"]) == (10, "provisional", False)
    # Ten days of the ten that are known; not ten of 31.
    assert value(world, "full_time", "2020-12") == 1
    for measure in ("ongoing", "persons"):
        row = world.one(world.figure(measure, {"measure": f"s.{measure}"}), "country", "month", "2020-12")
        assert (row["value"], row["status"], row["reason"]) == (None, "provisional", "period_unfinished")


def test_the_last_day_of_an_unfinished_year_is_awaited_and_not_missing(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-03-01", None)])
    world.world.reach["t", ""] = ("2019-01", "2020-06")
    row = world.one(world.figure("ongoing", {"measure": "s.ongoing"}), "country", "year", "2020")
    assert (row["value"], row["status"], row["reason"]) == (None, "provisional", "period_unfinished")


def test_days_that_nobody_covers_are_missing_and_not_zero(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-12-01", "2020-12-05")], data_to="2020-12-11")
    row = world.one(world.figure("days", {"measure": "s.days"}), "country", "day", "2020-12-20")
    assert (row["value"], row["status"]) == (None, "missing")


def test_the_state_on_the_last_day_is_not_the_days(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-05-30"), (2, "0101", "2020-05-31", "2020-06-30")])
    assert naive(world, "SELECT count(*) FROM fct_s WHERE since <= DATE '2020-05-31' AND until >= DATE '2020-05-01'") == 2
    assert (value(world, "ongoing", "2020-05"), value(world, "first", "2020-05"), value(world, "days", "2020-05")) == (1, 1, 31)


def test_a_week_at_the_turn_of_the_year_holds_its_days_of_both_years(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2019-12-30", "2020-01-05")])
    assert naive(world, "SELECT until - since + 1 FROM fct_s WHERE year(since) = 2020") == []
    assert (value(world, "days", "2020-W01", grain="week"), value(world, "persons", "2020-W01", grain="week")) == (7, 1)
    assert [value(world, "days", year, grain="year") for year in ("2019", "2020")] == [2, 5]


def test_a_spell_that_follows_the_day_after_is_no_new_start(tmp_path: Path) -> None:
    rows: list[Spell] = [(1, "0101", "2020-04-01", "2020-04-30"), (1, "0101", "2020-05-01", "2020-05-31"), (2, "0101", "2020-05-10", None)]
    world = spells(tmp_path, rows)
    assert naive(world, "SELECT count(*) FROM fct_s WHERE since >= DATE '2020-05-01'") == 2
    assert (value(world, "started", "2020-05"), value(world, "spells_started", "2020-05")) == (1, 2)


def test_a_day_between_two_spells_makes_a_new_start(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-04-01", "2020-04-30"), (1, "0101", "2020-05-02", "2020-05-31")])
    assert value(world, "started", "2020-05") == 1


def moved(folder: Path) -> Planting:
    """A spell from 10 April to 20 May, of somebody who moves from Copenhagen to Aarhus on 6 May; a row for each month and place."""
    world = spells(folder, [])
    pieces = {"pieces_of": {"from": "whole_since", "to": "whole_until"}}
    world.fact(
        "p", "spell", "t", MEASURES, {**COLUMNS, "whole_since": "DATE", "whole_until": "DATE"},
        lasts={"from": "since", "to": "until"}, person="person", **pieces,
    )  # fmt: skip
    for label, unit, since, until in (
        ("2020-04", "0101", date(2020, 4, 10), date(2020, 4, 30)),
        ("2020-05", "0101", date(2020, 5, 1), date(2020, 5, 5)),
        ("2020-05", "0751", date(2020, 5, 6), date(2020, 5, 20)),
    ):
        whole = {"whole_since": date(2020, 4, 10), "whole_until": date(2020, 5, 20)}
        world.row("p", label, unit, person=1, since=since, until=until, degree=Decimal(1), kind_key=1, born=None, **whole)
    return world


def test_a_move_and_the_turn_of_a_month_are_no_new_start(tmp_path: Path) -> None:
    world = moved(tmp_path)
    assert naive(world, "SELECT count(*) FROM fct_p") == 3
    for measure in ("started", "spells_started", "ended"):
        figure = world.figure(measure, {"measure": f"p.{measure}"})
        rows = world.checked(figure, "municipality", "quarter", "2020-Q2")
        wanted = {"0101": 0, "0147": 0, "0751": 1} if measure == "ended" else {"0101": 1, "0147": 0, "0751": 0}
        assert {area: row["value"] for (area, _), row in rows.items()} == wanted
        assert world.one(figure, "country", "month", "2020-05")["value"] == (measure == "ended")


def test_persons_of_the_country_are_not_those_of_its_municipalities_added(tmp_path: Path) -> None:
    world = moved(tmp_path)
    figure = world.figure("persons", {"measure": "p.persons"})
    assert [row["value"] for row in world.checked(figure, "municipality", "month", "2020-05").values()] == [1, 0, 1]
    assert world.one(figure, "country", "month", "2020-05")["value"] == 1


def test_persons_are_not_added_over_months_or_services(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-04-01", "2020-05-31"), (2, "0101", "2020-05-01", "2020-05-31")])
    world.world.rows["fct_s"].append({**world.world.rows["fct_s"][0], "kind_key": 2})
    figure = world.figure("persons", {"measure": "s.persons"})
    months = [row["value"] for row in world.checked(figure, "country", "month", "2020-04", "2020-06").values()]
    assert (months, value(world, "persons", "2020-Q2", grain="quarter")) == ([1, 2, 0], 2)
    by_kind = world.checked(figure, "country", "quarter", "2020-Q2", by=["kind"])
    assert [row["value"] for row in by_kind.values()] == [2, 1]


def test_persons_of_a_rolling_window_are_those_of_all_its_months(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-01-01", "2020-03-31"), (2, "0101", "2020-02-01", "2020-02-10")])
    figure = world.figure("rolled", {"measure": "s.persons", "window": {"rolling": {"months": 3}}})
    assert [value(world, "persons", f"2020-0{month}") for month in (1, 2, 3)] == [1, 2, 1]
    assert [row["value"] for row in world.checked(figure, "country", "month", "2020-03", "2020-06").values()] == [2, 2, 1, 0]


def test_a_median_of_a_longer_period_is_no_mean_of_medians(tmp_path: Path) -> None:
    world = spells(tmp_path, [(person, "0101", "2020-04-01", None) for person in range(3)])
    for row, degree in zip(world.world.rows["fct_s"], ("0.10", "0.20", "0.90"), strict=True):
        row["degree"] = Decimal(degree)
    for unit in (101, 751):
        extra = {"since": date(2020, 5, 1), "degree": Decimal("0.80"), "municipality_key": unit}
        world.world.rows["fct_s"].append({**world.world.rows["fct_s"][0], **extra})
    figure = world.figure("median", {"measure": "s.median"})
    months = [row["value"] for row in world.checked(figure, "country", "month", "2020-04", "2020-05").values()]
    assert months == [0.2, 0.8]
    # 10, 20, 80, 80, 90: neither the mean of the months (50) nor that of the municipalities (65).
    assert value(world, "median", "2020-Q2", grain="quarter") == 0.8


def test_the_median_of_nobody_is_no_value_and_no_gap(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-04-01", None)])
    rows = world.checked(world.figure("median", {"measure": "s.median"}), "municipality", "month", "2020-04")
    assert [(row["value"], row["status"], row["reason"], row["members"]) for row in rows.values()] == [
        (1, "validated", None, 1), (None, "validated", "denominator_zero", 1), (None, "validated", "denominator_zero", 1),
    ]  # fmt: skip
    assert world.one("d.median", "country", "month", "2020-04")["members"] == 3


@pytest.mark.parametrize(("born", "ages"), [("2000-02-29", [(18, 59), (19, 306)]), ("2000-02-28", [(18, 58), (19, 307)])])
def test_whoever_is_born_on_29_february_is_a_year_older_on_1_march(tmp_path: Path, born: str, ages: list[tuple[int, int]]) -> None:
    world = spells(tmp_path, [(1, "0101", "2019-01-01", "2019-12-31")], born=date.fromisoformat(born))
    # Completed years counted from the days lived give 19 on 28 February.
    assert naive(world, "SELECT floor((DATE '2019-02-28' - born) / 365.0) FROM fct_s") == 19
    # 2019: 18 until the end of February, 19 from 1 March on; whoever is born on the 28th from that day.
    expected = {str(age): count for age, count in ages}
    rows = world.checked(world.figure("days", {"measure": "s.days"}), "country", "year", "2019", by=["age"])
    assert {age: row["value"] for (_, age, _), row in rows.items() if row["value"]} == expected


def test_a_birthday_is_no_new_start(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-08-31")])
    figure = world.figure("started", {"measure": "s.spells_started"})
    rows = world.checked(figure, "country", "year", "2020", by=["age"])
    assert {age: row["value"] for (_, age, _), row in rows.items() if row["value"]} == {"19": 1}


@pytest.mark.parametrize("measure", ["started", "spells_started", "ended"])
def test_whoever_was_born_nobody_knows_when_starts_and_ends_all_the_same(tmp_path: Path, measure: str) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-08-31")], born=None)
    rows = world.checked(world.figure("ends", {"measure": f"s.{measure}"}), "country", "year", "2020", by=["age"])
    assert {age: row["value"] for (_, age, _), row in rows.items() if row["value"]} == {"unknown": 1}


@pytest.mark.parametrize("measure", ["ongoing", "first", "persons"])
def test_a_mean_of_the_days_known_does_not_wait_for_the_last(tmp_path: Path, measure: str) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-12-06", None)], data_to="2020-12-11")
    figure = world.figure("mean", {"measure": f"s.{measure}", "reference_date": "average_of_period"})
    # Five of ten days.
    row = world.one(figure, "country", "month", "2020-12")
    assert (row["value"], row["status"], row["reason"]) == (0.5, "provisional", "period_unfinished")


def test_a_state_on_a_day_has_the_age_of_that_day(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-05-01", "2020-08-31")])
    figure = world.figure("july", {"measure": "s.days", "reference_date": {"month_day": "07-01"}})
    rows = world.checked(figure, "country", "year", "2020", by=["age"])
    assert {age: row["value"] for (_, age, _), row in rows.items() if row["value"]} == {"20": 1}


def test_a_date_after_the_period_that_asks_for_it_is_looked_up_all_the_same(tmp_path: Path) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-12-01", "2020-12-31")])
    figure = world.figure("december", {"measure": "s.days", "reference_date": {"month_day": "12-31"}})
    assert world.one(figure, "country", "month", "2020-03")["value"] == 1


@pytest.mark.parametrize("as_of", ["period_start", "period_end", "year_end"])
def test_a_date_that_is_looked_up_has_the_same_ages_in_every_month(tmp_path: Path, as_of: str) -> None:
    world = spells(tmp_path, [(1, "0101", "2020-01-01", "2020-12-31")], as_of=as_of)
    figure = world.figure("january", {"measure": "s.ongoing", "reference_date": {"first_of": "year"}})
    rows = world.checked(figure, "country", "month", "2020-05", "2020-08", by=["age"])
    found = {age for (_, age, _), row in rows.items() if row["value"]}
    assert found == {"20" if as_of == "year_end" else "19"}
