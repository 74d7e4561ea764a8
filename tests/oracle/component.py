"""What one component of a key figure is for one reporting unit and one period, day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.oracle.days import ONE_DAY, Span, months_before
from tests.oracle.reading import UNKNOWN, WAITING, Cell, Reading, first_that_applies
from tests.oracle.world import DELIVERED, Row, World


class Component:
    """A measure with its place in time, as written in a key figure's file."""

    # Whether the value of several units is taken from all their rows, since it is not the sum of the units' values.
    recomputed: bool = False

    def __init__(self, world: World, written: Mapping[str, Any], domain: str) -> None:
        self.world = world
        self.days = world.days
        self.written = written
        self.fact, self.measure, _ = world.fact(written["measure"], domain)
        self.edition = self._edition(written)
        tables = self._tables()
        self.contract = world.contracts[tables[0]]
        self.base = self.contract["base_period"]
        # A value of whole periods, which no day has a part of.
        self.published = self.fact["kind"] == "published"
        self.event = self.fact["kind"] == "event"
        self.dated = self.fact.get("date")
        self.from_to = self.fact.get("in_force")
        self.by_state = self.fact["kind"] == "snapshot"
        self.opening = self.contract.get("status_date") != "closing"
        self.lines = [(table, series) for table in tables for series in (self.measure.get("series") or ("",))]
        self.reference = written.get("reference_date")
        # How many base periods before and after its own a row is computed from.
        self.beside = (self.fact.get("reads", {}).get("before", 0), self.fact.get("reads", {}).get("after", 0))
        self._rows: dict[tuple[int, str], list[Row]] = {}
        self._known_to: dict[int, date] = {}
        role = written.get("role") or self.fact["default_role"]
        self.unit_column = self.fact["roles"][role]
        # Asked for in another role than delivered: any unit may have rows of any other.
        self.by_others = role != (self.fact.get("delivered_as") or self.fact["default_role"])

        # A row of another edition may have another base period.
        for row in world.rows[self.fact["model"]]:
            self._rows.setdefault((row[self.unit_column], row.get(self.base, "")), []).append(row)

    def _edition(self, written: Mapping[str, Any]) -> tuple[str, str] | None:
        """The column and the word of the vintage or version that is read."""
        for word in ("vintage", "version"):
            if written.get(word):
                return self.fact[f"{word}_column"], written[word]
        return None

    def _tables(self) -> list[str]:
        """The contracts that feed it."""
        if self.edition is None:
            return list(self.fact["sources"])
        return list((self.fact.get("vintages") or self.fact.get("versions"))[self.edition[1]])

    # -- time -----------------------------------------------------------------------------------------------------------

    def target(self, period: Span) -> Span | None:
        """The period that is read: the one asked for, or an earlier one by its label."""
        offset = self.written.get("offset") or {}
        if "years" in offset:
            return self.days.years_before(period, offset["years"])
        return self.days.before(period, offset["periods"]) if offset else period

    def stretch(self, target: Span) -> Span:
        """The days to which over_time is applied: the period, or the window that ends with it."""
        window = self.written.get("window")
        if not window:
            return target
        if "days" in window.get("rolling", {}):
            first = target.last - (window["rolling"]["days"] - 1) * ONE_DAY
        elif "rolling" in window:
            first = months_before(target.last.replace(day=1), window["rolling"]["months"] - 1)
        else:
            first = self.days.holding(window["to_date"], target.last).first
        return Span("window", target.label, first, target.last)

    def in_force(self, day: date) -> Span:
        """The base period whose value or state a day has. A closing state counts from the day after its own."""
        base = self.days.holding(self.base, day)
        if self.published or self.event or self.opening:
            return base
        return self.days.holding(self.base, base.first - ONE_DAY)

    def in_force_at_the_end_of(self, day: date) -> Span:
        """The base period whose state holds as the day ends: a closing state of that very day does."""
        return self.in_force(day) if self.opening else self.in_force(day + ONE_DAY)

    def status_date(self, base: Span) -> date:
        """The day that a base period's state is dated."""
        return base.first if self.opening else base.last

    def due(self, base: Span) -> bool:
        """Whether somebody has delivered this base period, or a later one, of everything that the measure reads."""
        return all(base.first <= self._end_of_reach(line).first for line in self.lines)

    @cached_property
    def data_to(self) -> date:
        """The first day of which something that the measure reads was not known when it was delivered."""
        return min(self.world.data_to.get(line, self._end_of_reach(line).last + ONE_DAY) for line in self.lines)

    def known_to(self, unit: int) -> date:
        """The first day of which something that the measure reads was not known when the unit delivered."""
        if unit not in self._known_to:
            known = [self.world.unit_data_to.get((*line, unit), self.data_to) for line in self.lines]
            self._known_to[unit] = min([self.data_to, *known])
        return self._known_to[unit]

    def unfinished(self, target: Span, unit: int) -> bool:
        """Whether more may come of the target: a value covers its days up to the extract."""
        return target.last >= self.known_to(unit)

    def _end_of_reach(self, line: tuple[str, str]) -> Span:
        end = self.days.named(self.base, self.world.reach[line][1])
        assert end is not None
        return end

    def reference_day(self, target: Span) -> date | None:
        """The one day on which the state is looked up."""
        reference = self.reference
        if reference == "first_of_period":
            return target.first
        if "first_of" in reference:
            return self.days.holding(reference["first_of"], target.last).first
        month, day = map(int, reference["month_day"].split("-"))
        try:
            return date(target.last.year, month, day)
        except ValueError:
            return None

    def bases(self, unit: int, period: Span) -> dict[Span, int] | None:
        """The base periods that are read for a unit, with the days that each has; None where the earlier label is missing.

        Empty where there is none: no status date inside the period, no such day in the year, nothing delivered that is new enough.
        """
        target = self.target(period)
        if target is None:
            return None
        if self.reference == "average_of_period":
            return Counter(self.in_force(day) for day in target.days())
        if isinstance(self.reference, dict) and "latest_known" in self.reference:
            return self._latest_known(unit, target)
        if self.reference == "end_of_period":
            return {self.in_force_at_the_end_of(target.last): 1}
        if self.reference is not None:
            day = self.reference_day(target)
            return {self.in_force(day): 1} if day else {}
        stretch = self.stretch(target)
        if self.from_to:
            # The state of the period's last day belongs to the base period that this very day lies in.
            return {self.days.holding(self.base, target.last): 1}
        if self.reads_one and self.published:
            return {self.days.holding(self.base, stretch.last): 1}
        if self.reads_one:
            inside = self.dated_inside(stretch)
            return {inside[0 if self.measure["over_time"] == "first" else -1]: 1} if inside else {}
        return Counter(self.in_force(day) for day in stretch.days())

    def dated_inside(self, stretch: Span) -> list[Span]:
        """Base periods whose status date lies in these days, in order."""
        found = {self.days.holding(self.base, day) for day in stretch.days()}
        return sorted((base for base in found if stretch.first <= self.status_date(base) <= stretch.last), key=lambda base: base.first)

    @property
    def reads_one(self) -> bool:
        """Whether the value is that of a single base period."""
        if self.reference is not None:
            return self.reference != "average_of_period"
        return bool(self.from_to) or self.measure["over_time"] in ("first", "last", "recompute")

    def _latest_known(self, unit: int, target: Span) -> dict[Span, int]:
        """The newest state delivered for the unit and in force on the period's last day, unless it is too old."""
        age = self.reference["latest_known"]["max_age"]
        months = age.get("years", 0) * 12 + age.get("months", 0)
        base = self.in_force_at_the_end_of(target.last)
        while self.status_date(base) >= months_before(target.last, months):
            if all(self.world.coverage.get((*line, unit, base.label)) in DELIVERED for line in self.lines):
                return {base: 1}
            earlier = self.days.before(base, 1)
            assert earlier is not None
            base = earlier
        return {}

    def expected_units(self) -> set[int]:
        """Units of which something is expected in every line that is read."""
        return set.intersection(*({unit for *known, unit, _ in self.world.coverage if tuple(known) == line} for line in self.lines))

    def lacks_others(self, period: Span) -> bool:
        """Whether a unit that exists as the period ends, and of which something is expected, has not delivered what is read."""
        expected = self.expected_units()
        return any(
            unit.key in expected and unit.region(period.last) is not None and not self._has_delivered(unit.key, period)
            for unit in self.world.units
        )

    def _has_delivered(self, unit: int, period: Span) -> bool:
        bases, target = self.bases(unit, period), self.target(period)
        if not bases or target is None:
            return False
        needed = {each for base in bases for each in self._needed(base) if self.reads_one or self.due(base)}
        states = [self.world.coverage.get((*line, unit, base.label)) for base in needed for line in self.lines]
        return self._covers(unit, target) and all(state in (*DELIVERED, "exempt") for state in states)

    def _covers(self, unit: int, target: Span) -> bool:
        """Whether the unit's extract is not older than what is read; a state holds as long as it is the newest."""
        return self.by_state or target.last < self.known_to(unit)

    def together(self, units: Collection[int], period: Span, cell: Cell) -> Fraction | None:
        """The value of some units as one, where it is no sum of theirs."""
        raise NotImplementedError

    # -- reading --------------------------------------------------------------------------------------------------------

    def read(self, unit: int, period: Span, cell: Cell) -> Reading:
        """The component for one unit, period and cell."""
        bases = self.bases(unit, period)
        if bases is None:
            return Reading("not_valid", frozenset({"offset_label_missing"}))
        target = self.target(period)
        assert target is not None
        if self.reads_one:
            return self._one(unit, target, bases, cell)
        return self._over_days(unit, target, bases, cell, mean=self.reference is not None or self.measure["over_time"] == "average")

    def _one(self, unit: int, target: Span, bases: Mapping[Span, int], cell: Cell) -> Reading:
        """The state or value of a single base period."""
        for base in bases:
            if self.due(self._needed(base)[-1]):
                found = self._base(unit, target, base, cell)
                if self.published and self.unfinished(target, unit):
                    return self._so_far([found], found.value)
                return found
        if self.reference is not None:
            return Reading("missing", frozenset({"reference_date_not_available"}))
        # A period that has begun to arrive waits for its end; one of which nothing is due is not there.
        if (
            bases
            and self.measure["over_time"] == "last"
            and not self.published
            and not self.from_to
            and any(self.due(self.days.holding(self.base, day)) for day in self.stretch(target).days())
        ):
            return Reading(WAITING, frozenset({"period_unfinished"}))
        return Reading("missing", frozenset({"base_period_missing"}))

    def _over_days(self, unit: int, target: Span, days: Mapping[Span, int], cell: Cell, *, mean: bool) -> Reading:
        """The sum over base periods, or the mean over days, as far as anything is due."""
        readings = {base: self._base(unit, target, base, cell) for base in days if self.due(base)}
        if not readings:
            return Reading("missing", frozenset({"base_period_missing"}))
        found, value = list(readings.values()), None
        if self.dated and self.known_to(unit) <= self.stretch(target).first:
            # What happens on days that nobody covers yet is not known to be nothing.
            found.append(Reading("missing", frozenset({"base_period_missing"})))
        if all(reading.value is not None for reading in found):
            value = sum((r.value for r in found), Fraction(0))
            if mean:
                if self.published and target.grain == self.base and not self.written.get("window"):
                    # Its own period's value is as it was published, whenever that was: nothing is weighed.
                    return self._so_far(found, value) if self.unfinished(target, unit) else self._together(found, value)
                if not self.by_state and self.known_to(unit) <= self.stretch(target).first:
                    # Delivered before it began: no day of it is known.
                    return Reading("missing", frozenset({"base_period_missing"}))
                weights = {base: days[base] if self.by_state else self._covered(target, base) for base in readings}
                value = sum((r.value * weights[base] for base, r in readings.items()), Fraction(0)) / sum(weights.values())
        # A state holds as long as it is the newest, a value of days or of what happened up to the extract.
        if len(readings) < len(days) if self.by_state else self.unfinished(target, unit):
            return self._so_far(found, value)
        return self._together(found, value)

    def _covered(self, target: Span, base: Span) -> int:
        """Days of the target that lie in a base period and before the extract."""
        return sum(self.days.holding(self.base, day) == base and day < self.data_to for day in self.stretch(target).days())

    def _so_far(self, found: list[Reading], value: Fraction | None) -> Reading:
        return self._together([*found, Reading("provisional", frozenset({"period_unfinished"}))], value)

    @staticmethod
    def _together(found: list[Reading], value: Fraction | None) -> Reading:
        """Several base periods as one. The reasons are those of the state that is shown."""
        state = first_that_applies([reading.state for reading in found])
        return Reading(state, frozenset[str]().union(*(reading.reasons for reading in found if reading.state == state)), value)

    def _base(self, unit: int, target: Span, base: Span, cell: Cell) -> Reading:
        """What was delivered for one base period, as far as the target has a part in it."""
        covered = [self.world.coverage.get((*line, unit, needed.label), "missing") for needed in self._needed(base) for line in self.lines]
        states = [
            {"delivered": "validated", "reported_by_other": "validated", "provisional": "unsettled"}.get(state, state) for state in covered
        ]
        state = first_that_applies(states)
        if any(found not in DELIVERED for found in covered):
            return Reading(state, frozenset({self.gap_reason} if state == "missing" else ()))
        rows = self._rows.get((unit, base.label), [])
        return self._aggregate([row for row in rows if self._falls(row, target, base) and self._counts(row, cell)], state)

    def _needed(self, base: Span) -> list[Span]:
        """The base periods that a row of one is computed from."""
        spans, (before, after) = self.days.in_order[self.base], self.beside
        place = self.days.place[base]
        return spans[place - before : place + after + 1]

    def _falls(self, row: Row, target: Span, base: Span) -> bool:
        """Whether a row of a base period that is read is one of those days'. An event without a date is one of all its base period."""
        if self.from_to:
            first, last = row[self.from_to["from"]], row[self.from_to["to"]]
            return (first is None or first <= target.last) and (last is None or target.last <= last)
        if not self.dated:
            return True
        # The day decides, at every grain, so that days add up to their month; a mart puts it inside the row's base period.
        stretch, day = self.stretch(target), row[self.dated]
        return stretch.first <= day <= stretch.last and day < self.data_to

    def codes_read(self, dimension: str, levels: Sequence[str], period: Span, cell: Cell, units: Collection[int]) -> set[tuple[str, ...]]:
        """The codes at some levels of a dimension, of the rows that are read of these units in the period."""
        target = self.target(period)
        if not self.has(dimension) or target is None:
            return set()
        found: set[tuple[str, ...]] = set()
        bases = {unit.key: {base.label: base for base in self.bases(unit.key, period) or () if self.due(base)} for unit in self.world.units}
        for row in self.world.rows[self.fact["model"]]:
            if row[self.unit_column] not in units:
                continue
            base = bases.get(row[self.unit_column], {}).get(row.get(self.base, ""))
            if base and self._falls(row, target, base) and self._counts(row, cell):
                found.add(tuple(self.code(row, level) for level in levels))
        return found

    def has(self, level: str) -> bool:
        """Whether its fact has the dimension that a name of a request stands for; else it is repeated over it."""
        return self.world.level(level)[0] in self.fact.get("dimensions", {})

    def _counts(self, row: Row, cell: Cell) -> bool:
        if self.edition and row[self.edition[0]] != self.edition[1]:
            return False
        wanted = [*((d, (c,)) for d, c in cell.cuts), *cell.filters, *self.written.get("filter", {}).items()]
        return all(self.code(row, level) in codes for level, codes in wanted if self.has(level))

    def code(self, row: Row, level: str) -> str:
        """The code of a row at a level, `unknown` where it has none or one that the dimension does not know."""
        dimension, place = self.world.level(level)
        key = row[(self.fact["dimensions"][dimension] or {}).get("column") or self.world.vocabulary["dimensions"][dimension]["key"]]
        member = self.world.member(dimension, key)
        if member is None:
            return UNKNOWN
        # One that moves counts where it is as the row's base period ends.
        base = self.days.named(self.base, row[self.base])
        assert base is not None
        return member.at(place, base.last)

    def _aggregate(self, rows: list[Row], state: str) -> Reading:
        if not rows:
            return self._absent(state)
        condition = self.measure.get("filter")
        if condition is not None:
            rows = [row for row in rows if self.world.evaluate(condition, row)]
        if self.measure.get("aggregate") == "count":
            return Reading(state, value=Fraction(len(rows)))
        if not rows:
            # In a long table the row of another indicator is no answer about this one.
            return self._absent(state)
        values = [self.world.evaluate(self.measure["expression"], row) for row in rows]
        if any(value is None for value in values):
            # An empty cell is a blank; a division by zero is only a value that does not exist.
            empty = any(row[column] is None for row in rows for column in self.world.reads(self.measure["expression"]))
            return self._gap(self.contract["blank"]) if empty else Reading(state, frozenset({"denominator_zero"}))
        return Reading(state, value=sum((Fraction(value) for value in values), Fraction(0)))

    def _absent(self, state: str) -> Reading:
        """What no row means: of something that happened nothing did; else what the contract says."""
        absent = "zero" if self.event else self.contract["absent"]
        return Reading(state, value=Fraction(0)) if absent == "zero" else self._gap(absent)

    @property
    def gap_reason(self) -> str:
        """Why there is no value where something was not delivered."""
        return "reference_date_not_available" if self.reference is not None and self.reads_one else "base_period_missing"

    def _gap(self, meaning: str) -> Reading:
        if meaning == "suppressed":
            return Reading("suppressed", frozenset({"suppressed_at_source"}))
        if meaning == "missing":
            return Reading("missing", frozenset({self.gap_reason}))
        return Reading("exempt")
