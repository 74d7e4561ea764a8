"""Cubes over the facts: raw measures as they were delivered, without complete cases, status or coverage.

A measure is summed over units and dimensions only where some key figure does so too (its group value is a ratio of sums, or
it weights one): that is where the catalogue says that it adds. Any other is given for single rows of the fact.
"""

from __future__ import annotations

import re

from flis_semantic.catalogue.facts import Measure
from flis_semantic.catalogue.resolved import Catalogue, ResolvedFact
from flis_semantic.compiler.sql import fact_expression
from flis_semantic.generate import wording as words
from flis_semantic.generate.cube_members import (
    ONE_ROW,
    PERIOD_CUBE,
    coded,
    dimension,
    guarded,
    join_one,
    joined_period_dimensions,
    key,
    measure,
    name_dimensions,
    number_format,
    one,
    without_repeats,
)
from flis_semantic.generate.wording import Wording
from flis_semantic.generate.yaml_text import Node

_ALIAS = "this_fact"


def fact_cube_name(fact: ResolvedFact) -> str:
    """Name of a fact's cube."""
    return f"{fact.domain}_{fact.name}"


def fact_cube(catalogue: Catalogue, fact: ResolvedFact) -> Node:
    """The cube over one fact."""
    wording = Wording(catalogue.vocabulary.languages)
    definition = fact.definition
    joins, dimensions = _dimensions(catalogue, fact, wording)
    tables = sorted({table for tables in (definition.sources, *definition.editions.values()) for table in tables})
    about = wording.joined(*([definition.description] if definition.description else []), words.ABOUT_FACTS, by=" ")
    added = _added_measures(catalogue, fact)
    return without_repeats(
        {
            "name": fact_cube_name(fact),
            **_rows(fact),
            "title": wording.main(definition.title),
            "description": wording.main(about),
            "meta": {
                **wording.others("title", definition.title),
                **wording.others("description", about),
                "fact": fact.id,
                "base_period": fact.base_grain,
                "sources": tables,
            },
            "joins": joins,
            "dimensions": dimensions,
            "measures": [_measure(catalogue, fact, name, item, name in added, wording) for name, item in definition.measures.items()],
        }
    )


def _rows(fact: ResolvedFact) -> Node:
    """What the cube reads: the mart, or of a mart that holds other facts' editions too, its own."""
    column = fact.definition.edition_column
    if column is None:
        return {"sql_table": fact.model}
    names = ", ".join(f"'{edition}'" for edition in fact.definition.editions)
    return {"sql": f"SELECT * FROM {fact.model} WHERE {column} IN ({names})"}  # noqa: S608 - identifiers of the catalogue


def _added_measures(catalogue: Catalogue, fact: ResolvedFact) -> set[str]:
    """Measures that a key figure adds over units, so that adding them is known to be right."""
    found: set[str] = set()
    for figure in catalogue.figures.values():
        rule = figure.group_value.rule
        added = (*figure.numerator, *figure.denominator) if rule == "ratio_of_sums" else figure.weight if rule == "weighted_by" else ()
        found |= {component.measure for component in added if component.fact.id == fact.id}
    return found


def _measure(catalogue: Catalogue, fact: ResolvedFact, name: str, item: Measure, adds: bool, wording: Wording) -> Node:
    value = _aggregate(item, fact.conditions.get(name), fact.definition.person)
    edition = fact.definition.edition_column
    # What is taken from single rows is right for any rows of events, distinct persons too.
    recomputed = fact.kind == "event" and not item.adds
    alone = {fact.base_key: fact.base_grain} if item.over_time != "sum" and not recomputed else {}
    alone |= {edition: fact.definition.edition_word} if edition else {}
    alone |= {fact.definition.in_force.from_: "day in force"} if fact.definition.in_force is not None else {}
    if not adds and item.adds:
        condition, valid_for = ONE_ROW, "one row; NULL otherwise"
    elif alone:
        condition, valid_for = one(*alone), f"{' and '.join(f'one {name}' for name in alone.values())}; NULL otherwise"
    else:
        condition, valid_for = None, "any rows"
    unit = catalogue.vocabulary.units[item.unit]
    meta: Node = {
        "measure": f"{fact.id}.{name}",
        **wording.others("title", item.title),
        "unit": wording.main(unit.title),
        "over_time": item.over_time,
        "valid_for": valid_for,
    }
    if item.series:
        meta["series"] = list(item.series)
    about = {"description": wording.main(item.description)} if item.description else {}
    return measure(name, wording.main(item.title), guarded(condition, value), **about, format=number_format(unit.decimals), meta=meta)


