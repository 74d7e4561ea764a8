"""What is cut beyond the published cuts: added up from Cube's fact cubes, it is what the query core answers.

A fact cube gives a measure by unit, by any of its fact's dimensions and by its base periods; the reader puts a figure together of
them: what was spent since the year began, the amount in force on a period's last day, the state of its first, the mean of days. Fact
cubes have the numbers as they were delivered, so cells are compared where the core finds the figure complete and says a value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import flis_semantic as flis
from flis_semantic.catalogue.resolved import KeyFigure, ResolvedComponent
from flis_semantic.query import Session
from flis_semantic.vocabulary.calendar import Period
from flis_semantic.workspace import Project
from tests.integration.cube.planner import Planned, Query, need_cube, plan
from tests.sampling import many, sample

REPOSITORY = Path(__file__).resolve().parents[3]
CATALOGUE = Project(REPOSITORY).catalogue
VOCABULARY = CATALOGUE.vocabulary
CALENDAR = CATALOGUE.calendar
UNIT = VOCABULARY.reporting_unit
# One of each system; of the last two a month is held, one of them in 2019 and one in 2020.
UNITS = ("0101", "0751", "0461", "0370", "0147")
Cell = tuple[str, ...]


class Asked(NamedTuple):
    """One figure at one grain, cut by one or two codes."""

    figure: KeyFigure
    grain: str
    cut: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.figure.id} by {' and '.join(self.cut)}, {self.grain}"

    def parts(self) -> Iterator[tuple[ResolvedComponent, bool]]:
        """Components that are cut, each with whether it is of the numerator."""
        for side in (self.figure.numerator, self.figure.denominator):
            for component in side:
                if all(name in component.fact.dimensions for name in self.cut):
                    yield component, side is self.figure.numerator


def _cuts(figure: KeyFigure) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in figure.dimensions)
    for first, second in combinations(figure.dimensions, 2):
        if VOCABULARY.cuts[first].model != VOCABULARY.cuts[second].model:
            yield first, second


def _of_facts(figure: KeyFigure) -> bool:
    """Whether the figure is made of what happened or was counted: not of values that somebody published, nor of the days of spells."""
    raw = all(component.fact.kind not in ("published", "spell") for component in (*figure.numerator, *figure.denominator))
    return figure.adds_over_units and raw


def _all(figure: KeyFigure) -> list[Asked]:
    return [Asked(figure, grain, cut) for grain in figure.publish_grains for cut in _cuts(figure)]


FIGURES = [figure for figure in CATALOGUE.figures.values() if _of_facts(figure) and figure.dimensions]
_SOME = [asked for figure in FIGURES for asked in sample(_all(figure), 4)]
_LEVELS = dict.fromkeys(name for figure in FIGURES for name in figure.dimensions)
_SEEN = {name for asked in _SOME for name in asked.cut}
# A sample, and of the levels that it leaves out one cut each.
ASKED = _SOME + [next(a for f in FIGURES for a in _all(f) if name in a.cut) for name in _LEVELS if name not in _SEEN]
# The years of which the demonstration has every month of something that the figures read.
YEARS = {"economy": (2019, 2020), "citizens": (2024, 2025), "employment": (2024, 2025)}


def fact_query(component: ResolvedComponent, grain: str, cut: Sequence[str]) -> Query:
    """The component's measure by unit, codes and periods: of events by the grain, which Cube adds up to; of states as delivered."""
    cube = f"{component.fact.domain}_{component.fact.name}"
    dimensions = [UNIT.base.code, *(VOCABULARY.cuts[name].code for name in cut)]
    query: Query = {"measures": [f"{cube}.{component.measure}"]}
    if component.over_time == "sum":
        query["timeDimensions"] = [{"dimension": f"{cube}.period_start", "granularity": grain}]
    else:
        dimensions.append("period")
    if component.edition:
        dimensions.append(component.edition[0])
    in_force = component.fact.definition.in_force
    if in_force is not None:
        dimensions += [in_force.from_, in_force.to]
    return {**query, "dimensions": [f"{cube}.{name}" for name in dimensions]}


def whole_query(asked: Asked) -> Query:
    """Both sides of the figure without the cut: what is repeated over the codes is there."""
    cube = f"{asked.figure.domain}_{asked.grain}"
    below = [f"{cube}.{asked.figure.name}_denominator"] if asked.figure.denominator else []
    measures = [f"{cube}.{asked.figure.name}", *below]
    return {"measures": measures, "dimensions": [f"{cube}.{UNIT.base.code}", f"{cube}.period"]}


@pytest.fixture(scope="module")
def planned() -> Planned:
    need_cube()
    queries = {f"{asked} whole": whole_query(asked) for asked in ASKED}
    for asked in ASKED:
        queries |= {f"{asked} {part.label} {part.edition}": fact_query(part, asked.grain, asked.cut) for part, _ in asked.parts()}
    return plan(REPOSITORY / "cube_schema", queries)


@pytest.fixture(scope="module")
def session(demo_project: Path) -> Iterator[Session]:
    with flis.open(demo_project) as opened:
        opened.connection.execute("SET TimeZone = 'UTC'")
        yield opened


