"""A small world: who reports, what was delivered, and the definitions, all in plain dictionaries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from tests.oracle.days import Days, days_of

Row = Mapping[str, Any]
DELIVERED = ("delivered", "provisional", "approved", "reported_by_other")
MEMBER = "member"


@dataclass(frozen=True)
class Unit:
    """A reporting unit. `regions`: (region, first day, last day or None for going on); outside of them it does not exist."""

    code: str
    kind: str
    regions: tuple[tuple[str, date, date | None], ...]

    @property
    def key(self) -> int:
        """The number of its code."""
        return int(self.code)

    def region(self, day: date) -> str | None:
        """Its region on a day; None when it does not exist then."""
        return next((r for r, first, last in self.regions if first <= day and (last is None or day <= last)), None)


@dataclass(frozen=True)
class Code:
    """A member of a dimension, with the days on which it exists.

    `above`: in a hierarchy, the codes of the levels above its own, the coarsest first. `again`: further stays (first day,
    last day or None) of a member that ceases and comes back, or that has a row for every year. `key`: its number in facts,
    where that is not its place.
    """

    code: str
    first: date = date(2000, 1, 1)
    last: date | None = None
    above: tuple[str, ...] = ()
    again: tuple[tuple[Any, ...], ...] = ()
    key: int | None = None

    @property
    def stays(self) -> tuple[tuple[date, date | None, tuple[str, ...]], ...]:
        """First and last day of every time that it exists, with the codes that it has then, the coarsest first."""
        own = (self.first, self.last, (*self.above, self.code))
        return (own, *((first, last, (*(above[0] if above else self.above), self.code)) for first, last, *above in self.again))

    def exists(self, first: date, last: date) -> bool:
        """Whether it exists on one of these days."""
        return bool(self.codes(first, last))

    def codes(self, first: date, last: date) -> list[tuple[str, ...]]:
        """The codes at all its levels that it has on some of these days."""
        return [codes for start, end, codes in self.stays if start <= last and (end is None or end >= first)]

    def at(self, place: int, day: date) -> str:
        """Its code at a level, counted from the coarsest, as of a day: of its latest time then begun, else of its first."""
        begun = [stay for stay in self.stays if stay[0] <= day]
        _, _, codes = max(begun, key=lambda stay: stay[0]) if begun else min(self.stays, key=lambda stay: stay[0])
        return codes[place]


@dataclass
class World:
    """Everything an answer depends on.

    `vocabulary`, `contracts` (by table), `domains` (by name) and `figures` (by id) are files as dictionaries. `rows` holds the
    marts' rows by model; a row names its base period by label under the base grain. `coverage` says the state of
    (source, series, unit key, base label); what it does not say was never delivered. `reach` is the first and the last
    base period due of (source, series), `data_to` the first day that is not covered where that is not the day after the last
    one due: the extract was made within it, `unit_data_to` that of a unit (source, series, unit key) whose extract was earlier. `columns`: SQL types of the marts' columns, but for the base period. `dimensions`:
    members by dimension id, a member's key being its place, from 1, unless it says its own. `python` says in Python what an SQL expression or
    filter of a measure says.
    """

    vocabulary: dict[str, Any]
    contracts: dict[str, dict[str, Any]]
    domains: dict[str, dict[str, Any]]
    figures: dict[str, dict[str, Any]]
    units: Sequence[Unit]
    rows: dict[str, list[dict[str, Any]]]
    columns: dict[str, dict[str, str]]
    coverage: dict[tuple[str, str, int, str], str]
    reach: dict[tuple[str, str], tuple[str, str]]
    dimensions: dict[str, list[Code]] = field(default_factory=dict)
    python: dict[str, Callable[[Row], Any]] = field(default_factory=dict)
    data_to: dict[tuple[str, str], date] = field(default_factory=dict)
    unit_data_to: dict[tuple[str, str, int], date] = field(default_factory=dict)

    @cached_property
    def days(self) -> Days:
        """The calendar, with a margin so that every window and offset finds its days."""
        calendars = {name: tuple(map(int, spec["starts"].split("-"))) for name, spec in self.vocabulary.get("calendars", {}).items()}
        span = self.vocabulary["calendar"]
        return days_of(tuple(calendars.items()), date(span["first_year"] - 4, 1, 1), date(span["last_year"] + 1, 12, 31))

    def fact(self, measure: str, domain: str) -> tuple[dict[str, Any], dict[str, Any], str]:
        """The fact and the measure that a component names, and the fact's domain."""
        *owner, fact, name = measure.split(".")
        domain = owner[0] if owner else domain
        definition = self.domains[domain]["facts"][fact]
        return definition, definition["measures"][name], domain

    def level(self, name: str) -> tuple[str, int]:
        """The dimension that a name of a request stands for, and the place of the level; a flat dimension has one, its own."""
        for dimension, spec in self.vocabulary.get("dimensions", {}).items():
            ids = [level["id"] for level in spec.get("levels", ())]
            if name in ids:
                return dimension, ids.index(name)
        return name, -1

    def levels(self, dimension: str) -> list[str]:
        """What a dimension is called in requests: its levels, the coarsest first, or itself."""
        return [level["id"] for level in self.vocabulary["dimensions"][dimension].get("levels", ())] or [dimension]

    def evaluate(self, sql: str, row: Row) -> Any:
        """What a measure's expression or filter says about a row; a bare column name says itself.

        A filter that names conditions of its domain is looked up as it is written, with the names in it.
        """
        return self.python[sql](row) if sql in self.python else row[sql]

    def member(self, dimension: str, key: int | None) -> Code | None:
        """The member of a dimension with this key, None where there is none."""
        return next((code for place, code in enumerate(self.dimensions[dimension], start=1) if (code.key or place) == key), None)

    def reads(self, sql: str) -> list[str]:
        """The columns that an expression reads."""
        known = {column for columns in self.columns.values() for column in columns}
        return [word for word in re.findall(r"[a-z_]+", sql) if word in known]