def _aggregate(item: Measure, condition: str | None, person: str | None) -> str:
    condition = _sql(condition) if condition else None
    expression = item.expression or (person if item.aggregate == "count_distinct" else None)
    if expression is not None and not item.adds:
        value = _sql(expression)
        chosen = f"CASE WHEN {condition}\nTHEN {value} END" if condition else value
        return _recomputed(item, chosen)
    if item.expression is None:
        return f"COUNT(CASE WHEN {condition} THEN 1 END)" if condition else "COUNT(*)"
    value = _sql(item.expression)
    return f"SUM(CASE WHEN {condition}\nTHEN {value} END)" if condition else f"SUM({value})"


def _recomputed(item: Measure, value: str) -> str:
    """An aggregate that is taken from single rows, in floating point where it is no count."""
    number = f"CAST({value} AS DOUBLE)"
    if item.aggregate == "count_distinct":
        return f"COUNT(DISTINCT {value})"
    if item.aggregate == "average":
        weight = f"CASE WHEN NOT ({value}) IS NULL THEN {_sql(item.weight) if item.weight else 1} END"
        return f"SUM({number} * {weight}) / NULLIF(CAST(SUM({weight}) AS DOUBLE), 0)"
    if item.aggregate in ("min", "max"):
        return f"{item.aggregate.upper()}({number})"
    share = 0.5 if item.percentile is None else item.percentile / 100
    return f"QUANTILE_CONT({number}, {share})"


def _sql(expression: str) -> str:
    """An expression of the catalogue with its columns taken from the cube."""
    text = fact_expression(expression, _ALIAS).sql(dialect="duckdb")
    text = text.replace("{", "\\{").replace("}", "\\}")
    return re.sub(rf'"?\b{_ALIAS}\b"?\.', "{CUBE}.", text)


def _dimensions(catalogue: Catalogue, fact: ResolvedFact, wording: Wording) -> tuple[list[Node], list[Node]]:
    vocabulary = catalogue.vocabulary
    unit = vocabulary.reporting_unit
    definition = fact.definition
    joins: list[Node] = []
    dimensions: list[Node] = []
    # Roles, base period, vintage or version, and dimensions together are a fact's key; events may repeat it.
    for role, column in definition.roles.items():
        dimensions.append(key(column, f"{wording.main(unit.base.title)}: {role}"))
    dimensions.append(key(fact.base_key, wording.main(words.PERIOD)))
    if definition.edition_column:
        title = words.VERSION if definition.versions else words.VINTAGE
        dimensions.append(key(definition.edition_column, wording.main(title), "string", public=True))
    if definition.in_force is not None:
        for column, title in ((definition.in_force.from_, words.IN_FORCE_FROM), (definition.in_force.to, words.IN_FORCE_TO)):
            dimensions.append(dimension(column, wording.main(title), f"{{CUBE}}.{column}", "time"))
    base, code = coded(vocabulary)[0]
    joins.append(join_one(base.id, {definition.roles[definition.default_role]: unit.key}))
    dimensions.append(dimension(code, wording.main(wording.joined(base.title, words.CODE)), f"{{{base.id}.{code}}}"))
    dimensions += name_dimensions(base.id, base.title, vocabulary.languages, wording, base.name)
    for name, given in definition.dimensions.items():
        spec = vocabulary.dimensions[name]
        column = given.column or spec.key
        joins.append(join_one(name, {column: spec.key}))
        dimensions.append(key(column, wording.main(spec.title)))
        for cut_id in vocabulary.cuts_of(name):
            cut = vocabulary.cuts[cut_id]
            dimensions.append(dimension(cut.code, wording.main(wording.joined(cut.title, words.CODE)), f"{{{name}.{cut.code}}}"))
            field = f"{cut_id}_name" if spec.levels else "name"
            dimensions += name_dimensions(name, cut.title, vocabulary.languages, wording, cut.name, field)
    joins.append(join_one(PERIOD_CUBE, {fact.base_key: "period_key"}, grain=fact.base_grain))
    dimensions += joined_period_dimensions(wording)
    return joins, dimensions
