"""Per inhabitant of which day."""

from __future__ import annotations

from tests.oracle.planting import published
from tests.traps.worlds import jobs, naive, persons

ONE = {"areas": {"municipality": ("0101",)}}
JANUARY = "employment.gross_unemployed_per_inhabitant_published"
JULY = "employment.gross_unemployed_per_mid_year_inhabitant_published"
LATEST = "employment.gross_unemployed_per_latest_inhabitant_published"


def test_january_and_july_denominators_are_two_figures_with_two_values() -> None:
    population = persons("2025Q1", {"101": 400}) + persons("2025Q3", {"101": 500})
    world = published({"bor_folketal": population, "bes_jobindsats": jobs("unemployment.total", "2025M12", {"101": 20})})
    nearest = "SELECT 2000.0 / population_count FROM fct_population ORDER BY abs(quarter_key - (2025 * 4 + 3)) LIMIT 1"
    assert naive(world, nearest) == 4
    assert world.one(JANUARY, "municipality", "month", "2025-12", **ONE)["value"] == 5
    assert world.one(JULY, "municipality", "month", "2025-12", **ONE)["value"] == 4


def test_a_reference_date_not_yet_published_is_null_with_its_reason() -> None:
    world = published(
        {"bor_folketal": persons("2025Q1", {"101": 400}), "bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 20})}
    )
    last_year = "SELECT 2000.0 / population_count FROM fct_population ORDER BY quarter_key DESC LIMIT 1"
    assert naive(world, last_year) == 5
    answer = world.one(JANUARY, "municipality", "month", "2026-07", **ONE)
    assert (answer["value"], answer["status"], answer["reason"]) == (None, "missing", "reference_date_not_available")
    # Only the figure that says so takes the latest known.
    assert world.one(LATEST, "municipality", "month", "2026-07", **ONE)["value"] == 5


def test_a_month_before_july_waits_for_its_own_july() -> None:
    population = persons("2025Q3", {"101": 400}) + persons("2026Q1", {"101": 800})
    world = published({"bor_folketal": population, "bes_jobindsats": jobs("unemployment.total", "2026M03", {"101": 20})})
    as_of = "SELECT 2000.0 / population_count FROM fct_population WHERE quarter_key <= 2026 * 4 ORDER BY quarter_key DESC LIMIT 1"
    assert naive(world, as_of) == 2.5
    assert world.one(JULY, "municipality", "month", "2026-03", **ONE)["reason"] == "reference_date_not_available"


def test_a_quarter_that_was_not_delivered_is_not_carried_forward() -> None:
    # 1 July is a quarter of its own: the state of 1 April is not its.
    population = persons("2025Q2", {"101": 400}) + persons("2025Q4", {"101": 500})
    world = published({"bor_folketal": population, "bes_jobindsats": jobs("unemployment.total", "2025M12", {"101": 20})})
    carried = "SELECT 2000.0 / population_count FROM fct_population WHERE quarter_key <= 2025 * 4 + 2 ORDER BY quarter_key DESC LIMIT 1"
    assert naive(world, carried) == 5
    assert world.one(JULY, "municipality", "month", "2025-12", **ONE)["value"] is None


def test_the_latest_known_population_is_not_older_than_its_limit() -> None:
    population = persons("2022Q3", {"101": 400, "147": 100})
    world = published({"bor_folketal": population, "bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 20})})
    newest = "SELECT 2000.0 / population_count FROM fct_population WHERE municipality_key = 101 ORDER BY quarter_key DESC LIMIT 1"
    assert naive(world, newest) == 5
    assert world.one(LATEST, "municipality", "month", "2026-07", **ONE)["reason"] == "reference_date_not_available"
