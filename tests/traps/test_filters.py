"""Filters narrow what is counted, and never which areas are answered for."""

from __future__ import annotations

from tests.oracle.planting import published
from tests.traps.worlds import jobs, naive

FIGURE = "employment.cash_benefit_by_visitation_full_time_persons_published"


def test_an_area_without_rows_stays_under_a_filter() -> None:
    rows = jobs("cashVisitation.fullTime", "2026M07", {"101": 5, "147": 6, "751": 7}, "Jobparat")
    rows += jobs("cashVisitation.fullTime", "2026M07", {"101": 50, "147": 60}, "Aktivitetsparat")
    world = published({"bes_jobindsats": rows})
    outer = """
        SELECT m.municipality_code FROM dim_municipality m LEFT JOIN fct_cash_benefit_visitation_published f USING (municipality_key)
        LEFT JOIN dim_visitation_category c USING (visitation_category_key)
        WHERE c.visitation_category_code = 'activity_ready' AND m.unit_kind = 'member'"""
    assert sorted(naive(world, outer)) == [("0101",), ("0147",)]
    answers = world.checked(FIGURE, "municipality", "month", "2026-07", where={"visitation_category": ("activity_ready",)})
    assert [area for area, _ in answers] == ["0101", "0147", "0751"]
    assert (answers["0751", "2026-07"]["value"], answers["0751", "2026-07"]["status"]) == (None, "missing")
    assert [row["value"] for row in answers.values()] == [50, 60, None]


def test_a_cut_has_a_row_for_every_code_whatever_was_observed() -> None:
    world = published({"bes_jobindsats": jobs("cashVisitation.fullTime", "2026M07", {"101": 5}, "Jobparat")})
    observed = "SELECT count(DISTINCT visitation_category_key) FROM fct_cash_benefit_visitation_published"
    assert naive(world, observed) == 1
    answers = world.checked(FIGURE, "municipality", "month", "2026-07", by=["visitation_category"], areas={"municipality": ("0101",)})
    assert len(answers) == len(world.world.dimensions["visitation_category"]) > 1


def test_a_filter_on_areas_narrows_who_is_expected() -> None:
    world = published({"bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12, "751": 5})})
    answer = world.one("employment.gross_unemployed_published", "country", "month", "2026-07", areas={"municipality": ("0101", "0147")})
    assert naive(world, "SELECT count(*) FROM dim_municipality WHERE unit_kind = 'member'") == 3
    assert (answer["value"], answer["members"], answer["members_expected"]) == (12, 1, 2)
