"""A zero, a missing delivery and a suppressed value are three things."""

from __future__ import annotations

from tests.oracle.planting import published
from tests.traps.worlds import jobs, naive

FIGURE = "employment.gross_unemployed_published"


def test_a_missing_delivery_is_missing_and_not_zero() -> None:
    world = published({"bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12, "147": 0})})
    shown = """
        SELECT coalesce(sum(gross_unemployed_count), 0) FROM dim_municipality m LEFT JOIN fct_labour_market_published f USING (municipality_key)
        WHERE m.municipality_key = 751"""
    assert naive(world, shown) == 0
    rows = world.checked(FIGURE, "municipality", "month", "2026-07")
    assert (rows["0751", "2026-07"]["value"], rows["0751", "2026-07"]["status"]) == (None, "missing")
    assert (rows["0147", "2026-07"]["value"], rows["0147", "2026-07"]["status"]) == (0, "validated")


def test_a_blank_is_suppressed_and_leaves_the_members() -> None:
    world = published({"bes_jobindsats": jobs("unemployment.total", "2026M07", {"101": 12, "147": None, "751": 5})})
    assert (
        naive(world, "SELECT sum(coalesce(gross_unemployed_count, 0)) FROM fct_labour_market_published WHERE municipality_key = 147") == 0
    )
    rows = world.checked(FIGURE, "municipality", "month", "2026-07")
    assert (rows["0147", "2026-07"]["value"], rows["0147", "2026-07"]["status"]) == (None, "suppressed")
    assert rows["0147", "2026-07"]["reason"] == "suppressed_at_source"
    country = world.one(FIGURE, "country", "month", "2026-07")
    assert (country["value"], country["members"], country["members_expected"], country["complete"]) == (17, 2, 3, False)


def test_a_suppressed_municipality_cannot_be_solved_from_its_region() -> None:
    rows = jobs("unemployment.total", "2026M07", {"101": 12, "147": None, "751": 5, "000": 25})
    rows += jobs("unemployment.dagpenge", "2026M07", {"101": 9, "147": 6, "751": 1})
    world = published({"bes_jobindsats": rows})
    # The published total would give it away: 25 less 12 and 5. The region is the sum of those that are in it, and says who is.
    others = naive(world, "SELECT sum(gross_unemployed_count) FROM fct_labour_market_published")
    assert next(row["value"] for row in rows if row["unit"] == "000") - others == 8
    region = world.checked(FIGURE, "region", "month", "2026-07")["1084", "2026-07"]
    assert (region["value"], region["members"], region["members_expected"], region["reason"]) == (12, 1, 2, "member_missing")
    country = world.one(FIGURE, "country", "month", "2026-07")
    assert (country["value"], country["members"], country["members_expected"]) == (17, 2, 3)
    # Nor by its other side: insured persons over all unemployed, where only the latter are suppressed, loses both of them.
    both_sides = "SELECT sum(unemployment_insurance_count) FROM fct_labour_market_published WHERE municipality_key < 700"
    assert naive(world, both_sides) == 15
    share = world.checked("employment.insured_share_of_unemployed_published", "region", "month", "2026-07")["1084", "2026-07"]
    assert (share["numerator"], share["denominator"], share["value"]) == (9, 12, 75)


def test_a_blank_category_suppresses_the_whole_and_not_the_other_categories() -> None:
    name = "employment.cash_benefit_by_visitation_full_time_persons_published"
    rows = jobs("cashVisitation.fullTime", "2026M07", {"101": 4}, "Jobparat") + jobs(
        "cashVisitation.fullTime", "2026M07", {"101": None}, "Aktivitetsparat"
    )
    world = published({"bes_jobindsats": rows})
    # A sum that leaves the blank out, beside a total of everybody, gives it away.
    assert naive(world, "SELECT sum(cash_benefit_fte) FROM fct_cash_benefit_visitation_published") == 4
    only = {"areas": {"municipality": ("0101",)}}
    whole = world.one(name, "municipality", "month", "2026-07", **only)
    assert (whole["value"], whole["status"]) == (None, "suppressed")
    parts = world.checked(name, "municipality", "month", "2026-07", by=["visitation_category"], **only)
    assert {key[1]: row["value"] for key, row in parts.items() if row["status"] != "missing"} == {"job_ready": 4, "activity_ready": None}


def test_a_blank_in_one_month_suppresses_the_year() -> None:
    rows = [row for month in range(1, 13) for row in jobs("unemployment.total", f"2025M{month:02}", {"101": None if month == 5 else 10})]
    world = published({"bes_jobindsats": rows})
    assert naive(world, "SELECT avg(gross_unemployed_count) FROM fct_labour_market_published") == 10
    answer = world.one(FIGURE, "municipality", "year", "2025", areas={"municipality": ("0101",)})
    assert (answer["value"], answer["status"]) == (None, "suppressed")


def test_a_denominator_of_zero_gives_no_value_and_no_error() -> None:
    rows = jobs("unemployment.total", "2026M07", {"101": 0, "147": 10}) + jobs("unemployment.dagpenge", "2026M07", {"101": 0, "147": 5})
    world = published({"bes_jobindsats": rows})
    answers = world.checked("employment.insured_share_of_unemployed_published", "municipality", "month", "2026-07")
    divided = "SELECT unemployment_insurance_count / coalesce(nullif(gross_unemployed_count, 0), 1) FROM fct_labour_market_published WHERE municipality_key = 101"
    assert naive(world, divided) == 0
    assert (answers["0101", "2026-07"]["value"], answers["0101", "2026-07"]["reason"]) == (None, "denominator_zero")
