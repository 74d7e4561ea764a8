"""The generated key-figure tables: wide, one row per area and period, written as dbt models.

`kf_<domain>__<grain>` has a row per reporting unit with numerators and denominators that may be added over any set of units;
`kf_<domain>__<grain>__areas` has finished values of every published area, never to be added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import indent

from sqlglot import exp

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure
from flis_semantic.compiler import states
from flis_semantic.compiler.assemble import Assembly
from flis_semantic.compiler.plan import FigurePlan, side_sum
from flis_semantic.compiler.reach import Reach, periods_there, reaches
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import TOUCHED_UNITS
from flis_semantic.compiler.sql import (
    Expr,
    both,
    case,
    cast,
    coalesce,
    col,
    eq,
    ge,
    join,
    least,
    left_join,
    named,
    not_null,
    num,
    select,
    table,
    text,
    with_,
)

_SUFFIXES = {
    "value": "",
    "numerator": "__num",
    "denominator": "__den",
    "status": "__status",
    "reason": "__reason",
    "complete": "__complete",
    "members": "__members",
    "members_expected": "__members_expected",
    "denominator_share": "__denominator_share",
    "series_break": "__series_break",
}
_REFERENCE = re.compile(r'"?ref__(\w+?)__ref"?')
_TOUCHED = "touched__periods"
_KEPT = "kept"
"""The table itself, as it was before a build rewrote some of its rows."""
_SET = "{%- set touched = flis_project.touched_rows() %}\n"
_UNITS = re.compile(TOUCHED_UNITS + r"\(([\w.]+)\)")


@dataclass(frozen=True)
class GeneratedColumn:
    """One column of a generated table: its name, what it is, and of which key figure."""

    name: str
    role: str
    figure: str | None
    title: Mapping[str, str]


@dataclass(frozen=True)
class GeneratedTable:
    """One generated dbt model.

    `cuts`: the dimensions of each cut that is stacked in it, and the figures that have that cut. `reaches`: what its periods
    read, for a build that rewrites only some of them; `periods`: SQL of those that it has.
    """

    name: str
    domain: str
    grain: str
    kind: str
    sql: str
    columns: tuple[GeneratedColumn, ...]
    key: tuple[str, ...]
    figures: tuple[KeyFigure, ...] = field(repr=False)
    reaches: tuple[Reach, ...] = field(repr=False)
    periods: str = field(repr=False)
    cuts: tuple[tuple[tuple[str, ...], tuple[KeyFigure, ...]], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class FigureColumns:
    """The columns of one figure with the joins that they take: left out where a build rewrites rows in which it stays what it is."""

    figure: str
    columns: tuple[Expr, ...]
    joins: tuple[exp.Join, ...]


def key_figure_tables(catalogue: Catalogue, domain: str, grain: str) -> list[GeneratedTable]:
    """The generated tables of a domain at a grain; none where no figure is published by it."""
    published = tuple(figure for figure in catalogue.of_domain(domain) if grain in figure.publish_grains)
    if not published:
        return []
    additive = tuple(figure for figure in published if figure.adds_over_units)
    tables = [_unit_table(catalogue, domain, grain, additive)] if additive else []
    return [*tables, _areas_table(catalogue, domain, grain, published)]


def _unit_table(catalogue: Catalogue, domain: str, grain: str, figures: tuple[KeyFigure, ...]) -> GeneratedTable:
    unit = catalogue.vocabulary.reporting_unit
    assembly = Assembly(Request(catalogue, figures, (unit.base,), (), grain), units_only=True)
    ctes = assembly.ctes()
    columns, joins = unit_rows(catalogue)
    described, blocks = unit_columns(catalogue), list[FigureColumns]()
    for plan in assembly.plans:
        sides, (own, *joined) = unit_sides(plan, ())
        # Spans are shared by figures.
        joins += [item for item in joined if item.alias_or_name not in {other.alias_or_name for other in joins}]
        names = {part: f"{plan.figure.name}{_SUFFIXES[part]}" for part in sides}
        described += [GeneratedColumn(name, part, plan.figure.id, plan.figure.file.title) for part, name in names.items()]
        blocks.append(FigureColumns(plan.figure.name, tuple(named(side, names[part]) for part, side in sides.items()), (own,)))
    query = with_(ctes, ordered(select(columns, table("units", "u"), joins=joins), "period_key", unit.key))
    same = both(eq(col(unit.key, _KEPT), col("unit_key", "u")), eq(col("period_key", _KEPT), col("period_key", "u")))
    return GeneratedTable(
        f"kf_{domain}__{grain}",
        domain,
        grain,
        "units",
        as_model(query, blocks, same),
        tuple(described),
        (unit.key, "period_key"),
        figures,
        reaches([assembly]),
        periods_there([assembly]),
    )


def unit_sides(plan: FigurePlan, cells: Sequence[str]) -> tuple[dict[str, Expr], list[exp.Join]]:
    """Numerator and denominator of single units, both NULL unless the unit is complete, and the joins that they take.

    Joined to the CTE `units` called u, and to cells called x. The types are exact: whoever adds them gets one sum in any order.
    """
    name = f"{plan.name}_units"
    same = both(
        eq(col("period_key", name), col("period_key", "u")),
        eq(col("unit_key", name), col("unit_key", "u")),
        *(eq(col(cell, name), col(cell, "x")) for cell in cells),
    )
    joins = [left(name, same)]
    for span in sorted({source.span_name for source in (*plan.numerator, *plan.denominator) if source.is_weighted}):
        joins.append(left(span, eq(col("period_key", span), col("period_key", "u"))))
    numbers = [plan.number(source) for source in (*plan.numerator, *plan.denominator)]

    def complete() -> Expr:
        state = least(*(col(f"s{number}", name) for number in numbers))
        found = both(ge(state, num(states.HAS_VALUE)), *(not_null(col(f"c{number}", name)) for number in numbers))
        assert found is not None
        return found

    sides = {"numerator": plan.numerator, **({"denominator": plan.denominator} if plan.denominator else {})}
    return {
        part: case((complete(), side_sum(plan, side, lambda number: col(f"c{number}", name), exact=True))) for part, side in sides.items()
    }, joins


def unit_rows(catalogue: Catalogue) -> tuple[list[Expr], list[exp.Join]]:
    """What every row of a unit and period says of itself, and the joins that it takes from the CTE `units` called u."""
    unit = catalogue.vocabulary.reporting_unit
    columns: list[Expr] = [named(col("unit_key", "u"), unit.key)]
    columns += [col(level.code, "m") for level in unit.levels if level.code is not None]
    columns += [col(unit.kind, "m"), *_period_columns("u")]
    valid = both(
        eq(col(unit.key, "m"), col("unit_key", "u")),
        exp.LTE(this=col(unit.valid_from, "m"), expression=col("end_date", "p")),
        exp.GTE(this=coalesce(col(unit.valid_to, "m"), col("end_date", "p")), expression=col("end_date", "p")),
    )
    return columns, [
        join(table("periods", "p"), eq(col("period_key", "p"), col("period_key", "u"))),
        join(table(unit.model, "m"), valid),
    ]


def unit_columns(catalogue: Catalogue) -> list[GeneratedColumn]:
    """The descriptions of the columns of `unit_rows`."""
    unit = catalogue.vocabulary.reporting_unit
    return [
        GeneratedColumn(unit.key, "key", None, unit.base.title),
        *(GeneratedColumn(level.code, "label", None, level.title) for level in unit.levels if level.code is not None),
        GeneratedColumn(
            unit.kind, "label", None, texts(catalogue, "Om enheden tæller med i totaler", "Whether the unit is counted in totals")
        ),
        *_period_descriptions(catalogue),
    ]


def _areas_table(catalogue: Catalogue, domain: str, grain: str, figures: tuple[KeyFigure, ...]) -> GeneratedTable:
    levels = catalogue.vocabulary.reporting_unit.levels
    assembly = Assembly(Request(catalogue, figures, levels, (), grain))
    ctes = assembly.ctes()
    spine: Expr | None = None
    for level in levels:
        area = f"area_{level.id}"
        of_level = select(
            [col("period_key"), named(text(level.id), "area_level"), named(col(area), "area")],
            table("units"),
            group=[col("period_key"), col(area)],
        )
        spine = of_level if spine is None else exp.Union(this=spine, expression=of_level, distinct=False)
    assert spine is not None
    ctes.append(("areas", spine))
    columns: list[Expr] = [col("area_level", "a"), col("area", "a"), *_period_columns("a")]
    described = [
        GeneratedColumn("area_level", "key", None, texts(catalogue, "Områdets niveau", "Level of the area")),
        GeneratedColumn("area", "key", None, texts(catalogue, "Områdets kode", "Code of the area")),
        *_period_descriptions(catalogue),
    ]
    joins = [join(table("periods", "p"), eq(col("period_key", "p"), col("period_key", "a")))]
    blocks: list[FigureColumns] = []
    keys = ("period_key", "area_level", "area")
    for plan in assembly.plans:
        on = both(*(eq(col(name, plan.name), col(name, "a")) for name in keys))
        names = {part: f"{plan.figure.name}{suffix}" for part, suffix in _SUFFIXES.items()}
        described += [GeneratedColumn(name, part, plan.figure.id, plan.figure.file.title) for part, name in names.items()]
        given = tuple(named(_area_column(part, plan.name), name) for part, name in names.items())
        blocks.append(FigureColumns(plan.figure.name, given, (left(plan.name, on),)))
    # What is in no area of a level stands in a row without a code.
    same = both(*(exp.NullSafeEQ(this=col(name, _KEPT), expression=col(name, "a")) for name in keys))
    query = with_(ctes, ordered(select(columns, table("areas", "a"), joins=joins), "period_key", "area_level", "area"))
    return GeneratedTable(
        f"kf_{domain}__{grain}__areas",
        domain,
        grain,
        "areas",
        as_model(query, blocks, same),
        tuple(described),
        ("area_level", "area", "period_key"),
        figures,
        reaches([assembly]),
        periods_there([assembly]),
    )


def _area_column(part: str, source: str) -> Expr:
    if part == "status":
        # A unit that is no member has a row for the sake of figures that count it; the others do not apply to it.
        return states.status_text(coalesce(col("state", source), num(states.NOT_VALID)))
    if part == "reason":
        return states.reason_text(col(part, source))
    value: Expr = col(part, source)
    return cast(value, "DOUBLE") if part in ("value", "numerator", "denominator", "denominator_share") else value


def _period_columns(alias: str) -> list[Expr]:
    return [col("period_key", alias), col("period", "p"), named(col("start_date", "p"), "period_start")]


def _period_descriptions(catalogue: Catalogue) -> list[GeneratedColumn]:
    return [
        GeneratedColumn("period_key", "key", None, texts(catalogue, "Periodens nøgle", "Key of the period")),
        GeneratedColumn("period", "label", None, texts(catalogue, "Periodens betegnelse", "Label of the period")),
        GeneratedColumn("period_start", "time", None, texts(catalogue, "Periodens første dag", "First day of the period")),
    ]


def texts(catalogue: Catalogue, da: str, en: str) -> Mapping[str, str]:
    """A fixed text in the catalogue's languages; in English where there is no translation."""
    return {language: da if language == "da" else en for language in catalogue.vocabulary.languages}


