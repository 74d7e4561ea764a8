"""Every Cube definition compiles, and Cube's SQL gives the numbers of the query core, or NULL where it would give another one."""

from __future__ import annotations

import math
import re
import shutil
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

import flis_semantic as flis
from flis_semantic.catalogue.resolved import ResolvedFact
from flis_semantic.compiler.sql import fact_expression
from flis_semantic.query import Session
from flis_semantic.workspace import Project
from tests.integration.cube.asking import Question, questions
from tests.integration.cube.planner import CubeError, Planned, Query, need_cube, plan

REPOSITORY = Path(__file__).resolve().parents[3]
CATALOGUE = Project(REPOSITORY).catalogue
QUESTIONS = list(questions(CATALOGUE))
UNIT = CATALOGUE.vocabulary.reporting_unit
TABLES = sorted({(q.figure.domain, q.grain, q.of_areas) for q in QUESTIONS})
# Spells have no cube of raw rows: what a period has of them takes the days.
MEASURES = [(fact, name) for fact in CATALOGUE.facts.values() if fact.kind != "spell" for name in fact.definition.measures]
FILES = sorted(path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "cube_schema").rglob("*.yml"))


def cube_of(domain: str, grain: str, of_areas: bool) -> str:
    return f"{domain}_{grain}" + ("_areas" if of_areas else "")


def values_of(cube: str) -> list[str]:
    """Value measures of a cube."""
    return list(dict.fromkeys(q.member("value") for q in QUESTIONS if q.cube == cube))


def apart(fact: ResolvedFact) -> list[str]:
    """Columns of which a sum may hold one value only, beside unit and period: vintage or version, and the day in force."""
    definition = fact.definition
    return [column for column in (definition.edition_column, definition.in_force and definition.in_force.from_) if column]


def fact_queries(fact: ResolvedFact, name: str) -> Iterator[tuple[str, Query]]:
    cube = f"{fact.domain}_{fact.name}"
    member = f"{cube}.{name}"
    keys = [UNIT.base.code, "period", *apart(fact)]
    yield f"{member} by unit and period", {"measures": [member], "dimensions": [f"{cube}.{key}" for key in keys]}
    yield f"{member} by period", {"measures": [member], "dimensions": [f"{cube}.period"]}
    yield f"{member} of all periods", {"measures": [member]}


def all_queries() -> dict[str, Query]:
    """Every query of this module, so that one node process plans them all."""
    queries = {question.name: question.query for question in QUESTIONS}
    for domain, grain, of_areas in TABLES:
        cube = cube_of(domain, grain, of_areas)
        level: dict[str, Any] = {"member": f"{cube}.area_level", "operator": "equals", "values": [UNIT.base.id]}
        asked: Query = {"measures": values_of(cube), "filters": [level] if of_areas else []}
        period = f"{cube}.period"
        code = f"{cube}.area" if of_areas else f"{cube}.{UNIT.base.code}"
        name = f"{cube}.area_name_da" if of_areas else f"{cube}.{UNIT.base.id}_name_da"
        queries |= {
            f"{cube} of all periods": {**asked, "dimensions": [code]},
            f"{cube} of all units": {**asked, "dimensions": [period]},
            f"{cube} by name": {**asked, "dimensions": [code, name, period]},
            f"{cube} by unit": {**asked, "dimensions": [code, period]},
        }
        view = f"{domain}.{cube}"
        queries[f"view of {cube}"] = {
            "measures": [f"{view}_{member.split('.')[1]}" for member in values_of(cube)],
            "dimensions": [f"{view}_{code.split('.')[1]}", f"{view}_period"],
            "filters": [level | {"member": f"{view}_area_level"}] if of_areas else [],
        }
        for year in CATALOGUE.vocabulary.calendars:
            day = {"dimension": f"{cube}.period_start", "granularity": year}
            queries[f"{cube} by {year}"] = {"dimensions": [f"{cube}.period"], "timeDimensions": [day]}
    for fact, name in MEASURES:
        queries |= dict(fact_queries(fact, name))
    first, second = (f"{domain}.{cube_of(domain, grain, False)}_period" for domain, grain, _ in [t for t in TABLES if not t[2]][:2])
    queries["two cubes of one view"] = {"dimensions": [first, second]}
    return queries


@pytest.fixture(scope="module")
def session(demo_project: Path) -> Iterator[Session]:
    with flis.open(demo_project) as opened:
        opened.connection.execute("SET TimeZone = 'UTC'")
        yield opened


