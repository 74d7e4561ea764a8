"""Components of spells, as sets of days: who is in the state on which day, in one unit or in several together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.component import Component
from tests.oracle.days import ONE_DAY, Span
from tests.oracle.reading import UNKNOWN, WAITING, WITH_A_VALUE, Cell, Reading
from tests.oracle.recomputed import ADDING, aggregated
from tests.oracle.world import Row, World


@dataclass(frozen=True)
class Part:
    """Days in a row of one spell in one cell. `begins` and `ends`: whether the whole spell does, on the first and the last of them."""

    row: Row
    first: date
    last: date
    begins: bool
    ends: bool

    def has(self, day: date) -> bool:
        """Whether it goes on on a day."""
        return self.first <= day <= self.last

    def days(self) -> Iterator[date]:
        """Every day of it."""
        day = self.first
        while day <= self.last:
            yield day
            day += ONE_DAY


def completed_years(born: date, day: date) -> int:
    """The age on a day: a birthday on 29 February is completed on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class Spells(Component):
    """A measure of a state that lasts."""

    def __init__(self, world: World, written: Mapping[str, Any], domain: str) -> None:
        super().__init__(world, written, domain)
        self.from_to = None
        self.from_, self.to = self.fact["lasts"]["from"], self.fact["lasts"]["to"]
        self.whole = self.fact.get("pieces_of")
        self.person = self.fact.get("person")
        self.merges = self.measure["overlaps"] == "merge"
        self.adds = self.measure.get("aggregate", "sum") in ADDING
        self.ages = {name: spec for name, spec in self.fact.get("dimensions", {}).items() if spec.get("born")}
        self.average = self.reference == "average_of_period" or (self.reference is None and self.measure["over_time"] == "average")
        self.lookup = self.reference is not None and not self.average
        # A reference date replaces over_time.
        self.over_time = "on_a_day" if self.lookup else "average" if self.average else self.measure["over_time"]
        self.on_a_day = self.over_time in ("on_a_day", "first", "last")
        self.recomputed = not self.adds or self.merges or self.measure["over_time"] == "any"
        condition = self.measure.get("filter")
        # Of a unit of which nothing is expected no day is known.
        expected = self.expected_units()
        self.rows = [
            row
            for row in world.rows[self.fact["model"]]
            if row[self.unit_column] in expected and (condition is None or world.evaluate(condition, row))
        ]

    # -- time -----------------------------------------------------------------------------------------------------------

    def day(self, target: Span) -> date | None:
        """The one day that is looked at."""
        if self.over_time == "first":
            return self.stretch(target).first
        if self.over_time == "last" or self.reference == "end_of_period":
            return target.last
        return self.reference_day(target)

    def bases(self, unit: int, period: Span) -> dict[Span, int] | None:
        """Base periods of the days that are read."""
        target = self.target(period)
        if target is None:
            return None
        if self.on_a_day:
            day = self.day(target)
            return {self.days.holding(self.base, day): 1} if day else {}
        return dict.fromkeys((self.days.holding(self.base, day) for day in self.stretch(target).days()), 1)

    def _covers(self, unit: int, target: Span) -> bool:
        day = self.day(target) if self.on_a_day else self.stretch(target).last
        return day is not None and day < self.known_to(unit)

    # -- states ---------------------------------------------------------------------------------------------------------

    def read(self, unit: int, period: Span, cell: Cell) -> Reading:
        """The value of one unit, when what it is about was delivered."""
        target, bases = self.target(period), self.bases(unit, period)
        if target is None or bases is None:
            return Reading("not_valid", frozenset({"offset_label_missing"}))
        found = [self._base(unit, target, base, cell) for base in bases if self.due(base)]
        stretch, known = self.stretch(target), self.known_to(unit)
        day = self.day(target) if self.on_a_day else None
        if self.on_a_day and not found:
            begun = self.over_time == "last" and any(self.due(self.days.holding(self.base, day)) for day in stretch.days())
            return Reading(WAITING, frozenset({"period_unfinished"})) if begun else Reading("missing", frozenset({self._gap_reason}))
        if not found or (not self.on_a_day and known <= stretch.first):
            found.append(Reading("missing", frozenset({"base_period_missing"})))
        if self._is_blank(unit, period, cell):
            found.append(self._gap(self.contract["blank"]))
        if all(reading.value is not None for reading in found):
            found += self._unfinished(stretch, known, day)
        together = self._together(found, None)
        if together.state in WITH_A_VALUE:
            value = self.together([unit], period, cell)
            empty = {"denominator_zero"} if value is None else set[str]()
            return Reading(together.state, together.reasons | empty, value)
        return together

    def _unfinished(self, stretch: Span, known: date, day: date | None) -> list[Reading]:
        """What becomes of a period that is not known to its end, all of it delivered so far."""
        if day is not None:
            if day < known:
                return []
            return (
                [Reading("missing", frozenset({self._gap_reason}))] if self.lookup else [Reading(WAITING, frozenset({"period_unfinished"}))]
            )
        if stretch.last < known:
            return []
        # A mean of more days than this unit covers is none of it; a part of a period has no persons and no median.
        waits = not self.adds or self.over_time == "any" or (self.average and known < min(self.data_to, stretch.last + ONE_DAY))
        return [Reading(WAITING if waits else "provisional", frozenset({"period_unfinished"}))]

    @property
    def _gap_reason(self) -> str:
        return "reference_date_not_available" if self.lookup else "base_period_missing"

    @property
    def gap_reason(self) -> str:
        """Why there is no value where something was not delivered."""
        return self._gap_reason

    def _falls(self, row: Row, target: Span, base: Span) -> bool:
        # Base periods say what was delivered; which spells are read, their days say.
        return False

    def _aggregate(self, rows: list[Row], state: str) -> Reading:
        return Reading(state, value=Fraction(0))

    def _is_blank(self, unit: int, period: Span, cell: Cell) -> bool:
        """Whether something that is counted lacks what it takes to count it."""
        return any(
            (self.expression is not None and self.amount(part.row) is None)
            or (self.merges and part.row[self.person] is None)
            or (self.measure.get("weight") is not None and self.weight(part.row) is None)
            for part in self._read_parts([unit], period, cell)
        )

    # -- spells ---------------------------------------------------------------------------------------------------------

    @property
    def expression(self) -> str | None:
        """What is added or looked at; a count has none."""
        return self.measure.get("expression") or (self.person if self.measure.get("aggregate") == "count_distinct" else None)

    def amount(self, row: Row) -> Any:
        """What a spell counts for."""
        return 1 if self.expression is None else self.world.evaluate(self.expression, row)

    def weight(self, row: Row) -> Any:
        """What a spell weighs."""
        return self.world.evaluate(self.measure["weight"], row) if self.measure.get("weight") else 1

    def parts(self, units: Collection[int], target: Span, cell: Cell) -> list[Part]:
        """What there is of spells of these units in a cell, as far as it is known."""
        wanted = [*((d, (c,)) for d, c in cell.cuts), *cell.filters, *self.written.get("filter", {}).items()]
        wanted = [(level, codes) for level, codes in wanted if self.has(level)]
        daily = [(level, codes) for level, codes in wanted if self._daily(level)]
        found: list[Part] = []
        for row in self.rows:
            unit = row[self.unit_column]
            known = self.known_to(unit) - ONE_DAY
            first, last = row[self.from_], row[self.to]
            if unit not in units or first > known or (last is not None and last < first):
                continue
            if not all(self.code_on(row, level, target) in codes for level, codes in wanted if not self._daily(level)):
                continue
            begins = self.whole is None or first == row[self.whole["from"]]
            ends = last is not None and last <= known and (self.whole is None or last == row[self.whole["to"]])
            end = known if last is None else min(last, known)
            whole = Part(row, first, end, begins, ends)
            found += self._split(whole, daily) if daily else [whole]
        return found

    def _split(self, whole: Part, daily: Sequence[tuple[str, tuple[str, ...]]]) -> list[Part]:
        """The days of a spell on which it has codes that change from day to day."""
        found: list[Part] = []
        run: list[date] = []
        for day in [*whole.days(), None]:
            if day is not None and all(self._age(whole.row, level, day) in codes for level, codes in daily):
                run.append(day)
            elif run:
                begins, ends = whole.begins and run[0] == whole.first, whole.ends and run[-1] == whole.last
                found.append(Part(whole.row, run[0], run[-1], begins, ends))
                run = []
        return found

    def _daily(self, level: str) -> bool:
        return level in self.ages and self.ages[level].get("as_of") == "each_day"

    def _age(self, row: Row, dimension: str, day: date) -> str:
        born = row[self.ages[dimension]["born"]]
        code = None if born is None else self.world.member(dimension, completed_years(born, day))
        return UNKNOWN if code is None else code.code

    def code_on(self, row: Row, level: str, target: Span) -> str:
        """The code of a spell at a level, in a period."""
        if level not in self.ages:
            return self.code(row, level)
        as_of = self.ages[level].get("as_of", "event")
        if as_of == "event":
            return self._age(row, level, row[self.whole["from"]] if self.whole else row[self.from_])
        # A state looked up on one day is the same for every period that asks for it.
        day = self.day(target) if self.lookup else None
        stretch = self.stretch(target)
        first, last = (day, day) if day else (stretch.first, stretch.last)
        return self._age(row, level, {"period_start": first, "period_end": last, "year_end": date(last.year, 12, 31)}[as_of])

    def code(self, row: Row, level: str) -> str:
        """The code of the row's own column: as of the base period in which the spell begins, or that the piece lies in."""
        label = row[self.base] if self.whole else self.days.holding(self.base, row[self.from_]).label
        return super().code({**row, self.base: label}, level)

    def codes_read(self, dimension: str, levels: Sequence[str], period: Span, cell: Cell, units: Collection[int]) -> set[tuple[str, ...]]:
        """Codes of spells that are read."""
        target = self.target(period)
        if not self.has(dimension) or target is None:
            return set()
        parts = self._read_parts(units, period, cell)
        if self._daily(dimension):
            return {(self._age(part.row, dimension, day),) for part in parts for day in part.days()}
        return {tuple(self.code_on(part.row, level, target) for level in levels) for part in parts}

    # -- values ---------------------------------------------------------------------------------------------------------

    def _known_stretch(self, target: Span) -> tuple[date, date]:
        stretch = self.stretch(target)
        return stretch.first, min(stretch.last, self.data_to - ONE_DAY)

    def _read_parts(self, units: Collection[int], period: Span, cell: Cell) -> list[Part]:
        """The parts that make up a value. Where ends of merged spells are counted, whoever goes on may hide one."""
        target = self.target(period)
        if target is None:
            return []
        parts = self.parts(units, target, cell)
        if self.on_a_day:
            day = self.day(target)
            return [part for part in parts if day is not None and part.has(day)]
        first, last = self._known_stretch(target)
        if self.over_time == "started" and not self.merges:
            return [part for part in parts if part.begins and first <= part.first <= last]
        if self.over_time == "ended" and not self.merges:
            return [part for part in parts if part.ends and first <= part.last <= last]
        return [part for part in parts if part.first <= last and part.last >= first]

    def together(self, units: Collection[int], period: Span, cell: Cell) -> Fraction | None:
        """The value of some units as one."""
        target = self.target(period)
        assert target is not None
        parts = self._read_parts(units, period, cell)
        if not self.adds:
            once = {id(part.row): part.row for part in parts}.values()
            return aggregated(self.measure, [(self.amount(row), self.weight(row)) for row in once])
        if self.over_time == "any":
            return Fraction(len({self._who(part) for part in parts}))
        if self.over_time in ("started", "ended"):
            if self.merges:
                return Fraction(self._merged_ends(self.parts(units, target, cell), *self._known_stretch(target)))
            return sum((Fraction(self.amount(part.row)) for part in parts), Fraction(0))
        if self.on_a_day:
            day = self.day(target)
            assert day is not None
            return self._on(parts, [day])
        first, last = self._known_stretch(target)
        days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
        value = self._on(parts, days)
        return value / len(days) if self.average else value

    def _who(self, part: Part) -> Any:
        """What counts once: a person, or a spell, of which several rows may be pieces."""
        if self.merges:
            return part.row[self.person]
        return (part.row[self.person], part.row[self.whole["from"]]) if self.whole else id(part.row)

    def _on(self, parts: Sequence[Part], days: Sequence[date]) -> Fraction:
        """The state of each of these days, added."""
        value = Fraction(0)
        asked = set(days)
        by_day: dict[tuple[date, Any], Fraction] = defaultdict(Fraction)
        for part in parts:
            amount, person = Fraction(self.amount(part.row)), part.row[self.person] if self.merges else None
            for day in asked.intersection(part.days()):
                if self.merges:
                    by_day[day, person] = min(max(by_day[day, person], amount), Fraction(1))
                else:
                    value += amount
        return value + sum(by_day.values(), Fraction(0))

    def _merged_ends(self, parts: Sequence[Part], first: date, last: date) -> int:
        """Stretches of a person's days that begin (or end) from the first to the last day."""
        count = 0
        starts = self.over_time == "started"
        beside = -ONE_DAY if starts else ONE_DAY
        for person in {part.row[self.person] for part in parts} - {None}:
            own = [part for part in parts if part.row[self.person] == person]
            days = {day for part in own for day in part.days()}
            for day in days:
                if first <= day <= last and day + beside not in days:
                    # What went on before, elsewhere or as another, does not begin here.
                    edge = [part.begins if starts else part.ends for part in own if (part.first if starts else part.last) == day]
                    count += all(edge)
        return count
