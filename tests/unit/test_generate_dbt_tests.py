"""The dbt tests of key-figure tables: silent on tables that are right, and one planted row for every rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

TESTS = Path(__file__).resolve().parents[2] / "flis_semantic/project/tests/generic"
LEVELS = {"branch": "branch_code", "town": "town_code", "island": "'ALL'"}


def sql_of(test: str, **arguments: Any) -> str:
    """The SQL that dbt makes of a generic test."""
    text = (TESTS / f"{test}.sql").read_text(encoding="utf-8")
    macro = re.sub(r"\{%(-?) endtest %\}", r"{%\1 endmacro %}", re.sub(r"\{% test ", "{% macro ", text))
    environment = Environment(extensions=["jinja2.ext.do"])  # noqa: S701 - SQL, not HTML
    # Where everything is built, everything is tested.
    environment.globals["flis_project"] = {"tested": lambda relation, every_unit=False: relation}
    return str(getattr(environment.from_string(macro).module, test)(**arguments))


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Two branches of one town, and one without a town, in one period; the second has no value for the ratio."""
    with duckdb.connect() as opened:
        opened.execute("""
            CREATE TABLE units (branch_code TEXT, town_code TEXT, period_key INT, visits__num DOUBLE, rate__num DOUBLE, rate__den DOUBLE);
            INSERT INTO units VALUES ('A', 'T', 1, 10, 1, 4), ('B', 'T', 1, 20, NULL, NULL), ('C', NULL, 1, 0.1, 2, 3);
            CREATE TABLE areas AS SELECT level AS area_level, area, 1 AS period_key, 'p1' AS period,
                CAST(v AS DOUBLE) AS visits, CAST(v AS DOUBLE) AS visits__num, NULL AS visits__den, 'validated' AS visits__status,
                CAST(NULL AS VARCHAR) AS visits__reason, true AS visits__complete, m AS visits__members, m AS visits__members_expected,
                100 * n / d AS rate, n AS rate__num, d AS rate__den, if(k > 0, 'validated', 'missing') AS rate__status,
                if(k < m, 'member_missing', NULL) AS rate__reason, k = m AS rate__complete, k AS rate__members, m AS rate__members_expected
            FROM (VALUES ('branch', 'A', 10, 1, 1, 4, 1), ('branch', 'B', 20, 1, NULL, NULL, 0), ('branch', 'C', 0.1, 1, 2, 3, 1),
                ('town', 'T', 30, 2, 1, 4, 1), ('island', 'ALL', 30.1, 3, 3, 7, 2)) AS t (level, area, v, m, n, d, k);
        """)
        yield opened


def broken(connection: duckdb.DuckDBPyConnection, test: str) -> list[tuple[str, str, str]]:
    """Key figure, area and rule of every row that a test finds."""
    if test == "key_figure_units":
        sql = sql_of(test, model="units", areas="areas", levels=LEVELS, figures=["visits", "rate"], ratios=["rate"])
    else:
        sql = sql_of(test, model="areas", figures=["visits", "rate"])
    return connection.sql(f"SELECT key_figure, area, broken_rule FROM ({sql}) ORDER BY ALL").fetchall()


@pytest.mark.parametrize("test", ["key_figure_units", "key_figure_areas"])
def test_tables_that_are_right_break_no_rule(connection: duckdb.DuckDBPyConnection, test: str) -> None:
    assert broken(connection, test) == []


@pytest.mark.parametrize(
    ("change", "figure", "area", "rule"),
    [
        ("visits__status = 'fine'", "visits", "A", "the status is not one of the list"),
        ("visits__status = NULL", "visits", "A", "the status is not one of the list"),
        ("rate__reason = 'because'", "rate", "A", "the reason is not one of the list"),
        ("visits__status = 'held'", "visits", "A", "there is a value, and the status says that there is none"),
        ("visits = NULL", "visits", "A", "there is no value and no reason, and the status says that there is one"),
        ("visits__members = 0", "visits", "A", "there is a value without members"),
        ("visits__members = NULL", "visits", "A", "there is a value without members"),
        ("visits__num = NULL", "visits", "A", "there is a value without a numerator"),
        ("rate__den = 0", "rate", "A", "there is a value with a denominator of zero"),
        ("visits__members = 2", "visits", "A", "there are more members than expected, or fewer than none"),
        ("rate = NULL, rate__status = 'held', rate__members = -1", "rate", "A", "there are more members than expected, or fewer than none"),
        ("visits__members_expected = 2", "visits", "A", "it is complete, and members are missing"),
    ],
)
def test_a_finished_value_that_breaks_a_rule_is_found(
    connection: duckdb.DuckDBPyConnection, change: str, figure: str, area: str, rule: str
) -> None:
    connection.execute(f"UPDATE areas SET {change} WHERE area = '{area}'")
    assert broken(connection, "key_figure_areas") == [(figure, area, rule)]


