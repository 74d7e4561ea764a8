"""The whole answer row of a key figure for an area and a period, from readings per unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.component import Component
from tests.oracle.days import Span
from tests.oracle.reading import WAITING, Cell, Reading, first_that_applies
from tests.oracle.recomputed import ADDING, Recomputed
from tests.oracle.spells import Spells
from tests.oracle.world import MEMBER, Unit, World

REASONS = (
    "reference_date_not_available",
    "base_period_missing",
    "outside_publication_limits",
    "member_missing",
    "offset_label_missing",
    "denominator_zero",
    "suppressed_at_source",
    "period_unfinished",
    "not_additive_over_areas",
)
OUT = ("not_valid", "suppressed", "missing", "exempt", "held", WAITING)


@dataclass(frozen=True)
class Answer:
    """One row of an answer."""

    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    status: str
    reason: str | None
    complete: bool
    members: int
    members_expected: int
    denominator_share: Fraction | None
    series_break: date | None


@dataclass(frozen=True)
class Case:
    """A key figure of one unit in one period."""

    state: str
    reasons: frozenset[str]
    numerator: Fraction | None
    denominator: Fraction | None
    denominator_alone: Fraction | None
    value: Fraction | None
    weight: Reading | None

    @property
    def inside(self) -> bool:
        """Whether it is one of the members that are in the value."""
        return self.state not in OUT


def first_reason(reasons: frozenset[str] | set[str]) -> str | None:
    """The one that is shown of several."""
    return min(reasons, key=REASONS.index) if reasons else None


def component_of(world: World, written: Mapping[str, Any], domain: str) -> Component:
    """A component of the kind that its fact and its measure make it."""
    fact, measure, _ = world.fact(written["measure"], domain)
    if fact["kind"] == "spell":
        return Spells(world, written, domain)
    return (Component if measure.get("aggregate", "sum") in ADDING else Recomputed)(world, written, domain)


class Figure:
    """A key figure as written, over one world."""

    def __init__(self, world: World, figure_id: str) -> None:
        self.world = world
        domain = figure_id.split(".")[0]
        self.file = world.figures[figure_id]
        self.numerator = self._side(self.file["numerator"], domain)
        self.denominator = self._side(self.file["denominator"], domain) if self.file.get("denominator") else []
        group = self.file.get("group_value", "ratio_of_sums")
        self.rule = group if isinstance(group, str) else "weighted_by"
        weight = None if isinstance(group, str) else group["weighted_by"]
        self.weight = component_of(world, {"measure": weight} if isinstance(weight, str) else weight, domain) if weight else None
        self.factor = world.vocabulary["units"][self.file["unit"]].get("factor", 1)
        members = world.vocabulary["reporting_unit"]["members"]
        self.all_units = (self.file.get("country_members") or 0) > members

    def _side(self, written: Mapping[str, Any], domain: str) -> list[tuple[int, Component]]:
        if "measure" in written:
            written = {"plus": [written]}
        signed = [(1, part) for part in written.get("plus", ())] + [(-1, part) for part in written.get("minus", ())]
        return [(sign, component_of(self.world, part, domain)) for sign, part in signed]

    @property
    def components(self) -> list[Component]:
        """All components of all sides."""
        sides = [component for _, component in (*self.numerator, *self.denominator)]
        return [*sides, self.weight] if self.weight else sides

    # -- one unit -------------------------------------------------------------------------------------------------------

    def case(self, unit: Unit, period: Span, cell: Cell, *, weighed: bool) -> Case:
        """The figure of one unit; for an area whose members are weighed, a weight is a component like the others."""
        numerators = [(sign, self._read(c, unit, period, cell)) for sign, c in self.numerator]
        denominators = [(sign, self._read(c, unit, period, cell)) for sign, c in self.denominator]
        weight = self._read(self.weight, unit, period, cell) if self.weight and weighed else None
        readings = [reading for _, reading in (*numerators, *denominators)] + ([weight] if weight else [])
        state = first_that_applies([reading.state for reading in readings])
        reasons = frozenset[str]().union(*(reading.reasons for reading in readings))
        alone = None if any(reading.state in OUT for _, reading in denominators) else self._sum(denominators)
        if state in OUT:
            return Case(state, reasons, None, None, alone, None, weight)
        top, bottom = self._sum(numerators), self._sum(denominators)
        value = self._divide(top, bottom) if self.denominator else top
        # Delivered, and yet without a value or a weight: something was divided by zero.
        if (value is None and top is not None) or (weight is not None and weight.value is None):
            reasons |= {"denominator_zero"}
        return Case(state, reasons, top, bottom, alone, None if value is None else value * self.factor, weight)

    def _read(self, component: Component, unit: Unit, period: Span, cell: Cell) -> Reading:
        """A component's reading. A part of a period is not compared with a whole one: such a figure waits for the end."""
        reading = component.read(unit.key, period, cell)
        compares = any(other.written.get("offset") for other in self.components)
        return Reading(WAITING, reading.reasons) if compares and reading.state == "provisional" else reading

    @staticmethod
    def _sum(readings: Sequence[tuple[int, Reading]]) -> Fraction | None:
        if not readings or any(reading.value is None for _, reading in readings):
            return None
        return sum((sign * reading.value for sign, reading in readings), Fraction(0))

    @staticmethod
    def _divide(top: Fraction | None, bottom: Fraction | None) -> Fraction | None:
        return None if top is None or not bottom else top / bottom

    # -- areas ----------------------------------------------------------------------------------------------------------

    def area(self, unit: Unit, level: str, day: date) -> str | None:
        """The area of a level that a unit lies in; None when the unit does not exist then or does not count here."""
        region = unit.region(day)
        if region is None or (unit.kind != MEMBER and not self.all_units):
            return None
        return {"municipality": unit.code, "region": region, "country": "DK"}[level]

    def areas(self, level: str, period: Span, area_filters: Mapping[str, Sequence[str]]) -> dict[str, list[Unit]]:
        """Units by area. The period's last day says where a unit lies."""
        found: dict[str, list[Unit]] = {}
        for unit in self.world.units:
            area = self.area(unit, level, period.last)
            if area is not None and all(self.area(unit, other, period.last) in codes for other, codes in area_filters.items()):
                found.setdefault(area, []).append(unit)
        return found

    def answer(self, level: str, units: Sequence[Unit], period: Span, cell: Cell) -> Answer:
        """The row of an area that these units make up."""
        single = level == "municipality"
        weighing = not single and self.rule in ("weighted_by", "mean_of_members")
        cases = [self.case(unit, period, cell, weighed=weighing) for unit in units]
        inside = [case for case in cases if case.inside and (not weighing or self._weighs(case))]
        expected = [case for case in cases if case.state != "exempt"]
        found = self._break(period)
        if not single and self.rule == "none":
            return Answer(None, None, None, "not_valid", "not_additive_over_areas", False, 0, len(expected), None, found)
        adding = single or not any(component.recomputed for _, component in self.denominator)
        share = self._share(inside, expected, of_denominators=bool(self.denominator) and not weighing and adding)
        status = self._status(cases, inside)
        top, bottom, value = self._together(inside, single)
        if inside and not single and not weighing and any(component.recomputed for component in self.components):
            within = [unit for unit, case in zip(units, cases, strict=True) if case.inside]
            top, bottom = (self._again(side, within, period, cell) for side in (self.numerator, self.denominator))
            value = self._divide(top, bottom) if self.denominator else top
            value = None if value is None else value * self.factor
        reason = self._reason(cases, inside, expected, top, bottom)
        complete = len(inside) == len(expected) > 0 and status in ("validated", "approved", "final")
        sides = [component for _, component in (*self.numerator, *self.denominator)]
        read = [*sides, self.weight] if weighing and self.weight else sides
        complete = complete and not any(component.by_others and component.lacks_others(period) for component in read)
        least = self.file.get("min_share")
        if inside and least and share is not None and share < Fraction(str(least)):
            value, status = None, "missing"
        if value is not None and not self._published(value):
            value, status, reason = None, "missing", "outside_publication_limits"
        status = "provisional" if status in (WAITING, "unsettled") else status
        return Answer(value, top, bottom, status, reason, complete, len(inside), len(expected), share, found)

    def _published(self, value: Fraction) -> bool:
        """Whether the figure is published with this value; a limit itself is."""
        limits = self.file.get("publish_if", {})
        return not any(
            (sign * value) > sign * Fraction(str(limits[end])) for sign, end in ((1, "at_most"), (-1, "at_least")) if end in limits
        )

    def _again(self, side: Sequence[tuple[int, Component]], units: Sequence[Unit], period: Span, cell: Cell) -> Fraction | None:
        """A side of some units together: what does not add up is taken from all their rows."""
        if not side:
            return None
        values: list[Fraction | None] = []
        for sign, component in side:
            value = component.together([unit.key for unit in units], period, cell) if component.recomputed else None
            if not component.recomputed:
                value = _total([self._read(component, unit, period, cell).value for unit in units])
            values.append(None if value is None else sign * value)
        return None if any(value is None for value in values) else _total(values)

    @staticmethod
    def _weighs(case: Case) -> bool:
        return case.value is not None and (case.weight is None or case.weight.value is not None)

    def _status(self, cases: Sequence[Case], inside: Sequence[Case]) -> str:
        if inside:
            return first_that_applies([case.state for case in inside])
        states = {case.state for case in cases}
        return states.pop() if len(states) == 1 and states <= set(OUT) else "missing"

    def _together(self, inside: Sequence[Case], single: bool) -> tuple[Fraction | None, Fraction | None, Fraction | None]:
        if not inside:
            return None, None, None
        if single or self.rule == "ratio_of_sums":
            top = _total([case.numerator for case in inside])
            if not self.denominator:
                return top, None, None if top is None else top * self.factor
            bottom = _total([case.denominator for case in inside])
            value = self._divide(top, bottom)
            return top, bottom, None if value is None else value * self.factor
        if self.rule == "mean_of_members":
            top, bottom = _total([case.value for case in inside]), Fraction(len(inside))
        else:
            top = _total([case.value * case.weight.value for case in inside])
            bottom = _total([case.weight.value for case in inside])
        return top, bottom, self._divide(top, bottom)

    @staticmethod
    def _share(inside: Sequence[Case], expected: Sequence[Case], *, of_denominators: bool) -> Fraction | None:
        if not expected:
            return None
        if of_denominators:
            known = [case.denominator_alone for case in expected]
            if all(value is not None for value in known) and sum(known):
                return sum((case.denominator_alone for case in inside), Fraction(0)) / sum(known, Fraction(0))
        return Fraction(len(inside), len(expected))

    def _reason(
        self, cases: Sequence[Case], inside: Sequence[Case], expected: Sequence[Case], top: Fraction | None, bottom: Fraction | None
    ) -> str | None:
        if not inside:
            return first_reason({reason for case in cases for reason in case.reasons})
        if len(inside) < len(expected):
            return "member_missing"
        if (bottom is not None and not bottom) or top is None or (self.denominator and bottom is None):
            return "denominator_zero"
        return first_reason({reason for case in inside for reason in case.reasons} - {"denominator_zero"})

    def _break(self, period: Span) -> date | None:
        """The latest day on which the series changed inside what the numerator reads."""
        read = [component for _, component in self.numerator if component.reference in (None, "average_of_period")]
        stretches = [component.stretch(target) for component in read if (target := component.target(period))]
        if not stretches:
            return None
        first = min(stretch.first for stretch in stretches)
        found = sorted(date.fromisoformat(item["date"]) for item in self.file.get("series_breaks", ()))
        inside = [day for day in found if first < day <= period.last]
        return inside[-1] if inside else None

    # -- cells ----------------------------------------------------------------------------------------------------------

    def cells(self, dimensions: Sequence[str], filters: Mapping[str, Sequence[str]], period: Span, units: Collection[int]) -> list[Cell]:
        """Every combination of codes that a row is given for: of members that exist, and what rows of these units have."""
        kept = tuple((dimension, tuple(codes)) for dimension, codes in filters.items())
        cells: list[dict[str, str]] = [{}]
        for dimension in dict.fromkeys(self.world.level(level)[0] for level in dimensions):
            levels = [level for level in dimensions if self.world.level(level)[0] == dimension]
            found = self._members(dimension, levels, filters, period)
            for component in self.components:
                found |= dict.fromkeys(component.codes_read(dimension, levels, period, Cell((), kept), units))
            cells = [{**cell, **dict(zip(levels, codes, strict=True))} for cell in cells for codes in found]
        return [Cell(tuple((level, cell[level]) for level in dimensions), kept) for cell in cells]

    def _members(
        self, dimension: str, levels: Sequence[str], filters: Mapping[str, Sequence[str]], period: Span
    ) -> dict[tuple[str, ...], None]:
        """Codes at some levels of a dimension, of the members that exist in the period and pass the filters, each combination once."""
        narrowed = [(self.world.level(level), codes) for level, codes in filters.items()]
        found: dict[tuple[str, ...], None] = {}
        for member in self.world.dimensions[dimension]:
            for own in member.codes(period.first, period.last):
                if all(own[place] in codes for (owner, place), codes in narrowed if owner == dimension):
                    found[tuple(own[self.world.level(level)[1]] for level in levels)] = None
        return found


def _total(values: Sequence[Fraction | None]) -> Fraction | None:
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if known else None
