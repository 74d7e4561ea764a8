"""Reading the single rows of a fact, for what does not add up: distinct persons, medians, and states that last.

A reading keeps one row per row of the fact. Columns: `unit_key`; `base_key` and `on_day` of events and snapshots; of spells
`from_date` and `to_date` (both known, clipped to what the unit delivered), `is_start` and `is_end` (whether the whole spell begins
and ends with the row), `is_open_to`; `person_key`, `amount` and `weight` where a measure has them; the key columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent, SourceSeries
from flis_semantic.compiler.codes import key_name
from flis_semantic.compiler.keys import Make, days_after, key_of
from flis_semantic.compiler.members import BASE
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import (
    DAY,
    UNIT,
    Rows,
    conditions_of,
    earliest,
    filtered_late,
    latest,
    of_asked_units,
    reach,
    rows_of,
    touched_units,
)
from flis_semantic.compiler.spans import source_condition
from flis_semantic.compiler.sql import (
    EXACT,
    Expr,
    both,
    cast,
    coalesce,
    col,
    either,
    eq,
    fact_expression,
    ge,
    is_null,
    join,
    le,
    least,
    lowest,
    minus,
    named,
    num,
    plus,
    select,
    subquery,
    table,
)

PERSON, AMOUNT, WEIGHT, START, END = "person_key", "amount", "weight", "from_date", "to_date"


@dataclass(frozen=True)
class Detail:
    """What decides which single rows are read, and what of them. Equal ones share a CTE."""

    rows: Rows
    condition: str | None
    expression: str | None
    weight: str | None
    person: str | None
    ages: tuple[str, ...]
    late: tuple[str, ...]
    sources: tuple[SourceSeries, ...]


def detail_of(component: ResolvedComponent, request: Request) -> Detail:
    """The single rows of a component."""
    fact = component.fact
    asked = {*request.dimensions, *request.dimension_filters, *(name for name, _ in component.filters)}
    return Detail(
        rows=rows_of(component, request),
        condition=component.condition,
        expression=component.expression,
        weight=component.weight,
        person=fact.definition.person if fact.kind == "spell" else None,
        ages=tuple(name for name in fact.ages if name in asked),
        late=filtered_late(component, request),
        sources=component.sources if fact.kind == "spell" else (),
    )


def born_name(dimension: str) -> str:
    """Column of a reading with the date of birth behind a dimension."""
    return f"born_{dimension}"


def details_query(detail: Detail, spans: list[str], request: Request, *, some_units: bool = False) -> exp.Select:
    """The CTE of a reading; nothing outside of all of the spans is read, with `some_units` of no unit but those that a build rewrites."""
    rows, fact = detail.rows, detail.rows.fact
    columns: list[Expr] = [named(col(rows.unit_column, "f"), UNIT)]
    joins: list[exp.Join] = []
    if fact.kind == "spell":
        joins.append(join(subquery(_known(detail.sources, request), "known"), eq(col("unit_key", "known"), col(rows.unit_column, "f"))))
        columns += _spell_columns(detail, request)
        within = _overlaps(detail, spans)
    else:
        columns.append(named(col(fact.base_key, "f"), BASE))
        columns += [named(col(fact.definition.date, "f"), DAY)] if fact.definition.date is not None else []
        within = reach(rows, spans)
    if detail.person is not None:
        columns.append(named(col(detail.person, "f"), PERSON))
    columns += [named(_value(text), name) for text, name in ((detail.expression, AMOUNT), (detail.weight, WEIGHT)) if text is not None]
    columns += [named(col(column, "f"), key_name(column)) for column in rows.keys]
    columns += [named(col(fact.ages[name].born or "", "f"), born_name(name)) for name in detail.ages]
    only = fact_expression(detail.condition, "f") if detail.condition is not None else None
    return select(
        columns,
        table(fact.model, "f"),
        joins=joins,
        where=both(
            within,
            of_asked_units(rows, request),
            touched_units(col(rows.unit_column, "f")) if some_units else None,
            *conditions_of(rows, spans, request),
            only,
        ),
        comment=f"{fact.id}, row by row",
    )


def _value(expression: str) -> Expr:
    value = fact_expression(expression, "f")
    return value if isinstance(value, exp.Column) else cast(value, EXACT)


def _known(sources: tuple[SourceSeries, ...], request: Request) -> exp.Select:
    """Per unit the last day that every one of the sources has told of."""
    unit_key = request.vocabulary.reporting_unit.key
    return select(
        [named(col(unit_key, "k"), "unit_key"), named(days_after(lowest(col("data_to", "k")), -1), "last_day")],
        table("data_to", "k"),
        where=source_condition(sources, "k"),
        group=[col(unit_key, "k")],
    )


def _spell_columns(detail: Detail, request: Request) -> list[Expr]:
    definition = detail.rows.fact.definition
    assert definition.lasts is not None
    first, last = col(definition.lasts.from_, "f"), col(definition.lasts.to, "f")
    known = col("last_day", "known")
    is_start: Expr = exp.true()
    is_end: Expr = coalesce(le(last.copy(), known.copy()), exp.false())
    if definition.pieces_of is not None:
        is_start = eq(first.copy(), col(definition.pieces_of.from_, "f"))
        of_whole = both(is_end, eq(last.copy(), col(definition.pieces_of.to, "f")))
        assert of_whole is not None
        is_end = coalesce(of_whole, exp.false())
    columns = [
        named(first, START),
        named(least(last, known), END),
        named(is_start, "is_start"),
        named(is_end, "is_end"),
    ]
    if definition.pieces_of is not None:
        columns.append(named(col(definition.pieces_of.from_, "f"), "whole_from"))
    # What a code means that has another meaning at another time is as of the spell's first day.
    begins: Make = lambda: col(definition.lasts.from_ if definition.lasts else "", "f")  # noqa: E731
    base = col(detail.rows.fact.base_key, "f") if definition.pieces_of else key_of(request.calendar, detail.rows.fact.base_grain, begins)
    return [*columns, named(base, BASE)]


def _overlaps(detail: Detail, spans: list[str]) -> Expr:
    """Rows with a day in a span or beside it: a spell that ends the day before is continued by one that begins then."""
    definition = detail.rows.fact.definition
    assert definition.lasts is not None
    first, last = (lambda: col(definition.lasts.from_, "f")), (lambda: col(definition.lasts.to, "f"))  # type: ignore[union-attr]
    parts: list[Expr | None] = [
        le(first(), days_after(latest(spans, "to_date"), 1)),
        either(is_null(last()), ge(last(), days_after(earliest(spans, "from_date"), -1))),
        # What ends before it begins is no spell, and what begins after the last known day is not known.
        either(is_null(last()), le(first(), last())),
        le(first(), col("last_day", "known")),
    ]
    if definition.pieces_of is not None:
        key = col(detail.rows.fact.base_key, "f")
        parts += [
            ge(key, minus(earliest(spans, "first_key"), num(1))),
            le(key.copy(), plus(latest(spans, "last_key"), num(1))),
        ]
    found = both(*parts)
    assert found is not None
    return found
