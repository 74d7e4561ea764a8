"""Queries of spells in another engine's SQL: what nobody has shown to mean the same there is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.compiler import Request, compile_request
from flis_semantic.compiler.dialects import DIALECTS, translate
from flis_semantic.errors import RequestError
from tests.traps.test_spells import spells

REFUSED = {
    "days": r"SUM\(…\) OVER",
    "full_time": r"LEAD\(…\) OVER",
    "started": r"SUM\(…\) OVER",
    "persons": r"MAX\(…\) OVER",
    "median": "QUANTILE_CONT",
}


def compiled(folder: Path, measure: str, by: tuple[str, ...] = ()) -> str:
    world = spells(folder, [])
    figure = world.figure("f", {"measure": f"s.{measure}"})
    catalogue = world.catalogue
    level = catalogue.vocabulary.reporting_unit.base
    first, last = (catalogue.calendar.parse(label) for label in ("2020-01", "2020-03"))
    return compile_request(Request(catalogue, (catalogue.figures[figure],), (level,), by, "month", first, last)).sql


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("measure", "construct"), REFUSED.items())
def test_windows_and_medians_are_refused(tmp_path: Path, dialect: str, measure: str, construct: str) -> None:
    with pytest.raises(RequestError, match=f"This query holds {construct}"):
        translate(compiled(tmp_path, measure), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_birthdays_are_refused(tmp_path: Path, dialect: str) -> None:
    with pytest.raises(RequestError, match="This query holds"):
        translate(compiled(tmp_path, "ended", ("age",)), dialect)
