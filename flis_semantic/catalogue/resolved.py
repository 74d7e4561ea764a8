"""The catalogue with every name resolved: what the compiler, the generators and the query core work on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from flis_semantic.catalogue.facts import Fact, FactDimension
from flis_semantic.catalogue.model import Domain, GroupValue, KeyFigureFile, Offset, ReferenceDate, Window
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Unit, Vocabulary


@dataclass(frozen=True)
class SourceSeries:
    """One line of coverage: a source, and one of its series ('' for a source without series)."""

    table: str
    series: str


@dataclass(frozen=True)
class Rhythm:
    """How a fact's contracts deliver. `opening`: a status is the state as its day begins, else as it ends."""

    base_grain: str
    opening: bool
    absent: str
    blank: str


@dataclass(frozen=True)
class ResolvedFact:
    """A fact with what its contracts say about it.

    `dimensions`: by what the fact can be cut and the key column behind it, a hierarchy by its levels; `conditions`: the filter of
    each measure that has one, with the domain's conditions written out; `rhythms`: of each edition, where editions may differ
    (the fact's own is then the finest).
    """

    domain: str
    name: str
    definition: Fact = field(repr=False, compare=False)
    rhythm: Rhythm
    dimensions: Mapping[str, str] = field(repr=False, compare=False)
    conditions: Mapping[str, str] = field(repr=False, compare=False)
    rhythms: Mapping[str, Rhythm] = field(repr=False, compare=False)

    def of_edition(self, edition: str | None) -> ResolvedFact:
        """The fact as one of its editions is delivered."""
        return replace(self, rhythm=self.rhythms[edition]) if edition is not None else self

    @property
    def base_grain(self) -> str:
        """Grain of the base period."""
        return self.rhythm.base_grain

    @property
    def opening(self) -> bool:
        """Whether a status is the state as its day begins, else as it ends."""
        return self.rhythm.opening

    @property
    def absent(self) -> str:
        """What it means that a row is not there."""
        return self.rhythm.absent

    @property
    def blank(self) -> str:
        """What it means that a value is empty."""
        return self.rhythm.blank

    @property
    def id(self) -> str:
        """domain.fact"""
        return f"{self.domain}.{self.name}"

    @property
    def kind(self) -> str:
        """event, snapshot, spell or published"""
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
    def before(self) -> int:
        """How many base periods before its own a row is computed from."""
        return self.definition.reads.before if self.definition.reads is not None else 0

    @property
    def after(self) -> int:
        """How many base periods after its own a row is computed from."""
        return self.definition.reads.after if self.definition.reads is not None else 0

    @property
    def ages(self) -> Mapping[str, FactDimension]:
        """Dimensions whose member is the completed years since a date of birth."""
        return {name: item for name, item in self.definition.dimensions.items() if item.born is not None}

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
    weight: str | None
    percentile: float | None
    condition: str | None
    over_time: str
    merges: bool
    sources: tuple[SourceSeries, ...]
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    edition: tuple[str, str] | None
    unit_column: str
    by_others: bool
    """Whether its rows come from other units too than the one that they are about: it is asked for in another role than delivered."""
    reference: ReferenceDate | None
    window: Window | None
    offset: Offset | None
    broadcast: tuple[str, ...]

    @property
    def recomputed(self) -> bool:
        """Whether the value of an area is taken from the rows of all its units, since those of the units do not add up to it."""
        return self.aggregate not in ("sum", "count") or self.merges or self.over_time == "any"

    @property
    def waits_for_end(self) -> bool:
        """Whether a part of a period has no value of its own: only what flows may be given up to the last day that is known."""
        if self.fact.kind == "spell":
            by_end = self.reference is None and self.over_time in ("first", "last", "any")
            return by_end or self.aggregate not in ("sum", "count")
        return self.fact.kind == "event" and self.over_time == "recompute"

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
        recomputed = any(component.recomputed for component in (*self.numerator, *self.denominator))
        return self.group_value.rule == "ratio_of_sums" and not self.file.min_share and not recomputed


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
