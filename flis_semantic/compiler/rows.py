"""Reading facts once: every row that some span asks for, aggregated to unit × base period × key columns.

This is the only place that touches a fact's rows. Which period a base period belongs to, what a key column's code is, and
whether it was delivered is found afterwards, on the few aggregated rows. Components with the same fact, role, edition, filters
and key columns share one reading, whatever their spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent, ResolvedFact
from flis_semantic.compiler.codes import UNKNOWN, key_name
from flis_semantic.compiler.members import BASE, members_in_time
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import (
    EXACT,
    Expr,
    among,
    both,
    cast,
    col,
    count_rows,
    either,
    eq,
    fact_expression,
    ge,
    greatest,
    highest,
    is_null,
    le,
    least,
    lowest,
    named,
    not_null,
    num,
    parameter,
    scalar,
    select,
    subquery,
    table,
    text,
    total,
    where_,
)

TOUCHED_UNITS = "TOUCHED_UNITS"
"""Stands for the condition that a unit is one of those that a build rewrites; a model has a macro in its place."""

UNIT, DAY, FROM, TO = "unit_key", "on_day", "from_day", "to_day"
"""Columns of a reading beside its base period, values and key columns: unit, day, first and last day in force."""


@dataclass(frozen=True)
class Rows:
    """What decides which rows of a fact are read, and how finely. Equal ones share a CTE."""

    fact: ResolvedFact
    unit_column: str
    edition: tuple[str, str] | None
    filters: tuple[tuple[str, tuple[str, ...]], ...]
    request_filters: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Value:
    """One aggregated column of a reading."""

    aggregate: str
    expression: str | None
    condition: str | None

    @property
    def is_plain(self) -> bool:
        """Whether a column is added as it stands, so that no row of it can fail to be computed."""
        return self.expression is not None and isinstance(fact_expression(self.expression, "f"), exp.Column)

    @property
    def may_be_blank(self) -> bool:
        """Whether there is a column in it that a row may leave empty."""
        return self.expression is not None and fact_expression(self.expression, "f").find(exp.Column) is not None


def touched_units(unit: exp.Column) -> Expr:
    """Whether a unit is one of those that a build rewrites."""
    return exp.Anonymous(this=TOUCHED_UNITS, expressions=[unit])


def rows_of(component: ResolvedComponent, request: Request) -> Rows:
    """The reading of a component: dimensions and filters that it is broadcast over are left out."""
    late = filtered_late(component, request)
    # Ages are computed from the rows, whatever is read of them.
    columns = {name: column for name, column in component.fact.dimensions.items() if name not in component.fact.ages}
    return Rows(
        fact=component.fact,
        unit_column=component.unit_column,
        edition=component.edition,
        filters=tuple(item for item in component.filters if item[0] not in late),
        request_filters=tuple(d for d in request.dimension_filters if d in columns and d not in late),
        # Two levels of one hierarchy stand behind one key.
        keys=tuple(dict.fromkeys(columns[d] for d in (*request.dimensions, *late) if d in columns)),
    )


def filtered_late(component: ResolvedComponent, request: Request) -> tuple[str, ...]:
    """Dimensions by which a spell is filtered once its code is known: an age, or what has another meaning at another time."""
    fact = component.fact
    if fact.kind != "spell":
        return ()
    filtered = [name for name, _ in component.filters] + [name for name in request.dimension_filters if name in fact.dimensions]
    dated = request.vocabulary.cuts
    return tuple(dict.fromkeys(name for name in filtered if name in fact.ages or dated[name].valid_from is not None))


def value_of(component: ResolvedComponent) -> Value:
    """The aggregate that a component takes from its reading."""
    return Value(component.aggregate, component.expression, component.condition)


def rows_query(
    rows: Rows, values: Sequence[tuple[str, Value]], spans: Sequence[str], request: Request, *, some_units: bool = False
) -> exp.Select:
    """The CTE of a reading. Beside value `v1` stand, where they are needed, its blanks, its rows and those not computable.

    Args:
        rows: what is read.
        values: column name and aggregate of every value.
        spans: names of the spans that use it; nothing outside of all of them is read.
        request: what is asked.
        some_units: keep to the units that a build rewrites.
    """
    fact = rows.fact.definition
    keys: list[tuple[str, str]] = [(rows.unit_column, UNIT), (rows.fact.base_key, BASE)]
    keys += [(fact.date, DAY)] if fact.date is not None else []
    keys += [(fact.in_force.from_, FROM), (fact.in_force.to, TO)] if fact.in_force is not None else []
    keys += [(column, key_name(column)) for column in rows.keys]
    columns: list[Expr] = [named(col(column, "f"), name) for column, name in keys]
    shared = _shared_condition(rows, values)
    for name, value in values:
        own = replace(value, condition=None) if shared is not None else value
        columns += _value_columns(name, own, needs_rows=rows.fact.absent != "zero")
    only = fact_expression(shared, "f") if shared is not None else None
    return select(
        columns,
        table(rows.fact.model, "f"),
        where=both(
            reach(rows, spans),
            of_asked_units(rows, request),
            touched_units(col(rows.unit_column, "f")) if some_units else None,
            *conditions_of(rows, spans, request),
            only,
        ),
        group=[col(column, "f") for column in dict.fromkeys(column for column, _ in keys)],
        comment=rows.fact.id,
    )


def _shared_condition(rows: Rows, values: Sequence[tuple[str, Value]]) -> str | None:
    """The condition that every value has, so that rows without it need not be read; not where it counts that rows are there."""
    conditions = {value.condition for _, value in values}
    return next(iter(conditions)) if len(conditions) == 1 and rows.fact.absent == "zero" else None


def value_parts(name: str, value: Value, *, needs_rows: bool) -> list[str]:
    """The columns that a reading has of a value: itself, its blanks, what could not be computed, and its rows."""
    parts = {
        name: True,
        f"{name}_blanks": value.may_be_blank,
        f"{name}_failed": value.expression is not None and not value.is_plain,
        f"{name}_rows": value.expression is not None and needs_rows,
    }
    return [part for part, there in parts.items() if there]


def _value_columns(name: str, value: Value, *, needs_rows: bool) -> list[Expr]:
    condition = fact_expression(value.condition, "f") if value.condition else None

    def where(*more: Expr | None) -> Expr | None:
        return both(condition.copy() if condition is not None else None, *more)

    counted = where_(count_rows(), where())
    if value.expression is None:
        return [named(counted, name)]
    amount = fact_expression(value.expression, "f")
    used = {column.name: column for column in amount.find_all(exp.Column)}
    # Computed amounts are added as decimals, since floating-point sums depend on the order of rows.
    summed = total(amount if value.is_plain else cast(amount, EXACT))
    found = [named(where_(summed, where()), name)]
    if value.may_be_blank:
        blank = where(either(*(is_null(column.copy()) for column in used.values())))
        found.append(named(where_(count_rows(), blank), f"{name}_blanks"))
    if not value.is_plain:
        found.append(named(where_(count_rows(), where(is_null(amount.copy()))), f"{name}_failed"))
    return [*found, named(counted, f"{name}_rows")] if needs_rows else found


def reach(rows: Rows, spans: Sequence[str]) -> Expr:
    """Between the earliest and the latest that any of the spans reads."""
    dated = rows.fact.definition.date
    if dated is not None:
        return between_spans(col(dated, "f"), spans, "from_date", "to_date")
    return between_spans(col(rows.fact.base_key, "f"), spans, "first_key", "last_key")


def earliest(spans: Sequence[str], column: str) -> Expr:
    """The lowest value that a column has in any of the spans."""
    return least(*(scalar(select([lowest(col(column))], table(span))) for span in spans))


def latest(spans: Sequence[str], column: str) -> Expr:
    """The highest value that a column has in any of the spans."""
    return greatest(*(scalar(select([highest(col(column))], table(span))) for span in spans))


def between_spans(value: Expr, spans: Sequence[str], first: str, last: str) -> Expr:
    """Between the earliest and the latest that any of the spans reads."""
    found = both(ge(value, earliest(spans, first)), le(value.copy(), latest(spans, last)))
    assert found is not None
    return found


def of_asked_units(rows: Rows, request: Request) -> Expr | None:
    """Only units of the areas that are asked for."""
    if not request.area_filters:
        return None
    return exp.In(this=col(rows.unit_column, "f"), query=exp.Subquery(this=select([col("unit_key")], table("units"))))


def conditions_of(rows: Rows, spans: Sequence[str], request: Request) -> list[Expr | None]:
    """Edition and filters of the component and of the request, as conditions on the fact, which is called f."""
    conditions: list[Expr | None] = []
    if rows.edition is not None:
        conditions.append(eq(col(rows.edition[0], "f"), text(rows.edition[1])))
    for dimension, codes in rows.filters:
        conditions.append(_has_code(dimension, [text(code) for code in codes], rows, spans, request))
    for dimension in rows.request_filters:
        values = request.dimension_filters[dimension]
        known = [parameter(name) for name, value in zip(filter_parameters(dimension, values), values, strict=True) if value != UNKNOWN]
        named_codes = _has_code(dimension, known, rows, spans, request) if known else None
        conditions.append(either(named_codes, _has_no_code(dimension, rows, request) if UNKNOWN in values else None))
    return conditions


def filter_parameters(name: str, values: tuple[str, ...]) -> list[str]:
    """Names of the parameters that carry a filter's values."""
    return [f"{name}_{index}" for index in range(1, len(values) + 1)]


