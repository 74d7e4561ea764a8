"""Cube's SQL over published cuts gives the numbers of the query core, and NULL where it would add what is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import flis_semantic as flis
from flis_semantic.catalogue.resolved import KeyFigure
from flis_semantic.query import Session
from flis_semantic.vocabulary.model import Level
from flis_semantic.workspace import Project
from tests.integration.cube.planner import Planned, Query, need_cube, plan
from tests.integration.cube.test_cube import same
from tests.sampling import PROVE

REPOSITORY = Path(__file__).resolve().parents[3]
CATALOGUE = Project(REPOSITORY).catalogue
UNIT = CATALOGUE.vocabulary.reporting_unit


class Asked(NamedTuple):
    """One key figure by a published cut at one grain and level."""

    figure: KeyFigure
    grain: str
    cut: tuple[str, ...]
    level: Level

    @property
    def answer(self) -> tuple[str, str, tuple[str, ...], str]:
        """What is asked together: all figures of a domain that have the cut, as they are one table."""
        return self.figure.domain, self.grain, self.cut, self.level.id

    @property
    def cube(self) -> str:
        return f"{self.figure.domain}_{self.grain}_by_{'_and_'.join(self.cut)}"

    @property
    def parts(self) -> dict[str, str]:
        parts = {"value": "", "numerator": "_numerator", "members": "_members"}
        return {**parts, "denominator": "_denominator"} if self.figure.denominator else parts

    @property
    def measures(self) -> list[str]:
        return [f"{self.cube}.{self.figure.name}{suffix}" for suffix in self.parts.values()]

    @property
    def query(self) -> Query:
        area = [f"{self.cube}.{self.level.code}"] if self.level.code else []
        return {"measures": self.measures, "dimensions": [*area, *(f"{self.cube}.{name}" for name in self.cut), f"{self.cube}.period"]}

    @property
    def over_codes(self) -> Query:
        """The same without the codes: what is repeated over them would be added."""
        return {"measures": self.measures, "dimensions": [f"{self.cube}.{UNIT.base.code}", f"{self.cube}.period"]}

    def __str__(self) -> str:
        return f"{self.figure.id} by {' and '.join(self.cut)}, {self.level.id}, {self.grain}"


ASKED = sorted(
    (
        Asked(figure, grain, cut, level)
        for figure in CATALOGUE.figures.values()
        if figure.adds_over_units
        for grain in figure.publish_grains
        for cut in figure.file.published_cuts
        for level in UNIT.levels
    ),
    key=lambda asked: asked.answer,
)
"""Those of one answer stand beside each other."""
_TABLES = {answer: number for number, answer in enumerate(dict.fromkeys(asked.answer[:3] for asked in ASKED))}
# Every table of cuts, every day at one of the levels, each level in its turn; of figures that are published with some values only, the units
# too, of which some have others.
COMPARED = [
    a
    for a in ASKED
    if PROVE or UNIT.levels[_TABLES[a.answer[:3]] % len(UNIT.levels)] is a.level or (a.figure.file.publish_if and a.level is UNIT.base)
]


@pytest.fixture(scope="module")
def planned() -> Planned:
    need_cube()
    queries = {str(asked): asked.query for asked in COMPARED}
    queries |= {f"{asked} over codes": asked.over_codes for asked in ASKED if asked.level is UNIT.base}
    return plan(REPOSITORY / "cube_schema", queries)


@pytest.fixture(scope="module")
def session(demo_project: Path) -> Iterator[Session]:
    with flis.open(demo_project) as opened:
        yield opened


class Both:
    """Answers of Cube and of the query core to the same question."""

    def __init__(self, planned: Planned, session: Session) -> None:
        self.planned = planned
        self.session = session

    def cube(self, name: str) -> list[dict[str, Any]]:
        assert name not in self.planned.errors, self.planned.errors.get(name)
        sql, parameters = self.planned.sql[name]
        cursor = self.session.connection.execute(sql, parameters)
        names = [column[0].split("__", 1)[1] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    @cache  # noqa: B019 - lives as long as the module
    def ends(self, domain: str, grain: str) -> tuple[str, str]:
        sql = f"SELECT arg_min(period, period_key), arg_max(period, period_key) FROM kf_{domain}__{grain}__cuts"
        ((first, last),) = self.session.connection.sql(sql).fetchall()
        return first, last

    @lru_cache(maxsize=1)  # noqa: B019
    def together(self, answer: tuple[str, str, tuple[str, ...], str]) -> list[dict[str, Any]]:
        """All figures of a table of cuts in one answer, since the figures of one answer share their cells."""
        domain, grain, cut, level = answer
        first, last = self.ends(domain, grain)
        figures = [asked.figure.id for asked in ASKED if asked.answer == answer]
        return self.session.query(figures, by=[level, *cut], grain=grain, from_=first, to=last).to_pylist()

    def core(self, asked: Asked) -> dict[tuple[str, ...], dict[str, Any]]:
        own = [row for row in self.together(asked.answer) if row["key_figure"] == asked.figure.id]
        return {(row["area"], *(row[name] for name in asked.cut), row["period"]): row for row in own}


@pytest.fixture(scope="module")
def both(planned: Planned, session: Session) -> Both:
    return Both(planned, session)


def test_every_published_cut_of_every_figure_is_compared_and_every_level() -> None:
    assert {(a.figure.id, a.grain, a.cut) for a in COMPARED} == {(a.figure.id, a.grain, a.cut) for a in ASKED}
    assert {a.level.id for a in COMPARED} == {level.id for level in UNIT.levels}


@pytest.mark.parametrize("asked", COMPARED, ids=str)
def test_cube_gives_the_number_of_the_query_core_by_code(both: Both, asked: Asked) -> None:
    expected = both.core(asked)
    top = str(asked.level.constant)
    found = {
        (row[asked.level.code] if asked.level.code else top, *(row[name] for name in asked.cut), row["period"]): row
        for row in both.cube(str(asked))
    }
    assert expected
    assert any(row["value"] is not None for row in expected.values())
    assert found.keys() <= expected.keys()
    for key, row in expected.items():
        if key not in found:
            # A cut is materialised as far as its own figures' sources reach.
            assert row["value"] is None, key
            continue
        for part, suffix in asked.parts.items():
            assert same(found[key][f"{asked.figure.name}{suffix}"], row[part]), (key, part)


def test_some_of_the_compared_values_are_outside_what_is_published(both: Both) -> None:
    limited = [asked for asked in COMPARED if asked.figure.file.publish_if]
    found = {row["reason"] for asked in limited for row in both.core(asked).values() if row["denominator"]}
    assert {None, "outside_publication_limits"} <= found


@pytest.mark.parametrize("asked", [asked for asked in ASKED if asked.level is UNIT.base], ids=str)
def test_what_is_repeated_over_codes_is_not_added(both: Both, asked: Asked) -> None:
    repeated = any(name not in component.fact.dimensions for component in asked.figure.components for name in asked.cut)
    values = [row[asked.figure.name] for row in both.cube(f"{asked} over codes")]
    assert values
    if repeated:
        assert set(values) == {None}
    else:
        assert any(value is not None for value in values)