@pytest.mark.parametrize(
    "change",
    [
        "visits = NULL, visits__status = 'provisional', visits__reason = 'period_unfinished', visits__complete = false",
        "rate = NULL, rate__den = 0, rate__reason = 'denominator_zero'",
        "rate = NULL, rate__status = 'missing', rate__reason = 'outside_publication_limits'",
        "visits = NULL, visits__num = NULL, visits__status = 'not_valid', visits__members = NULL, visits__members_expected = NULL",
    ],
)
def test_a_missing_value_with_its_reason_breaks_no_rule(connection: duckdb.DuckDBPyConnection, change: str) -> None:
    connection.execute(f"UPDATE areas SET {change} WHERE area = 'A'")
    assert broken(connection, "key_figure_areas") == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            "UPDATE units SET rate__den = NULL WHERE branch_code = 'A'",
            {("rate", area, "a unit has a numerator without a denominator, or the reverse") for area in ("A", "T", "ALL")},
        ),
        ("DELETE FROM areas WHERE area = 'T'", {(figure, "T", "the area has no row of its own") for figure in ("visits", "rate")}),
        (
            "UPDATE units SET visits__num = 21 WHERE branch_code = 'B'",
            {("visits", area, "the numerators of the units do not add up to the area") for area in ("B", "T", "ALL")},
        ),
        (
            "UPDATE areas SET visits__num = 30.1000001 WHERE area = 'ALL'",
            {("visits", "ALL", "the numerators of the units do not add up to the area")},
        ),
        (
            "UPDATE areas SET rate__den = NULL WHERE area = 'T'",
            {("rate", "T", "the denominators of the units do not add up to the area")},
        ),
        ("UPDATE areas SET visits__members = 2 WHERE area = 'ALL'", {("visits", "ALL", "there are not as many units as members")}),
        ("UPDATE areas SET rate__members = NULL WHERE area = 'T'", {("rate", "T", "there are not as many units as members")}),
    ],
)
def test_parts_that_do_not_make_the_whole_are_found(
    connection: duckdb.DuckDBPyConnection, change: str, found: set[tuple[str, str, str]]
) -> None:
    connection.execute(change)
    assert set(broken(connection, "key_figure_units")) == found


def test_sums_of_floating_point_numbers_may_differ_in_their_last_digits(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("UPDATE areas SET visits__num = visits__num * (1 + 1e-12)")
    assert broken(connection, "key_figure_units") == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("", []),
        (
            "UPDATE cuts SET visits__num = 7 WHERE kind = 'a' AND branch_code = 'A'",
            [("A", "the numerators of the codes do not add up to the unit")],
        ),
        # A code without a value says nothing about the others.
        ("UPDATE cuts SET visits__num = NULL WHERE kind = 'a' AND branch_code = 'A'", []),
        ("DELETE FROM cuts WHERE branch_code = 'B'", [("B", "the unit has no row of the cut")]),
    ],
    ids=["right", "another sum", "no value", "no row"],
)
def test_the_codes_of_a_cut_add_up_to_the_unit(connection: duckdb.DuckDBPyConnection, change: str, found: list[tuple[str, str]]) -> None:
    connection.execute("""
        CREATE TABLE cuts (branch_code TEXT, period_key INT, cut TEXT, kind TEXT, visits__num DOUBLE);
        INSERT INTO cuts VALUES ('A', 1, 'kind', 'a', 4), ('A', 1, 'kind', 'b', 6), ('B', 1, 'kind', 'a', 20), ('B', 1, 'kind', 'b', 0),
            ('C', 1, 'kind', 'a', 0.1), ('C', 1, 'kind', 'b', 0), ('A', 1, 'other', 'a', 99)
    """)
    if change:
        connection.execute(change)
    sql = sql_of("key_figure_cuts", model="cuts", units="units", unit="branch_code", cuts={"kind": ["visits"]})
    assert connection.sql(f"SELECT branch_code, broken_rule FROM ({sql}) ORDER BY ALL").fetchall() == found


def test_events_lie_inside_their_base_periods(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE TABLE dim_period AS SELECT 'month' AS grain, k AS period_key, s AS start_date, e AS end_date FROM (VALUES
            (1, DATE '2020-01-01', DATE '2020-01-31'), (2, DATE '2020-02-01', DATE '2020-02-29')) AS t (k, s, e);
        CREATE TABLE events (month_key INT, happened_on DATE);
        INSERT INTO events VALUES (1, '2020-01-01'), (1, '2020-01-31'), (2, '2020-02-29');
    """)
    sql = sql_of("dates_in_base_period", model="events", date="happened_on", base_key="month_key", grain="month", periods="dim_period")
    assert connection.sql(sql).fetchall() == []
    connection.execute("INSERT INTO events VALUES (1, '2020-02-01'), (2, NULL), (2, NULL)")
    found = connection.sql(f"SELECT month_key, broken_rule, row_count FROM ({sql}) ORDER BY ALL").fetchall()
    assert found == [(1, "a date lies outside the base period", 1), (2, "an event has no date", 2)]
