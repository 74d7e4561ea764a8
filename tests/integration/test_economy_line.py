"""The ledger through the whole line: every figure against SQL over the delivered files, and what becomes of whole deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from flis_semantic.delivery.receive import receive
from flis_semantic.query import Session
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.integration.delivered import read_delivered
from tests.projects import copy_project

ACCOUNTS = "funktion[1] IN ('0', '2', '3', '4', '5', '6')"
SERVICE = f"""dranst = 1 AND art[1] <> '0' AND {ACCOUNTS}
AND funktion[1:4] NOT IN ('5.46', '5.48', '5.57', '5.58', '5.68') AND (funktion <> '5.32.30' OR gruppering = '005')
AND funktion NOT IN ('5.22.07', '4.62.81')"""
OPERATION = f"{ACCOUNTS} AND dranst IN (1, 2)"
NO_ELDERLY_HOUSING = "(funktion <> '5.32.30' OR (dranst = 1 AND gruppering = '005'))"
RESULT = f"""art[1] <> '0' AND (({OPERATION} AND funktion[1:4] <> '0.22' AND {NO_ELDERLY_HOUSING})
OR (dranst = 7 AND funktion[1:4] IN ('7.62', '7.65', '7.68')) OR (dranst = 4 AND funktion <> '7.58.77'))"""
STRUCTURAL = f"""art[1] <> '0' AND (funktion[1] = '7' OR ({OPERATION} AND {NO_ELDERLY_HOUSING}
AND NOT (funktion = '6.52.72' AND gruppering IN ('001', '002'))))"""
CAPITAL = f"{ACCOUNTS} AND dranst = 3 AND funktion <> '0.25.19' AND art[1] NOT IN ('0', '7', '8') AND art <> '9.7'"
ADMINISTRATION = f"""dranst = 1 AND art[1] <> '0' AND (funktion BETWEEN '6.42.41' AND '6.42.43' OR funktion BETWEEN '6.45.50' AND '6.45.58'
OR (gruppering = '200' AND {ACCOUNTS}))"""
GRANTS = "dranst = 7 AND funktion BETWEEN '7.62.80' AND '7.62.86' AND art[1] <> '0'"
TENDERABLE = f"""dranst = 1 AND {ACCOUNTS} AND funktion[1:4] NOT IN ('5.22', '5.48', '5.57', '5.58', '6.42')
AND funktion NOT IN ('4.62.81', '5.28.24')"""
EXPOSED = f"""{TENDERABLE} AND ((art IN ('4.0', '4.5', '4.9') AND ejerforhold <> 3)
OR (art IN ('4.6', '4.7', '4.8', '5.9') AND ejerforhold = 2))"""
OWN = f"{TENDERABLE} AND art[1] IN ('1', '2', '9') AND art <> '2.6'"

POSTED = "SELECT unit, sum(beloeb) AS amount FROM postings WHERE {} GROUP BY unit"
ORIGINAL = "SELECT unit, sum(beloeb) AS amount FROM budgets WHERE aar = {} AND version = 'oprindeligt' AND {} GROUP BY unit"
REVISED = (
    "SELECT unit, sum(beloeb) AS amount FROM budgets WHERE aar = 2020 AND version = 'korrigeret' AND decided = '{}' AND {} GROUP BY unit"
)
FORECAST = f"SELECT unit, sum(beloeb) AS amount FROM forecasts WHERE aar = 2020 AND made = '{{}}' AND {OPERATION} GROUP BY unit"
OPERATING_BUDGET = f"{OPERATION} AND art[1] <> '0'"
DEBT = "SELECT unit, -sum(ultimo) AS amount FROM balances WHERE maaned = '{}' AND funktion[1:4] = '9.55' AND funktion <> '9.55.77' GROUP BY unit"
LIQUIDITY = """SELECT unit, sum(CASE WHEN funktion LIKE '9.22.%' THEN saldo WHEN funktion = '9.50.50' THEN saldo ELSE 0 END) / 365 AS amount
FROM liquidity WHERE dato BETWEEN '{}' AND '{}' GROUP BY unit"""
PEOPLE = "SELECT unit, people AS amount FROM population WHERE quarter = '{}'"


# Who has a month that is held because its amounts are planted wrong.
HELD = {"0370": "2019-09", "0265": "2020-03", "0147": "2020-05"}


def negative(sql: str) -> str:
    """The same with the other sign: an income is positive in the figure."""
    return f"SELECT unit, -amount AS amount FROM ({sql})"


def less(sql: str, other: str) -> str:
    """What one has more than the other, by unit."""
    return f"SELECT unit, one.amount - other.amount AS amount FROM ({sql}) AS one JOIN ({other}) AS other USING (unit)"


class Case(NamedTuple):
    """One figure in one period: both sides as SQL over the delivered files."""

    figure: str
    grain: str
    period: str
    numerator: str
    denominator: str
    factor: int = 1

    @property
    def last_month(self) -> str:
        """The month with which the period ends."""
        if self.grain == "quarter":
            return f"{self.period[:4]}-{3 * int(self.period[-1]):02}"
        return self.period if self.grain == "month" else f"{self.period}-12"

    def is_held(self, unit: str) -> bool:
        """Whether it counts postings since the year's start and one of the months is held."""
        month = HELD.get(unit, "")
        return "postings" in self.numerator and month[:4] == self.period[:4] and month <= self.last_month


