"""Cubes over the key-figure tables: one where units may be put together freely, one with the finished values of areas.

A measure never gives a number that the catalogue does not define: over several periods (and over several areas, where finished
values are read) it is NULL, unless the figure adds over time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure, ResolvedComponent
from flis_semantic.compiler import GeneratedTable, cut_name
from flis_semantic.generate import wording as words
from flis_semantic.generate.cube_members import (
    AREA_CUBE,
    ONE_ROW,
    SOURCES_CUBE,
    coded,
    codes_cube,
    dimension,
    guarded,
    join_one,
    key,
    literal,
    measure,
    name_dimensions,
    number_format,
    one,
    period_dimensions,
    without_repeats,
)
from flis_semantic.generate.wording import PARTS, Texts, Wording, grain_title
from flis_semantic.generate.yaml_text import Node

Cut = tuple[str, ...]

_AREA_PARTS = {
    # part: type in Cube, aggregate over the one row
    "numerator": ("number", "MAX"),
    "denominator": ("number", "MAX"),
    "status": ("string", "MAX"),
    "reason": ("string", "MAX"),
    "complete": ("boolean", "BOOL_AND"),
    "members": ("number", "MAX"),
    "members_expected": ("number", "MAX"),
    "denominator_share": ("number", "MAX"),
    "series_break": ("time", "MAX"),
}


def cube_name(table: GeneratedTable, cut: Cut = ()) -> str:
    """Name of the cube over a key-figure table, or over one cut of a table of cuts."""
    if cut:
        return f"{table.domain}_{table.grain}_by_{cut_name(cut)}"
    return f"{table.domain}_{table.grain}" + ("_areas" if table.kind == "areas" else "")


def table_cubes(catalogue: Catalogue, table: GeneratedTable) -> list[Node]:
    """The cubes over one key-figure table: one, or one for each cut that is stacked in it."""
    wording = Wording(catalogue.vocabulary.languages)
    domain = catalogue.domains[table.domain]
    per_grain = wording.joined(domain.title, words.PER, words.within(grain_title(catalogue.vocabulary, table.grain)), by=" ")
    if table.kind == "cuts":
        found: list[Node] = []
        for cut, figures in table.cuts:
            title = wording.joined(per_grain, *(catalogue.vocabulary.cuts[name].title for name in cut))
            joins, dimensions = _unit_dimensions(catalogue, table, wording)
            more_joins, more_dimensions = _cut_dimensions(catalogue, cut, wording)
            shape = ([*joins, *more_joins], [*dimensions, *more_dimensions])
            sql = {"sql": f"SELECT *\nFROM {table.name}\nWHERE cut = {literal(cut_name(cut))}"}
            found.append(_cube(catalogue, replace(table, figures=figures), cut, sql, title, words.ABOUT_CUTS, shape))
        return found
    if table.kind == "areas":
        title, about = wording.joined(per_grain, words.AREAS), words.ABOUT_AREAS
        shape = _area_dimensions(catalogue, table, wording)
    else:
        title, about = per_grain, words.ABOUT_UNITS
        shape = _unit_dimensions(catalogue, table, wording)
    return [_cube(catalogue, table, (), {"sql_table": table.name}, title, about, shape)]


def _cube(
    catalogue: Catalogue,
    table: GeneratedTable,
    cut: Cut,
    source: dict[str, str],
    title: Texts,
    about: Texts,
    shape: tuple[list[Node], list[Node]],
) -> Node:
    wording = Wording(catalogue.vocabulary.languages)
    domain = catalogue.domains[table.domain]
    columns = {(column.figure, column.role): column.name for column in table.columns}
    joins, dimensions = shape
    measures: list[Node] = []
    for figure in table.figures:
        if table.kind == "areas":
            measures += _area_measures(figure, table, columns, wording)
        else:
            measures += _unit_measures(figure, table, cut, columns, wording)
    return without_repeats(
        {
            "name": cube_name(table, cut),
            **source,
            "title": wording.main(title),
            "description": wording.main(about),
            "meta": {
                **wording.others("title", title),
                **wording.others("description", about),
                "domain": table.domain,
                "grain": table.grain,
                **({"cut": list(cut)} if cut else {}),
                "owner": domain.owner,
                "sources": sorted(
                    {line.table for figure in table.figures for component in figure.components for line in component.sources}
                ),
                "synthetic": f"{SOURCES_CUBE}.synthetic says of each source whether its data are generated.",
            },
            "joins": joins,
            "dimensions": dimensions,
            "measures": measures,
        }
    )


def adds_over_time(figure: KeyFigure) -> bool:
    """Whether the figure of several periods is the sum of its sides over them: every component adds and is read in its own period."""
    return all(
        component.over_time == "sum" and component.reference is None and component.window is None and component.offset is None
        for component in figure.components
    )


def _unit_measures(
    figure: KeyFigure, table: GeneratedTable, cut: Cut, columns: dict[tuple[str | None, str], str], wording: Wording
) -> list[Node]:
    # What is repeated over the codes of a cut may not be added over them.
    repeated = [name for name in cut if any(name not in component.fact.dimensions for component in figure.components)]
    apart = [*([] if adds_over_time(figure) else ["period_key"]), *repeated]
    condition = one(*apart) if apart else None
    sides = {side: f"{{CUBE}}.{columns[figure.id, side]}" for side in ("numerator", "denominator") if (figure.id, side) in columns}
    value = f"CAST(SUM({sides['numerator']}) AS DOUBLE)"
    if figure.unit.factor != 1:
        value = f"{figure.unit.factor} * {value}"
    if "denominator" in sides:
        value = f"{value}\n/ NULLIF(SUM({sides['denominator']}), 0)"
    where = " and ".join([*([] if adds_over_time(figure) else ["one period"]), *(f"one {name}" for name in repeated)])
    if condition is None:
        valid_for = "any set of units and periods; units are left out of the periods in which they are not complete"
    else:
        valid_for = f"any set of units in {where}; NULL otherwise"
    published = " AND ".join([*([condition] if condition else []), *_limits(figure, value)]) or None
    found = [_value(figure, table.grain, guarded(published, value), valid_for, wording)]
    for side, column in sides.items():
        found.append(_part(figure, side, guarded(condition, f"SUM({column})"), "number", wording))
    found.append(_part(figure, "members", guarded(one("period_key", *cut), f"COUNT({sides['numerator']})"), "number", wording))
    return found


def _limits(figure: KeyFigure, value: str) -> list[str]:
    """The conditions under which the figure is published with this value."""
    limits = figure.file.publish_if
    ends = {">=": limits.lowest, "<=": limits.highest} if limits else {}
    return [f"{value} {sign} {limit}" for sign, limit in ends.items() if limit is not None]


def _area_measures(figure: KeyFigure, table: GeneratedTable, columns: dict[tuple[str | None, str], str], wording: Wording) -> list[Node]:
    sql = guarded(ONE_ROW, f"MAX({{CUBE}}.{columns[figure.id, 'value']})")
    found = [_value(figure, table.grain, sql, "one area and one period; NULL otherwise", wording)]
    for part, (kind, aggregate) in _AREA_PARTS.items():
        found.append(_part(figure, part, guarded(ONE_ROW, f"{aggregate}({{CUBE}}.{columns[figure.id, part]})"), kind, wording))
    return found


def _value(figure: KeyFigure, grain: str, sql: str, valid_for: str, wording: Wording) -> Node:
    file = figure.file
    meta: Node = {
        "key_figure": figure.id,
        **wording.others("title", file.title),
        **wording.others("description", file.description),
        "grain": grain,
        "unit": wording.main(figure.unit.title),
        **wording.others("unit", figure.unit.title),
        "direction": file.direction,
        "definition": _definition(figure),
        "group_value": file.group_value.rule,
        **({"weight": _side(figure.weight)} if figure.weight else {}),
        "adds_over_areas": figure.adds_over_units,
        "adds_over_time": adds_over_time(figure),
        "valid_for": valid_for,
        "publisher": file.publisher,
        "owner": figure.owner,
    }
    if file.publish_if:
        meta["publish_if"] = file.publish_if.model_dump(exclude_none=True)
    if file.remarks:
        meta |= {"remarks": wording.main(file.remarks), **wording.others("remarks", file.remarks)}
    if file.series_breaks:
        meta["series_breaks"] = [{"date": item.date, "reason": wording.main(item.reason)} for item in file.series_breaks]
    if file.aliases:
        meta["aliases"] = list(file.aliases)
    return measure(
        figure.name,
        wording.main(file.title),
        sql,
        description=wording.main(file.description),
        format=number_format(figure.unit.decimals),
        meta=meta,
    )


def _part(figure: KeyFigure, part: str, sql: str, kind: str, wording: Wording) -> Node:
    title = wording.joined(figure.file.title, PARTS[part])
    return measure(
        f"{figure.name}_{part}",
        wording.main(title),
        sql,
        kind,
        meta={"key_figure": figure.id, "part": part, **wording.others("title", title)},
    )


def _definition(figure: KeyFigure) -> str:
    """The definition in a line: signed components, and the factor of the unit."""
    text = _side(figure.numerator)
    if figure.denominator:
        text = f"({text}) / ({_side(figure.denominator)})"
    return f"{figure.unit.factor} * {text}" if figure.unit.factor != 1 else text


def _side(components: tuple[ResolvedComponent, ...]) -> str:
    text = ""
    for component in components:
        sign = "-" if component.sign < 0 else "+"
        text += f" {sign} {_component(component)}" if text else ("-" if component.sign < 0 else "") + _component(component)
    return text


def _component(component: ResolvedComponent) -> str:
    said = [component.over_time] if component.reference is None else []
    if component.edition is not None:
        said.append(f"{component.fact.definition.edition_word} {component.edition[1]}")
    for dimension_name, codes in component.filters:
        said.append(f"{dimension_name} in {', '.join(codes)}")
    for field, place in (("reference_date", component.reference), ("window", component.window), ("offset", component.offset)):
        if place is not None:
            parts = place.model_dump(exclude_none=True, exclude_defaults=True)
            said.append(f"{field} {_flat(parts)}")
    return f"{component.label} [{'; '.join(said)}]"


def _flat(parts: Mapping[str, object]) -> str:
    """Nested fields in a row: `rolling months 12`."""
    texts = [f"{name} {_flat(cast(Mapping[str, object], value)) if isinstance(value, Mapping) else value}" for name, value in parts.items()]
    return ", ".join(texts)


def _unit_dimensions(catalogue: Catalogue, table: GeneratedTable, wording: Wording) -> tuple[list[Node], list[Node]]:
    vocabulary = catalogue.vocabulary
    unit = vocabulary.reporting_unit
    period = period_dimensions(vocabulary, catalogue.calendar, table.grain, wording)
    joins: list[Node] = []
    dimensions = [key(unit.key, wording.main(unit.base.title)), key("period_key", wording.main(words.PERIOD))]
    for level, code in coded(vocabulary):
        column = unit.key if level is unit.base else code
        joins.append(join_one(level.id, {column: column}))
        dimensions.append(dimension(code, wording.main(wording.joined(level.title, words.CODE)), f"{{CUBE}}.{code}"))
        dimensions += name_dimensions(level.id, level.title, vocabulary.languages, wording, level.name)
    dimensions.append(dimension(unit.kind, wording.main(words.KIND), f"{{CUBE}}.{unit.kind}"))
    return joins, [*dimensions, *period]


def _cut_dimensions(catalogue: Catalogue, cut: Cut, wording: Wording) -> tuple[list[Node], list[Node]]:
    """The codes of a cut and their names, which come from one row per code, however many finer members or intervals it has."""
    vocabulary = catalogue.vocabulary
    joins: list[Node] = []
    dimensions: list[Node] = []
    for name in cut:
        spec = vocabulary.cuts[name]
        dimensions.append(key(name, wording.main(wording.joined(spec.title, words.CODE)), "string", public=True))
        joins.append(join_one(codes_cube(name), {name: spec.code}))
        dimensions += name_dimensions(codes_cube(name), spec.title, vocabulary.languages, wording, spec.name)
    return joins, dimensions


def _area_dimensions(catalogue: Catalogue, table: GeneratedTable, wording: Wording) -> tuple[list[Node], list[Node]]:
    vocabulary = catalogue.vocabulary
    languages = dict.fromkeys(vocabulary.languages, "")
    dimensions = [
        key("area_level", wording.main(words.AREA_LEVEL), "string", public=True),
        key("area", wording.main(words.AREA_CODE), "string", public=True),
        key("period_key", wording.main(words.PERIOD)),
        *name_dimensions(AREA_CUBE, words.AREA, vocabulary.languages, wording, languages),
        *period_dimensions(vocabulary, catalogue.calendar, table.grain, wording),
    ]
    return [join_one(AREA_CUBE, {"area_level": "area_level", "area": "area"})], dimensions
