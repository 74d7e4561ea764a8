"""The generated tables of published cuts: `kf_<domain>__<grain>__cuts`, numerators and denominators by unit, period and code.

The cuts are stacked: `cut` says which one a row belongs to, and the columns of the other dimensions are NULL. Within one cut and
one code a row may be added over any set of units of one period, as in the table of whole figures.
"""

from __future__ import annotations

from sqlglot import exp

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure
from flis_semantic.compiler.assemble import Assembly
from flis_semantic.compiler.reach import periods_there, reaches
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import Expr, cast, col, eq, join, named, null, select, subquery, table, text, with_
from flis_semantic.compiler.tables import GeneratedColumn, GeneratedTable, as_model, ordered, texts, unit_columns, unit_rows, unit_sides
from flis_semantic.errors import DefinitionError

Cut = tuple[str, ...]

MOST_ROWS = 5_000_000
"""More rows than this are not materialised in one table."""


def cut_name(cut: Cut) -> str:
    """How a cut is called in the table and in names: its dimensions in the order in which the catalogue gives them."""
    return "_and_".join(cut)


def cut_table(catalogue: Catalogue, domain: str, grain: str) -> GeneratedTable | None:
    """The table of a domain's published cuts at a grain; None where no figure that adds over units has one."""
    cuts = _cuts(catalogue, domain, grain)
    if not cuts:
        return None
    figures = tuple(figure for figure in catalogue.of_domain(domain) if any(figure in given for given in cuts.values()))
    dimensions = tuple(name for name in catalogue.vocabulary.cuts if any(name in cut for cut in cuts))
    stacked: Expr | None = None
    assemblies: list[Assembly] = []
    for cut, given in cuts.items():
        # A query with CTEs of its own stands in parentheses where it is one of several.
        alias = exp.TableAlias(this=exp.to_identifier(f"by_{cut_name(cut)}"))
        unit = catalogue.vocabulary.reporting_unit
        assemblies.append(Assembly(Request(catalogue, given, (unit.base,), cut, grain), units_only=True))
        one = select([exp.Star()], exp.Subquery(this=_one_cut(assemblies[-1], dimensions, figures), alias=alias))
        stacked = one if stacked is None else exp.Union(this=stacked, expression=one, distinct=False)
    assert stacked is not None
    unit = catalogue.vocabulary.reporting_unit
    keys = ("period_key", unit.key, "cut", *dimensions)
    query = ordered(select([exp.Star()], subquery(stacked, "cuts")), *keys)
    return GeneratedTable(
        f"kf_{domain}__{grain}__cuts",
        domain,
        grain,
        "cuts",
        as_model(query),
        tuple(_described(catalogue, dimensions, figures)),
        (unit.key, "period_key", "cut", *dimensions),
        figures,
        reaches(assemblies),
        periods_there(assemblies),
        tuple(cuts.items()),
    )


def too_many_rows(catalogue: Catalogue, domain: str, grain: str) -> DefinitionError | None:
    """The arithmetic, when the table would have more rows than are materialised or nobody said how many codes there are."""
    vocabulary, total, sums = catalogue.vocabulary, 0, list[str]()
    units = vocabulary.reporting_unit.members
    for cut, figures in _cuts(catalogue, domain, grain).items():
        codes = 1
        for dimension in cut:
            size = vocabulary.cuts[dimension].size
            if size is None:
                return DefinitionError(
                    f"The cut '{cut_name(cut)}' of {figures[0].id} is published, and the vocabulary does not say how many codes "
                    f"'{dimension}' has.",
                    where="catalogue/_vocabulary.yml",
                    hint=f"Add size to the dimension '{dimension}'.",
                )
            codes *= size
        periods = _periods(catalogue, grain, figures)
        total += units * periods * codes
        sums.append(f"{cut_name(cut)}: {units:,} units × {periods:,} periods × {codes:,} codes = {units * periods * codes:,}")
    if total <= MOST_ROWS:
        return None
    return DefinitionError(
        f"kf_{domain}__{grain}__cuts would have {total:,} rows, and at most {MOST_ROWS:,} are materialised ({'; '.join(sums)}).",
        where=f"catalogue/{domain}",
        hint="Publish fewer or coarser cuts, or a coarser grain.",
    )


def _cuts(catalogue: Catalogue, domain: str, grain: str) -> dict[Cut, tuple[KeyFigure, ...]]:
    """Published cuts and the figures that have them, in the order of the figures."""
    found: dict[Cut, tuple[KeyFigure, ...]] = {}
    for figure in catalogue.of_domain(domain):
        if grain in figure.publish_grains and figure.adds_over_units:
            for cut in figure.file.published_cuts:
                found[cut] = (*found.get(cut, ()), figure)
    return found


def _periods(catalogue: Catalogue, grain: str, figures: tuple[KeyFigure, ...]) -> int:
    """Periods from the earliest start of what the numerators read to the end of the calendar: never more rows than that."""
    calendar = catalogue.calendar
    starts = [catalogue.starts[line] for figure in figures for component in figure.numerator for line in component.sources]
    return calendar.key(grain, calendar.last_day) - calendar.key(grain, min(starts)) + 1


def _one_cut(assembly: Assembly, dimensions: Cut, figures: tuple[KeyFigure, ...]) -> exp.Select:
    cut = assembly.request.dimensions
    ctes = assembly.ctes()
    rows, joins = unit_rows(assembly.request.catalogue)
    joins.append(join(table("cells", "x"), eq(col("period_key", "x"), col("period_key", "u"))))
    columns = [*rows, named(text(cut_name(cut)), "cut")]
    columns += [named(col(name, "x") if name in cut else cast(null(), "VARCHAR"), name) for name in dimensions]
    plans = {plan.figure.id: plan for plan in assembly.plans}
    for figure in figures:
        sides: dict[str, Expr] = {}
        if figure.id in plans:
            sides, joined = unit_sides(plans[figure.id], cut)
            joins += [item for item in joined if item.alias_or_name not in {other.alias_or_name for other in joins}]
        for part, suffix in _sides(figure):
            columns.append(named(sides.get(part, null()), f"{figure.name}{suffix}"))
    return with_(ctes, select(columns, table("units", "u"), joins=joins))


def _sides(figure: KeyFigure) -> list[tuple[str, str]]:
    return [("numerator", "__num"), *([("denominator", "__den")] if figure.denominator else [])]


def _described(catalogue: Catalogue, dimensions: Cut, figures: tuple[KeyFigure, ...]) -> list[GeneratedColumn]:
    found = unit_columns(catalogue)
    which = texts(catalogue, "Opdelingen, som rækken hører til", "The cut that the row belongs to")
    found.append(GeneratedColumn("cut", "key", None, which))
    for dimension in dimensions:
        found.append(GeneratedColumn(dimension, "key", None, catalogue.vocabulary.cuts[dimension].title))
    for figure in figures:
        found += [GeneratedColumn(f"{figure.name}{suffix}", part, figure.id, figure.file.title) for part, suffix in _sides(figure)]
    return found
