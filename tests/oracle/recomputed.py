"""Components whose value of several units is taken from all their rows: distinct counts, averages, medians of events and states."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

from tests.oracle.component import Component
from tests.oracle.days import Span
from tests.oracle.reading import WAITING, Cell, Reading
from tests.oracle.world import Row

ADDING = ("sum", "count")


def aggregated(measure: dict[str, Any], values: Sequence[tuple[Any, Any]]) -> Fraction | None:
    """One number of many values, each with its weight; None where there is none of nothing."""
    kind = measure["aggregate"]
    if kind == "count_distinct":
        return Fraction(len({value for value, _ in values}))
    if not values:
        return None
    numbers = sorted((Fraction(value), Fraction(weight)) for value, weight in values)
    if kind in ("min", "max"):
        return numbers[0 if kind == "min" else -1][0]
    if kind == "average":
        weights = sum(weight for _, weight in numbers)
        return sum(number * weight for number, weight in numbers) / weights if weights else None
    share = Fraction(1, 2) if kind == "median" else Fraction(str(measure["percentile"])) / 100
    place = share * (len(numbers) - 1)
    below = floor(place)
    above = min(below + 1, len(numbers) - 1)
    return numbers[below][0] + (numbers[above][0] - numbers[below][0]) * (place - below)


class Recomputed(Component):
    """A measure of events or states whose values of units or periods do not add up."""

    recomputed = True

    @property
    def reads_one(self) -> bool:
        """Whether a single base period is read: of what happened, all of the period's are."""
        return not self.event and super().reads_one

    def read(self, unit: int, period: Span, cell: Cell) -> Reading:
        """Its state is made of base periods like that of a sum; its value is of all rows at once, when the period has ended."""
        found = super().read(unit, period, cell)
        if found.state != "not_valid" and any(self._is_blank(row) for row in self._rows_read([unit], period, cell)):
            return self._together([found, self._gap(self.contract["blank"])], None)
        if found.state == "provisional":
            return Reading(WAITING, found.reasons)
        if found.value is None:
            return found
        value = self.together([unit], period, cell)
        return replace(found, value=value, reasons=found.reasons | ({"denominator_zero"} if value is None else set()))

    def together(self, units: Collection[int], period: Span, cell: Cell) -> Fraction | None:
        """The value of some units as one."""
        return aggregated(self.measure, [(self.amount(row), self.weight(row)) for row in self._rows_read(units, period, cell)])

    def _rows_read(self, units: Collection[int], period: Span, cell: Cell) -> list[Row]:
        rows: list[Row] = []
        target = self.target(period)
        for unit in units if target is not None else ():
            for base in self.bases(unit, period) or ():
                if self.due(base):
                    read = self._rows.get((unit, base.label), [])
                    rows += [row for row in read if self._falls(row, target, base) and self._counts(row, cell) and self._passes(row)]
        return rows

    def _is_blank(self, row: Row) -> bool:
        return self.amount(row) is None or self.weight(row) is None

    def _passes(self, row: Row) -> bool:
        condition = self.measure.get("filter")
        return condition is None or bool(self.world.evaluate(condition, row))

    def amount(self, row: Row) -> Any:
        """What is aggregated of a row."""
        return self.world.evaluate(self.measure.get("expression") or self.fact["person"], row)

    def weight(self, row: Row) -> Any:
        """What a row weighs."""
        return self.world.evaluate(self.measure["weight"], row) if self.measure.get("weight") else 1

    def _aggregate(self, rows: list[Row], state: str) -> Reading:
        return Reading(state, value=Fraction(0))
