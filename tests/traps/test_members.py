"""Who is counted: no total row, no island, and each unit in the region of its day."""

from __future__ import annotations

from datetime import date

from tests.oracle.planting import AARHUS, CHRISTIANSO, COPENHAGEN, FOUR, published
from tests.oracle.world import Unit
from tests.traps.worlds import jobs, naive, persons


def test_the_published_total_is_not_added_to_its_parts() -> None:
    rows = jobs("unemployment.total", "2026M07", {"101": 12, "147": 3, "751": 5, "000": 21})
    # Even a total that slipped into the mart, as delivered by a unit of a kind of its own, counts nowhere.
    total = Unit("0000", "total", (("1084", date(2007, 1, 1), None),))
    world = published({"bes_jobindsats": rows}, (*FOUR, total))
    assert sum(row["value"] for row in rows) == 41
    world.world.rows["fct_labour_market_published"].append({"municipality_key": 0, "month": "2026-07", "gross_unemployed_count": 21})
    world.state("bes_jobindsats", "2026-07", "0000", "delivered", "unemployment.total")
    assert naive(world, "SELECT sum(gross_unemployed_count) FROM fct_labour_market_published") == 41
    answer = world.one("employment.gross_unemployed_published", "country", "month", "2026-07")
    assert (answer["value"], answer["members"], answer["members_expected"]) == (20, 3, 3)
    regions = world.checked("employment.gross_unemployed_published", "region", "month", "2026-07")
    assert {region: row["value"] for (region, _), row in regions.items()} == {"1084": 15, "1082": 5}


def test_christianso_is_counted_in_the_population_and_in_no_rate() -> None:
    population = persons("2020Q1", {"101": 600, "147": 100, "751": 300, "411": 84}) + persons(
        "2022Q1", {"101": 600, "147": 100, "751": 300, "411": 84}
    )
    world = published(
        {"bor_folketal": population, "bes_jobindsats": jobs("unemployment.total", "2022M07", {"101": 12, "147": 3, "751": 5})}
    )
    assert naive(world, "SELECT sum(population_count) FROM fct_population WHERE quarter_key = 2022 * 4") == 1084
    counted = world.one("citizens.population", "country", "quarter", "2020-Q1")
    assert (counted["value"], counted["members_expected"]) == (1084, 4)
    rate = world.one("employment.gross_unemployed_per_inhabitant_published", "country", "month", "2022-07")
    assert (rate["denominator"], rate["members_expected"], rate["value"]) == (1000, 3, 2)
    assert {area for area, _ in world.ask("citizens.population", "municipality", "quarter", "2020-Q1")} == {"0101", "0147", "0411", "0751"}


def test_christianso_was_excused_on_1_january_2026() -> None:
    world = published({"bor_folketal": persons("2026Q1", {"101": 600, "147": 100, "751": 300})})
    answer = world.one("citizens.population", "country", "quarter", "2026-Q1")
    assert naive(world, "SELECT count(*) FROM dim_municipality") == 4
    assert (answer["value"], answer["members"], answer["members_expected"], answer["complete"]) == (1000, 3, 3, True)
    (island,) = world.checked("citizens.population", "municipality", "quarter", "2026-Q1", areas={"municipality": ("0411",)}).values()
    assert (island["value"], island["status"], island["members_expected"]) == (None, "exempt", 0)


def test_a_municipality_counts_in_the_region_of_the_periods_last_day() -> None:
    mover = Unit("0147", "member", (("1084", date(2007, 1, 1), date(2025, 12, 31)), ("1082", date(2026, 1, 1), None)))
    units = (COPENHAGEN, mover, AARHUS, CHRISTIANSO)
    rows = [row for month in ("2025M12", "2026M01") for row in jobs("unemployment.total", month, {"101": 12, "147": 3, "751": 5})]
    world = published({"bes_jobindsats": rows}, units)
    fan_out = "SELECT sum(gross_unemployed_count) FROM fct_labour_market_published JOIN dim_municipality USING (municipality_key) WHERE month_key = 2026 * 12"
    assert naive(world, fan_out) == 23
    answers = world.checked("employment.gross_unemployed_published", "region", "month", "2025-12", "2026-01")
    assert {key: row["value"] for key, row in answers.items()} == {
        ("1084", "2025-12"): 15,
        ("1082", "2025-12"): 5,
        ("1084", "2026-01"): 12,
        ("1082", "2026-01"): 8,
    }
