"""What is missing leaves numerator and denominator together, in time and over areas."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle.planting import AARHUS, COPENHAGEN, Planting, published, small
from tests.traps.worlds import jobs, months, naive, persons


def test_municipalities_without_a_numerator_leave_the_denominator_too() -> None:
    world = published(
        {
            "bor_folketal": persons("2026Q1", {"101": 600, "147": 100, "751": 300}),
            "bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12, "147": 2}),
        }
    )
    answer = world.one("employment.gross_unemployed_per_inhabitant_published", "country", "month", "2026-07")
    divided = """
        SELECT 100.0 * (SELECT sum(gross_unemployed_count) FROM fct_labour_market_published) / (SELECT sum(population_count) FROM fct_population)"""
    assert naive(world, divided) == pytest.approx(1.4)
    assert (answer["value"], answer["numerator"], answer["denominator"]) == (2, 14, 700)
    assert (answer["members"], answer["members_expected"], answer["denominator_share"]) == (2, 3, 0.7)
    assert (answer["reason"], answer["complete"]) == ("member_missing", False)


def test_a_year_with_a_missing_month_is_missing() -> None:
    rows = [row for month in months(2025) if month != "2025M05" for row in jobs("unemployment.total", month, {"101": 10})]
    rows += jobs("unemployment.total", "2025M05", {"751": 3})
    world = published({"bes_jobindsats": rows})
    answer = world.one("employment.gross_unemployed_published", "municipality", "year", "2025", areas={"municipality": ("0101",)})
    assert naive(world, "SELECT avg(gross_unemployed_count) FROM fct_labour_market_published WHERE municipality_key = 101") == 10
    assert (answer["value"], answer["status"], answer["reason"]) == (None, "missing", "base_period_missing")


def test_the_year_of_a_region_leaves_out_whoever_lacks_a_month() -> None:
    rows = [row for month in months(2025) for row in jobs("unemployment.total", month, {"101": 10, "147": 4})]
    world = published({"bes_jobindsats": [row for row in rows if (row["unit"], row["period"]) != ("147", "2025M05")]})
    answer = world.ask("employment.gross_unemployed_published", "region", "year", "2025")["1084", "2025"]
    part_of_one = "SELECT sum(gross_unemployed_count) / 12.0 FROM fct_labour_market_published"
    assert naive(world, part_of_one) == pytest.approx((120 + 44) / 12)
    assert (answer["value"], answer["members"], answer["members_expected"]) == (10, 1, 2)


def test_an_unfinished_year_divides_by_the_days_that_were_covered() -> None:
    rows = [row for month in months(2026, 1, 7) for row in jobs("unemployment.total", month, {"101": 10})]
    world = published({"bes_jobindsats": rows})
    answer = world.one("employment.gross_unemployed_published", "municipality", "year", "2026", areas={"municipality": ("0101",)})
    whole_year = "SELECT sum(gross_unemployed_count * day_count) / 365 FROM fct_labour_market_published f JOIN dim_period p ON p.period_key = f.month_key AND p.grain = 'month'"
    assert naive(world, whole_year) == pytest.approx(2120 / 365)
    assert (answer["value"], answer["status"], answer["reason"], answer["complete"]) == (10, "provisional", "period_unfinished", False)


def paid_for_others(folder: Path, delivered_as: str | None) -> Planting:
    """An event fact delivered by who acts, of what befalls who lives there: Copenhagen acts for one of Aarhus, who has not delivered May."""
    world = small(folder, (COPENHAGEN, AARHUS))
    world.source("t", "month", "2020-05", "2020-06", absent="zero")
    roles = {"roles": {"residence": "municipality_key", "acting": "acting_key"}, **({"delivered_as": delivered_as} if delivered_as else {})}
    world.fact("e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"acting_key": "INTEGER", "n": "BIGINT"}, **roles)
    world.deliver("t", "2020-05", "2020-06")
    world.state("t", "2020-05", "0751", "missing")
    for month in ("2020-05", "2020-06"):
        world.row("e", month, "0751", acting_key=101, n=3)
        world.row("e", month, "0101", acting_key=101, n=5)
    return world


def test_who_lives_here_may_have_been_delivered_by_others(tmp_path: Path) -> None:
    world = paid_for_others(tmp_path, "acting")
    figure = world.figure("n", {"measure": "e.n"})
    rows = world.checked(figure, "municipality", "month", "2020-05", "2020-06")
    # Its own delivery decides whether there is a value; whether it is whole, everybody's.
    assert {key: (row["value"], row["complete"]) for key, row in rows.items()} == {
        ("0101", "2020-05"): (5, False), ("0751", "2020-05"): (None, False), ("0101", "2020-06"): (5, True), ("0751", "2020-06"): (3, True),
    }  # fmt: skip
    acted = world.figure("acted", {"measure": "e.n", "role": "acting"})
    (row,) = world.checked(acted, "municipality", "month", "2020-05", areas={"municipality": ("0101",)}).values()
    assert (row["value"], row["complete"]) == (8, True)


@pytest.mark.parametrize(("state", "complete"), [("exempt", True), ("held", False), ("reported_by_other", True)])
def test_who_need_not_deliver_lacks_nothing(tmp_path: Path, state: str, complete: bool) -> None:  # noqa: FBT001
    world = paid_for_others(tmp_path, "acting")
    world.state("t", "2020-05", "0751", state)
    figure = world.figure("n", {"measure": "e.n"})
    (row,) = world.checked(figure, "municipality", "month", "2020-05", areas={"municipality": ("0101",)}).values()
    assert (row["value"], row["complete"]) == (5, complete)


def test_who_delivers_for_itself_is_whole_without_the_others(tmp_path: Path) -> None:
    world = paid_for_others(tmp_path, None)
    figure = world.figure("n", {"measure": "e.n"})
    (row,) = world.checked(figure, "municipality", "month", "2020-05", areas={"municipality": ("0101",)}).values()
    assert (row["value"], row["complete"]) == (5, True)