CASES = [
    Case("service_expenditure_per_inhabitant", "year", "2019", POSTED.format(f"aar = 2019 AND {SERVICE}"), PEOPLE.format("2019Q1")),
    Case(
        *("service_expenditure_per_inhabitant", "month", "2020-02"),
        *(POSTED.format(f"aar = 2020 AND periode <= 2 AND {SERVICE}"), PEOPLE.format("2020Q1")),
    ),
    Case(
        *("operating_expenditure_per_inhabitant", "year", "2019"),
        *(POSTED.format("aar = 2019 AND funktion[1] <= '6' AND dranst IN (1, 2)"), PEOPLE.format("2019Q3")),
    ),
    Case(
        *("operating_expenditure_per_inhabitant", "quarter", "2020-Q1"),
        *(POSTED.format("aar = 2020 AND periode <= 3 AND funktion[1] <= '6' AND dranst IN (1, 2)"), PEOPLE.format("2020Q3")),
    ),
    Case(
        *("tax_financed_operating_result_per_inhabitant", "year", "2019"),
        *(negative(POSTED.format(f"aar = 2019 AND {RESULT}")), PEOPLE.format("2019Q1")),
    ),
    Case("gross_capital_expenditure_per_inhabitant", "year", "2019", POSTED.format(f"aar = 2019 AND {CAPITAL}"), PEOPLE.format("2019Q1")),
    Case(
        *("administration_expenditure_per_inhabitant", "year", "2019"),
        *(POSTED.format(f"aar = 2019 AND {ADMINISTRATION}"), PEOPLE.format("2019Q1")),
    ),
    Case(
        *("grants_and_equalisation_per_inhabitant", "year", "2019"),
        *(negative(POSTED.format(f"aar = 2019 AND {GRANTS}")), PEOPLE.format("2019Q1")),
    ),
    Case(
        *("competitive_tendering_indicator", "year", "2019"),
        *(POSTED.format(f"aar = 2019 AND {EXPOSED}"), POSTED.format(f"aar = 2019 AND (({EXPOSED}) OR ({OWN}))"), 100),
    ),
    Case(
        *("structural_operating_balance_per_inhabitant", "year", "2019"),
        *(negative(ORIGINAL.format(2019, STRUCTURAL)), PEOPLE.format("2019Q1")),
    ),
    Case("average_liquidity_per_inhabitant", "year", "2019", LIQUIDITY.format("2019-01-01", "2019-12-31"), PEOPLE.format("2019Q1")),
    # 2020 is a leap year: the 365 days that end on 30 June begin on 2 July.
    Case("average_liquidity_per_inhabitant", "month", "2020-06", LIQUIDITY.format("2019-07-02", "2020-06-30"), PEOPLE.format("2020Q1")),
    # The newest population within the period: a year's is of 1 October, a quarter's of its first day.
    Case("long_term_debt_per_inhabitant", "year", "2019", DEBT.format("2019-12"), PEOPLE.format("2019Q4")),
    Case("long_term_debt_per_inhabitant", "quarter", "2020-Q2", DEBT.format("2020-06"), PEOPLE.format("2020Q2")),
    Case(
        *("service_budget_deviation", "year", "2019"),
        *(less(POSTED.format(f"aar = 2019 AND {SERVICE}"), ORIGINAL.format(2019, SERVICE)), ORIGINAL.format(2019, SERVICE), 100),
    ),
    # The budget of 1 April, then that of 1 September; before the first, the original one.
    *(
        Case(
            *("budget_consumption_rate", "month", f"2020-{month:02}"),
            *(POSTED.format(f"aar = 2020 AND periode <= {month} AND {SERVICE}"), budget, 100),
        )
        for month, budget in ((3, ORIGINAL.format(2020, SERVICE)), (4, REVISED.format("2020-04-01", SERVICE)))
    ),
    # Forecasts are of 31 March, 30 June and 30 September: each holds from its own day.
    *(
        Case("forecast_deviation", grain, period, less(FORECAST.format(made), budget), budget, 100)
        for grain, period, made, budget in (
            ("month", "2020-03", "2020-03-31", ORIGINAL.format(2020, OPERATING_BUDGET)),
            ("month", "2020-05", "2020-03-31", REVISED.format("2020-04-01", OPERATING_BUDGET)),
            ("month", "2020-08", "2020-06-30", REVISED.format("2020-04-01", OPERATING_BUDGET)),
            ("month", "2020-09", "2020-09-30", REVISED.format("2020-09-01", OPERATING_BUDGET)),
            ("year", "2020", "2020-09-30", REVISED.format("2020-09-01", OPERATING_BUDGET)),
        )
    ),
]


