"""What a fact of spells, and a measure that does not add up, may not say: each mistake by itself, in a small project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flis_semantic.errors import DefinitionErrors
from tests.oracle.planting import COPENHAGEN, Planting, small

COLUMNS = {"person": "BIGINT", "since": "DATE", "until": "DATE", "degree": "DECIMAL(9,2)"}
LASTS = {"from": "since", "to": "until"}
WHOLE = {"from": "whole_since", "to": "whole_until"}
COUNT: dict[str, Any] = {"aggregate": "count", "over_time": "sum", "overlaps": "count"}
MEDIAN: dict[str, Any] = {"aggregate": "median", "expression": "degree", "over_time": "last", "overlaps": "count"}


def project(folder: Path, measure: dict[str, Any], kind: str = "spell", absent: str = "zero", **fact: Any) -> Planting:
    """A project with one fact `s` of one measure `m`."""
    world = small(folder, (COPENHAGEN,))
    world.source("t", "month", "2020-01", "2020-12", absent=absent, status_date="opening")
    given = {"lasts": LASTS, "person": "person"} if kind == "spell" else {}
    world.fact("s", kind, "t", {"m": measure}, COLUMNS, **{name: value for name, value in {**given, **fact}.items() if value is not None})
    return world


def errors_of(world: Planting) -> str:
    with pytest.raises(DefinitionErrors) as raised:
        _ = world.catalogue
    return "\n".join(str(error) for error in raised.value.errors)


@pytest.mark.parametrize(
    ("measure", "fact", "words"),
    [
        ({**COUNT, "overlaps": None}, {}, "does not say whether overlapping spells of one person count once or twice"),
        ({**COUNT, "overlaps": "merge"}, {"person": None}, "merges the spells of one person, and the fact names no person"),
        ({**MEDIAN, "overlaps": "merge"}, {}, "merges spells, of which no median is taken"),
        ({"expression": "degree", "over_time": "started", "overlaps": "merge"}, {}, "adds an amount of merged spells that begin or end"),
        ({"aggregate": "count_distinct", "over_time": "started", "overlaps": "merge"}, {}, "of which no count_distinct is taken"),
        ({"expression": "degree", "over_time": "any", "overlaps": "count"}, {}, "adds an amount over whoever has a day in the period"),
        ({**COUNT, "over_time": "any"}, {"person": None, "pieces_of": WHOLE}, "nothing tells which belong together"),
        ({**MEDIAN, "over_time": "any"}, {"pieces_of": WHOLE}, "takes the median of pieces, of which a spell has several"),
        ({**COUNT, "over_time": "recompute"}, {}, "over_time recompute has no meaning for a spell fact"),
        ({**MEDIAN, "over_time": "average"}, {}, "over_time average of a median has no meaning for a spell fact"),
        ({"aggregate": "count_distinct", "over_time": "any", "overlaps": "count"}, {"person": None}, "counts distinct values of nothing"),
        (COUNT, {"lasts": None}, "spells, and they alone, say when they last"),
        (COUNT, {"date": "since"}, "date is for events"),
        (COUNT, {"absent": "missing"}, "is computed from single rows, and in t an absent row is missing"),
        ({**COUNT, "expression": "degree"}, {}, "a count counts rows and takes a filter"),
        ({"over_time": "sum", "overlaps": "count"}, {}, "a sum needs an expression"),
        ({**COUNT, "weight": "degree"}, {}, "a weight is for averages"),
        ({**MEDIAN, "percentile": 90}, {}, "percentile: the aggregate and the number go together"),
        ({**MEDIAN, "aggregate": "percentile"}, {}, "percentile: the aggregate and the number go together"),
        ({**MEDIAN, "expression": "sum(degree)"}, {}, "expression of 'm'"),
        ({**MEDIAN, "aggregate": "average", "weight": "sum(degree)"}, {}, "weight of 'm'"),
        (COUNT, {"dimensions": {"kind": {"as_of": "each_day"}}}, "as_of goes with born"),
        (COUNT, {"dimensions": {"kind": {"born": "since", "column": "kind_key"}}}, "a column or a date of birth, not both"),
        ({**COUNT, "overlaps": "count"}, {"kind": "event"}, "says what becomes of overlapping spells, and the fact has none"),
        ({"aggregate": "count", "over_time": "sum"}, {"kind": "event", "pieces_of": WHOLE}, "pieces_of is for spells"),
        ({"aggregate": "count", "over_time": "sum"}, {"kind": "event", "dimensions": {"kind": {"born": "since"}}}, "born is for dimensions of spells"),
        ({"aggregate": "median", "expression": "degree", "over_time": "sum"}, {"kind": "event"}, "over_time sum of a median has no meaning"),
        ({"aggregate": "median", "expression": "degree", "over_time": "average"}, {"kind": "published"}, "has no meaning for a published fact"),
        (
            {"aggregate": "median", "expression": "degree", "over_time": "last"},
            {"kind": "snapshot", "in_force": LASTS},
            "has no meaning for a snapshot with in_force fact",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_named(tmp_path: Path, measure: dict[str, Any], fact: dict[str, Any], words: str) -> None:
    given = {name: value for name, value in measure.items() if value is not None}
    assert words in errors_of(project(tmp_path, given, **fact))


@pytest.mark.parametrize(
    ("measure", "when", "words"),
    [
        (MEDIAN, {"reference_date": "average_of_period"}, "has a median, of which no mean over days is taken"),
        (COUNT, {"reference_date": {"latest_known": {"max_age": {"years": 1}}}}, "is made of spells, of which every day is known"),
        (COUNT, {"filter": {"place": ["x"]}}, "There is no dimension of d.s 'place'"),
    ],
)
def test_a_mistake_in_a_component_is_named(tmp_path: Path, measure: dict[str, Any], when: dict[str, Any], words: str) -> None:
    world = project(tmp_path, measure)
    world.figure("f", {"measure": "s.m", **when})
    assert words in errors_of(world)


def test_what_has_a_meaning_is_accepted(tmp_path: Path) -> None:
    world = project(tmp_path, {"aggregate": "count_distinct", "over_time": "any", "overlaps": "merge"}, pieces_of=WHOLE)
    figure = world.figure("f", {"measure": "s.m"})
    assert world.catalogue.figures[figure].grains == ("day", "week", "month", "quarter", "year", "school_year")
