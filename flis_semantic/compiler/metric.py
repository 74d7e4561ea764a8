"""A metric query: a request compiled to one SELECT with bound parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.compiler.assemble import Assembly
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import Expr, cast, coalesce, col, eq, highest, left_join, named, select, subquery, table, text, with_
from flis_semantic.compiler.states import reason_text, status_text
from flis_semantic.vocabulary.model import FIXED_COLUMNS

DOUBLES = ("value", "numerator", "denominator", "denominator_share")


@dataclass(frozen=True)
class Compiled:
    """A query, ready to run: DuckDB text with $parameters, and the values to bind."""

    sql: str
    parameters: Mapping[str, object]
    columns: tuple[str, ...]


def compile_request(request: Request, labels: str | None = None) -> Compiled:
    """The SQL of a request for one area level. Rows come long, one per key figure, area, cell and period.

    Args:
        request: what is asked.
        labels: a language; adds `<column>_label` with the name of every code.
    """
    assembly = Assembly(request)
    ctes = assembly.ctes()
    columns = answer_columns(request)
    source: Expr = table(assembly.plans[0].name) if len(assembly.plans) == 1 else _all_figures(assembly)
    selected: list[Expr] = []
    for name in columns:
        if name == "grain":
            selected.append(named(text(request.grain), name))
        elif name == "status":
            selected.append(named(status_text(col("state")), name))
        elif name == "reason":
            selected.append(named(reason_text(col(name)), name))
        elif name in DOUBLES:
            selected.append(named(cast(col(name), "DOUBLE"), name))
        else:
            selected.append(col(name))
    joins: list[exp.Join] = []
    if labels is not None:
        columns = (*columns, "key_figure_label", "area_label", *(f"{dimension}_label" for dimension in request.dimensions))
        named_labels, joins = _labels(request, labels)
        selected += named_labels
    query = select(selected, source, joins=joins)
    order = [*(("figure_position",) if len(assembly.plans) > 1 else ()), *(("area_level",) if len(request.levels) > 1 else ()), "area"]
    ordered = [*order, *request.dimensions, "period_key"]
    query.set("order", exp.Order(expressions=[exp.Ordered(this=col(name), nulls_first=False) for name in ordered]))
    sql = with_(ctes, query).sql(dialect="duckdb", pretty=True, copy=False)
    return Compiled(sql, assembly.parameters, columns)


def answer_columns(request: Request) -> tuple[str, ...]:
    """Names of the answer's columns, in order."""
    after = FIXED_COLUMNS.index("area") + 1
    return (*FIXED_COLUMNS[:after], *request.dimensions, *FIXED_COLUMNS[after:])


def _labels(request: Request, language: str) -> tuple[list[Expr], list[exp.Join]]:
    """Names of key figures, areas and dimension members in a language."""
    titles = [exp.If(this=text(figure.id), true=text(figure.file.title[language])) for figure in request.figures]
    found: list[Expr] = [named(exp.Case(this=col("key_figure"), ifs=titles), "key_figure_label")]
    joins: list[exp.Join] = []
    (level,) = request.levels
    unit = request.vocabulary.reporting_unit
    if level.code is None:
        found.append(named(text(level.constant_name.get(language, str(level.constant))), "area_label"))
    else:
        found.append(named(col("label", "area_names"), "area_label"))
        joins.append(_names(unit.model, level.code, level.name.get(language, level.code), "area_names", "area"))
    for dimension in request.dimensions:
        spec = request.vocabulary.cuts[dimension]
        alias = f"{dimension}_names"
        found.append(named(coalesce(col("label", alias), col(dimension)), f"{dimension}_label"))
        joins.append(_names(spec.model, spec.code, spec.name.get(language, spec.code), alias, dimension))
    return found, joins


def _names(model: str, code: str, name: str, alias: str, column: str) -> exp.Join:
    """One name for every code; a dated model has several rows for one."""
    names = select([named(col(code), "code"), named(highest(col(name)), "label")], table(model), group=[col(code)])
    return left_join(subquery(names, alias), eq(col("code", alias), col(column)))


def _all_figures(assembly: Assembly) -> Expr:
    result: Expr | None = None
    for plan in assembly.plans:
        one = select([exp.Star()], table(plan.name))
        result = one if result is None else exp.Union(this=result, expression=one, distinct=False)
    assert result is not None
    return subquery(result, "answers")


__all__ = ["Compiled", "answer_columns", "compile_request"]
