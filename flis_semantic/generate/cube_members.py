"""Parts of Cube definitions that several kinds of cube share: members, joins, periods, areas' names, and what guards a measure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.generate import wording as words
from flis_semantic.generate.wording import Texts, Wording
from flis_semantic.generate.yaml_text import Node
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Level, Vocabulary

PERIOD_CUBE = "period"
AREA_CUBE = "area"
SOURCES_CUBE = "source_status"

ONE_ROW = "COUNT(*) = 1"
"""The guard of a finished value: the group holds one area and one period, so nothing is added or averaged."""


def one(*columns: str) -> str:
    """The guard of a value that adds over everything but these columns: the group holds one value of each."""
    return " AND ".join(f"COUNT(DISTINCT {{CUBE}}.{column}) = 1" for column in columns)


def guarded(condition: str | None, value: str) -> str:
    """The value where the condition holds, else NULL; a NULL is better than a wrong number."""
    return value if condition is None else f"CASE WHEN {condition}\nTHEN {value} END"


def literal(text: str) -> str:
    """A string of SQL inside a Cube definition, where single braces would be read as a member."""
    quoted = text.replace("'", "''").replace("{", "\\{").replace("}", "\\}")
    return f"'{quoted}'"


def dimension(name: str, title: str, sql: str, kind: str = "string", **more: object) -> Node:
    """A dimension."""
    return {"name": name, "title": title, "sql": sql, "type": kind, **more}


def key(name: str, title: str, kind: str = "number", *, public: bool = False) -> Node:
    """A column of the primary key; Cube hides it unless it is said to be public."""
    return dimension(name, title, f"{{CUBE}}.{name}", kind, primary_key=True, public=public)


def measure(name: str, title: str, sql: str, kind: str = "number", **more: object) -> Node:
    """A measure whose expression aggregates by itself."""
    return {"name": name, "title": title, "sql": sql, "type": kind, **more}


def join_one(cube: str, pairs: Mapping[str, str], **constants: str) -> Node:
    """A join to at most one row of another cube, by own column -> column there; constants are compared with its columns."""
    conditions = [f"{{CUBE}}.{own} = {{{cube}}}.{theirs}" for own, theirs in pairs.items()]
    conditions += [f"{{{cube}}}.{column} = {literal(value)}" for column, value in constants.items()]
    return {"name": cube, "relationship": "many_to_one", "sql": " AND ".join(conditions)}


def number_format(decimals: int) -> str:
    """How a number is shown. Never Cube's `percent`, which multiplies by a hundred what is in per cent already."""
    return f"number_{decimals}"


def period_dimensions(vocabulary: Vocabulary, calendar: Calendar, grain: str, wording: Wording) -> list[Node]:
    """Label and first day of a table's periods; declared years into which the grain fits are granularities of the day."""
    day = dimension("period_start", wording.main(words.PERIOD_START), "{CUBE}.period_start", "time")
    granularities: list[Node] = []
    for name, declared in vocabulary.calendars.items():
        month, first = calendar.starts(name)
        if first == 1 and calendar.nests(grain, name):
            year: Node = {"name": name, "title": wording.main(declared.title), "interval": "1 year"}
            granularities.append(year | {"offset": f"{month - 1} months"} if month > 1 else year)
    if granularities:
        day["granularities"] = granularities
    return [dimension("period", wording.main(words.PERIOD), "{CUBE}.period"), day]


def joined_period_dimensions(wording: Wording) -> list[Node]:
    """Label and first day of a fact's base periods, from the period cube. Cube knows no declared years on a joined day."""
    return [
        dimension("period", wording.main(words.PERIOD), f"{{{PERIOD_CUBE}.period}}"),
        dimension("period_start", wording.main(words.PERIOD_START), f"{{{PERIOD_CUBE}.start_date}}", "time"),
    ]


def coded(vocabulary: Vocabulary) -> list[tuple[Level, str]]:
    """Levels that stand in the unit's model, each with its code column."""
    return [(level, level.code) for level in vocabulary.reporting_unit.levels if level.code is not None]


def codes_cube(cut: str) -> str:
    """Name of the cube with one row per code of a cut."""
    return f"{cut}_code"


def name_dimensions(
    cube: str, title: Texts, languages: Iterable[str], wording: Wording, names: Mapping[str, str], field: str = "name"
) -> list[Node]:
    """A joined cube's names, one dimension per language; `field` is what the cube calls them."""
    found: list[Node] = []
    for position, language in enumerate(name for name in languages if name in names):
        full = wording.main(wording.joined(title, words.NAME)) + ("" if position == 0 else f" ({language})")
        found.append(dimension(f"{cube}_{field}_{language}", full, f"{{{cube}.{field}_{language}}}"))
    return found


def without_repeats(cube: Node) -> Node:
    """The cube, unless two of its members have one name: then a DefinitionErrors."""
    members = [*cube.get("dimensions", []), *cube.get("measures", [])]
    names = [str(member["name"]) for member in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DefinitionErrors(
            [
                DefinitionError(
                    f"The cube {cube['name']} would have two members named '{name}'.", where="catalogue", hint="Rename one of the figures."
                )
                for name in twice
            ]
        )
    return cube
