"""The SQL of another engine: what is rewritten, what is refused, and that nothing is printed on faith.

No such engine runs here. Each mistranslation is one that sqlglot's own printer makes, and is shown to make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from flis_semantic.cli import ask
from flis_semantic.cli.output import Format
from flis_semantic.compiler import Request, compile_request
from flis_semantic.compiler.dialects import DIALECTS, known_dialects, translate
from flis_semantic.errors import ArgumentError, RequestError
from flis_semantic.workspace import Project
from tests.properties.bench import Bench, bench
from tests.sampling import PROVE, many, sample

OTHERS = list(DIALECTS)


def written(dialect: str, expression: str, more: str = "") -> str:
    """An expression of DuckDB as the product writes it, on one line and without quoting marks."""
    text = translate(f"SELECT {expression} AS z FROM t AS t{more}", dialect)
    return " ".join(re.sub(r'["`\[\]]', "", text).split()).replace("( ", "(").replace(" )", ")")


def printed(dialect: str, expression: str, more: str = "") -> str:
    """The same as sqlglot prints it."""
    return sqlglot.transpile(f"SELECT {expression} AS z FROM t AS t{more}", read="duckdb", write=dialect)[0]


def refusal(dialect: str, sql: str) -> RequestError:
    """What the product says instead of a translation."""
    with pytest.raises(RequestError) as raised:
        translate(sql, dialect)
    return raised.value


# -- what sqlglot prints wrongly (dialect, DuckDB, what it prints, what is meant)


@pytest.mark.parametrize(
    ("dialect", "expression", "wrong", "right"),
    [
        ("tsql", "$p", ":p", "@p"),
        ("tsql", "t.a > t.b", "SELECT t.a > t.b AS z", "CAST(CASE WHEN t.a > t.b THEN 1 WHEN NOT (t.a > t.b) THEN 0 END AS BIT)"),
        ("tsql", "coalesce(t.a > t.b, false)", "COALESCE(t.a > t.b, (1 = 0))", "THEN 0 END AS BIT), CAST(0 AS BIT))"),
        ("tsql", "extract(week FROM t.start_date)", "DATEPART(WEEK,", "DATEPART(ISO_WEEK, t.start_date)"),
        ("tsql", "CAST($p AS VARCHAR)", "VARCHAR(MAX)", "CAST(@p AS NVARCHAR(4000))"),
        ("tsql", "CAST(t.d_date - INTERVAL '3' MONTH AS DATE)", "INTERVAL '3' MONTH", "DATEADD(MONTH, -3, CAST(t.d_date AS DATE))"),
        ("tsql", "'Ærø'", "SELECT 'Ærø'", "N'Ærø'"),
        ("tsql", "sum(t.a)", "SUM(t.a)", "CAST(SUM(CAST(t.a AS NUMERIC(26, 9))) AS NUMERIC(26, 9))"),
        ("spark", "sum(t.a)", "SUM(t.a)", "CAST(SUM(t.a) AS DECIMAL(26, 9))"),
        # Weights of a mean keep their decimals: a quotient of small numbers is one of what the cut leaves.
        ("spark", "sum(CAST(t.a AS DECIMAL(38, 15)))", "SUM(CAST", "CAST(SUM(CAST(t.a AS DECIMAL(38, 15))) AS DECIMAL(38, 15))"),
        ("spark", "date_diff('day', t.a, t.b)", "DATEDIFF(DAY, t.a, t.b)", "DATEDIFF(CAST(t.b AS DATE), CAST(t.a AS DATE))"),
        ("postgres", "t.a % 7", "t.a % 7", "MOD(t.a, 7)"),
        ("spark", "t.a / nullif(t.b, 0)", "SELECT t.a / NULLIF", "CAST(t.a AS DOUBLE) / NULLIF(t.b, 0)"),
    ],
)
def test_a_known_mistranslation_is_written_as_it_is_meant(dialect: str, expression: str, wrong: str, right: str) -> None:
    assert wrong in printed(dialect, expression)
    found = written(dialect, expression)
    assert right in found
    assert not found.startswith(f"SELECT {wrong}")


def test_a_percent_sign_is_doubled_only_where_a_driver_would_read_it() -> None:
    bound = "SELECT a FROM t WHERE name = '50%' AND key >= $first"
    assert "'50%'" in sqlglot.transpile(bound, read="duckdb", write="postgres")[0]
    assert "'50%%'" in translate(bound, "postgres")
    assert "%(first)s" in translate(bound, "postgres")
    assert "'50%'" in translate("SELECT a FROM t WHERE name = '50%'", "postgres")
    assert "'50%'" in translate(bound, "spark")


def test_a_condition_is_no_value_and_a_value_no_condition_in_tsql() -> None:
    sql = "SELECT count(*) FILTER (WHERE t.is_in) AS n FROM t AS t WHERE t.is_member AND NOT t.is_out OR true"
    assert "t.is_member AND" in sqlglot.transpile(sql, read="duckdb", write="tsql")[0].replace(" <> 0", "")
    found = " ".join(translate(sql, "tsql").split())
    assert "COUNT_BIG(CASE WHEN t.is_in = 1 THEN 1 END)" in found
    assert "WHERE t.is_member = 1 AND NOT t.is_out = 1 OR 1 = 1" in found


def test_nulls_come_last_wherever_the_engine_would_put_them_first() -> None:
    sql = "SELECT a FROM t AS t ORDER BY t.a_key NULLS LAST, t.b_key DESC NULLS LAST, t.c_key NULLS FIRST"
    tsql = " ".join(translate(sql, "tsql").split("ORDER BY")[1].split())
    assert tsql == "CASE WHEN t.a_key IS NULL THEN 1 ELSE 0 END, t.a_key, t.b_key DESC, t.c_key"
    assert " ".join(translate(sql, "postgres").split("ORDER BY")[1].split()) == "t.a_key, t.b_key DESC NULLS LAST, t.c_key NULLS FIRST"
    assert " ".join(translate(sql, "spark").split("ORDER BY")[1].split()) == "t.a_key NULLS LAST, t.b_key DESC, t.c_key"


def test_a_word_that_could_be_a_keyword_is_quoted() -> None:
    assert 'AS "order"' in translate('SELECT t.a_key AS "order" FROM t AS t', "postgres")
    assert "[percent]" in translate("SELECT t.percent FROM t AS t", "tsql")
    assert "SELECT t.percent" in sqlglot.transpile("SELECT t.percent FROM t AS t", read="duckdb", write="tsql")[0]


# -- what is refused, each with the construct's name


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("median(t.a)", "MEDIAN"),
        ("quantile_cont(t.a, 0.5)", "QUANTILE_CONT"),
        ("quantile_disc(t.a, 0.5)", "QUANTILE_DISC"),
        ("arg_max(t.a, t.b)", "ARG_MAX"),
        ("bool_or(t.a)", "BOOL_OR"),
        ("avg(t.a)", "AVG"),
        ("date_trunc('month', t.d)", "DATE_TRUNC"),
        ("isodow(t.d)", "ISODOW"),
        ("extract(isodow FROM t.d)", "EXTRACT"),
        ("extract(epoch FROM t.d)", "EXTRACT"),
        ("CAST(t.a AS HUGEINT)", "INT128"),
        ("CAST(t.a AS INTEGER)", "INT"),
        ("CAST(t.a AS VARCHAR)", "TEXT"),
        ("TRY_CAST(t.a AS DATE)", "TRY"),
        ("t.a / t.b", "zero"),
        ("t.a // t.b", "whole division"),
        ("t.a % t.b", "remainder"),
        ("round(t.a)", "ROUND"),
        ("t.a || t.b", "||"),
        ("t.name LIKE 'a%'", "LIKE"),
        ("t.a IS DISTINCT FROM t.b", "IS DISTINCT FROM"),
        ("t.end_date - t.start_date", "arithmetic of dates"),
        ("t.start_date + 3", "arithmetic of dates"),
        ("t.d + INTERVAL (t.a) DAY", "INTERVAL"),
        ("INTERVAL '3' DAY", "INTERVAL"),
        ("date_diff('month', t.a, t.b)", "DATE"),
        ("sum(t.a) OVER (ORDER BY t.b RANGE BETWEEN 3 PRECEDING AND CURRENT ROW)", "SUM"),
        ("row_number() OVER (ORDER BY t.b ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)", "ROW_NUMBER"),
        ("sum(t.a > 3)", "SUM"),
        ("count(DISTINCT (t.a, t.b))", "TUPLE"),
        ("sum(DISTINCT t.a)", "SUM"),
        ("[t.a]", "[t.a]"),
        ("unnest(t.a)", "UNNEST"),
        ("t.a[1]", "t.a[1]"),
        ("{'a': t.a}", "{'a': t.a}"),
        ("some_macro(t.a)", "SOME_MACRO"),
        ("CASE WHEN t.a IS TRUE THEN 1 END", "IS TRUE"),
        ("?", "parameter"),
    ],
)
@pytest.mark.parametrize("dialect", OTHERS)
def test_an_expression_without_a_known_equal_is_refused_by_name(dialect: str, expression: str, word: str) -> None:
    error = refusal(dialect, f"SELECT {expression} AS z FROM t AS t")
    assert word.lower() in error.message.lower()
    assert DIALECTS[dialect].name in error.message
    assert (error.exit_code, error.code) == (2, "not_in_dialect")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t JOIN u USING (a)",
        "SELECT a FROM t FULL JOIN u ON t.a = u.a",
        "SELECT a FROM t ASOF JOIN u ON t.a >= u.a",
        "SELECT a FROM t SEMI JOIN u ON t.a = u.a",
        "SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1",
        "SELECT DISTINCT a FROM t",
        "SELECT a FROM t LIMIT 3",
        "SELECT a FROM t GROUP BY ALL",
        "SELECT a FROM t GROUP BY ROLLUP (a)",
        "SELECT * EXCLUDE (a) FROM t",
        "SELECT a FROM t EXCEPT SELECT a FROM u",
        "SELECT a FROM (SELECT a FROM t)",
        "SELECT a FROM t TABLESAMPLE 10%",
        "WITH RECURSIVE x AS (SELECT 1 AS a) SELECT a FROM x",
        "SELECT a FROM (VALUES (1)) AS v(a)",
        "SELECT a FROM other.t",
        "SELECT a FROM t, u",
        "DELETE FROM t",
    ],
)
@pytest.mark.parametrize("dialect", OTHERS)
def test_a_clause_without_a_known_equal_is_refused(dialect: str, sql: str) -> None:
    assert DIALECTS[dialect].name in refusal(dialect, sql).message


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM (WITH x AS (SELECT 1 AS a) SELECT a FROM x) AS y",
        "WITH x AS (SELECT t.a_key + 1 FROM t AS t) SELECT * FROM x",
        "SELECT sum(t.a) FILTER (WHERE t.b IN (SELECT b FROM u)) AS z FROM t AS t",
    ],
)
def test_what_only_tsql_cannot_say_is_refused_for_it_alone(sql: str) -> None:
    refusal("tsql", sql)
    assert translate(sql, "postgres")


def test_an_unknown_dialect_is_refused_with_the_nearest_known() -> None:
    error = refusal("postgre", "SELECT 1")
    assert (error.code, error.hint) == ("unknown_dialect", "Did you mean 'postgres'?")
    assert known_dialects()[0] == "duckdb"
    assert translate("SELECT median(a) FROM t", "duckdb") == "SELECT median(a) FROM t"


# -- everything the compiler writes


@lru_cache(maxsize=1)
def compiled_figures(root: Path) -> tuple[str, ...]:
    """The SQL of every key figure at some of its grains, the levels in turn; in `make prove` every grain and level."""
    catalogue = Project(root).catalogue
    found: list[str] = []
    for number, figure in enumerate(catalogue.figures.values()):
        levels = (
            catalogue.vocabulary.reporting_unit.levels
            if figure.group_value.rule != "none"
            else catalogue.vocabulary.reporting_unit.levels[:1]
        )
        for turn, grain in enumerate(sample(figure.grains, 2), start=number):
            for level in levels if PROVE else [levels[turn % len(levels)]]:
                found.append(compile_request(Request(catalogue, (figure,), (level,), figure.dimensions[:1], grain), labels="da").sql)
    return tuple(dict.fromkeys(found))


@pytest.mark.parametrize("dialect", OTHERS)
def test_every_key_figure_of_the_catalogue_is_said_or_refused_by_name(root: Path, dialect: str) -> None:
    assert compiled_figures(root)
    for sql in compiled_figures(root):
        if unsayable(sql):
            with pytest.raises(RequestError, match="has no known equal"):
                translate(sql, dialect)
        else:
            assert translate(sql, dialect)


def unsayable(sql: str) -> bool:
    """Whether a text holds what only our engine is known to say alike: exact percentiles, birthdays, and days that follow."""
    return re.search(r"QUANTILE_CONT|ROWS BETWEEN|LEAD\(|INTERVAL\s*\(", sql) is not None


def back_again(text: str, dialect: str) -> str:
    """The other engine's text, read as that engine's and written as DuckDB's: what of it was said, and not how."""
    tree = sqlglot.parse_one(text.replace("%(", ":").replace(")s", "") if dialect == "postgres" else text, dialect=dialect)
    for node in tree.find_all(exp.Parameter):
        node.replace(exp.Placeholder(this=node.name))
    for division in tree.find_all(exp.Div) if dialect == "tsql" else ():
        # Whole numbers divided are a whole number.
        if isinstance(division.this, exp.Cast) and division.this.to.this == exp.DataType.Type.BIGINT:
            division.replace(exp.IntDiv(this=division.this, expression=division.expression))
    for kind in tree.find_all(exp.DataType) if dialect == "tsql" else ():
        # Its FLOAT is a double, its BIT a truth value.
        named = {exp.DataType.Type.FLOAT: "DOUBLE", exp.DataType.Type.BIT: "BOOLEAN"}.get(kind.this)
        if named:
            kind.replace(exp.DataType.build(named))
    return tree.sql(dialect="duckdb")