def left(name: str, on: Expr | None) -> exp.Join:
    """LEFT JOIN a CTE by its own name."""
    assert on is not None
    return left_join(table(name), on)


def ordered(query: exp.Select, *names: str) -> exp.Select:
    """The query, ordered by these columns."""
    query.set("order", exp.Order(expressions=[exp.Ordered(this=col(name), nulls_first=False) for name in names]))
    return query


def as_model(query: exp.Select, figures: Sequence[FigureColumns] = (), same: Expr | None = None) -> str:
    """The query as a dbt model: every relation that is no CTE becomes a ref, and its periods are those that a build rewrites.

    The columns of `figures` come after its own. Where one of them is not asked for, it is taken from the table as it was, whose row
    is the `same`.
    """
    for cte in list(query.find_all(exp.CTE)):
        if cte.alias == "periods":
            condition = cte.this.args["where"]
            condition.set("this", both(condition.this, exp.column(_TOUCHED)))
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    for relation in query.find_all(exp.Table):
        if relation.name not in own:
            if not relation.alias:
                relation.set("alias", exp.TableAlias(this=exp.to_identifier(relation.name)))
            relation.set("this", exp.to_identifier(f"ref__{relation.name}__ref"))
    text_ = query.sql(dialect="duckdb", pretty=True, copy=False)
    if same is not None:
        text_ = _with_figures(text_, figures, same)
    text_ = _REFERENCE.sub(r"{{ ref('\1') }}", text_).replace(_TOUCHED, "{{ flis_project.touched_periods(touched) }}")
    return _SET + _UNITS.sub(r"{{ flis_project.touched_units(touched, '\1') }}", text_) + "\n"


