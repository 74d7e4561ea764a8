"""Facts as `<domain>/_domain.yml` describes them: what a row is, what time does to it, and the measures over it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from flis_semantic.vocabulary.model import Identifier, Strict

Kind = Literal["event", "snapshot", "spell", "published"]
Aggregate = Literal["sum", "count", "count_distinct", "average", "min", "max", "median", "percentile"]
OverTime = Literal["sum", "first", "last", "average", "started", "ended", "any", "recompute"]
AsOf = Literal["event", "each_day", "period_start", "period_end", "year_end"]


class Measure(Strict):
    """An aggregate over one fact."""

    title: dict[str, str]
    description: dict[str, str] = Field(default_factory=dict)
    aggregate: Aggregate = "sum"
    expression: str | None = Field(
        default=None,
        description="SQL expression over the model's columns; a column name mostly; count_distinct: the fact's person if left out",
    )
    weight: str | None = Field(default=None, description="average: SQL expression of what each row weighs")
    percentile: float | None = Field(default=None, gt=0, lt=100, description="percentile: which one, 90 for the ninth decile")
    filter: str | None = Field(
        default=None, description="SQL condition over the model's columns; {name} stands for one of the domain's conditions"
    )
    over_time: OverTime = Field(description="what a period's value is; required, since a wrong default is a wrong number")
    overlaps: Literal["count", "merge"] | None = Field(
        default=None, description="spells, required: whether overlapping spells of one person count once each (count) or as one (merge)"
    )
    unit: Identifier
    series: tuple[str, ...] = Field(default=(), description="the source's series that must have been delivered for this measure")

    @model_validator(mode="after")
    def _something_to_aggregate(self) -> Measure:
        if self.aggregate not in ("count", "count_distinct") and self.expression is None:
            raise ValueError(f"{'an' if self.aggregate == 'average' else 'a'} {self.aggregate} needs an expression")
        if self.aggregate == "count" and self.expression is not None:
            raise ValueError("a count counts rows and takes a filter, not an expression")
        if self.weight is not None and self.aggregate != "average":
            raise ValueError("a weight is for averages")
        if (self.percentile is not None) != (self.aggregate == "percentile"):
            raise ValueError("percentile: the aggregate and the number go together")
        return self

    @property
    def adds(self) -> bool:
        """Whether two of its values may be added at all: sums and counts, not medians or distinct persons."""
        return self.aggregate in ("sum", "count")


class FactDimension(Strict):
    """A dimension of a fact: a column, which defaults to the dimension's own key, or the completed years since a date of birth."""

    column: Identifier | None = None
    born: Identifier | None = Field(default=None, description="spell: column (DATE) of birth; the member is the age in completed years")
    as_of: AsOf = Field(
        default="event",
        description="born: on which day the age is taken: event (the spell's first), each_day, period_start, period_end or year_end",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> FactDimension:
        if self.column is not None and self.born is not None:
            raise ValueError("a dimension has a column or a date of birth, not both")
        if self.born is None and self.as_of != "event":
            raise ValueError("as_of goes with born; a column is as of the row")
        return self


class FirstAndLastDay(Strict):
    """Columns (DATE) with the first and last day, both included; an empty last day means until further notice."""

    from_: Identifier = Field(alias="from")
    to: Identifier


class Reads(Strict):
    """Base periods beside its own that a row is computed from, and that have to be there."""

    before: int = Field(default=0, ge=0)
    after: int = Field(default=0, ge=0)


class Fact(Strict):
    """One dbt mart. Its kind decides what time does to it."""

    title: dict[str, str]
    description: dict[str, str] = Field(default_factory=dict)
    kind: Kind
    model: Identifier
    sources: tuple[Identifier, ...] = Field(
        default=(), description="contracts that feed the fact, unless its vintages or versions name theirs"
    )
    date: Identifier | None = Field(
        default=None, description="event: column (DATE) of the day on which it happened, for grains finer than the base period"
    )
    in_force: FirstAndLastDay | None = Field(
        default=None, description="snapshot: rows hold for a whole base period, from one day to another (a budget and its revisions)"
    )
    lasts: FirstAndLastDay | None = Field(default=None, description="spell: the days of the state")
    pieces_of: FirstAndLastDay | None = Field(
        default=None,
        description="spell: rows are pieces that lie within one base period each, of longer spells whose first and last day stand here",
    )
    reads: Reads | None = Field(
        default=None, description="snapshot: how many base periods before and after its own a row is computed from (cohorts, long spells)"
    )
    person: Identifier | None = Field(default=None, description="column that identifies persons")
    registered_at: Identifier | None = Field(default=None, description="column with the time at which a row became known")
    roles: dict[Identifier, Identifier] = Field(min_length=1, description="role of the reporting unit -> key column")
    default_role: Identifier
    delivered_as: Identifier | None = Field(
        default=None,
        description="the role in which units deliver it, where that is not the default role: what is asked for in another role is "
        "complete only when all units have delivered",
    )
    vintage_column: Identifier | None = None
    vintages: dict[Identifier, tuple[Identifier, ...]] = Field(default_factory=dict, description="vintage -> contracts that feed it")
    version_column: Identifier | None = None
    versions: dict[Identifier, tuple[Identifier, ...]] = Field(
        default_factory=dict, description="version (of money: original, revised) -> contracts that feed it; never added to another"
    )
    dimensions: dict[Identifier, FactDimension] = Field(default_factory=dict)
    measures: dict[Identifier, Measure] = Field(min_length=1)

    @model_validator(mode="after")
    def _fed_by_something(self) -> Fact:
        if [bool(self.sources), bool(self.vintages), bool(self.versions)].count(True) != 1:
            raise ValueError("a fact names its sources, or vintages or versions that name theirs")
        if bool(self.vintages) != (self.vintage_column is not None):
            raise ValueError("vintages and vintage_column go together")
        if bool(self.versions) != (self.version_column is not None):
            raise ValueError("versions and version_column go together")
        if self.date is not None and self.kind != "event":
            raise ValueError("date is for events")
        if self.in_force is not None and self.kind != "snapshot":
            raise ValueError("in_force is for snapshots")
        if self.reads is not None and self.kind != "snapshot":
            raise ValueError("reads is for snapshots: rows of other kinds are of their own base period")
        if (self.lasts is not None) != (self.kind == "spell"):
            raise ValueError("spells, and they alone, say when they last: lasts: {from: column, to: column}")
        if self.pieces_of is not None and self.kind != "spell":
            raise ValueError("pieces_of is for spells")
        if self.kind != "spell" and any(dimension.born for dimension in self.dimensions.values()):
            raise ValueError("born is for dimensions of spells; other rows have the age in a column")
        if self.default_role not in self.roles:
            raise ValueError(f"default_role '{self.default_role}' is not one of the roles")
        return self

    @property
    def editions(self) -> dict[str, tuple[str, ...]]:
        """Vintages or versions, of which every component names one: edition -> contracts that feed it."""
        return dict(self.vintages or self.versions)

    @property
    def edition_column(self) -> str | None:
        """The column that tells the editions apart."""
        return self.vintage_column or self.version_column

    @property
    def edition_word(self) -> str:
        """What the fact calls its editions."""
        return "version" if self.versions else "vintage"
