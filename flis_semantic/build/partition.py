"""How a model says what keeps its rows apart (`meta: {partition: …}`), and the SQL that finds which of them must be rewritten.

What changed stands in `landing.changes`, whoever found it: node, part (a source, where the node has rows of several), the unit's
key, first and last day. NULL means every part, every unit, no end; four times NULL is all of the node. From there a model's
partitions that are touched follow by the calendar: those whose reading overlaps what changed in a node that the model reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from flis_semantic.errors import BuildError, suggestion
from flis_semantic.vocabulary.model import Strict
from flis_semantic.warehouse import quoted

Whole = Literal["compared", "inherited"]

_OVERLAPS = "(c.first_day IS NULL OR c.first_day <= {last}) AND (c.last_day IS NULL OR c.last_day >= {first})"
_EVERYTHING = "c.part IS NULL AND c.unit_key IS NULL AND c.first_day IS NULL AND c.last_day IS NULL"

_ALL = (
    "SELECT CAST(NULL AS VARCHAR) AS part, NULL AS unit_key, CAST(NULL AS INTEGER) AS period_key, "
    "CAST(NULL AS DATE) AS first_day, CAST(NULL AS DATE) AS last_day FROM landing.changes AS c"
)

_SPANNED = """
SELECT DISTINCT CAST(NULL AS VARCHAR), CASE WHEN r.own_unit THEN c.unit_key END, s.period_key, CAST(NULL AS DATE), CAST(NULL AS DATE)
{joined}
"""
_FIGURES = """
SELECT CASE WHEN NOT bool_or(follows) THEN list(DISTINCT figure) END FROM (SELECT r.follows, unnest(r.figures) AS figure {joined})
"""
_JOINED = """
FROM landing.build_reads AS r
JOIN landing.changes AS c ON c.node = r.read AND (c.part IS NULL OR c.part = r.part)
JOIN landing.build_spans AS s ON s.days = r.days
  AND (c.last_day IS NULL OR coalesce(CASE WHEN r.follows THEN s.from_day ELSE s.first_day END, c.last_day) <= c.last_day)
  AND (c.first_day IS NULL OR coalesce(CASE WHEN r.follows THEN s.to_day ELSE s.last_day END, c.first_day) >= c.first_day)
WHERE r.node = {node} AND s.period_key IN (SELECT t.period_key FROM landing.build_periods AS t WHERE t.node = {node})
"""


class Length(Strict):
    """A stretch of time."""

    days: int = Field(default=0, ge=0)
    months: int = Field(default=0, ge=0)
    years: int = Field(default=0, ge=0)

    @property
    def interval(self) -> str:
        """As SQL."""
        return f"(INTERVAL {self.years * 12 + self.months} MONTH + INTERVAL {self.days} DAY)"


class Reading(Strict):
    """What a partition reads of a node beside its own unit and period."""

    within: str | None = Field(default=None, description="a grain: all of the period of that grain which contains the partition")
    before: Length = Field(default=Length(), description="this much earlier too")
    after: Length = Field(default=Length(), description="this much later too")
    units: Literal["own", "all"] = Field(default="own", description="rows of other units too")
    parts: tuple[str, ...] = Field(default=(), description="of a node with rows of several sources: these only")


class Spans(Strict):
    """Written by `flis generate`: what the periods of a key-figure table read of these nodes."""

    figures: tuple[str, ...] = Field(description="whose columns these are about")
    reads: tuple[str, ...] = Field(description="touched where they changed from first_day to last_day")
    follows: tuple[str, ...] = Field(description="touched where they changed from from_day to to_day")
    units: dict[str, str] = Field(default_factory=dict[str, str], description="node -> its column that names the row's unit")
    parts: tuple[str, ...]
    days: str = Field(description="SQL: period_key, first_day, last_day, from_day, to_day; NULL: no end")


class Dated(Strict):
    """Where members of a dimension stand, with their codes and the days from and to which they are there (an empty `to`: still)."""

    model: str
    code: str
    from_: str = Field(alias="from")
    to: str


class Shared(Strict):
    """Rows that every unit has as soon as one of them has: those with this value in one of these columns.

    In the columns that are `dated`, every code that is no member's in the period is such a value.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    value: str
    dated: dict[str, Dated] = Field(default_factory=dict[str, Dated])

    def condition(self, grain: str, period: str, relations: Mapping[str, str]) -> str:
        """Whether a row t is one of these; `relations` are where the models stand."""
        found = [f't."{column}" = {quoted(self.value)}' for column in self.columns]
        for column, dated in self.dated.items():
            members = (
                f"SELECT 1 FROM {relations[dated.model]} AS m JOIN landing.periods AS p ON p.grain = {quoted(grain)} "  # noqa: S608 - ours
                f'AND m."{dated.from_}" <= p.end_date AND (m."{dated.to}" IS NULL OR m."{dated.to}" >= p.start_date) '
                f'WHERE p.period_key = t."{period}" AND m."{dated.code}" = t."{column}"'
            )
            found.append(f't."{column}" IS NOT NULL AND NOT EXISTS ({members})')
        return " OR ".join(f"({part})" for part in found)