def _with_figures(query: str, figures: Sequence[FigureColumns], same: Expr) -> str:
    """The outermost SELECT, whose clauses alone begin a line, with the figures' columns and joins."""
    columns, joins = list[str](), list[str]()
    for figure in figures:
        is_asked = f"touched.figures is none or '{figure.figure}' in touched.figures"
        kept = ", ".join(f"{_KEPT}.{column.alias}" for column in figure.columns)
        given = ",\n".join(indent(_written(column), "  ") for column in figure.columns)
        columns.append(f"{{%- if {is_asked} %}},\n{given}\n{{%- else %}},\n  {kept}\n{{%- endif %}}")
        joined = "\n".join(_written(item) for item in figure.joins)
        joins.append(f"{{%- if {is_asked} %}}\n{joined}\n{{%- endif %}}")
    own = "SELECT * FROM {{ this }} WHERE {{ flis_project.touched_periods(touched) }}"
    kept = f"LEFT JOIN ({own}) AS {_KEPT}\n{indent('ON ' + _written(same), '  ')}"
    joins.append(f"{{%- if touched.figures is not none %}}\n{kept}\n{{%- endif %}}")
    head, at_from, tail = query.rpartition("\nFROM ")
    body, at_order, order = tail.rpartition("\nORDER BY")
    return "\n".join([head, *columns]) + at_from + "\n".join([body, *joins]) + at_order + order


def _written(node: Expr) -> str:
    return node.sql(dialect="duckdb", pretty=True)
