"""Shares of areas, and numerators and denominators from two facts."""

from __future__ import annotations

import pytest

from tests.oracle.planting import published
from tests.traps.worlds import jobs, naive, persons


def test_the_countrys_share_is_weighted_by_the_workforce() -> None:
    rows = jobs("unemployment.total", "2026M07", {"101": 400, "147": 100, "751": 100})
    rows += jobs("unemployment.totalRate", "2026M07", {"101": 4.0, "147": 1.0, "751": 0.25})
    world = published({"bes_jobindsats": rows})
    answer = world.one("employment.gross_unemployed_share_published", "country", "month", "2026-07")
    assert naive(world, "SELECT avg(gross_unemployed_share_pct) FROM fct_labour_market_published") == 1.75
    # 600 unemployed of a workforce of 10,000 + 10,000 + 40,000.
    assert answer["value"] == pytest.approx(1.0)


def test_two_facts_are_added_before_they_meet() -> None:
    # Population has four rows a year, unemployment twelve: joined first, each row counts as often as the other has rows.
    population = [row for quarter in (1, 2, 3, 4) for row in persons(f"2025Q{quarter}", {"101": 1000, "147": 1000, "751": 2000})]
    unemployed = [
        row for month in range(1, 13) for row in jobs("unemployment.total", f"2025M{month:02}", {"101": 30, "147": 10, "751": 40})
    ]
    world = published({"bor_folketal": population, "bes_jobindsats": unemployed})
    answer = world.one("employment.gross_unemployed_per_inhabitant_published", "country", "year", "2025")
    fan_out = """
        SELECT 100.0 * sum(u.gross_unemployed_count) / sum(p.population_count)
        FROM fct_labour_market_published u JOIN fct_population p ON p.municipality_key = u.municipality_key AND p.quarter_key // 4 = u.month_key // 12
        WHERE u.month_key // 12 = 2025 AND u.gross_unemployed_count > 10"""
    assert (
        naive(
            world, "SELECT sum(u.gross_unemployed_count) FROM fct_labour_market_published u JOIN fct_population p USING (municipality_key)"
        )
        == 80 * 48
    )
    assert float(naive(world, fan_out)) == pytest.approx(100 * 70 / 3000)
    assert (answer["numerator"], answer["denominator"], answer["value"]) == (80, 4000, 2)


def test_a_share_of_unequal_municipalities_is_a_ratio_of_sums() -> None:
    rows = jobs("unemployment.total", "2026M07", {"101": 90, "147": 10, "751": 100})
    rows += jobs("unemployment.dagpenge", "2026M07", {"101": 81, "147": 1, "751": 50})
    world = published({"bes_jobindsats": rows})
    answer = world.checked("employment.insured_share_of_unemployed_published", "region", "month", "2026-07")["1084", "2026-07"]
    mean = "SELECT avg(100 * unemployment_insurance_count / gross_unemployed_count) FROM fct_labour_market_published WHERE municipality_key < 700"
    assert naive(world, mean) == 50
    assert (answer["numerator"], answer["denominator"], answer["value"]) == (82, 100, 82)