class Partition(Strict):
    """What keeps a model's rows apart: a unit, a period or two dates, a source. Columns of the model, never NULL (but `to`)."""

    unit: str | None = None
    part: str | None = None
    grain: str | None = None
    period: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    within: str | None = None
    before: Length = Length()
    after: Length = Length()
    units: Literal["own", "all"] = "own"
    reads: dict[str, Reading] = Field(default_factory=dict[str, Reading])
    whole: Whole | None = None
    spans: tuple[Spans, ...] = ()
    there: str | None = Field(default=None, description="written with spans, SQL: the periods (period_key) that the model has rows of")
    shared: Shared | None = None

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if (self.from_ is None) != (self.to is None):
            raise ValueError("`from` and `to` stand together")
        if self.from_ is not None and self.period is not None:
            raise ValueError("either a period, or `from` and `to`")
        if bool(self.spans) != (self.there is not None):
            raise ValueError("`spans` and `there` stand together")
        if self.whole != "inherited" and not self.place:
            raise ValueError("a column that keeps rows apart is needed: a unit, or a grain with the column of its key")
        if self.period is None and any(self._widened(reading) for reading in (self._default, *self.reads.values())):
            raise ValueError("`within`, `before` and `after` are about periods: a grain with the column of its key is needed")
        return self

    @property
    def place(self) -> tuple[str, ...]:
        """The columns that say which partition a row is of."""
        return tuple(column for column in (self.part, self.unit, self.period, self.from_, self.to) if column is not None)

    @property
    def plain(self) -> Self:
        """The same where every partition reads its own unit and period only."""
        return self.model_copy(
            update={
                "within": None,
                "before": Length(),
                "after": Length(),
                "units": "own",
                "reads": {},
                "spans": (),
                "there": None,
                "shared": None,
            }
        )

    def reading(self, name: str) -> Reading:
        """What a partition reads of the node of that name."""
        return self.reads.get(name, self._default)

    @property
    def _default(self) -> Reading:
        return Reading(within=self.within, before=self.before, after=self.after, units=self.units)

    @staticmethod
    def _widened(reading: Reading) -> bool:
        return reading.within is not None or reading.before != Length() or reading.after != Length()


@dataclass(frozen=True)
class Read:
    """A node that a model reads: by the name that the model has for it, and the nodes whose changes it shows (views show others').

    `unit` is the column by which its own rows are told apart by unit.
    """

    name: str
    shows: tuple[str, ...]
    unit: str | None = None


def partition_of(meta: Mapping[str, Any], grains: Sequence[str], where: str) -> Partition | None:
    """What a model's `meta` says, or None. A grain stands as a field of its own: `month: month_key`.

    Raises:
        BuildError: it cannot be meant.
    """
    said = meta.get("partition")
    if said is None:
        return None
    if not isinstance(said, dict):
        raise _wrong(where, "it is a mapping of columns")
    fields: dict[str, Any] = dict(said)  # pyright: ignore[reportUnknownArgumentType]
    named = [name for name in fields if name in grains]
    if len(named) > 1:
        raise _wrong(where, f"one grain only, not {' and '.join(named)}")
    for grain in named:
        fields |= {"grain": grain, "period": fields.pop(grain)}
    try:
        found = Partition.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(piece) for piece in first["loc"])
        known = [*(field.alias or name for name, field in Partition.model_fields.items()), *grains]
        hint = suggestion(name, known) if first["type"] == "extra_forbidden" else ""
        raise _wrong(where, f"{name}: {first['msg']}" if name else first["msg"], hint) from error
    for reading in (found.reading(""), *found.reads.values()):
        if reading.within is not None and reading.within not in grains:
            raise _wrong(where, f"'{reading.within}' is no grain", suggestion(reading.within, grains))
    return found


def touched_query(partition: Partition, node: str, reads: Iterable[Read]) -> str:
    """The partitions that what changed touches: part, unit_key, period_key, first_day, last_day (as far as they tell them apart).

    A row of nothing but NULL means that everything is touched. Where the partition has spans, they stand in `landing.build_spans`.
    """
    reads = list(reads)
    queries = [f"{_ALL} WHERE c.node {_in(name for read in reads for name in read.shows)} AND {_EVERYTHING}"]
    if partition.spans:
        followed = {name for spans in partition.spans for name in (*spans.reads, *spans.follows)}
        # Of what nobody followed nobody said how far it reaches.
        queries.append(f"{_ALL} WHERE c.node {_in(name for read in reads if read.name not in followed for name in read.shows)}")
        queries.append(_SPANNED.format(joined=_JOINED.format(node=quoted(node))))
        return "\nUNION\n".join(queries)
    by_reading: dict[Reading, list[str]] = {}
    for read in reads:
        by_reading.setdefault(partition.reading(read.name), []).extend(read.shows)
    queries += [_touched(partition, reading, nodes) for reading, nodes in by_reading.items()]
    return "\nUNION\n".join(queries)


