"""Cash benefit changed on 1 July 2025."""

from __future__ import annotations

from datetime import date

from tests.oracle.planting import published
from tests.traps.worlds import jobs, months, naive

FIGURE = "employment.cash_benefit_full_time_persons_published"
ONE = {"areas": {"municipality": ("0101",)}}
BREAK = date(2025, 7, 1)


def benefits() -> dict[str, list[dict[str, object]]]:
    """Ten before the break and forty after it."""
    before = [row for month in months(2025, 1, 6) for row in jobs("cashAssistance.fullTime", month, {"101": 10})]
    return {
        "bes_jobindsats": before + [row for month in months(2025, 7, 12) for row in jobs("cashAssistance.fullTime", month, {"101": 40})]
    }


def test_a_period_across_the_break_carries_its_date() -> None:
    world = published(benefits())
    growth = "SELECT max(cash_benefit_fte) / min(cash_benefit_fte) FROM fct_labour_market_published"
    assert naive(world, growth) == 4
    answer = world.one(FIGURE, "municipality", "year", "2025", **ONE)
    assert answer["series_break"] == BREAK


def test_a_period_on_one_side_of_the_break_carries_nothing() -> None:
    world = published(benefits())
    rows = world.checked(FIGURE, "municipality", "quarter", "2025-Q2", "2025-Q3", **ONE)
    assert [(row["value"], row["series_break"]) for row in rows.values()] == [(10, None), (40, None)]
    # Its first day lies in the third quarter, and belongs to the new series alone.
    assert naive(world, f"SELECT count(*) FROM dim_period WHERE period = '2025-Q3' AND DATE '{BREAK}' BETWEEN start_date AND end_date") == 1