@pytest.fixture(scope="module")
def planned() -> Planned:
    need_cube()
    return plan(REPOSITORY / "cube_schema", all_queries())


class Answers:
    """Rows of Cube's SQL, as dictionaries by short member name."""

    def __init__(self, planned: Planned, session: Session) -> None:
        self.planned = planned
        self.session = session

    @cache  # noqa: B019 - lives as long as the module
    def rows(self, name: str) -> list[dict[str, Any]]:
        assert name not in self.planned.errors, self.planned.errors.get(name)
        sql, parameters = self.planned.sql[name]
        cursor = self.session.connection.execute(sql, parameters)
        names = [column[0].split("__", 1)[1] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def cube(planned: Planned, session: Session) -> Answers:
    return Answers(planned, session)


class Core:
    """The query core's rows over the periods that a key-figure table has."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @cache  # noqa: B019 - lives as long as the module
    def ends(self, domain: str, grain: str) -> tuple[str, str]:
        sql = f"SELECT arg_min(period, period_key), arg_max(period, period_key) FROM kf_{domain}__{grain}__areas"
        ((first, last),) = self.session.connection.sql(sql).fetchall()
        return first, last

    @cache  # noqa: B019 - lives as long as the module
    def rows(self, domain: str, grain: str, level: str) -> dict[tuple[str, str, str], dict[str, Any]]:
        published = [figure for figure in CATALOGUE.of_domain(domain) if grain in figure.publish_grains]
        # A figure without a group value is refused above its own units.
        asked = [figure.id for figure in published if level == UNIT.base.id or figure.group_value.rule != "none"]
        first, last = self.ends(domain, grain)
        # Each by itself: all figures of a domain in one answer take the engine's planner longer than the sum of them.
        found = (row for figure in asked for row in self.session.query(figure, by=level, grain=grain, from_=first, to=last))
        return {(row["key_figure"], row["area"], row["period"]): row for row in found}


@pytest.fixture(scope="module")
def core(session: Session) -> Core:
    return Core(session)


def same(left: Any, right: Any) -> bool:
    """Equal, numbers within 1e-9 of each other; NULL equals NULL only."""
    if left is None or right is None or isinstance(left, bool | str) or isinstance(right, bool | str):
        return left is right or (left == right and type(left) is type(right))
    if isinstance(left, date) or isinstance(right, date):
        return str(left)[:10] == str(right)[:10]
    return math.isclose(float(left), float(right), rel_tol=1e-9)


# --- the definitions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", FILES)
def test_every_definition_compiles(planned: Planned, file: str) -> None:
    content = yaml.safe_load((REPOSITORY / file).read_text(encoding="utf-8"))
    for item in (*content.get("cubes", []), *content.get("views", [])):
        members = {f"{item['name']}.{member['name']}" for kind in ("measures", "dimensions") for member in item.get(kind, [])}
        assert item["name"] in planned.members
        assert members <= planned.members[item["name"]]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    sql_table: ", "    invented: "),
        ("{period.period}", "{nowhere.period}"),
        ("type: number", "type: median"),
        ("{CUBE}.", "{{CUBE}}."),
    ],
    ids=["unknown property", "unknown cube", "unknown type", "template"],
)
def test_the_compiler_refuses_a_broken_definition(tmp_path: Path, right: str, wrong: str) -> None:
    need_cube()
    for folder in ("dimensions", "facts"):
        shutil.copytree(REPOSITORY / "cube_schema" / folder, tmp_path / folder)
    broken = next(path for path in sorted((tmp_path / "facts").iterdir()) if right in path.read_text(encoding="utf-8"))
    broken.write_text(broken.read_text(encoding="utf-8").replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CubeError):
        plan(tmp_path, {})


@pytest.mark.parametrize(("domain", "grain", "of_areas"), TABLES)
def test_a_view_hides_the_keys_that_its_cubes_hide(planned: Planned, domain: str, grain: str, of_areas: bool) -> None:
    cube = cube_of(domain, grain, of_areas)
    assert f"{cube}.period_key" in planned.members[cube]
    assert not {f"{domain}.{cube}_period_key", f"{domain}.{cube}_{UNIT.key}"} & planned.members[domain]


def test_cube_says_so_when_a_query_mixes_tables_that_cannot_be_joined(planned: Planned) -> None:
    assert "Can't find join path" in planned.errors["two cubes of one view"]


# --- the numbers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_cube_gives_the_number_of_the_query_core(cube: Answers, core: Core, question: Question) -> None:
    expected = {
        (area, period): row
        for (figure, area, period), row in core.rows(question.figure.domain, question.grain, question.level.id).items()
        if figure == question.figure.id
    }
    area = question.area.split(".")[1] if question.area else None
    top = str(question.level.constant)
    found = {(row[area] if area else top, row["period"]): row for row in cube.rows(question.name)}
    refused = question.figure.group_value.rule == "none" and question.level is not UNIT.base
    assert len(found) > 1
    assert refused or expected
    for key in found.keys() | expected.keys():
        if key not in found and not question.of_areas:
            # A table of units reaches as far as the sources of its own figures, that of areas as far as those of all.
            assert expected[key]["value"] is None, key
            continue
        for part in ("value", *question.parts):
            got = found[key][question.figure.name + ("" if part == "value" else f"_{part}")]
            if key in expected:
                assert same(got, expected[key][part]), (key, part)
            elif part == "value":
                # A unit outside the members, or an area that the figure does not add up to: a row, and no value.
                assert got is None, key
    if refused:
        assert {row[f"{question.figure.name}_reason"] for row in found.values()} == {"not_additive_over_areas"}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_period_starts_for_cube_on_its_first_day(cube: Answers, question: Question) -> None:
    days = {row["period"]: row.get(f"period_start_{question.grain}") for row in cube.rows(question.name)}
    for label, day in days.items():
        period = CATALOGUE.calendar.parse(label)
        assert period is not None
        assert day is None or day == datetime.combine(period.start, datetime.min.time())


@pytest.mark.parametrize(("domain", "grain", "of_areas"), TABLES)
def test_values_of_several_periods_are_never_put_together(cube: Answers, domain: str, grain: str, of_areas: bool) -> None:
    name = cube_of(domain, grain, of_areas)
    adding = {q.figure.name for q in QUESTIONS if q.cube == name and all(c.over_time == "sum" for c in q.figure.components)}
    rows = cube.rows(f"{name} of all periods")
    assert len({row["period"] for row in cube.rows(f"{name} by unit")}) > 1
    for member in values_of(name):
        short = member.split(".")[1]
        if short not in adding:
            assert {row[short] for row in rows} == {None}, short


@pytest.mark.parametrize(("domain", "grain"), [table[:2] for table in TABLES if table[2]])
def test_finished_values_of_several_areas_are_never_put_together(cube: Answers, domain: str, grain: str) -> None:
    name = cube_of(domain, grain, True)
    # One row of several areas in a period is NULL, though the single areas have values.
    single, several = cube.rows(f"{name} by unit"), cube.rows(f"{name} of all units")
    for member in values_of(name):
        short = member.split(".")[1]
        assert {row[short] for row in several} == {None}, short
    assert any(value is not None for row in single for short, value in row.items() if short not in ("area", "period"))


@pytest.mark.parametrize(("domain", "grain", "of_areas"), TABLES)
def test_names_multiply_no_rows(cube: Answers, session: Session, domain: str, grain: str, of_areas: bool) -> None:
    name = cube_of(domain, grain, of_areas)
    code, label = ("area", "area_name_da") if of_areas else (str(UNIT.base.code), f"{UNIT.base.id}_name_da")
    plain = {(row[code], row["period"]): row for row in cube.rows(f"{name} by unit")}
    named = {(row[code], row["period"]): row for row in cube.rows(f"{name} by name")}
    assert len(cube.rows(f"{name} by name")) == len(plain)
    names = dict(session.connection.sql(f"SELECT {UNIT.base.code}, {UNIT.base.name['da']} FROM {UNIT.model}").fetchall())
    for key, row in named.items():
        assert row.pop(label) == names[key[0]]
        assert row == plain[key]


@pytest.mark.parametrize(("domain", "grain", "of_areas"), TABLES)
def test_a_view_gives_the_numbers_of_its_cubes(cube: Answers, domain: str, grain: str, of_areas: bool) -> None:
    name = cube_of(domain, grain, of_areas)
    code = "area" if of_areas else str(UNIT.base.code)
    plain = {(row[code], row["period"]): row for row in cube.rows(f"{name} by unit")}
    viewed = {(row[f"{name}_{code}"], row[f"{name}_period"]): row for row in cube.rows(f"view of {name}")}
    assert viewed.keys() == plain.keys()
    for key, row in viewed.items():
        assert {short.removeprefix(f"{name}_"): value for short, value in row.items()} == plain[key]


@pytest.mark.parametrize("year", CATALOGUE.vocabulary.calendars)
def test_a_declared_year_groups_the_periods_that_lie_inside_it(cube: Answers, planned: Planned, year: str) -> None:
    tried = 0
    for domain, grain, of_areas in TABLES:
        name = f"{cube_of(domain, grain, of_areas)} by {year}"
        if not CATALOGUE.calendar.nests(grain, year):
            assert "does not exist" in planned.errors[name]
            continue
        for row in cube.rows(name):
            period = CATALOGUE.calendar.parse(row["period"])
            assert period is not None
            assert row[f"period_start_{year}"].date() == CATALOGUE.calendar.containing(year, period.start).start
            tried += 1
    assert tried


# --- the facts -----------------------------------------------------------------------------------------------------


def written_out(conditions: Mapping[str, str], text: str) -> str:
    """A filter with every named condition in its place."""
    while (found := re.search(r"\{(\w+)\}", text)) is not None:
        text = text.replace(found.group(), f"({conditions[found.group(1)]})")
    return text


def raw(session: Session, fact: ResolvedFact, name: str, by_unit: bool) -> dict[tuple[str, ...], tuple[int, Any]]:
    """The measure in plain SQL: (rows, value) by unit code and period label, or by label alone."""
    item = fact.definition.measures[name]
    value = fact_expression(str(item.expression), "f").sql(dialect="duckdb")
    taken = {"count": "count(*)", "median": f"median({value})"}.get(item.aggregate, f"sum({value})")
    # A mart may hold editions of which another fact speaks.
    column = fact.definition.edition_column
    own = f"WHERE f.{column} IN {(*fact.definition.editions, '')}" if column else ""
    # As written, with the conditions that it names put in by hand.
    condition = written_out(CATALOGUE.domains[fact.domain].conditions, item.filter or "true")
    columns = [f"f.{column}" for column in apart(fact)]
    alone = " AND ".join(f"count(DISTINCT {column}) = 1" for column in columns) or "true"
    unit = f"u.{UNIT.base.code}, " if by_unit else ""
    more = "".join(f", CAST({column} AS VARCHAR)" for column in columns) if by_unit else ""
    sql = f"""
        SELECT {unit} p.period{more}, count(*), if({alone}, {taken} FILTER (WHERE {condition}), NULL)
        FROM {fact.model} AS f
        JOIN dim_period AS p ON p.grain = '{fact.base_grain}' AND p.period_key = f.{fact.base_key}
        JOIN (SELECT DISTINCT {UNIT.key}, {UNIT.base.code} FROM {UNIT.model}) AS u ON u.{UNIT.key} = f.{UNIT.key}
        {own} GROUP BY {unit} p.period{more}"""
    return {tuple(row[:-2]): (row[-2], row[-1]) for row in session.connection.sql(sql).fetchall()}


@pytest.mark.parametrize(("fact", "name"), MEASURES, ids=lambda item: getattr(item, "id", item))
def test_a_raw_measure_is_the_sum_of_its_rows_or_nothing(cube: Answers, session: Session, fact: ResolvedFact, name: str) -> None:
    member = f"{fact.domain}_{fact.name}.{name}"
    more = apart(fact)
    by_unit = {
        (row[UNIT.base.code], row["period"], *(str(row[column]).removesuffix(" 00:00:00") for column in more)): row[name]
        for row in cube.rows(f"{member} by unit and period")
    }
    expected = raw(session, fact, name, by_unit=True)
    assert by_unit.keys() == expected.keys()
    assert any(value is not None for value in by_unit.values())
    adding = {
        component.measure
        for figure in CATALOGUE.figures.values()
        for component in (figure.components if figure.group_value.rule == "ratio_of_sums" else figure.weight)
        if component.fact.id == fact.id
    }
    for key, (rows, value) in expected.items():
        assert same(by_unit[key], value if name in adding or rows == 1 else None), key
    by_period = {row["period"]: row[name] for row in cube.rows(f"{member} by period")}
    for (label,), (rows, value) in raw(session, fact, name, by_unit=False).items():
        assert same(by_period[label], value if name in adding or rows == 1 else None), label
    several = len(by_period) > 1 and fact.definition.measures[name].over_time != "sum"
    (total,) = cube.rows(f"{member} of all periods")
    assert total[name] is None or not several
