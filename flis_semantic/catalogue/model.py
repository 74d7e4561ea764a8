"""The catalogue's files as they are written: `<domain>/_domain.yml` and `<domain>/<key_figure>.yml`.

What the fields mean is fixed in `docs/guides/steward.md`. The models only say what may stand in a file; what the files say
together (a measure that a key figure names, a grain that a component cannot answer) is checked in `check.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from flis_semantic.catalogue.facts import Fact
from flis_semantic.vocabulary.model import Identifier, MonthDay, Strict

MeasureReference = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){1,2}$",
        description="fact.measure of the same domain, or domain.fact.measure",
    ),
]


class Domain(Strict):
    """The whole of `<domain>/_domain.yml`."""

    title: dict[str, str]
    description: dict[str, str] = Field(default_factory=dict)
    owner: str
    publish_grains: tuple[str, ...] = Field(min_length=1, description="what is materialised, cubed and released by default")
    conditions: dict[Identifier, str] = Field(
        default_factory=dict, description="SQL conditions with a name, for the filters of measures; one may use those above it as {name}"
    )
    facts: dict[Identifier, Fact] = Field(default_factory=dict)


class Age(Strict):
    """A length of time back from a day."""

    years: int = Field(default=0, ge=0)
    months: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _some(self) -> Age:
        if not self.years and not self.months:
            raise ValueError("an age needs years or months")
        return self


class LatestKnown(Strict):
    """The newest state that was delivered, no older than `max_age`."""

    max_age: Age


class ReferenceDate(Strict):
    """The one date on which a snapshot is read, instead of its `over_time`."""

    first_of: str | None = Field(default=None, description="first day of the calendar (year, or a declared one) of the period's last day")
    month_day: MonthDay | None = Field(default=None, description="this day in the year of the period's last day")
    latest_known: LatestKnown | None = None
    of_period: Literal["first", "end", "average"] | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The short forms are part of the format."""
        return {"anyOf": [{"enum": ["first_of_period", "end_of_period", "average_of_period"]}, handler(core_schema)]}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        short = {"first_of_period": "first", "end_of_period": "end", "average_of_period": "average"}
        return {"of_period": short[value]} if isinstance(value, str) and value in short else value

    @model_validator(mode="after")
    def _one(self) -> ReferenceDate:
        if sum(part is not None for part in (self.first_of, self.month_day, self.latest_known, self.of_period)) != 1:
            raise ValueError(
                "a reference date is one of first_of, month_day, latest_known, first_of_period, end_of_period, average_of_period"
            )
        return self


class Rolling(Strict):
    """So many calendar months ending with the period, or so many days ending with its last day."""

    months: int | None = Field(default=None, gt=0)
    days: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Rolling:
        if (self.months is None) == (self.days is None):
            raise ValueError("a rolling window is in either months or days")
        return self


class Window(Strict):
    """A longer stretch of time than the period, ending with it, to which `over_time` is applied."""

    rolling: Rolling | None = None
    to_date: str | None = Field(default=None, description="from the start of this calendar (year, or a declared one)")

    @model_validator(mode="after")
    def _one(self) -> Window:
        if (self.rolling is None) == (self.to_date is None):
            raise ValueError("a window is either rolling or to_date")
        return self


class Offset(Strict):
    """An earlier period, found by its label: the same label n years before, or n periods before."""

    years: int | None = Field(default=None, gt=0)
    periods: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Offset:
        if (self.years is None) == (self.periods is None):
            raise ValueError("an offset is in either years or periods")
        return self


class Component(Strict):
    """A measure, narrowed and placed in time."""

    measure: MeasureReference
    filter: dict[Identifier, tuple[str, ...]] = Field(default_factory=dict, description="dimension -> codes that count")
    role: Identifier | None = None
    vintage: Identifier | None = None
    version: Identifier | None = None
    reference_date: ReferenceDate | None = None
    window: Window | None = None
    offset: Offset | None = None
    broadcast: tuple[Identifier, ...] = Field(
        default=(), description="dimensions (or levels of one) that this component lacks and is repeated over"
    )

    @model_validator(mode="after")
    def _one_when(self) -> Component:
        if self.reference_date is not None and self.window is not None:
            raise ValueError("a component has a reference_date or a window, not both")
        return self

    @property
    def edition(self) -> str | None:
        """The vintage or version that it names."""
        return self.vintage or self.version


