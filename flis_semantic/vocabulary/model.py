"""What the definitions of one project are written in: reporting units, calendars, languages, units, dimensions.

Parsed from `catalogue/_vocabulary.yml`. Nothing here knows a country, an administration or a domain: those are the file's
contents. Field descriptions become the JSON Schema that editors complete from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field, field_validator, model_validator

from flis_semantic.vocabulary.personal_numbers import PersonalNumber
from flis_semantic.vocabulary.strict import Identifier, MonthDay, Strict

_SIZE = "about how many codes there are, at most; needed where a cut by it is published"

BUILT_IN_GRAINS = ("day", "week", "month", "quarter", "year")
RANGE_GRAIN = "range"
FIXED_COLUMNS = (
    *("key_figure", "area_level", "area", "grain", "period", "value", "numerator", "denominator", "status", "reason", "complete"),
    *("members", "members_expected", "denominator_share", "series_break"),
)
"""Columns of every answer, beside a column for each dimension of the request."""

_COMPILED = re.compile(
    "period_key|period_start|unit_key|base_key|from_day|to_day|on_day|is_member|state|cut|figure_position"
    "|group_key|person_key|amount|weight|(from|to|on|first|last)_date|whole_from|is_(start|end|asked)|reached|island|run|moment|blanks"
    "|[a-z][0-9]+(_.*)?|(area|key)_.*|.*_label"
)
"""Names that the compiled SQL and the generated tables give to columns of their own."""


class Level(Strict):
    """One level of the area hierarchy. The reporting unit itself is the first, the whole is the last."""

    id: Identifier
    title: dict[str, str]
    code: Identifier | None = Field(default=None, description="column of the unit's model with this level's code")
    name: dict[str, Identifier] = Field(default_factory=dict, description="columns with this level's name, by language")
    constant: str | None = Field(default=None, description="the one code of the top level, instead of a column")
    constant_name: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _column_or_constant(self) -> Level:
        if (self.code is None) == (self.constant is None):
            raise ValueError(f"level '{self.id}' needs either code (a column) or constant (one area)")
        return self


class ReportingUnit(Strict):
    """The unit that delivers and is reported on, and the dated hierarchy above it."""

    model: Identifier = Field(description="dbt model with one row per unit and validity interval")
    key: Identifier = Field(description="integer key column, the same in every fact's role column by default")
    code_format: str = Field(description="regular expression of a unit code")
    code_width: int | None = Field(default=None, description="codes delivered as shorter digit strings are padded with zeros to this")
    seed: Identifier = Field(description="seed (seeds/<seed>.csv) that lists the codes, read when deliveries are received")
    seed_code: Identifier
    seed_kind: Identifier
    kind: Identifier = Field(description="column of the model that says which units are members")
    member_kind: str = Field(description="the kind that is counted in totals by default")
    members: int = Field(gt=0, description="how many members the whole has")
    valid_from: Identifier
    valid_to: Identifier
    levels: tuple[Level, ...] = Field(min_length=1)

    @field_validator("code_format")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"code_format is no regular expression: {error}") from error
        return value

    @property
    def base(self) -> Level:
        """The reporting unit's own level."""
        return self.levels[0]

    @property
    def top(self) -> Level:
        """The whole: what an answer is about when no level is asked for."""
        return self.levels[-1]

    def level(self, level_id: str) -> Level | None:
        """The level with this id, or None."""
        return next((level for level in self.levels if level.id == level_id), None)


def _in_every_year(month_day: str) -> str:
    if month_day == "02-29":
        raise ValueError("02-29 is not a day of every year")
    return month_day


class CalendarDefinition(Strict):
    """A year that does not start on 1 January."""

    title: dict[str, str]
    starts: MonthDay
    label: Literal["{start}/{end2}", "{start}-{end}", "{start}/{end}"] = Field(
        default="{start}/{end2}", description="start and end are four-digit years, end2 the last two digits of the end year"
    )

    @field_validator("starts")
    @classmethod
    def _every_year(cls, value: str) -> str:
        return _in_every_year(value)


class Holiday(Strict):
    """A public holiday, on a fixed date or so many days from Easter Sunday."""

    title: dict[str, str]
    month_day: MonthDay | None = None
    easter: int | None = None
    first_year: int | None = None
    last_year: int | None = None

    @field_validator("month_day")
    @classmethod
    def _every_year(cls, value: str | None) -> str | None:
        return _in_every_year(value) if value is not None else None

    @model_validator(mode="after")
    def _one_rule(self) -> Holiday:
        if (self.month_day is None) == (self.easter is None):
            raise ValueError("a holiday needs either month_day or easter")
        return self