def kinds(sql: str) -> set[str]:
    """Kinds of nodes in a text."""
    return {type(node).__name__ for node in sqlglot.parse_one(sql, dialect="duckdb").walk()}


# Together they hold every kind of node that users are given; choose others where they no longer do.
COVERING = (0, 1, 28)


class Both:
    """A database that is asked in DuckDB's words and, of what was said in another dialect's, in DuckDB's again."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.seen: set[str] = set()
        self.count = 0
        self.differing: list[str] = []

    def execute(self, sql: str, parameters: dict[str, Any]) -> Any:
        new = kinds(sql) - self.seen
        self.seen |= new
        self.count += 1
        # Every day what adds something, and some of the others.
        asked = not unsayable(sql) and (new or PROVE or self.count % 12 == 0)
        for dialect in OTHERS if asked else []:
            said = self.connection.execute(back_again(translate(sql, dialect), dialect), parameters).fetchall()
            meant = self.connection.execute(sql, parameters).fetchall()
            self.differing += [f"{dialect}: {one} is {other}" for one, other in zip_longest(meant, said) if not alike(one, other)]
        return self.connection.execute(sql, parameters)


def alike(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    """Whether two rows are the same, numbers to the last digits in which sums of nine decimals may differ."""
    if one is None or other is None:
        return False
    numbers = (int, float, Decimal)
    return all(
        left == pytest.approx(right, rel=1e-9, abs=1e-7) if isinstance(left, numbers) and isinstance(right, numbers) else left == right
        for left, right in zip(one, other, strict=True)
    )


def test_read_back_the_text_gives_every_row_of_random_worlds(root: Path) -> None:
    """Not the engine's own answer, but a boolean, a condition or a parenthesis that got lost would show."""
    seen: set[str] = set()
    for seed in [*COVERING, *range(2000, 2000 + many(0, 60))]:
        here = bench(seed)
        there = Both(here.connection)
        watched = Bench(seed, here.world, here.catalogue, there)  # type: ignore[arg-type]
        for asked in watched.requests():
            watched.rows(asked)
            assert not there.differing, here.explain(asked, there.differing)
        seen |= there.seen
    # No random world has a measure of several series: its HAVING has a test of its own.
    assert {kind for sql in compiled_figures(root) for kind in kinds(sql)} <= seen | {"Having"}