class Side(Strict):
    """A numerator or denominator: a signed sum of components. A single component may be written alone."""

    plus: tuple[Component, ...] = ()
    minus: tuple[Component, ...] = ()

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The short form is part of the format."""
        return {"anyOf": [handler(Component.__pydantic_core_schema__), handler(core_schema)]}

    @model_validator(mode="before")
    @classmethod
    def _single(cls, value: Any) -> Any:
        if isinstance(value, dict) and "plus" not in value and "minus" not in value:
            return {"plus": [cast(object, value)]}
        return cast(object, value)

    @model_validator(mode="after")
    def _some(self) -> Side:
        if not self.plus and not self.minus:
            raise ValueError("a side needs at least one component")
        return self


class GroupValue(Strict):
    """How the value of an area above the reporting unit comes about."""

    rule: Literal["ratio_of_sums", "mean_of_members", "weighted_by", "none"] = "ratio_of_sums"
    weighted_by: Component | None = None

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The short forms are part of the format."""
        weight: JsonSchemaValue = {"anyOf": [{"type": "string"}, handler(Component.__pydantic_core_schema__)]}
        long: JsonSchemaValue = {
            "type": "object",
            "properties": {"rule": {"enum": ["weighted_by"]}, "weighted_by": weight},
            "required": ["weighted_by"],
            "additionalProperties": False,
        }
        return {"anyOf": [{"enum": ["ratio_of_sums", "mean_of_members", "none"]}, long]}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"rule": value}
        if isinstance(value, dict) and "weighted_by" in value and "rule" not in value:
            given = cast(dict[str, object], value)
            weight = given["weighted_by"]
            return {**given, "rule": "weighted_by", "weighted_by": {"measure": weight} if isinstance(weight, str) else weight}
        return cast(object, value)

    @model_validator(mode="after")
    def _weight(self) -> GroupValue:
        if (self.rule == "weighted_by") != (self.weighted_by is not None):
            raise ValueError("weighted_by names a measure: {weighted_by: fact.measure}")
        return self


class Plausible(Strict):
    """The range outside of which a value is reported as a finding about the data."""

    min: float | None = None
    max: float | None = None


Limit = int | Annotated[float, Field(allow_inf_nan=False)]


class PublishIf(Strict):
    """The values that a figure is published with, in its own unit; the limits belong to them."""

    at_least: Limit | None = None
    at_most: Limit | None = None

    @model_validator(mode="after")
    def _some(self) -> PublishIf:
        if self.at_least is None and self.at_most is None:
            raise ValueError("publish_if needs at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least {self.at_least:g} is above at_most {self.at_most:g}, so no value is published")
        return self

    @property
    def lowest(self) -> float | None:
        """What a value in floating point is compared with: a division that comes to the limit may miss it in the last digit."""
        return None if self.at_least is None else self.at_least - _last_digits(self.at_least)

    @property
    def highest(self) -> float | None:
        """As `lowest`, of the upper limit."""
        return None if self.at_most is None else self.at_most + _last_digits(self.at_most)


def _last_digits(limit: float) -> float:
    return 1e-9 * max(1, abs(limit))


class OnlyGrains(Strict):
    """Grains to which a figure is confined, because it would be wrong elsewhere."""

    grains: tuple[str, ...] = Field(min_length=1)
    reason: dict[str, str]


class SeriesBreak(Strict):
    """A day from which the series is not what it was before."""

    date: str = Field(description="YYYY-MM-DD, in quotes: the first day of the new series")
    reason: dict[str, str]

    @field_validator("date")
    @classmethod
    def _is_a_date(cls, value: str) -> str:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is not a date (YYYY-MM-DD)") from None
        return value


class KeyFigureFile(Strict):
    """The whole of `<domain>/<key_figure>.yml`; its path is its id."""

    title: dict[str, str]
    description: dict[str, str]
    numerator: Side
    denominator: Side | None = None
    unit: Identifier
    direction: Literal["up", "down", "neutral"]
    group_value: GroupValue = GroupValue()
    plausible: Plausible | None = None
    publish_if: PublishIf | None = Field(default=None, description="values outside these limits are shown as missing")
    min_share: float = Field(default=0, ge=0, le=1, description="below this denominator share an area's value is withheld")
    publish_grains: tuple[str, ...] | None = None
    only_grains: OnlyGrains | None = None
    published_cuts: tuple[tuple[Identifier, ...], ...] = ()
    country_members: int | None = Field(default=None, description="members of the whole, where units outside the members count too")
    series_breaks: tuple[SeriesBreak, ...] = ()
    remarks: dict[str, str] = Field(default_factory=dict, description="what a reader must know to use the figure rightly")
    owner: str | None = None
    publisher: str
    legal_basis: str | None = None
    aliases: tuple[str, ...] = ()