@pytest.fixture(scope="module")
def raw(demo_project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The delivered files as tables."""
    connection = read_delivered(demo_project / "work" / "simulated")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def session(demo_project: Path) -> Iterator[Session]:
    with Session(demo_project) as opened:
        yield opened


@pytest.fixture(scope="module")
def built(demo_project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    project = Project(demo_project)
    connection = open_current(project.versions, project.pointer)
    yield connection
    connection.close()


def answered(session: Session, figure: str, grain: str, period: str, units: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rows of some municipalities, by code."""
    rows = session.query([f"economy.{figure}"], ["municipality"], grain, from_=period, to=period, where={"municipality": units})
    return {row["area"]: row for row in rows.to_pylist()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.figure} {case.period}")
def test_a_figure_is_what_the_delivered_files_say(session: Session, raw: duckdb.DuckDBPyConnection, case: Case) -> None:
    numerators = dict(raw.execute(case.numerator).fetchall())
    denominators = dict(raw.execute(case.denominator).fetchall())
    rows = answered(session, case.figure, case.grain, case.period, tuple(numerators))
    assert set(rows) == set(numerators)
    assert len(rows) == 11
    for unit, row in rows.items():
        if case.is_held(unit):
            assert (row["value"], row["status"]) == (None, "held"), unit
            continue
        assert row["numerator"] == pytest.approx(float(numerators[unit]), rel=1e-12), unit
        assert row["denominator"] == pytest.approx(float(denominators[unit]), rel=1e-12), unit
        assert row["value"] == pytest.approx(case.factor * float(numerators[unit]) / float(denominators[unit]), rel=1e-12), unit


def test_every_figure_of_the_economy_is_read_from_the_files(session: Session) -> None:
    published = {figure.name for figure in session.catalogue.of_domain("economy")}
    assert {case.figure for case in CASES} | {"income_tax_rate"} == published


def test_the_income_tax_rate_is_the_file_s_and_the_country_s_is_weighted(session: Session, raw: duckdb.DuckDBPyConnection) -> None:
    rates = dict(raw.execute("SELECT unit, CAST(rate AS DOUBLE) FROM income_tax WHERE aar = 2024").fetchall())
    rows = answered(session, "income_tax_rate", "year", "2024", tuple(rates))
    assert len(rates) == 11
    assert {unit: row["value"] for unit, row in rows.items()} == rates
    ((weighted,),) = raw.execute("SELECT CAST(sum(rate * base) AS DOUBLE) / sum(base) FROM income_tax WHERE aar = 2024").fetchall()
    [country] = session.query(["economy.income_tax_rate"], ["country"], "year", from_="2024", to="2024").to_pylist()
    assert (country["value"], country["members"]) == (pytest.approx(weighted, rel=1e-9), 11)


def test_there_is_no_forecast_before_the_first_one(session: Session) -> None:
    assert {row["value"] for row in answered(session, "forecast_deviation", "month", "2020-02", ("0101", "0751")).values()} == {None}


def test_a_held_month_is_no_value_and_the_other_municipalities_go_on(session: Session) -> None:
    units = ("0101", "0147", "0563", "0751")
    rows = answered(session, "service_expenditure_per_inhabitant", "month", "2020-05", units)
    assert (rows["0147"]["value"], rows["0147"]["status"]) == (None, "held")
    assert all(rows[unit]["value"] for unit in ("0101", "0563", "0751"))
    assert answered(session, "service_expenditure_per_inhabitant", "month", "2020-04", units)["0147"]["value"]
    assert answered(session, "service_expenditure_per_inhabitant", "year", "2020", units)["0147"]["value"] is None


def test_a_month_that_never_came_is_missing_from_then_on(session: Session) -> None:
    # 0151 sent everything but November.
    for period, status in (("2020-10", "validated"), ("2020-11", "missing"), ("2020-12", "missing")):
        row = answered(session, "service_expenditure_per_inhabitant", "month", period, ("0151",))["0151"]
        assert (row["status"], row["value"] is None) == (status, status == "missing")


def test_main_accounts_add_up_to_the_whole(session: Session) -> None:
    query = {"from_": "2019", "to": "2019", "where": {"municipality": ("0751",)}}
    parts = session.query(["economy.service_expenditure_per_inhabitant"], ["municipality", "main_account"], "year", **query).to_pylist()
    [whole] = session.query(["economy.service_expenditure_per_inhabitant"], ["municipality"], "year", **query).to_pylist()
    assert {row["main_account"] for row in parts if row["value"]} == {"0", "2", "3", "4", "5", "6"}
    assert sum(row["value"] for row in parts if row["value"]) == pytest.approx(whole["value"], rel=1e-12)


def test_a_delta_behind_a_gap_waits_and_a_delete_of_nothing_is_told(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute(
        "SELECT unit_code, sequence, row_count, missing_from FROM landing.waiting_deltas WHERE contract = 'oko_postering'"
    ).fetchall() == [("0101", 4, 2, 3)]
    assert built.execute(
        "SELECT unit_code, count(*) FROM landing.unmatched_deletes WHERE contract = 'oko_postering' GROUP BY ALL"
    ).fetchall() == [("0563", 2)]


def test_no_personal_number_reaches_the_warehouse_or_the_landing_zone(demo_project: Path) -> None:
    landing = demo_project / "work" / "landing" / "oko_postering"
    columns = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{landing}/*.parquet', union_by_name = true)").fetchall()
    assert "cpr" not in {name for name, *_ in columns}


def test_files_that_are_wrong_as_a_whole_are_refused_and_say_why(demo_project: Path, tmp_path: Path) -> None:
    project = Project(copy_project(tmp_path))
    damaged = sorted((demo_project / "work" / "simulated").glob("oko_postering_0563_2019-05-2?.csv"))
    report = receive(project, damaged)
    assert report.exit_code == 1
    said = {result.file.name[-6:-4]: (result.verdict, result.code) for result in report.results}
    assert {verdict for verdict, _ in said.values()} == {"refused"}
    assert {day: code for day, (_, code) in said.items()} == {
        "21": "FILE-HEADER",
        "22": "FILE-TRUNCATED",
        "23": "FILE-ENCODING",
        "24": "FILE-MANIFEST",
        "25": "FILE-MANIFEST",
        "26": "FILE-EMPTY",
    }