@pytest.mark.parametrize("dialect", ["postgres", "spark", "tsql"])
def test_groups_of_which_every_line_is_there(dialect: str) -> None:
    asked = "SELECT c.unit FROM c WHERE c.state IN ('delivered', 'approved') GROUP BY c.unit HAVING COUNT(*) = 2"
    read_back = sqlglot.transpile(translate(asked, dialect), read=dialect, write="duckdb")[0]
    with duckdb.connect() as connection:
        rows = "('a', 'delivered'), ('a', 'approved'), ('b', 'delivered'), ('b', 'missing'), ('c', 'missing')"
        connection.execute(f"CREATE TABLE c AS SELECT * FROM (VALUES {rows}) AS t (unit, state)")
        assert connection.sql(read_back).fetchall() == connection.sql(asked).fetchall() == [("a",)]


# -- the command


def test_the_command_says_first_that_nothing_was_executed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = {"by": ["region"], "grain": "month", "from_": "2026-06", "to": "2026-07", "project": root}
    ask.sql(["employment.gross_unemployed_published"], dialect="postgres", language="da", **asked)
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0]
        == "-- Ikke udført: skrevet til PostgreSQL (PostgreSQL 12 eller nyere) ud fra DuckDB-teksten. Parametre skrives %(name)s (psycopg)."
    )
    assert lines[1:4] == [f"-- first_period = {2026 * 12 + 5}", f"-- last_period = {2026 * 12 + 6}", 'WITH "periods" AS (']
    ask.sql(["employment.gross_unemployed_published"], dialect="tsql", language="en", form=Format.json, **asked)
    found = json.loads(capsys.readouterr().out)
    assert found["sql"].startswith("-- Not executed: written for T-SQL (SQL Server 2022 or later)")
    assert "@first_period" in found["sql"]
    assert found["parameters"] == {"first_period": 2026 * 12 + 5, "last_period": 2026 * 12 + 6}


def test_without_a_dialect_the_command_writes_duckdbs_as_before(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask.sql(["employment.gross_unemployed_published"], grain="month", from_="2026-06", to="2026-07", project=root)
    assert capsys.readouterr().out.splitlines()[:3] == [
        f"-- $first_period = {2026 * 12 + 5}",
        f"-- $last_period = {2026 * 12 + 6}",
        "WITH periods AS (",
    ]


def test_the_command_refuses_an_unknown_dialect(root: Path) -> None:
    with pytest.raises(ArgumentError, match="There is no dialect 'oracle'"):
        ask.sql(["employment.gross_unemployed_published"], dialect="oracle", project=root)


def test_a_value_in_a_comment_is_no_parameter_to_a_driver() -> None:
    assert ask.with_values("-- first\nSELECT 1", {"a": "50%(b)s\nDROP"}, "postgres") == "-- first\n-- a = 50%%(b)s\nSELECT 1"
    assert ask.with_values("-- first\nSELECT 1", {"a": "50%"}, "spark") == "-- first\n-- a = 50%\nSELECT 1"
