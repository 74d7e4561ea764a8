"""Persons counted by somebody else are not added: one of them may be in two counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.catalogue.grains import refusal
from tests.oracle.planting import AARHUS, COPENHAGEN, Planting, published, small
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


def visits(folder: Path) -> Planting:
    """A visit of person 1 in Copenhagen in January and in Aarhus in February, and 20 of person 2 in Aarhus in February."""
    world = small(folder, (COPENHAGEN, AARHUS))
    world.source("t", "month", "2020-01", "2020-03", absent="zero")
    measures = {
        "persons": {"aggregate": "count_distinct", "over_time": "recompute"},
        "decile": {"aggregate": "percentile", "percentile": 90, "expression": "n", "over_time": "recompute"},
    }
    world.fact("e", "event", "t", measures, {"person": "BIGINT", "n": "BIGINT"}, person="person")
    world.deliver("t", "2020-01", "2020-03")
    world.row("e", "2020-01", "0101", person=1, n=100)
    world.row("e", "2020-02", "0751", person=1, n=100)
    for number in range(20):
        world.row("e", "2020-02", "0751", person=2, n=number)
    return world


def test_distinct_persons_of_events_are_taken_again_for_every_area_and_period(tmp_path: Path) -> None:
    world = visits(tmp_path)
    figure = world.figure("f", {"measure": "e.persons"})
    months = [row["value"] for row in world.checked(figure, "country", "month", "2020-01", "2020-03").values()]
    units = [row["value"] for row in world.checked(figure, "municipality", "quarter", "2020-Q1").values()]
    assert (sum(months), sum(units), world.one(figure, "country", "quarter", "2020-Q1")["value"]) == (3, 3, 2)


def test_a_percentile_of_an_area_is_of_all_its_persons(tmp_path: Path) -> None:
    world = visits(tmp_path)
    figure = world.figure("f", {"measure": "e.decile"})
    units = [row["value"] for row in world.checked(figure, "municipality", "quarter", "2020-Q1").values()]
    # Aarhus: 0 … 19 and 100, of which the 19th; the country has another 100, and place 18.9 of its 22.
    assert units == [100, 18]
    assert world.one(figure, "country", "quarter", "2020-Q1")["value"] == pytest.approx(18.9)
