"""How far a generated table reads in time: for every period of a grain the days of what each of its spans reads.

Taken from the spans themselves, so that whoever rewrites only some periods of a table rewrites all that a change reaches. Not
clipped to what is due: that moves with the deliveries, and a period is touched by what it would read once it is there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from flis_semantic.compiler.assemble import Assembly
from flis_semantic.compiler.keys import PERIODS_MODEL
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import both, col, eq, greatest, least, left_join, minus, named, num, plus, select, table, text
from flis_semantic.compiler.stretch import Span, keys_of, stretch_of

COVERAGE = "coverage"
"""Model that says what was delivered, by base period."""

HOW_FAR = ("source_status", "data_to")
"""Models that say how far sources reach: whether a period is finished, waits, or is there at all."""

OF_UNITS = (COVERAGE, "data_to")
"""Those of them with a row for every unit."""

_BUILD = "landing"
_IN_BUILD = {PERIODS_MODEL: "periods", HOW_FAR[0]: "source_status"}
"""Models and the tables of the build's schema that they show."""


@dataclass(frozen=True)
class Reach:
    """What the periods of a table read through one span: of which facts and sources, and which days.

    `figures` are the names of those that have a component there.
    `units` has the facts whose rows are of the unit that one of their columns names, with that column. `of_deliveries`: what was
    delivered counts there, and how far the sources reach.
    `days` is SQL over the build's period table: period_key; first_day and last_day of the base periods read, NULL where the
    calendar has none; from_day and to_day around these and the period itself.
    """

    facts: tuple[str, ...]
    figures: tuple[str, ...]
    units: tuple[tuple[str, str], ...]
    sources: tuple[str, ...]
    of_deliveries: bool
    days: str


def reaches(assemblies: Iterable[Assembly]) -> tuple[Reach, ...]:
    """The reach of every span of these assemblies, after their CTEs were made."""
    found: dict[tuple[tuple[str, ...], str], _Read] = {}
    for assembly in assemblies:
        for span, read in assembly.read_through():
            sources = tuple(sorted({line.table for line in span.sources}))
            # Who goes on from the day before the span, or to the day after it, neither begins nor ends in it.
            beside = 1 if any(through.reads_beside for through in read) else 0
            facts = _days(span, assembly.request, beside, beside)
            deliveries = _days(span, assembly.request, span.before + beside, span.after + beside)
            for days in (facts, deliveries):
                place = found.setdefault((sources, days), _Read())
                place.figures |= dict.fromkeys(assembly.figures_through(span))
                place.of_deliveries = place.of_deliveries or days == deliveries
            for through in read:
                found[sources, facts].facts.setdefault(through.model, set()).add(through.unit_column)
    return tuple(_reach(sources, days, read) for (sources, days), read in found.items())


def periods_there(assemblies: Iterable[Assembly]) -> str:
    """Periods that a table has rows of, as SQL over the build's tables: period_key."""
    return " UNION ".join(_of_the_build(assembly.periods_there()) for assembly in assemblies)


@dataclass
class _Read:
    """Models and the columns by which their rows are told apart by unit."""

    facts: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    figures: dict[str, None] = field(default_factory=dict[str, None])
    of_deliveries: bool = False


def _reach(sources: tuple[str, ...], days: str, read: _Read) -> Reach:
    units = tuple((model, next(iter(columns))) for model, columns in sorted(read.facts.items()) if len(columns) == 1)
    return Reach(tuple(sorted(read.facts)), tuple(read.figures), units, sources, read.of_deliveries, days)


def _days(span: Span, request: Request, before: int, after: int) -> str:
    """The days of the base periods that a span reads, and so many base periods before and after these."""
    stretch = stretch_of(span, request)
    first, last = keys_of(span, request, stretch)
    keys = (minus(first(), num(before)) if before else first(), plus(last(), num(after)) if after else last())
    joins = list(stretch.joins)
    for alias, key in zip(("f", "l"), keys, strict=True):
        on = both(eq(col("grain", alias), text(span.base_grain)), eq(col("period_key", alias), key))
        assert on is not None
        joins.append(left_join(table(PERIODS_MODEL, alias), on))
    query = select(
        [
            col("period_key", "p"),
            named(col("start_date", "f"), "first_day"),
            named(col("end_date", "l"), "last_day"),
            named(least(col("start_date", "p"), stretch.start(), col("start_date", "f")), "from_day"),
            named(greatest(col("end_date", "p"), stretch.end(), col("end_date", "l")), "to_day"),
        ],
        table(PERIODS_MODEL, "p"),
        joins=joins,
        where=eq(col("grain", "p"), text(request.grain)),
    )
    return _of_the_build(query)


def _of_the_build(query: exp.Select) -> str:
    """The query over the tables of the build instead of the models that show them."""
    for relation in query.find_all(exp.Table):
        relation.set("this", exp.to_identifier(_IN_BUILD[relation.name]))
        relation.set("db", exp.to_identifier(_BUILD))
    return query.sql(dialect="duckdb")
