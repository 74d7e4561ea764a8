"""Dimension cubes: reporting units and the areas above them, shared dimensions, periods, and the state of the sources.

Names come from the newest row of a dated table, one row per code, so that a join never multiplies facts. Where an area lies in
a period is said by the key-figure tables, which carry the codes of that period.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.compiler.keys import PERIODS_MODEL
from flis_semantic.generate import wording as words
from flis_semantic.generate.cube_members import AREA_CUBE, PERIOD_CUBE, SOURCES_CUBE, coded, codes_cube, dimension, key, literal
from flis_semantic.generate.wording import Wording
from flis_semantic.generate.yaml_text import Node
from flis_semantic.vocabulary.model import Dimension, Level, ReportingUnit


def dimension_cubes(catalogue: Catalogue) -> list[Node]:
    """Every dimension cube of the project."""
    vocabulary = catalogue.vocabulary
    wording = Wording(vocabulary.languages)
    levels = [_level_cube(vocabulary.reporting_unit, level, code, wording) for level, code in coded(vocabulary)]
    shared = [_shared_cube(name, spec, wording) for name, spec in vocabulary.dimensions.items()]
    return [*levels, _area_cube(vocabulary.reporting_unit, wording), *shared, _period_cube(wording), _sources_cube(wording)]


def code_cubes(catalogue: Catalogue, cuts: Iterable[str]) -> list[Node]:
    """A cube with one row per code of each cut: its name, however many finer members or validity intervals stand behind it."""
    wording = Wording(catalogue.vocabulary.languages)
    found: list[Node] = []
    for name in cuts:
        spec = catalogue.vocabulary.cuts[name]
        names = {language: column for language, column in spec.name.items() if language in wording.languages}
        chosen = ", ".join([spec.code, *(f"name_{language}" for language in names)])
        order = f"{spec.valid_from} DESC, {spec.key}" if spec.valid_from else spec.key
        sql = f"SELECT {chosen}\n" + _dated([spec.code, *_named(names)], spec.code, order, spec.model)
        code = key(spec.code, wording.main(wording.joined(spec.title, words.CODE)), "string", public=True)
        found.append(_cube(codes_cube(name), {"sql": sql}, spec.title, [code, *_names(names, wording)], wording))
    return found


def _level_cube(unit: ReportingUnit, level: Level, code: str, wording: Wording) -> Node:
    is_base = level is unit.base
    columns = [unit.key, code, unit.kind] if is_base else [code]
    newest = _newest(unit, unit.key if is_base else code, columns, level)
    identity = [
        key(unit.key, wording.main(level.title)),
        dimension(code, wording.main(wording.joined(level.title, words.CODE)), f"{{CUBE}}.{code}"),
        dimension(unit.kind, wording.main(words.KIND), f"{{CUBE}}.{unit.kind}"),
    ]
    dimensions = identity if is_base else [key(code, wording.main(wording.joined(level.title, words.CODE)), "string", public=True)]
    return _cube(level.id, {"sql": newest}, level.title, [*dimensions, *_names(level.name, wording)], wording)


def _area_cube(unit: ReportingUnit, wording: Wording) -> Node:
    """Every area of every level, as the tables of finished values name them."""
    rows: list[str] = []
    columns = ["area_level", "area", *(f"name_{language}" for language in wording.languages)]
    for level in unit.levels:
        if level.code is None:
            names = [literal(level.constant_name.get(language) or str(level.constant)) for language in wording.languages]
            values, source = [literal(level.id), literal(str(level.constant)), *names], ""
        else:
            names = [f"name_{language}" if language in level.name else level.code for language in wording.languages]
            values, source = [literal(level.id), level.code, *names], "\n" + _newest_rows(unit, level.code, [level.code], level)
        pairs = zip(values, columns, strict=True)
        rows.append("SELECT " + ", ".join(value if value == column else f"{value} AS {column}" for value, column in pairs) + source)
    dimensions = [
        key("area_level", wording.main(words.AREA_LEVEL), "string", public=True),
        key("area", wording.main(words.AREA_CODE), "string", public=True),
        *_names(dict.fromkeys(wording.languages, ""), wording),
    ]
    return _cube(AREA_CUBE, {"sql": "\nUNION ALL\n".join(rows)}, words.AREA, dimensions, wording)


def _newest(unit: ReportingUnit, by: str, columns: list[str], level: Level) -> str:
    chosen = ", ".join([*columns, *(f"name_{language}" for language in level.name)])
    return f"SELECT {chosen}\n{_newest_rows(unit, by, columns, level)}"


def _newest_rows(unit: ReportingUnit, by: str, columns: list[str], level: Level) -> str:
    """FROM the newest row of the unit's dated model for each value of a column; names are called name_<language>."""
    order = f"{unit.valid_from} DESC" + ("" if by == unit.key else f", {unit.key}")
    return _dated([*columns, *_named(level.name)], by, order, unit.model)