def _has_code(dimension: str, codes: list[Expr], rows: Rows, spans: Sequence[str], request: Request) -> Expr:
    spec = request.vocabulary.cuts[dimension]
    if spec.valid_from is not None:
        members = members_in_time(
            spec, [spec.code], rows.fact.base_grain, between_spans(col("period_key", "b"), spans, "first_key", "last_key")
        )
        same = both(
            eq(col(spec.key, "m"), col(rows.fact.dimensions[dimension], "f")),
            eq(col(BASE, "m"), col(rows.fact.base_key, "f")),
            among(col(spec.code, "m"), codes),
        )
        return exp.Exists(this=select([num(1)], subquery(members, "m"), where=same))
    keys = select([col(spec.key)], table(spec.model), where=among(col(spec.code), codes))
    return exp.In(this=col(rows.fact.dimensions[dimension], "f"), query=exp.Subquery(this=keys))


def _has_no_code(dimension: str, rows: Rows, request: Request) -> Expr:
    """Rows whose key no member of the dimension has."""
    spec = request.vocabulary.cuts[dimension]
    key = lambda: col(rows.fact.dimensions[dimension], "f")  # noqa: E731
    keys = select([col(spec.key)], table(spec.model), where=not_null(col(spec.code)))
    found = either(is_null(key()), exp.Not(this=exp.In(this=key(), query=exp.Subquery(this=keys))))
    assert found is not None
    return found
