"""Small worlds with answers that can be done in the head: the oracle and the package must both give them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from flis_semantic.errors import DefinitionErrors
from tests.oracle.days import days_of
from tests.oracle.planting import AARHUS, COPENHAGEN, FREDERIKSBERG, Planting, small
from tests.oracle.project import ask
from tests.oracle.world import Code

TWO = (COPENHAGEN, AARHUS)
N = {"n": "BIGINT"}


def monthly(folder: Path, over_time: str, last: str = "2020-03", **more: object) -> Planting:
    """A published monthly fact `m.n` from January 2020."""
    world = small(folder, TWO)
    world.source("t", "month", "2020-01", last, **more)
    world.fact(
        "m", "published", "t", {"n": {"over_time": over_time, "expression": "n"}}, {**N, "kind_key": "INTEGER"}, dimensions={"kind": {}}
    )
    return world


def quarterly(
    folder: Path, over_time: str, status: str = "opening", base: str = "quarter", ends: tuple[str, str] = ("2020-Q1", "2020-Q4")
) -> Planting:
    """A snapshot `s.n`."""
    world = small(folder, TWO)
    world.source("t", base, *ends, status_date=status)
    world.fact("s", "snapshot", "t", {"n": {"over_time": over_time, "expression": "n"}}, N)
    return world


def test_an_average_weights_months_by_their_days(tmp_path: Path) -> None:
    world = monthly(tmp_path, "average")
    for month, value in (("2020-01", 91), ("2020-02", 0), ("2020-03", 182)):
        world.put("m", month, {"0101": value}, kind_key=1)
    figure = world.figure("f", {"measure": "m.n"})
    # 31 × 91 + 29 × 0 + 31 × 182 days, over 91 days.
    assert world.one(figure, "municipality", "quarter", "2020-Q1", areas={"municipality": ("0101",)})["value"] == 93


def test_a_code_without_a_row_in_one_month_has_no_quarter(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum")
    for month in ("2020-01", "2020-02", "2020-03"):
        world.put("m", month, {"0101": 5}, kind_key=1)
    for month in ("2020-01", "2020-03"):
        world.put("m", month, {"0101": 7}, kind_key=2)
    figure = world.figure("f", {"measure": "m.n"})
    rows = world.checked(figure, "municipality", "quarter", "2020-Q1", by=["kind"], areas={"municipality": ("0101",)})
    assert rows["0101", "a", "2020-Q1"]["value"] == 15
    # February's row is absent, which this source says is missing: 14 would be two months shown as three.
    assert (rows["0101", "b", "2020-Q1"]["value"], rows["0101", "b", "2020-Q1"]["status"]) == (None, "missing")


def test_an_absent_row_is_zero_where_the_contract_says_so(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum", absent="zero")
    for month in ("2020-01", "2020-02", "2020-03"):
        world.put("m", month, {"0101": 5}, kind_key=1)
    world.put("m", "2020-01", {"0101": 7}, kind_key=2)
    rows = world.checked(
        world.figure("f", {"measure": "m.n"}), "municipality", "quarter", "2020-Q1", by=["kind"], areas={"municipality": ("0101",)}
    )
    assert rows["0101", "b", "2020-Q1"]["value"] == 7


@pytest.mark.parametrize("over_time", ["first", "last"])
def test_a_range_without_a_status_date_has_no_state(tmp_path: Path, over_time: str) -> None:
    world = quarterly(tmp_path, over_time)
    for quarter in ("2020-Q1", "2020-Q2", "2020-Q3"):
        world.put("s", quarter, {"0101": 10, "0751": 20})
    figure = world.figure("f", {"measure": "s.n"})
    # No quarter begins between 1 and 29 February; the states of 1 January and 1 April lie outside.
    (row,) = world.ask(figure, "country", "range", "2020-02-01", "2020-02-29").values()
    assert (row["value"], row["status"]) == (None, "missing")


@pytest.mark.parametrize(
    ("reference", "value"), [("first_of_period", 10), ("end_of_period", 10), ({"first_of": "year"}, 10), ({"month_day": "04-01"}, 20)]
)
def test_a_reference_date_needs_no_status_date_in_the_range(tmp_path: Path, reference: object, value: int) -> None:
    world = quarterly(tmp_path, "last")
    for quarter, count in (("2020-Q1", 10), ("2020-Q2", 20)):
        world.put("s", quarter, {"0101": count})
    figure = world.figure("f", {"measure": "s.n", "reference_date": reference})
    (row,) = world.ask(figure, "municipality", "range", "2020-02-01", "2020-02-29", areas={"municipality": ("0101",)}).values()
    assert row["value"] == value


def test_a_window_shorter_than_the_rhythm_reads_no_state_after_the_period(tmp_path: Path) -> None:
    world = quarterly(tmp_path, "first")
    for quarter, value in (("2020-Q1", 10), ("2020-Q2", 20)):
        world.put("s", quarter, {"0101": value})
    figure = world.figure("f", {"measure": "s.n", "window": {"rolling": {"months": 1}}})
    # March holds no status date; 20 is the state of 1 April, which is after the quarter.
    assert world.one(figure, "municipality", "quarter", "2020-Q1", areas={"municipality": ("0101",)})["value"] is None


def test_a_reference_date_moves_with_the_years_of_a_range(tmp_path: Path) -> None:
    world = quarterly(tmp_path, "first", ends=("2019-Q1", "2020-Q4"))
    for quarter, value in (("2019-Q1", 1), ("2019-Q3", 3), ("2020-Q1", 5)):
        world.put("s", quarter, {"0101": value})
    figure = world.figure("f", {"measure": "s.n", "reference_date": {"first_of": "year"}, "offset": {"years": 1}})
    (row,) = world.ask(figure, "municipality", "range", "2020-08-01", "2020-08-31", areas={"municipality": ("0101",)}).values()
    assert row["value"] == 1


def test_a_weight_that_divides_by_zero_in_one_month_is_no_weight_for_the_quarter(tmp_path: Path) -> None:
    rate = "x * 100 / nullif(y, 0)"
    world = small(tmp_path, TWO, python={rate: lambda row: row["x"] * 100 / row["y"] if row["y"] else None})
    world.source("t", "month", "2020-01", "2020-03")
    measures = {"y": {"over_time": "average", "expression": "y"}, "base": {"over_time": "average", "expression": rate}}
    world.fact("m", "published", "t", measures, {"x": "BIGINT", "y": "DECIMAL(18,2)"})
    for month, share in (("2020-01", 2), ("2020-02", 0), ("2020-03", 2)):
        world.put("m", month, {"0101": Decimal(share)}, column="y", x=10)
        world.put("m", month, {"0751": Decimal(1)}, column="y", x=10)
    figure = world.figure("f", {"measure": "m.y"}, group_value={"weighted_by": "m.base"})
    row = world.one(figure, "country", "quarter", "2020-Q1")
    assert (row["value"], row["denominator"], row["members"], row["reason"]) == (1, 1000, 1, "member_missing")


def test_a_count_of_nothing_is_zero_in_an_average_too(tmp_path: Path) -> None:
    world = small(tmp_path, TWO, python={"n > 5": lambda row: row["n"] > 5})
    world.source("t", "month", "2020-01", "2020-03", status_date="opening")
    measures = {f"{over}_large": {"over_time": over, "aggregate": "count", "filter": "n > 5"} for over in ("last", "average")}
    world.fact("s", "snapshot", "t", measures, N)
    for month in ("2020-01", "2020-02", "2020-03"):
        world.put("s", month, {"0101": 1})
    figures = {name: world.figure(f"f_{name}", {"measure": f"s.{name}"}) for name in measures}
    for name, figure in figures.items():
        row = world.one(figure, "municipality", "quarter", "2020-Q1", areas={"municipality": ("0101",)})
        assert (row["value"], row["status"]) == (0, "validated"), name


@pytest.mark.parametrize("rule", ["mean_of_members", {"weighted_by": {"measure": "m.x", "window": {"rolling": {"months": 2}}}}])
def test_numerator_over_denominator_is_the_value_of_an_area_too(tmp_path: Path, rule: object) -> None:
    world = small(tmp_path, TWO)
    world.source("t", "month", "2020-01", "2020-02")
    measures = {"y": {"over_time": "average", "expression": "y"}, "x": {"over_time": "average", "expression": "x"}}
    world.fact("m", "published", "t", measures, {"x": "BIGINT", "y": "DECIMAL(18,2)"})
    for month, weight in (("2020-01", 1), ("2020-02", 3)):
        world.put("m", month, {"0101": Decimal("1.00"), "0751": Decimal("4.00")}, column="y", x=weight)
    # Mean of 1/3 and 4/3; or 1 and 4 weighted alike by the mean of January's 1 and February's 3.
    denominator = {"denominator": {"measure": "m.x"}} if rule == "mean_of_members" else {}
    figure = world.figure("f", {"measure": "m.y"}, group_value=rule, **denominator)
    # Asked beside its members, whose sums have two decimals, the area's must not be rounded to theirs.
    rows = ask(world.connect(), world.catalogue, [figure], ["municipality", "country"], "month", "2020-02", "2020-02")
    (row,) = (row for row in rows if row["area_level"] == "country")
    assert row["value"] == pytest.approx(5 / 6 if denominator else 2.5, rel=1e-9)
    assert row["numerator"] / row["denominator"] == pytest.approx(row["value"], rel=1e-8)


def test_a_denominator_share_of_zero_denominators_is_that_of_members(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum")
    world.put("m", "2020-01", {"0101": 0}, kind_key=1)
    figure = world.figure("f", {"measure": "m.n"}, denominator={"measure": "m.n"})
    row = world.one(figure, "municipality", "month", "2020-01", areas={"municipality": ("0101",)})
    assert (row["value"], row["reason"], row["members"], row["denominator_share"]) == (None, "denominator_zero", 1, 1)


def test_a_code_abolished_in_march_has_a_row_for_the_year(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum", absent="zero", last="2020-12")
    world.world.dimensions["kind"] = [Code("a"), Code("b", last=world.world.days.holding("month", _day("2020-03-31")).last)]
    for month in range(1, 13):
        world.put("m", f"2020-{month:02}", {"0101": 1}, kind_key=1)
    for month in range(1, 4):
        world.put("m", f"2020-{month:02}", {"0101": 1}, kind_key=2)
    figure = world.figure("f", {"measure": "m.n"})
    only = {"areas": {"municipality": ("0101",)}}
    rows = world.checked(figure, "municipality", "year", "2020", by=["kind"], **only)
    # The parts must add up to the whole of 15.
    assert sum(row["value"] for row in rows.values()) == world.one(figure, "municipality", "year", "2020", **only)["value"] == 15


@pytest.mark.parametrize(("status", "grain", "period"), [("opening", "day", "2021-01-01"), ("closing", "quarter", "2021-Q1")])
def test_a_state_exactly_as_old_as_allowed_is_known(tmp_path: Path, status: str, grain: str, period: str) -> None:
    ends = ("2020", "2020") if status == "opening" else ("2020-Q4", "2020-Q4")
    world = quarterly(tmp_path, "last", status, "year" if status == "opening" else "quarter", ends)
    world.put("s", ends[0], {"0101": 6})
    age = {"years": 1} if status == "opening" else {"months": 3}
    figure = world.figure("f", {"measure": "s.n", "reference_date": {"latest_known": {"max_age": age}}})
    # 1 January 2020 is one year before 1 January 2021; 31 December 2020 is three months before 31 March 2021.
    assert world.one(figure, "municipality", grain, period, areas={"municipality": ("0101",)})["value"] == 6


def test_the_latest_known_state_is_approved_when_it_was(tmp_path: Path) -> None:
    world = quarterly(tmp_path, "last")
    world.put("s", "2020-Q4", {"0101": 6}, state="approved")
    figure = world.figure("f", {"measure": "s.n", "reference_date": {"latest_known": {"max_age": {"years": 1}}}})
    assert world.one(figure, "municipality", "quarter", "2020-Q4", areas={"municipality": ("0101",)})["status"] == "approved"


@pytest.mark.parametrize("over_time", ["last", "average"])
def test_a_finished_period_that_still_changes_is_provisional_and_has_its_value(tmp_path: Path, over_time: str) -> None:
    world = quarterly(tmp_path, over_time)
    world.put("s", "2020-Q3", {"0101": 6}, state="approved")
    world.put("s", "2020-Q4", {"0101": 6}, state="provisional")
    figure = world.figure("f", {"measure": "s.n"})
    row = world.one(figure, "municipality", "quarter", "2020-Q4", areas={"municipality": ("0101",)})
    assert (row["value"], row["status"], row["reason"], row["complete"]) == (6, "provisional", None, False)


def test_a_change_against_a_provisional_period_has_its_value(tmp_path: Path) -> None:
    world = quarterly(tmp_path, "last")
    world.put("s", "2020-Q3", {"0101": 6})
    world.put("s", "2020-Q4", {"0101": 9}, state="provisional")
    figure = world.figure("f", {"plus": [{"measure": "s.n"}], "minus": [{"measure": "s.n", "offset": {"periods": 1}}]})
    row = world.one(figure, "municipality", "quarter", "2020-Q4", areas={"municipality": ("0101",)})
    assert (row["value"], row["status"]) == (3, "provisional")


def cohort(folder: Path, reads: dict[str, int]) -> tuple[Planting, str]:
    """A snapshot by month whose rows are computed from the months beside theirs; January to June are delivered."""
    world = small(folder, TWO)
    world.source("t", "month", "2020-01", "2020-06", status_date="closing", absent="zero")
    world.fact("s", "snapshot", "t", {"n": {"over_time": "last", "expression": "n"}}, N, reads=reads)
    for month in range(1, 7):
        world.put("s", f"2020-{month:02}", {"0101": month})
    return world, world.figure("f", {"measure": "s.n"})


def test_a_cohort_needs_the_periods_before_its_own(tmp_path: Path) -> None:
    world, figure = cohort(tmp_path, {"before": 2})
    ask = lambda label: world.one(figure, "municipality", "month", label, areas={"municipality": ("0101",)})  # noqa: E731
    assert (ask("2020-02")["value"], ask("2020-02")["reason"]) == (None, "base_period_missing")
    assert (ask("2020-03")["value"], ask("2020-03")["status"]) == (3, "validated")
    world.state("t", "2020-04", "0101", "held")
    assert [ask(f"2020-{month:02}")["status"] for month in (3, 4, 5, 6)] == ["validated", "held", "held", "held"]


def test_a_cohort_waits_for_the_periods_after_its_own(tmp_path: Path) -> None:
    world, figure = cohort(tmp_path, {"after": 2})
    ask = lambda label, grain="month": world.one(figure, "municipality", grain, label, areas={"municipality": ("0101",)})  # noqa: E731
    assert (ask("2020-04")["value"], ask("2020-04")["status"]) == (4, "validated")
    assert [(ask(label)["value"], ask(label)["status"]) for label in ("2020-05", "2020-06")] == [(None, "provisional")] * 2
    assert (ask("2020-Q1", "quarter")["value"], ask("2020-Q2", "quarter")["status"]) == (3, "provisional")
    world.state("t", "2020-05", "0101", "missing")
    assert ask("2020-04")["status"] == "missing"


@pytest.mark.parametrize("over_time", ["first", "last"])
def test_a_published_state_has_no_window(tmp_path: Path, over_time: str) -> None:
    world = monthly(tmp_path, over_time)
    world.figure("f", {"measure": "m.n", "window": {"rolling": {"months": 3}}})
    with pytest.raises(DefinitionErrors):
        _ = world.catalogue


def test_suppressed_comes_before_missing_within_one_component_too(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum")
    world.put("m", "2020-01", {"0101": 5}, kind_key=1)
    world.put("m", "2020-02", {"0101": None}, kind_key=1)
    world.state("t", "2020-03", "0101", "missing")
    row = world.one(world.figure("f", {"measure": "m.n"}), "municipality", "quarter", "2020-Q1", areas={"municipality": ("0101",)})
    assert (row["value"], row["status"], row["reason"]) == (None, "suppressed", "suppressed_at_source")


@pytest.mark.parametrize("state", ["held", "exempt", "missing"])
def test_a_blank_that_was_not_delivered_is_no_blank(tmp_path: Path, state: str) -> None:
    world = monthly(tmp_path, "sum")
    world.put("m", "2020-01", {"0101": None}, kind_key=1, state=state)
    row = world.one(world.figure("f", {"measure": "m.n"}), "municipality", "month", "2020-01", areas={"municipality": ("0101",)})
    assert row["status"] == state


def test_a_reference_date_that_a_year_lacks_is_null(tmp_path: Path) -> None:
    world = quarterly(tmp_path, "first", ends=("2020-Q1", "2021-Q4"))
    for quarter in ("2020-Q1", "2021-Q1"):
        world.put("s", quarter, {"0101": 5})
    figure = world.figure("f", {"measure": "s.n", "reference_date": {"month_day": "02-29"}})
    rows = world.ask(figure, "municipality", "year", "2020", "2021", areas={"municipality": ("0101",)})
    assert [row["value"] for row in rows.values()] == [5, None]


def test_only_units_that_exist_are_expected(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum")
    ended = type(AARHUS)("0751", "member", (("1082", _day("2007-01-01"), _day("2020-01-31")),))
    world.world.units = (COPENHAGEN, ended)
    for month in ("2020-01", "2020-02"):
        world.put("m", month, {"0101": 1, "0751": 2}, kind_key=1)
    rows = world.checked(world.figure("f", {"measure": "m.n"}), "country", "month", "2020-01", "2020-02")
    assert [(row["value"], row["members_expected"]) for row in rows.values()] == [(3, 2), (1, 1)]


def test_the_oracles_days_are_the_calendars() -> None:
    days = days_of((("school_year", (8, 1)),), _day("2015-01-01"), _day("2028-12-31"))
    assert days.holding("week", _day("2027-01-01")).label == "2026-W53"
    assert days.holding("school_year", _day("2026-07-31")).label == "2025/26"
    assert [len(days.holding("month", _day(f"{year}-02-01")).days()) for year in (2020, 2021)] == [29, 28]
    week = days.named("week", "2026-W53")
    assert week is not None and days.years_before(week, 1) is None
    leap = days.named("day", "2024-02-29")
    assert leap is not None and days.years_before(leap, 1) is None


def _day(text: str) -> date:
    return date.fromisoformat(text)


def test_members_of_three_units_in_all_their_states(tmp_path: Path) -> None:
    world = monthly(tmp_path, "sum")
    world.world.units = (COPENHAGEN, FREDERIKSBERG, AARHUS)
    world.world.vocabulary["reporting_unit"]["members"] = 3
    world.put("m", "2020-01", {"0101": 5}, kind_key=1)
    world.state("t", "2020-01", "0147", "exempt")
    world.state("t", "2020-01", "0751", "held")
    figure = world.figure("f", {"measure": "m.n"})
    row = world.one(figure, "country", "month", "2020-01")
    assert (row["value"], row["members"], row["members_expected"], row["reason"], row["status"]) == (5, 1, 2, "member_missing", "validated")
    north, south = world.checked(figure, "region", "month", "2020-01").values()
    assert (north["status"], south["status"]) == ("held", "validated")


def test_a_mean_of_days_that_are_all_ahead_is_missing(tmp_path: Path) -> None:
    world = monthly(tmp_path, "average", last="2020-06")
    for month in range(1, 7):
        world.put("m", f"2020-{month:02}", {"0101": 10}, kind_key=1)
    world.world.data_to["t", ""] = date(2020, 4, 1)
    only = {"areas": {"municipality": ("0101",)}}
    figure = world.figure("f", {"measure": "m.n"})
    # The extract was made as March ended: no day of April to June was known, whatever was delivered for them.
    assert world.one(figure, "municipality", "quarter", "2020-Q1", **only)["status"] == "validated"
    row = world.one(figure, "municipality", "quarter", "2020-Q2", **only)
    assert (row["value"], row["status"], row["reason"]) == (None, "missing", "base_period_missing")
    # A month's own value is as it was published.
    row = world.one(figure, "municipality", "month", "2020-05", **only)
    assert (row["value"], row["status"]) == (10, "provisional")
