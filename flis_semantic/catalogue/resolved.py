"""The catalogue with every name resolved: what the compiler, the generators and the query core work on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from flis_semantic.catalogue.model import Domain, Fact, GroupValue, KeyFigureFile, Offset, ReferenceDate, Window
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Unit, Vocabulary


@dataclass(frozen=True)
class SourceSeries:
    """One line of coverage: a source, and one of its series ('' for a source without series)."""

    table: str
    series: str


@dataclass(frozen=True)
class ResolvedFact:
    """A fact with what its contracts say about it. `opening`: a status is the state as its day begins, else as it ends.

    `dimensions`: by what the fact can be cut and the key column behind it, a hierarchy by its levels; `conditions`: the filter of
    each measure that has one, with the domain's conditions written out.
    """

    domain: str
    name: str
    definition: Fact = field(repr=False, compare=False)
    base_grain: str
    opening: bool
    absent: str
    blank: str
    dimensions: Mapping[str, str] = field(repr=False, compare=False)
    conditions: Mapping[str, str] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """domain.fact"""
        return f"{self.domain}.{self.name}"

    @property
    def kind(self) -> str:
        """event, snapshot or published"""
        return self.definition.kind

    @property
    def whole_periods(self) -> bool:
        """Whether it is known for whole base periods only: published by somebody, or events without a date."""
        return self.kind == "published" or (self.kind == "event" and self.definition.date is None)

    @property
    def in_force(self) -> bool:
        """Whether rows hold for a whole base period, each from one day to another."""
        return self.definition.in_force is not None

    @property
    def model(self) -> str:
        """Name of the dbt model."""
        return self.definition.model

    @property
    def base_key(self) -> str:
        """Column with the key of the base period."""
        return f"{self.base_grain}_key"


@dataclass(frozen=True)
class ResolvedComponent:
    """One measure of one side of a key figure, with its sign and its place in time."""

    sign: int
    fact: ResolvedFact = field(repr=False)
    measure: str
    aggregate: str
    expression: str | None
    condition: str | None
    over_time: str
    sources: tuple[SourceSeries, ...]
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    edition: tuple[str, str] | None
    unit_column: str
    reference: ReferenceDate | None
    window: Window | None
    offset: Offset | None
    broadcast: tuple[str, ...]

    @property
    def rolling_days(self) -> int | None:
        """How many days its window covers, where it covers a number of days."""
        return self.window.rolling.days if self.window is not None and self.window.rolling is not None else None

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"{self.fact.id}.{self.measure}"


@dataclass(frozen=True)
class KeyFigure:
    """A key figure, ready to be compiled."""

    id: str
    domain: str
    name: str
    file: KeyFigureFile = field(repr=False)
    numerator: tuple[ResolvedComponent, ...]
    denominator: tuple[ResolvedComponent, ...]
    weight: tuple[ResolvedComponent, ...]
    unit: Unit
    grains: tuple[str, ...]
    publish_grains: tuple[str, ...]
    all_units: bool
    owner: str

    @property
    def components(self) -> tuple[ResolvedComponent, ...]:
        """Every component of every side."""
        return (*self.numerator, *self.denominator, *self.weight)

    @property
    def group_value(self) -> GroupValue:
        """How areas above the reporting unit get their value."""
        return self.file.group_value

    @property
    def breaks(self) -> tuple[date, ...]:
        """First days of new series, in order."""
        return tuple(sorted(date.fromisoformat(item.date) for item in self.file.series_breaks))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions by which the figure can be cut or filtered: those that every component has or is broadcast over."""
        names: list[str] = []
        for component in self.components:
            names += [name for name in component.fact.dimensions if name not in names]
        return tuple(n for n in names if all(n in c.fact.dimensions or n in c.broadcast for c in self.components))

    @property
    def adds_over_units(self) -> bool:
        """Whether numerator and denominator of several units may simply be added."""
        return self.group_value.rule == "ratio_of_sums" and not self.file.min_share


@dataclass(frozen=True)
class Catalogue:
    """All definitions of one project. `starts`: the first day for which each source line is expected."""

    vocabulary: Vocabulary = field(repr=False)
    calendar: Calendar = field(repr=False)
    domains: Mapping[str, Domain] = field(repr=False)
    facts: Mapping[str, ResolvedFact] = field(repr=False)
    figures: Mapping[str, KeyFigure]
    starts: Mapping[SourceSeries, date] = field(repr=False)

    def of_domain(self, domain: str) -> Iterator[KeyFigure]:
        """The key figures of a domain, in order of id."""
        return (figure for figure in self.figures.values() if figure.domain == domain)

    def publish_grains(self, domain: str) -> tuple[str, ...]:
        """Grains at which at least one figure of the domain is published, finest first."""
        wanted = {grain for figure in self.of_domain(domain) for grain in figure.publish_grains}
        return tuple(grain for grain in self.calendar.grains if grain in wanted)
