"""The ledger through the whole line: figures against SQL over the delivered files, findings against what was planted in them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest

from flis_semantic.delivery.receive import receive
from flis_semantic.ledger import Ledger
from flis_semantic.query import Session
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.projects import copy_project

PEOPLE = {"2019": "2019-Q1", "2020": "2020-Q1"}
SERVICE = """dranst = 1 AND art[1] <> '0' AND funktion[1] IN ('0', '2', '3', '4', '5', '6')
AND funktion[1:4] NOT IN ('5.46', '5.48', '5.57', '5.58', '5.68') AND (funktion <> '5.32.30' OR gruppering = '005')
AND funktion NOT IN ('5.22.07', '4.62.81')"""
OPERATION = "funktion[1] IN ('0', '2', '3', '4', '5', '6') AND dranst IN (1, 2)"
EXPECTED = {
    "service_expenditure_per_inhabitant": f"SELECT unit, sum(beloeb) FROM postings WHERE aar = 2019 AND {SERVICE} GROUP BY unit",
    "tax_financed_operating_result_per_inhabitant": f"""
        SELECT unit, -sum(beloeb) FROM postings WHERE aar = 2019 AND art[1] <> '0' AND (
          ({OPERATION} AND funktion[1:4] <> '0.22' AND (funktion <> '5.32.30' OR (dranst = 1 AND gruppering = '005')))
          OR (dranst = 7 AND funktion[1:4] IN ('7.62', '7.65', '7.68')) OR (dranst = 4 AND funktion <> '7.58.77')) GROUP BY unit""",
    "gross_capital_expenditure_per_inhabitant": """
        SELECT unit, sum(beloeb) FROM postings WHERE aar = 2019 AND dranst = 3 AND funktion[1] IN ('0', '2', '3', '4', '5', '6')
        AND funktion <> '0.25.19' AND art[1] NOT IN ('0', '7', '8') AND art <> '9.7' GROUP BY unit""",
    "administration_expenditure_per_inhabitant": f"""
        SELECT unit, sum(beloeb) FROM postings WHERE aar = 2019 AND dranst = 1 AND art[1] <> '0' AND (
          funktion BETWEEN '6.42.41' AND '6.42.43' OR funktion BETWEEN '6.45.50' AND '6.45.58' OR (gruppering = '200' AND {SERVICE}))
        GROUP BY unit""",
    "grants_and_equalisation_per_inhabitant": """
        SELECT unit, -sum(beloeb) FROM postings WHERE aar = 2019 AND dranst = 7 AND funktion BETWEEN '7.62.80' AND '7.62.86' GROUP BY unit""",
    "structural_operating_balance_per_inhabitant": f"""
        SELECT unit, -sum(beloeb) FROM budgets WHERE aar = 2019 AND version = 'oprindeligt' AND art[1] <> '0' AND (funktion[1] = '7' OR (
          {OPERATION} AND (funktion <> '5.32.30' OR (dranst = 1 AND gruppering = '005'))
          AND NOT (funktion = '6.52.72' AND gruppering IN ('001', '002')))) GROUP BY unit""",
    "average_liquidity_per_inhabitant": "SELECT unit, sum(saldo) / 365 FROM liquidity WHERE year(dato) = 2019 GROUP BY unit",
}


def _delivered(folder: Path) -> Iterator[dict[str, str]]:
    """Every line of the files of both systems, but for the vouchers in which something is planted."""
    names = "aar periode dato bogfoert bilag linje konto funktion dranst ejer sted gruppering art beloeb".split()
    for path in (*folder.glob("oko_postering_0*.csv"), *folder.glob("finansposter_*.csv")):
        old = path.name.startswith("oko_")
        text = path.read_bytes().decode("windows-1252" if old else "utf-8-sig", "replace")
        if "\0" in text:
            continue
        for line in csv.reader(text.splitlines()[1:], delimiter=";"):
            row = dict(zip(names if old else ["unit", *names], line, strict=False))
            if "beloeb" in row and not row["bilag"].startswith("Q"):
                yield {"unit": path.name.split("_")[2], **row} if old else row


@pytest.fixture(scope="module")
def raw(demo_project: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The delivered files as tables, without the vouchers in which something is planted and with the deltas that are in force."""
    folder = demo_project / "work" / "simulated"
    connection = duckdb.connect()
    connection.register("delivered", pyarrow.Table.from_pylist([*_delivered(folder)]))
    money = "CAST(replace(beloeb, ',', '.') AS DECIMAL(18,2)) AS beloeb"
    connection.execute(
        "CREATE TABLE postings AS SELECT unit, CAST(aar AS INTEGER) AS aar, CAST(periode AS INTEGER) AS periode, funktion, "
        f"CAST(nullif(dranst, '') AS INTEGER) AS dranst, gruppering, art, {money} FROM delivered WHERE periode <> '0'"
    )
    # Of 0563 the second and the fourth voucher stand; of 0101 the first as it was corrected, since its deletion waits.
    for unit, value in (("0563", 12000), ("0563", 12000), ("0101", 15000)):
        connection.execute(f"INSERT INTO postings VALUES ('{unit}', 2020, 2, '3.22.01', 1, '000', '4.9', {value})")
    connection.execute(
        f"CREATE TABLE budgets AS SELECT filename[-13:-10] AS unit, CAST(budgetaar AS INTEGER) AS aar, * REPLACE ({money}, "
        "strptime(version_gyldig_fra, '%d-%m-%Y')::DATE AS version_gyldig_fra, CAST(dranst AS INTEGER) AS dranst) "
        f"FROM read_csv('{folder}/oko_budget_0*.csv', delim = ';', all_varchar = true, filename = true, encoding = 'latin-1') "
        "WHERE omkostningssted <> '0000009999'"
    )
    connection.execute(
        f"CREATE TABLE liquidity AS SELECT filename[-15:-12] AS unit, strptime(dato, '%d-%m-%Y')::DATE AS dato, funktion, "
        f"CAST(replace(saldo, ',', '.') AS DECIMAL(18,2)) AS saldo FROM read_csv('{folder}/oko_likviditet_0*.csv', delim = ';', "
        f"all_varchar = true, filename = true) UNION ALL SELECT kommunekode, dato::DATE, funktion, saldo FROM '{folder}/oko_likviditet_*.parquet'"
    )
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


