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


@pytest.mark.parametrize(("grain", "period", "covered"), [("year", "2023", months(2023, 1, 7)), ("quarter", "2023-Q3", months(2023, 1, 7))])
def test_a_part_of_a_period_is_not_compared_with_a_whole_one(grain: str, period: str, covered: list[str]) -> None:
    # Ten more in every month than in the same month a year before; unemployment falls over the year.
    level = dict(zip(months(2022), range(120, 0, -10), strict=True))
    rows = [row for month, count in level.items() for row in jobs("unemployment.total", month, {"101": count})]
    rows += [row for month in covered for row in jobs("unemployment.total", month, {"101": level[month.replace("2023", "2022")] + 10})]
    world = published({"bes_jobindsats": rows})
    part = {"year": "month_key % 12 < 7", "quarter": "month_key % 12 = 6"}[grain]
    whole = {"year": "true", "quarter": "month_key % 12 BETWEEN 6 AND 8"}[grain]
    means = f"SELECT avg(gross_unemployed_count) FILTER (month_key // 12 = 2023 AND {part}) - avg(gross_unemployed_count) FILTER (month_key // 12 = 2022 AND {whole}) FROM fct_labour_market_published"
    assert naive(world, means) not in (10, None), "July's level against the whole year's or quarter's mean"
    answer = world.one(CHANGE, "municipality", grain, period, **ONE)
    assert (answer["value"], answer["status"], answer["reason"]) == (None, "provisional", "period_unfinished")


def test_a_range_of_whole_months_is_compared_with_whole_months() -> None:
    # 29 days in February 2024, 28 in February 2025: the earlier range ends on the 29th.
    counts = {"2023M12": 31, "2024M01": 31, "2024M02": 0, "2024M12": 31, "2025M01": 31, "2025M02": 0}
    world = published(
        {"bes_jobindsats": [row for month, count in counts.items() for row in jobs("unemployment.total", month, {"101": count})]}
    )
    (row,) = world.ask(CHANGE, "municipality", "range", "2024-12-01", "2025-02-28", **ONE).values()
    # 31 in 62 of 90 days, less 31 in 62 of 91 days.
    assert row["value"] == pytest.approx(31 * 62 / 90 - 31 * 62 / 91)