def figures_query(partition: Partition, node: str) -> str:
    """One value: the figures that have columns which are others in the touched rows, NULL for all of them.

    Where it moves how far a source reaches, periods begin to be there, of which no figure has anything yet.
    """
    return _FIGURES.format(joined=_JOINED.format(node=quoted(node))) if partition.spans else "SELECT NULL"


def spans_read(partition: Partition, reads: Sequence[Read]) -> Iterator[tuple[str, str, str, list[str], bool, bool]]:
    """What the spans of a partition read: a node that may change, the part of it, the span's days, and the figures that they are about.

    Then whether it is only followed, and whether a unit reads its own rows only.
    """
    for spans in partition.spans:
        for names, follows in ((spans.reads, False), (spans.follows, True)):
            for read in (read for read in reads if read.name in names):
                own = partition.unit is not None and read.unit is not None and spans.units.get(read.name) == read.unit
                yield from ((node, part, spans.days, list(spans.figures), follows, own) for node in read.shows for part in spans.parts)


def reach_query(partition: Partition, reads: Iterable[Read]) -> str:
    """First and last day of what the touched partitions (a relation `touched`) read, whatever the node."""
    if partition.period is None:
        return "SELECT min(first_day) AS first_day, max(last_day) AS last_day FROM touched"
    firsts, lasts, joins = list[str](), list[str](), list[str]()
    for number, reading in enumerate(dict.fromkeys(partition.reading(read.name) for read in reads)):
        first, last, joined = _days_read(reading, number)
        firsts.append(f"min({first})")
        lasts.append(f"max({last})")
        joins += joined
    return (
        f"SELECT least({', '.join(firsts)}) AS first_day, greatest({', '.join(lasts)}) AS last_day FROM touched AS t "  # noqa: S608
        f"JOIN landing.periods AS p ON p.grain = {quoted(str(partition.grain))} AND p.period_key = t.period_key {' '.join(joins)}"
    )


def _touched(partition: Partition, reading: Reading, nodes: Iterable[str]) -> str:
    unit = "c.unit_key" if partition.unit is not None and reading.units == "own" else "NULL"
    of_parts = f" AND (c.part IS NULL OR c.part {_in(reading.parts)})" if reading.parts else ""
    part = "c.part" if partition.part is not None else "NULL"
    changed = f"landing.changes AS c WHERE c.node {_in(nodes)}{of_parts}"
    if partition.period is None:
        return f"SELECT DISTINCT {part}, {unit}, NULL, c.first_day, c.last_day FROM {changed}"  # noqa: S608 - our own columns
    first, last, joins = _days_read(reading, 0)
    return (
        f"SELECT DISTINCT {part}, {unit}, p.period_key, NULL, NULL FROM (SELECT DISTINCT * FROM {changed}) AS c "  # noqa: S608
        f"JOIN (SELECT p.period_key, {first} AS first_day, {last} AS last_day FROM landing.periods AS p {' '.join(joins)} "
        f"WHERE p.grain = {quoted(str(partition.grain))}) AS p ON {_OVERLAPS.format(first='p.first_day', last='p.last_day')}"
    )


def _days_read(reading: Reading, number: int) -> tuple[str, str, list[str]]:
    """First and last day that the partition of the period `p` reads, as expressions, and the joins that they take."""
    first, last, joins = "p.start_date", "p.end_date", list[str]()
    if reading.within is not None:
        for alias, day in ((f"a{number}", first), (f"z{number}", last)):
            joins.append(
                f"LEFT JOIN landing.periods AS {alias} ON {alias}.grain = {quoted(reading.within)} "
                f"AND {day} BETWEEN {alias}.start_date AND {alias}.end_date"
            )
        first, last = f"coalesce(a{number}.start_date, {first})", f"coalesce(z{number}.end_date, {last})"
    if reading.before != Length():
        first = f"CAST({first} - {reading.before.interval} AS DATE)"
    if reading.after != Length():
        # From the day after, so that the end of a month stays one.
        last = f"CAST({last} + INTERVAL 1 DAY + {reading.after.interval} - INTERVAL 1 DAY AS DATE)"
    return first, last, joins


def _in(names: Iterable[str]) -> str:
    listed = ", ".join(quoted(name) for name in sorted(set(names)))
    return f"IN ({listed})" if listed else "IN (NULL)"


def _wrong(where: str, words: str, hint: str = "") -> BuildError:
    return BuildError(f"The partition of the model cannot be meant: {words}.".replace("..", "."), where=where, hint=hint, code="partition")