class CalendarSpan(Strict):
    """First and last calendar year of the period table."""

    first_year: int = Field(ge=1900, le=2200)
    last_year: int = Field(ge=1900, le=2200)

    @model_validator(mode="after")
    def _in_order(self) -> CalendarSpan:
        if self.last_year < self.first_year:
            raise ValueError(f"the calendar ends ({self.last_year}) before it begins ({self.first_year})")
        return self


class Unit(Strict):
    """A unit of measurement; it carries the factor of a ratio."""

    title: dict[str, str]
    factor: int = Field(default=1, gt=0)
    decimals: int = Field(default=0, ge=0, le=6)


class DimensionLevel(Strict):
    """A level of a hierarchy: a coarser or finer code of the same members."""

    id: Identifier
    title: dict[str, str]
    code: Identifier
    name: dict[str, Identifier] = Field(default_factory=dict)
    size: int | None = Field(default=None, gt=0, description=_SIZE)


class Dimension(Strict):
    """A shared dimension: a dbt model with one row per member (and validity interval, where it is dated).

    A hierarchy has levels instead of a code, coarsest first; requests, cuts and filters name its levels.
    """

    title: dict[str, str]
    model: Identifier
    key: Identifier
    code: Identifier | None = None
    name: dict[str, Identifier] = Field(default_factory=dict)
    size: int | None = Field(default=None, gt=0, description=_SIZE)
    levels: tuple[DimensionLevel, ...] = ()
    valid_from: Identifier | None = None
    valid_to: Identifier | None = None

    @model_validator(mode="after")
    def _code_or_levels(self) -> Dimension:
        if (self.code is None) == (not self.levels):
            raise ValueError("a dimension has either a code or levels")
        if self.levels and (self.name or self.size):
            raise ValueError("the names and sizes of a hierarchy stand with its levels")
        return self


@dataclass(frozen=True)
class Cut:
    """By what an answer can be cut or filtered: a dimension, or one level of a hierarchy. `dimension` is the id of either."""

    dimension: str
    title: dict[str, str]
    model: str
    key: str
    code: str
    name: dict[str, str]
    size: int | None
    valid_from: str | None
    valid_to: str | None


class Vocabulary(Strict):
    """The whole of `catalogue/_vocabulary.yml`."""

    languages: tuple[str, ...] = Field(min_length=1, description="first is the default")
    reporting_unit: ReportingUnit
    calendar: CalendarSpan
    calendars: dict[Identifier, CalendarDefinition] = Field(default_factory=dict)
    holidays: tuple[Holiday, ...] = ()
    units: dict[Identifier, Unit]
    dimensions: dict[Identifier, Dimension] = Field(default_factory=dict)
    personal_numbers: dict[Identifier, PersonalNumber] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_are_free(self) -> Vocabulary:
        taken = set(BUILT_IN_GRAINS) | {RANGE_GRAIN}
        for calendar in self.calendars:
            if calendar in taken:
                raise ValueError(f"calendar '{calendar}' has the name of a built-in grain")
        unit = self.reporting_unit
        levels = {level.id for level in unit.levels}
        columns = {*FIXED_COLUMNS, unit.key, unit.kind, *(level.code for level in unit.levels)}
        cuts: set[str] = set()
        for dimension, spec in self.dimensions.items():
            for cut in {dimension, *(level.id for level in spec.levels)}:
                if cut in levels or cut in taken:
                    raise ValueError(f"dimension '{cut}' has the name of an area level or a grain")
                if cut in columns or _COMPILED.fullmatch(cut):
                    raise ValueError(f"dimension '{cut}' has the name of a column that every answer has")
                if cut in cuts:
                    raise ValueError(f"two dimensions have the name '{cut}'")
                cuts.add(cut)
            if len({level.id for level in spec.levels}) < len(spec.levels):
                raise ValueError(f"two levels of '{dimension}' have one id")
        return self

    @cached_property
    def cuts(self) -> dict[str, Cut]:
        """Every dimension and every level of a hierarchy, by id."""
        found: dict[str, Cut] = {}
        for dimension, spec in self.dimensions.items():
            valid = (spec.valid_from, spec.valid_to)
            if spec.code is not None:
                found[dimension] = Cut(dimension, spec.title, spec.model, spec.key, spec.code, spec.name, spec.size, *valid)
            for level in spec.levels:
                found[level.id] = Cut(dimension, level.title, spec.model, spec.key, level.code, level.name, level.size, *valid)
        return found

    def cuts_of(self, name: str) -> tuple[str, ...]:
        """The cuts that a name stands for: all levels of the hierarchy with this id, else itself; none when nothing has it."""
        if name in self.dimensions and self.dimensions[name].levels:
            return tuple(level.id for level in self.dimensions[name].levels)
        return (name,) if name in self.cuts else ()
