"""A change needs both of its periods, whole, and wherever the request begins."""

from __future__ import annotations

import pytest

from tests.oracle.planting import published
from tests.traps.worlds import jobs, months, naive, persons

CHANGE = "employment.gross_unemployed_change_12_months_published"
ONE = {"areas": {"municipality": ("0101",)}}


def test_without_the_earlier_period_there_is_no_change() -> None:
    world = published(
        {"bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12}) + jobs("unemployment.total", "2025M07", {"751": 5})}
    )
    lagged = """
        SELECT a.gross_unemployed_count - coalesce(b.gross_unemployed_count, 0) FROM fct_labour_market_published a
        LEFT JOIN fct_labour_market_published b ON b.municipality_key = a.municipality_key AND b.month_key = a.month_key - 12
        WHERE a.municipality_key = 101 AND a.month_key = 2026 * 12 + 6"""
    assert naive(world, lagged) == 12
    answer = world.one(CHANGE, "municipality", "month", "2026-07", **ONE)
    assert (answer["value"], answer["status"], answer["reason"]) == (None, "missing", "base_period_missing")


def test_a_change_of_an_area_compares_the_same_municipalities() -> None:
    now, before = {"101": 12, "147": 50}, {"101": 10}
    world = published({"bes_jobindsats": jobs("unemployment.total", "2026M07", now) + jobs("unemployment.total", "2025M07", before)})
    totals = "SELECT sum(gross_unemployed_count) FILTER (month_key // 12 = 2026) - sum(gross_unemployed_count) FILTER (month_key // 12 = 2025) FROM fct_labour_market_published"
    assert naive(world, totals) == 52
    answer = world.one(CHANGE, "country", "month", "2026-07")
    assert (answer["value"], answer["members"], answer["members_expected"]) == (2, 1, 3)


def test_the_requested_dates_do_not_cut_off_the_earlier_period() -> None:
    world = published(
        {"bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12}) + jobs("unemployment.total", "2025M07", {"101": 10})}
    )
    filtered = """
        SELECT gross_unemployed_count - lag(gross_unemployed_count, 12) OVER (ORDER BY month_key) FROM fct_labour_market_published
        WHERE month_key >= 2026 * 12"""
    assert naive(world, filtered) is None
    assert world.one(CHANGE, "municipality", "month", "2026-07", **ONE)["value"] == 2


def test_a_year_of_which_the_source_has_a_part_is_no_earlier_period() -> None:
    # Jobindsats begins in August 2021.
    rows = [
        row
        for month in [*months(2021, 8, 12), *months(2022)]
        for row in jobs("unemployment.total", month, {"101": 20 if month < "2022" else 30})
    ]
    world = published({"bes_jobindsats": rows})
    means = "SELECT avg(gross_unemployed_count) FILTER (month_key // 12 = 2022) - avg(gross_unemployed_count) FILTER (month_key // 12 = 2021) FROM fct_labour_market_published"
    assert naive(world, means) == 10
    assert world.one(CHANGE, "municipality", "year", "2022", **ONE)["value"] is None


def test_growth_is_measured_from_the_population_a_year_before() -> None:
    world = published({"bor_folketal": persons("2019Q1", {"101": 100}) + persons("2019Q2", {"101": 200}) + persons("2020Q1", {"101": 110})})
    previous_row = "SELECT 100.0 * (population_count / lag(population_count) OVER (ORDER BY quarter_key) - 1) FROM fct_population QUALIFY quarter_key = 2020 * 4"
    assert naive(world, previous_row) == pytest.approx(-45)
    assert world.one("citizens.population_growth_12_months", "municipality", "quarter", "2020-Q1", **ONE)["value"] == 10