def _dated(columns: list[str], by: str, order: str, model: str) -> str:
    lines = (
        "FROM (",
        f"  SELECT {', '.join(columns)},",
        f"    ROW_NUMBER() OVER (PARTITION BY {by} ORDER BY {order}) AS age",
        f"  FROM {model}",
        f"  WHERE {by} IS NOT NULL",
        ") AS dated",
        "WHERE age = 1",
    )
    return "\n".join(lines)


def _named(names: Mapping[str, str]) -> list[str]:
    """Name columns, each under the name that every dimension cube gives it."""
    return [column if column == f"name_{language}" else f"{column} AS name_{language}" for language, column in names.items()]


def _shared_cube(name: str, spec: Dimension, wording: Wording) -> Node:
    if spec.code is None:
        return _hierarchy_cube(name, spec, wording)
    names = {language: column for language, column in spec.name.items() if language in wording.languages}
    chosen = ", ".join([spec.key, spec.code, *(f"name_{language}" for language in names)])
    if spec.valid_from is None:
        sql = f"SELECT {', '.join([spec.key, spec.code, *_named(names)])}\nFROM {spec.model}"
    else:
        sql = f"SELECT {chosen}\n" + _dated([spec.key, spec.code, *_named(names)], spec.key, f"{spec.valid_from} DESC", spec.model)
    dimensions = [
        key(spec.key, wording.main(spec.title)),
        dimension(spec.code, wording.main(wording.joined(spec.title, words.CODE)), f"{{CUBE}}.{spec.code}"),
        *_names(names, wording),
    ]
    return _cube(name, {"sql": sql}, spec.title, dimensions, wording)


def _hierarchy_cube(name: str, spec: Dimension, wording: Wording) -> Node:
    """The members of a hierarchy with the code and names of every level."""
    columns = [spec.key]
    dimensions = [key(spec.key, wording.main(spec.title))]
    for level in spec.levels:
        columns += [column for column in (level.code, *level.name.values()) if column not in columns]
        dimensions.append(dimension(level.code, wording.main(wording.joined(level.title, words.CODE)), f"{{CUBE}}.{level.code}"))
        for position, language in enumerate(language for language in wording.languages if language in level.name):
            title = wording.main(wording.joined(level.title, words.NAME)) + ("" if position == 0 else f" ({language})")
            dimensions.append(dimension(f"{level.id}_name_{language}", title, f"{{CUBE}}.{level.name[language]}"))
    chosen = ", ".join(columns)
    sql = f"SELECT {chosen}\n" + (
        f"FROM {spec.model}" if spec.valid_from is None else _dated(columns, spec.key, f"{spec.valid_from} DESC", spec.model)
    )
    return _cube(name, {"sql": sql}, spec.title, dimensions, wording)


def _period_cube(wording: Wording) -> Node:
    dimensions = [
        key("grain", wording.main(words.PERIOD_GRAIN), "string", public=True),
        key("period_key", wording.main(words.PERIOD)),
        dimension("period", wording.main(words.PERIOD), "{CUBE}.period"),
        dimension("start_date", wording.main(words.PERIOD_START), "{CUBE}.start_date", "time"),
        dimension("end_date", wording.main(words.PERIOD_END), "{CUBE}.end_date", "time"),
    ]
    return _cube(PERIOD_CUBE, {"sql_table": PERIODS_MODEL}, words.PERIOD, dimensions, wording)


def _sources_cube(wording: Wording) -> Node:
    dimensions = [
        key("source", wording.main(words.SOURCE), "string", public=True),
        key("series", wording.main(words.SERIES), "string", public=True),
        dimension("data_to", wording.main(words.DATA_TO), "{CUBE}.data_to", "time"),
        dimension("synthetic", wording.main(words.SYNTHETIC), "{CUBE}.synthetic", "boolean"),
    ]
    return _cube(SOURCES_CUBE, {"sql_table": SOURCES_CUBE}, words.SOURCES, dimensions, wording)


def _names(names: dict[str, str], wording: Wording) -> list[Node]:
    languages = [language for language in wording.languages if language in names]
    titles = [
        wording.main(words.NAME).capitalize() + ("" if position == 0 else f" ({language})") for position, language in enumerate(languages)
    ]
    return [dimension(f"name_{language}", title, f"{{CUBE}}.name_{language}") for language, title in zip(languages, titles, strict=True)]


def _cube(name: str, source: dict[str, str], title: words.Texts, dimensions: list[Node], wording: Wording) -> Node:
    return {"name": name, **source, "title": wording.main(title), "meta": wording.others("title", title), "dimensions": dimensions}
