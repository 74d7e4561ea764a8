"""Key-figure tables as dbt models: their SQL comes from the compiler; here are their documentation and their tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure
from flis_semantic.compiler import COVERAGE, HOW_FAR, OF_UNITS, UNKNOWN, GeneratedColumn, GeneratedTable, Reach, cut_name
from flis_semantic.generate.wording import PARTS, Wording
from flis_semantic.generate.yaml_text import Node, document, without_templates

_ABOUT_UNITS = (
    "Numerators and denominators of {title} by {grain}, a row per reporting unit and period. They may be added over any set of "
    "units of one period; a unit's factor (per cent: 100) is not applied. Both are null unless the unit's deliveries are complete."
)
_ABOUT_CUTS = (
    "Numerators and denominators of {title} by {grain}, a row per reporting unit, period and code of a published cut, the cuts "
    "stacked (`cut`). Within one cut and one code they may be added over any set of units of one period."
)
_ABOUT_AREAS = (
    "Finished key figures of {title} by {grain}, a row per published area and period, with status and coverage. "
    "Never to be added or averaged: an area above the unit has a row of its own."
)
_ABOUT_PARTS = {
    "numerator": "numerator; null where there is no value",
    "denominator": "denominator; null where there is no value",
    "status": "status of the value, the least advanced of the members in it",
    "reason": "why there is no value, or why it is not complete; null when there is nothing to say",
    "complete": "whether every expected member is in the value and the period is finished",
    "members": "members that are in the value",
    "members_expected": "members that should be in it",
    "denominator_share": "share of the expected members' denominator that is in the value; share of the members where there is none",
    "series_break": "first day of a new series inside the period, null where the series is unbroken",
}


def dbt_files(catalogue: Catalogue, tables_of: Mapping[str, Sequence[GeneratedTable]], mark: str) -> dict[str, str]:
    """Models and one YAML per domain: path relative to the project, and text."""
    files: dict[str, str] = {}
    wording = Wording(catalogue.vocabulary.languages)
    for domain, tables in tables_of.items():
        if not tables:
            continue
        folder = f"models/key_figures/{domain}"
        header = (
            f"{mark} from catalogue/{domain}/*.yml and catalogue/_vocabulary.yml. Do not edit: change the catalogue and generate again."
        )
        for table in tables:
            files[f"{folder}/{table.name}.sql"] = f"-- {header}\n{table.sql}"
        models = [_model(catalogue, table, tables, wording) for table in tables]
        path = f"{folder}/kf_{domain}.yml"
        files[path] = without_templates(path, document(header, {"version": 2, "models": models}))
    return files


def _unique_test(table: GeneratedTable) -> Node:
    """Stacked cuts leave the dimensions empty that are not of every cut."""
    name = f"unique_key_{table.name}"
    empty = [
        column for column in table.key if any(column in cut for cut, _ in table.cuts) and not all(column in cut for cut, _ in table.cuts)
    ]
    return _test(name, columns=list(table.key), may_be_empty=empty) if empty else _test(name, columns=list(table.key))


def _model(catalogue: Catalogue, table: GeneratedTable, tables: Sequence[GeneratedTable], wording: Wording) -> Node:
    title = wording.english(catalogue.domains[table.domain].title).lower()
    about = {"units": _ABOUT_UNITS, "areas": _ABOUT_AREAS, "cuts": _ABOUT_CUTS}[table.kind]
    tests: list[Node] = [{"flis_project.unique_key": _unique_test(table)}]
    if table.kind == "units":
        areas = next(other for other in tables if other.grain == table.grain and other.kind == "areas")
        tests.append({"flis_project.key_figure_units": _units_test(catalogue, table, areas)})
        named = _codes_named(catalogue, table)
        if named:
            tests.append({"flis_project.known_codes": _test(f"known_codes_{table.name}", named=named)})
    elif table.kind == "cuts":
        units = next(other for other in tables if other.grain == table.grain and other.kind == "units")
        tests.append({"flis_project.key_figure_cuts": _cuts_test(catalogue, table, units)})
    else:
        names = [figure.name for figure in table.figures]
        tests.append({"flis_project.key_figure_areas": _test(f"key_figure_areas_{table.name}", figures=names)})
        ranges = {figure.name: _range(figure) for figure in table.figures if _range(figure)}
        if ranges:
            tests.append({"flis_project.plausible": _test(f"plausible_{table.name}", ranges=ranges)})
    return {
        "name": table.name,
        "description": about.format(title=title, grain=table.grain.replace("_", " ")),
        # So that `dbt build --select tag:<key figure>` builds and tests the tables with that key figure.
        "config": {
            "materialized": "partitioned",
            "tags": [figure.id for figure in table.figures],
            "meta": partition_meta(catalogue, table),
        },
        "data_tests": tests,
        "columns": [{"name": column.name, "description": _description(catalogue, column, wording)} for column in table.columns],
    }


def partition_meta(catalogue: Catalogue, table: GeneratedTable) -> Node:
    """What keeps its rows apart and what they read, so that a build rewrites those that a change reaches and no others.

    An area has the numbers of all its units, so there only the period tells rows apart. Of cuts, every unit has a row of `unknown`, or of a
    member that has ceased, as soon as one of them has rows of it.
    """
    unit = catalogue.vocabulary.reporting_unit.key
    if table.kind == "areas":
        return {"partition": {table.grain: "period_key", "there": table.periods, "spans": [_span(reach, {}) for reach in table.reaches]}}
    own = {name: unit for name in OF_UNITS}
    found: Node = {"unit": unit, table.grain: "period_key", "there": table.periods}
    if table.kind == "cuts":
        found["shared"] = _shared(catalogue, table)
    return {"partition": {**found, "spans": [_span(reach, {**dict(reach.units), **own}) for reach in table.reaches]}}


def _shared(catalogue: Catalogue, table: GeneratedTable) -> Node:
    cuts = catalogue.vocabulary.cuts
    columns = list(dict.fromkeys(dimension for cut, _ in table.cuts for dimension in cut))
    dated = {
        name: {"model": spec.model, "code": spec.code, "from": spec.valid_from, "to": spec.valid_to}
        for name in columns
        if (spec := cuts[name]).valid_from
    }
    return {"columns": columns, "value": UNKNOWN, **({"dated": dated} if dated else {})}


def _span(reach: Reach, units: dict[str, str]) -> Node:
    named = {"units": units} if units else {}
    reads, follows = ([*reach.facts, COVERAGE], list(HOW_FAR)) if reach.of_deliveries else (list(reach.facts), [])
    return {"figures": list(reach.figures), "reads": reads, "follows": follows, **named, "parts": list(reach.sources), "days": reach.days}


def _units_test(catalogue: Catalogue, table: GeneratedTable, areas: GeneratedTable) -> Node:
    levels = {level.id: level.code or f"'{level.constant}'" for level in catalogue.vocabulary.reporting_unit.levels}
    return _test(
        f"key_figure_units_{table.name}",
        areas=f"ref('{areas.name}')",
        levels=levels,
        figures=[figure.name for figure in table.figures],
        ratios=[figure.name for figure in table.figures if figure.denominator],
    )


def _codes_named(catalogue: Catalogue, table: GeneratedTable) -> list[Node]:
    """Codes that definitions of the table's key figures name, by the dimension's table: one that it does not have counts nothing."""
    named: dict[tuple[str, str], dict[str, None]] = {}
    for name, codes in (item for figure in table.figures for component in figure.components for item in component.filters):
        dimension = catalogue.vocabulary.cuts[name]
        named.setdefault((dimension.model, dimension.code), {}).update(dict.fromkeys(codes))
    return [{"dimension": f"ref('{model}')", "column": column, "codes": list(codes)} for (model, column), codes in named.items()]


def _cuts_test(catalogue: Catalogue, table: GeneratedTable, units: GeneratedTable) -> Node:
    """Numerators whose every component has the cut's dimensions and adds over them: their codes add up to the whole."""
    whole = {
        cut_name(cut): [f.name for f in figures if all(d in c.fact.dimensions for c in f.numerator for d in cut)]
        for cut, figures in table.cuts
    }
    return _test(
        f"key_figure_cuts_{table.name}",
        units=f"ref('{units.name}')",
        unit=catalogue.vocabulary.reporting_unit.key,
        cuts={cut: names for cut, names in whole.items() if names},
    )


def _test(name: str, **arguments: object) -> Node:
    return {"name": name, "arguments": arguments}


def _range(figure: KeyFigure) -> dict[str, float | int]:
    plausible = figure.file.plausible
    if plausible is None:
        return {}
    ends = {"min": plausible.min, "max": plausible.max}
    return {end: int(value) if value == int(value) else value for end, value in ends.items() if value is not None}


def _description(catalogue: Catalogue, column: GeneratedColumn, wording: Wording) -> str:
    english, local = wording.english(column.title), wording.main(column.title)
    if column.figure is None:
        english, local = english.removesuffix("."), local.removesuffix(".")
        return f"{english}." if local == english else f"{english} ({local})."
    figure = catalogue.figures[column.figure]
    title = english if local == english else f"{english} ({local})"
    if column.role in PARTS:
        return f"{title}: {_ABOUT_PARTS[column.role]}."
    return f"{title}, {wording.english(figure.unit.title)}. {wording.english(figure.file.description)}"