@pytest.fixture(scope="module")
def planted(demo_project: Path) -> list[dict[str, str]]:
    with (demo_project / "work" / "simulated" / "oko_postering.faults.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def answered(session: Session, figure: str, grain: str, period: str) -> dict[str, dict[str, Any]]:
    """Rows of the municipalities that deliver, by code."""
    units = ("0101", "0147", "0563", "0751")
    rows = session.query([f"economy.{figure}"], ["municipality"], grain, from_=period, to=period, where={"municipality": units})
    return {row["area"]: row for row in rows.to_pylist()}


@pytest.mark.parametrize("figure", EXPECTED)
def test_a_figure_of_2019_is_what_the_delivered_files_say(session: Session, raw: duckdb.DuckDBPyConnection, figure: str) -> None:
    said = dict(raw.execute(EXPECTED[figure]).fetchall())
    rows = answered(session, figure, "year", "2019")
    assert set(rows) == set(said) == {"0101", "0147", "0563", "0751"}
    for unit, row in rows.items():
        assert row["numerator"] == pytest.approx(float(said[unit]), rel=1e-12), unit
        assert row["value"] == pytest.approx(row["numerator"] / row["denominator"], rel=1e-12)


def test_the_consumption_rate_of_may_is_against_the_budget_of_april(session: Session, raw: duckdb.DuckDBPyConnection) -> None:
    spent = dict(
        raw.execute(f"SELECT unit, sum(beloeb) FROM postings WHERE aar = 2020 AND periode <= 4 AND {SERVICE} GROUP BY unit").fetchall()
    )
    budget = dict(
        raw.execute(
            f"SELECT unit, sum(beloeb) FROM budgets WHERE aar = 2020 AND version = 'korrigeret' AND version_gyldig_fra = '2020-04-01' AND {SERVICE} GROUP BY unit"
        ).fetchall()
    )
    rows = answered(session, "budget_consumption_rate", "month", "2020-04")
    for unit, row in rows.items():
        assert row["value"] == pytest.approx(100 * float(spent[unit]) / float(budget[unit]), rel=1e-12), unit


def test_a_held_month_is_no_value_and_the_other_municipalities_go_on(session: Session) -> None:
    rows = answered(session, "service_expenditure_per_inhabitant", "month", "2020-05")
    assert (rows["0147"]["value"], rows["0147"]["status"]) == (None, "held")
    assert all(rows[unit]["value"] for unit in ("0101", "0563", "0751"))
    assert answered(session, "service_expenditure_per_inhabitant", "month", "2020-04")["0147"]["value"]
    assert answered(session, "service_expenditure_per_inhabitant", "year", "2020")["0147"]["value"] is None


def test_main_accounts_add_up_to_the_whole(session: Session) -> None:
    query = {"from_": "2019", "to": "2019", "where": {"municipality": ("0751",)}}
    parts = session.query(["economy.service_expenditure_per_inhabitant"], ["municipality", "main_account"], "year", **query).to_pylist()
    [whole] = session.query(["economy.service_expenditure_per_inhabitant"], ["municipality"], "year", **query).to_pylist()
    assert {row["main_account"] for row in parts if row["value"]} == {"0", "2", "3", "4", "5", "6"}
    assert sum(row["value"] for row in parts if row["value"]) == pytest.approx(whole["value"], rel=1e-12)


def test_cross_rules_find_what_was_planted_and_nothing_else(built: duckdb.DuckDBPyConnection, planted: list[dict[str, str]]) -> None:
    found = Counter(
        {
            (unit, period, rule): rows
            for unit, period, rule, rows in built.execute(
                """
                SELECT printf('%04d', municipality_key) AS unit, (base_period_key // 12) || '-' ||
                  CASE slot WHEN '' THEN lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0') ELSE lpad(slot, 2, '0') END AS period, rule_id,
                  CAST(sum(CASE rule_id WHEN 'V-OKO-07' THEN 1 ELSE row_count END) AS INTEGER)
                FROM quality_oko_postering WHERE rule_id <> 'V-OKO-10' GROUP BY unit, period, rule_id
                """
            ).fetchall()
        }
    )
    cross = ("V-OKO-01", "V-OKO-02", "V-OKO-03", "V-OKO-04", "V-OKO-05", "V-OKO-07", "V-OKO-08", "V-OKO-09", "V-OKO-13")
    said: Counter[tuple[str, str, str]] = Counter()
    for row in planted:
        if row["rule_id"] in cross and row["fate"] != "passes":
            said[row["municipality"], row["period"], row["rule_id"]] += int(row["row_count"])
    assert found == said


def test_row_rules_set_aside_what_was_planted_and_nothing_else(demo_project: Path, planted: list[dict[str, str]]) -> None:
    with Ledger(Project(demo_project).ledger_path) as ledger:
        deliveries = {delivery.delivery_id: delivery.contract for delivery in ledger.deliveries()}
        counted: Counter[str] = Counter()
        for delivery, rules in ledger.rule_counts().items():
            if deliveries[delivery] == "oko_postering":
                counted.update(rules)
    said: Counter[str] = Counter()
    for row in planted:
        if row["fate"] == "set_aside" and (row["rule_id"] == "V-OKO-06" or row["rule_id"] >= "V-OKO-20"):
            said[row["rule_id"]] += int(row["row_count"])
    assert counted == said


def test_a_delta_behind_a_gap_waits_and_a_delete_of_nothing_is_told(built: duckdb.DuckDBPyConnection) -> None:
    assert built.execute("SELECT unit_code, sequence, row_count, missing_from FROM landing.waiting_deltas").fetchall() == [
        ("0101", 4, 2, 3)
    ]
    assert built.execute("SELECT unit_code, count(*) FROM landing.unmatched_deletes GROUP BY ALL").fetchall() == [("0563", 2)]


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
