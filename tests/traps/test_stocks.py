"""States and averages are not sums: a head-count over several periods."""

from __future__ import annotations

import pytest

from tests.oracle.planting import published
from tests.traps.worlds import jobs, months, naive, persons


def test_the_population_of_a_year_is_that_of_1_january() -> None:
    rows = [row for quarter, count in ((1, 100), (2, 101), (3, 102), (4, 103)) for row in persons(f"2020Q{quarter}", {"101": count})]
    world = published({"bor_folketal": rows})
    answer = world.one("citizens.population", "municipality", "year", "2020", areas={"municipality": ("0101",)})
    assert naive(world, "SELECT sum(population_count) FROM fct_population") == 406
    assert answer["value"] == 100


def test_the_population_of_a_year_is_known_on_1_january() -> None:
    world = published({"bor_folketal": persons("2020Q1", {"101": 100, "147": 50, "751": 70, "411": 1})})
    answer = world.one("citizens.population", "country", "year", "2020")
    assert (answer["value"], answer["status"], answer["complete"]) == (221, "validated", True)


def test_unemployed_of_a_year_are_the_mean_of_its_months() -> None:
    # Ten in every month, but 375 in January: 31 days of 365 more, by 365.
    rows = [row for month in months(2025) for row in jobs("unemployment.total", month, {"101": 375 if month == "2025M01" else 10})]
    world = published({"bes_jobindsats": rows})
    answer = world.one("employment.gross_unemployed_published", "municipality", "year", "2025", areas={"municipality": ("0101",)})
    assert naive(world, "SELECT sum(gross_unemployed_count) FROM fct_labour_market_published") == 485
    # The unweighted mean of the months is not it either: months differ in days.
    assert naive(world, "SELECT avg(gross_unemployed_count) FROM fct_labour_market_published") == pytest.approx(10 + 365 / 12)
    assert answer["value"] == pytest.approx(41)