class Reader:
    """Someone who has Cube only: asks it for rows, and puts figures together of them."""

    def __init__(self, planned: Planned, session: Session) -> None:
        self.planned = planned
        self.session = session

    def rows(self, name: str) -> list[dict[str, Any]]:
        assert name not in self.planned.errors, self.planned.errors.get(name)
        sql, parameters = self.planned.sql[name]
        cursor = self.session.connection.execute(sql, parameters)
        names = [column[0].split("__", 1)[1] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def whole(self, asked: Asked) -> dict[Cell, dict[str, Any]]:
        return {(row[UNIT.base.code], row["period"]): row for row in self.rows(f"{asked} whole")}

    def amounts(self, asked: Asked, part: ResolvedComponent, periods: Sequence[Period]) -> dict[Cell, float]:
        """(unit, codes …, label) → the component's amount in the period."""
        found: dict[Cell, float] = defaultdict(float)
        for row in self.rows(f"{asked} {part.label} {part.edition}"):
            value = row[part.measure]
            if value is None or (part.edition and row[part.edition[0]] != part.edition[1]):
                continue
            codes = (row[UNIT.base.code], *(row[VOCABULARY.cuts[name].code] or "unknown" for name in asked.cut))
            for period in periods:
                found[*codes, period.label] += part.sign * float(value) * _share(part, asked.grain, row, period)
        return found


def _share(part: ResolvedComponent, grain: str, row: dict[str, Any], period: Period) -> float:
    """How much of a row's amount counts in a period: none, all of it, or a day's part of a mean."""
    in_force = part.fact.definition.in_force
    if in_force is not None:
        return float(_day(row[in_force.from_]) <= period.end <= _day(row[in_force.to]))
    if part.over_time == "sum":
        begins = _day(row[f"period_start_{grain}"])
        to_date = part.window is not None and part.window.to_date is not None
        return float((period.start.replace(month=1, day=1) if to_date else period.start) <= begins <= period.end)
    base = CALENDAR.parse(row["period"])
    assert base is not None
    if part.reference is not None:
        return _looked_up(part, base, period)
    if part.over_time == "last":
        return float(base.end == period.end)
    if part.over_time == "first":
        return float(base.start == period.start)
    days = part.rolling_days
    assert part.over_time == "average" and days is not None and base.grain == "day"
    return float(period.end - timedelta(days=days) < base.start <= period.end) / days


def _looked_up(part: ResolvedComponent, base: Period, period: Period) -> float:
    """How much of a state that is read on a day of its own counts: of the year's first, of the period's last, or of each."""
    assert part.reference is not None
    if part.reference.first_of == "year":
        return float(base.start == period.end.replace(month=1, day=1))
    if part.reference.of_period == "end":
        return float(base.start <= period.end <= base.end)
    assert part.reference.of_period == "average"
    days = (min(base.end, period.end) - max(base.start, period.start)).days + 1
    return max(days, 0) / period.days


def _day(value: Any) -> date:
    return date.fromisoformat(str(value)[:10])


def is_outside(figure: KeyFigure, value: float) -> bool:
    """Whether the figure is not published with this value."""
    limits = figure.file.publish_if
    return limits is not None and limits.at_most is not None and value > limits.at_most


@pytest.fixture(scope="module")
def reader(planned: Planned, session: Session) -> Reader:
    return Reader(planned, session)


def _periods(asked: Asked) -> list[Period]:
    """Every period of the two years; of two codes, which may have a million cells a year, the latest quarter of them every day."""
    begins, ends = YEARS[asked.figure.domain]
    first, last = CALENDAR.key(asked.grain, date(begins, 1, 1)), CALENDAR.key(asked.grain, date(ends, 12, 31))
    if len(asked.cut) > 1:
        first = last + 1 - many((last - first) // 4 + 1, last - first + 1)
    return [CALENDAR.period(asked.grain, key) for key in range(first, last + 1)]


def test_every_level_is_asked_and_most_cuts_are_published_nowhere() -> None:
    assert {name for asked in ASKED for name in asked.cut} == {name for figure in FIGURES for name in figure.dimensions}
    assert len([asked for asked in ASKED if asked.cut not in asked.figure.file.published_cuts]) > len(ASKED) / 2


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_cut_is_what_the_fact_cubes_add_up_to(reader: Reader, session: Session, asked: Asked) -> None:
    periods = _periods(asked)
    numerator: dict[Cell, float] = defaultdict(float)
    denominator: dict[Cell, float] = defaultdict(float)
    is_cut_below = False
    for part, above in asked.parts():
        for cell, amount in reader.amounts(asked, part, periods).items():
            (numerator if above else denominator)[cell] += amount
        is_cut_below |= not above
    whole = reader.whole(asked)
    answered = session.query(
        [asked.figure.id],
        [UNIT.base.id, *asked.cut],
        asked.grain,
        from_=periods[0].label,
        to=periods[-1].label,
        where={UNIT.base.id: UNITS},
    ).to_pylist()
    core = {(row["area"], *(row[name] for name in asked.cut), row["period"]): row for row in answered}
    compared = 0
    for cell, row in core.items():
        if row["value"] is None:
            continue
        below = denominator[cell] if is_cut_below else 1.0
        if asked.figure.denominator and not is_cut_below:
            below = float(whole[cell[0], cell[-1]][f"{asked.figure.name}_denominator"])
        assert row["numerator"] == pytest.approx(numerator[cell], rel=1e-9, abs=1e-4), cell
        assert row["value"] == pytest.approx(asked.figure.unit.factor * numerator[cell] / below, rel=1e-9, abs=1e-9), cell
        compared += numerator[cell] != 0
    # Where a code is of one side only (an age that is dependent or is not), no value has anything above the line.
    assert compared or not any(numerator[cell] and below for cell, below in denominator.items() if cell in core)
    # And nothing that Cube adds up is left out of the answer, where the figure of that unit and period is complete.
    for cell, amount in numerator.items():
        if cell[0] in UNITS and round(amount, 4) and whole.get((cell[0], cell[-1]), {}).get(asked.figure.name) is not None:
            below = denominator[cell] if is_cut_below else 1
            outside = below and is_outside(asked.figure, asked.figure.unit.factor * amount / below)
            assert not below or outside or core[cell]["value"] is not None, cell
