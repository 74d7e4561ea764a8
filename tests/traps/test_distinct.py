"""Persons counted by somebody else are not added: one of them may be in two counts."""

from __future__ import annotations

from flis_semantic.catalogue.grains import refusal
from tests.oracle.planting import published
from tests.traps.worlds import jobs, naive

PERSONS = "employment.cash_benefit_persons_published"


def test_persons_are_not_added_over_municipalities() -> None:
    # 19 persons in all, one of whom moved from the one to the other in July.
    world = published({"bes_jobindsats": jobs("cashAssistance.persons", "2026M07", {"101": 12, "147": 8, "751": 5})})
    assert naive(world, "SELECT sum(cash_benefit_person_count) FROM fct_labour_market_published WHERE municipality_key < 700") == 20
    region = world.checked(PERSONS, "region", "month", "2026-07")["1084", "2026-07"]
    assert (region["value"], region["numerator"]) == (None, None)
    assert (region["status"], region["reason"]) == ("not_valid", "not_additive_over_areas")
    assert world.checked(PERSONS, "municipality", "month", "2026-07")["0101", "2026-07"]["value"] == 12


def test_persons_are_not_added_over_months() -> None:
    rows = [row for month in (1, 2, 3) for row in jobs("cashAssistance.persons", f"2026M{month:02}", {"101": 12})]
    world = published({"bes_jobindsats": rows})
    assert naive(world, "SELECT sum(cash_benefit_person_count) FROM fct_labour_market_published") == 36
    for name in (PERSONS, "employment.long_term_unemployed_published", "employment.activation_affected_share_published"):
        figure = world.catalogue.figures[name]
        assert figure.grains == ("month",)
        assert "cannot be put together" in str(refusal(figure.components, None, "quarter", world.catalogue.calendar))


def test_an_unweighted_mean_says_so_in_its_denominator() -> None:
    world = published({"bes_jobindsats": jobs("activation.affectedShare", "2026M07", {"101": 50, "147": 20, "751": 20})})
    assert naive(world, "SELECT sum(activation_affected_share_pct) FROM fct_labour_market_published") == 90
    answer = world.one("employment.activation_affected_share_published", "country", "month", "2026-07")
    assert (answer["value"], answer["denominator"]) == (30, 3)
