"""Grains at which a figure would be wrong are refused, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.catalogue.grains import refusal
from tests.oracle.planting import COPENHAGEN, published, small
from tests.traps.worlds import naive, persons


def test_a_figure_for_whole_years_is_refused_at_month(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "month", "2020-01", "2020-12")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    for month in range(1, 13):
        world.put("m", f"2020-{month:02}", {"0101": 10})
    reason = {"da": "opgøres ikke på månedsbasis", "en": "closed once a year"}
    name = world.figure("closed", {"measure": "m.n"}, only_grains={"grains": ["year"], "reason": reason})
    figure = world.catalogue.figures[name]
    assert naive(world, "SELECT sum(n) FROM fct_m WHERE month_key = 2020 * 12 + 5") == 10
    assert figure.grains == ("year",)
    assert "closed once a year" in str(refusal(figure.components, figure.file.only_grains, "month", world.catalogue.calendar))
    assert world.one(name, "country", "year", "2020")["value"] == 120


def test_a_quarterly_state_has_no_months() -> None:
    world = published({"bor_folketal": persons("2020Q1", {"101": 100})})
    figure = world.catalogue.figures["citizens.population"]
    carried = "SELECT population_count FROM fct_population WHERE quarter_key = (2020 * 12 + 1) // 3"
    assert naive(world, carried) == 100
    assert figure.grains == ("quarter", "year", "school_year")
    assert "not carried forward" in str(refusal(figure.components, None, "month", world.catalogue.calendar))


@pytest.mark.parametrize("grain", ["day", "week"])
def test_a_published_month_has_no_days_or_weeks(grain: str) -> None:
    world = published({})
    figure = world.catalogue.figures["employment.gross_unemployed_published"]
    assert grain not in figure.grains
    assert "published by month" in str(refusal(figure.components, None, grain, world.catalogue.calendar))
