"""Benefits through the whole line: what rules find against what was planted, figures against SQL over the truth.

The recipes leave the truth beside the deliveries: who was on which benefit where, which interviews were held, and so on. Months
of which late registrations are still to come are left out. The month that one municipality never delivered is missing in every
figure that reads it, and a visitation category that nobody knows is of no category.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.ledger import Ledger
from flis_semantic.quality import set_aside_rows
from flis_semantic.query import Session
from flis_semantic.simulate import simulate
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.projects import copy_project
from tests.sampling import many

TABLES = ("bes_ydelsesforloeb", "bes_samtale", "bes_tilbud", "bes_sygedagpenge_sag", "bes_refusion", "bes_job")
BESIDE = ("bor_borger_status", "ref_arbejdsstyrke")
SMALL = 0.0003
"""Four municipalities."""
BUILT = [f"+quality_{table}" for table in TABLES]
LOST = ("0147", "2024-11")
"""The municipality and the month of benefits that never came."""
SETTLED = "2025-10"
"""The newest month of which everything was registered by the last delivery."""


@dataclass(frozen=True)
class Line:
    """One project that received and built simulated benefits, with their truth as tables of the connection."""

    project: Project
    connection: duckdb.DuckDBPyConnection

    def planted(self, table: str) -> list[dict[str, str]]:
        """What the recipe says it planted."""
        with (self.project.work / "simulated" / f"{table}.faults.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def repeated(self, table: str) -> set[str]:
        """Files that are an earlier one once more, byte by byte: no deliveries of their own."""
        found, first = set[str](), dict[bytes, str]()
        for path in sorted((self.project.work / "simulated").glob(f"{table}_*.csv")):
            if first.setdefault(sha256(path.read_bytes()).digest(), path.name) != path.name:
                found.add(path.name)
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query over the version and the truth."""
        return self.connection.execute(sql).fetchall()


def _line(project: Project, connection: duckdb.DuckDBPyConnection) -> Line:
    for path in (project.work / "simulated" / "truth").glob("*.parquet"):
        connection.execute(f"CREATE TEMP VIEW {path.stem} AS FROM '{path}'")
    # Every day of everybody on a benefit; the month that never came is nobody's.
    connection.execute(
        """
        CREATE TEMP TABLE days AS
        SELECT *, year(day) - year(birth_date) - CAST(strftime(day, '%m%d') < strftime(birth_date, '%m%d') AS INTEGER) AS age,
          benefit IN ('kth', 'udh', 'sho', 'ovg') AS is_cash, benefit = 'dag' OR (is_cash AND visitation_category = 'Jobparat') AS is_unemployed,
          benefit IN ('led', 'res', 'jaf', 'rev', 'frv', 'syg', 'dag') OR is_cash AS goes_with_activation
        FROM (
          SELECT *, CAST(unnest(generate_series(CAST(piece_start AS TIMESTAMP), CAST(piece_end AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS day
          FROM benefit_pieces WHERE (delivered_by, strftime(month, '%Y-%m')) <> (?, ?))
        """,
        LOST,
    )
    return Line(project, connection)


@pytest.fixture(scope="module")
def demonstration(demo_project: Path) -> Iterator[Line]:
    project = Project(demo_project)
    line = _line(project, open_current(project.versions, project.pointer))
    yield line
    line.connection.close()


@pytest.fixture(scope="module", params=["demonstration", *range(11, 11 + many(0, 4))])
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line with everything planted: the demonstration's, or of another seed."""
    if request.param == "demonstration":
        yield request.getfixturevalue("demonstration")
        return
    project = Project(copy_project(tmp_path_factory.mktemp("seed")))
    out = project.work / "simulated"
    files = [file for table in (*BESIDE, *TABLES) for file in simulate(project, table, out=out, seed=request.param, scale=SMALL)]
    report = receive(project, [file.path for file in files if file.damage is None])
    assert report.exit_code == 0, [str(result) for result in report.results if result.exit_code]
    built = build(project, select=BUILT)
    assert built.exit_code == 0, built.lines
    line = _line(project, duckdb.connect(str(project.build_file), read_only=True))
    yield line
    line.connection.close()


def _place(file: str, row: str) -> tuple[str, str]:
    """Unit and month of a row as it was delivered: as the file's name says, else as the row does; at last, of its first date."""
    unit = re.search(r"_(\d{4})_", file) or re.search(r'"kommunekode":"(\d{4})"', row)
    month = re.search(r"(20\d\d)-(\d\d)", file) or re.search(r"(20\d\d)[M-](0[1-9]|1[0-2])", row)
    if month is None:
        month = re.search(r"\d\d\.(?P<month>\d\d)\.(?P<year>\d{4})", row)
        assert unit and month, row
        return unit[1], f"{month['year']}-{month['month']}"
    assert unit, row
    return unit[1], f"{month[1]}-{month[2]}"


@pytest.mark.parametrize("table", TABLES)
def test_rules_find_what_was_planted_and_nothing_else(line: Line, table: str) -> None:
    cross = {rule.id for rule in line.project.contracts[table].cross_rules}
    across, aside = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    warned, repeated = Counter[str](), line.repeated(table)
    for row in line.planted(table):
        if row["fate"] == "warned":
            warned[row["rule_id"]] += 0 if row["file_name"] in repeated else int(row["row_count"])
        elif row["fate"] not in ("passes", "missing", "refused"):
            found = across if row["rule_id"] in cross else aside
            found[row["municipality"], row["period"], row["rule_id"]] += int(row["row_count"])
    rows = line.rows(
        f"""
        SELECT printf('%04d', municipality_key), base_period_key // 12 || '-' || lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0'), rule_id,
          sum(row_count) FROM quality_{table} GROUP BY ALL
        """
    )
    assert Counter({(unit, period, rule): int(count) for unit, period, rule, count in rows}) == across
    found = Counter((*_place(row["file"], row["raw_row"]), rule) for row in set_aside_rows(line.project, table) for rule in row["rule_ids"])
    assert found == aside
    with Ledger(line.project.ledger_path) as ledger:
        files = {delivery.delivery_id for delivery in ledger.deliveries(table)}
        told = Counter[str]()
        for delivery, rules in ledger.rule_counts().items():
            if delivery in files:
                told.update(rules)
    assert told == warned + Counter({rule: sum(rows for cell, rows in aside.items() if cell[2] == rule) for _, _, rule in aside})


def test_every_rule_of_the_reference_was_planted(demonstration: Line) -> None:
    rows = [row for table in TABLES for row in demonstration.planted(table)]
    rules = {f"V-BES-{number:02}" for number in range(1, 9)}
    assert rules <= {row["rule_id"] for row in rows if row["fate"] in ("set_aside", "repaired", "flagged")}


def test_files_of_another_shape_are_refused(demonstration: Line, tmp_path: Path) -> None:
    project = Project(copy_project(tmp_path))
    codes = {23: "HEADER", 24: "TRUNCATED", 25: "ENCODING", 26: "MANIFEST", 27: "MANIFEST", 28: "EMPTY"}
    files = [demonstration.project.work / "simulated" / f"bes_ydelsesforloeb_0101_2024-04_2024-06-{day}.csv" for day in codes]
    said = [(result.verdict, result.code) for result in receive(project, files).results]
    assert said == [("refused", f"FILE-{code}") for code in codes.values()]
    refused = [row for row in demonstration.planted("bes_ydelsesforloeb") if row["fate"] == "refused"]
    assert Counter(code for _, code in said) == Counter({row["rule_id"]: int(row["row_count"]) for row in refused})


def test_nobody_has_two_benefits_or_two_homes_on_a_day(line: Line) -> None:
    overlapping = """
      SELECT count(*) FROM fct_benefit_spell AS one JOIN fct_benefit_spell AS other
      ON one.person_key = other.person_key AND one.start_date < other.start_date AND other.start_date <= coalesce(one.end_date, '9999-12-31')"""
    assert line.rows(overlapping) == [(0,)]


def test_pieces_are_those_of_the_truth_with_the_whole_spell_s_ends(line: Line) -> None:
    """By municipality, benefit and days, with where each spell began: neither a move nor a birthday nor the law begins one."""
    columns = "unit, benefit, month, degree, first, last, spell_start"
    wrong = line.rows(
        f"""
        WITH truth AS (
          SELECT CAST(municipality AS INTEGER) AS unit, benefit, strftime(month, '%Y-%m') AS month, degree, min(day) AS first, max(day) AS last,
            any_value(spell_start) AS spell_start, person
          FROM days WHERE strftime(month, '%Y-%m') <= '{SETTLED}' GROUP BY ALL),
        built AS (
          SELECT municipality_key AS unit, benefits.source_code AS benefit, strftime(start_date, '%Y-%m') AS month, degree,
            min(start_date) AS first, max(end_date) AS last, any_value(spell_start_date) AS spell_start, person_key
          FROM fct_benefit_spell JOIN seeds.benefits USING (benefit_key)
          WHERE strftime(start_date, '%Y-%m') <= '{SETTLED}' GROUP BY ALL),
        one AS (SELECT {columns}, count(*) AS n FROM truth GROUP BY ALL),
        other AS (SELECT {columns}, count(*) AS n FROM built GROUP BY ALL)
        SELECT * FROM one FULL JOIN other USING ({columns}) WHERE one.n IS DISTINCT FROM other.n
        """
    )
    # Who came from the municipality whose month never came begins anew there, as far as anybody knows.
    assert all(row[2] >= "2024-11" for row in wrong) and len(wrong) <= 3, wrong


MONTH = "strftime(day, '%Y-%m')"
FULL_TIME = f"SELECT municipality, {MONTH} AS month, CAST(sum(degree) AS DOUBLE) / day(last_day(any_value(day))) AS value FROM days WHERE {{}} GROUP BY ALL"
LAST_DAYS = "(SELECT CAST(unnest(generate_series(TIMESTAMP '2024-01-31', TIMESTAMP '2025-12-31', INTERVAL 1 MONTH)) AS DATE) AS d) AS ends"
NUMERATORS = {
    "public_support_share": FULL_TIME.format("benefit NOT IN ('barsel', 'su') AND age BETWEEN 16 AND 66"),
    "gross_unemployment_rate": FULL_TIME.format("is_unemployed AND age BETWEEN 16 AND 66"),
    "cash_benefit_full_time_persons": FULL_TIME.format("benefit = 'kth'"),
    "sickness_benefit_share": FULL_TIME.format("benefit = 'syg' AND age BETWEEN 16 AND 66"),
    "resource_and_job_clarification_full_time_persons": FULL_TIME.format("benefit IN ('res', 'jaf')"),
    "flex_job_unemployment_share": FULL_TIME.format("benefit = 'led'"),
    "new_disability_pensions_per_1000": f"""
      SELECT municipality, strftime(last_day(d), '%Y-%m') AS month, count(*) AS value FROM days, {LAST_DAYS}
      WHERE benefit = 'fop' AND day = spell_start AND age BETWEEN 18 AND 66 AND day <= last_day(d)
        AND day >= date_trunc('month', d) - INTERVAL 11 MONTH GROUP BY ALL""",
    "activation_rate": f"""
      SELECT municipality, {MONTH} AS month, sum(full_time) AS value FROM (
        SELECT days.municipality, days.person, day, max(least(1, CAST(hours / 37 AS DECIMAL(5,4)))) AS full_time
        FROM days JOIN offers ON days.person = offers.person AND day BETWEEN offers.start_date AND offers.end_date
        WHERE goes_with_activation GROUP BY ALL) GROUP BY ALL""",
    "sickness_benefit_over_52_weeks_share": f"""
      SELECT municipality, strftime(last_day(d), '%Y-%m') AS month, count(*) FILTER (WHERE last_day(d) - start_date >= 364) AS value
      FROM sickness_cases JOIN residences USING (person), {LAST_DAYS}
      WHERE last_day(d) BETWEEN start_date AND coalesce(end_date, '9999-12-31')
        AND last_day(d) BETWEEN valid_from AND coalesce(valid_to, '9999-12-31') GROUP BY ALL""",
    "long_term_unemployed": f"""
      SELECT municipality, month, count(*) AS value FROM (
        SELECT arg_max(municipality, day) AS municipality, strftime(last_day(d), '%Y-%m') AS month FROM days, {LAST_DAYS}
        WHERE is_unemployed AND day BETWEEN last_day(d) - 363 AND last_day(d) GROUP BY person, d HAVING count(*) >= 0.8 * 364) GROUP BY ALL""",
    "interviews_per_spell": f"""
      SELECT municipality, strftime(last_day(d), '%Y-%m') AS month, sum((
        SELECT count(*) FROM interviews AS i WHERE i.person = days.person AND i.held >= spell_start AND i.held < spell_start + INTERVAL 6 MONTH
      )) AS value FROM days, {LAST_DAYS}
      WHERE day = last_day(d) AND (benefit = 'dag' OR is_cash) AND spell_start + INTERVAL 6 MONTH <= day + 1
        AND spell_start + INTERVAL 9 MONTH >= day + 1 GROUP BY ALL""",
    "in_job_or_upgraded_after_3_months_share": f"""
      SELECT municipality, {MONTH} AS month, count(*) FILTER (WHERE
        EXISTS (SELECT 1 FROM jobs WHERE jobs.person = days.person AND NOT is_subsidised AND jobs.month BETWEEN day AND day + INTERVAL 2 MONTH)
        OR (visitation_category = 'Aktivitetsparat' AND EXISTS (
          SELECT 1 FROM days AS later WHERE later.person = days.person AND later.is_cash
            AND later.visitation_category IN ('Jobparat', 'Uddannelsesparat', 'Åbenlys uddannelsesparat')
            AND later.day >= days.day AND later.day < days.day + INTERVAL 3 MONTH))) AS value
      FROM days WHERE day(day) = 1 AND is_cash AND age BETWEEN 16 AND 66 GROUP BY ALL""",
    "state_reimbursement_rate": """
      SELECT municipality, strftime(week, '%Y-%m') AS month, CAST(sum(reimbursed) AS DOUBLE) AS value FROM reimbursements GROUP BY ALL""",
}
# How many months a figure reads before its own and after it.
BEFORE = {"long_term_unemployed": 11, "new_disability_pensions_per_1000": 11, "interviews_per_spell": 8}
AFTER = {"in_job_or_upgraded_after_3_months_share": 2}
WITHOUT_BENEFITS = ("sickness_benefit_over_52_weeks_share", "state_reimbursement_rate")
BY_CATEGORY = ("gross_unemployment_rate", "long_term_unemployed", "in_job_or_upgraded_after_3_months_share")


def _later(month: str, months: int) -> str:
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + months
    return f"{number // 12}-{number % 12 + 1:02}"


@pytest.fixture(scope="module")
def session(demo_project: Path) -> Iterator[Session]:
    with Session(demo_project) as opened:
        yield opened


@pytest.mark.parametrize("figure", NUMERATORS)
def test_a_figure_is_what_the_truth_says(demonstration: Line, session: Session, figure: str) -> None:
    said = {(unit, month): float(value) for unit, month, value in demonstration.rows(NUMERATORS[figure])}
    [[units]] = demonstration.rows("SELECT list(DISTINCT delivered_by) FROM benefit_pieces")
    where = {"municipality": tuple(sorted(units))}
    rows = session.query([f"employment.{figure}"], ["municipality"], "month", from_="2024-01", to=SETTLED, where=where).to_pylist()
    before, after = BEFORE.get(figure, 0), AFTER.get(figure, 0)
    first = _later("2024-01", before)
    lost = {(LOST[0], _later(LOST[1], number)) for number in range(-after, before + 1)} if figure not in WITHOUT_BENEFITS else set()
    # Whose category nobody knows is not among those of any.
    warned = [row for row in demonstration.planted("bes_ydelsesforloeb") if row["rule_id"] == "V-BES-55"]
    unknown = {(row["municipality"], row["period"]) for row in warned} if figure in BY_CATEGORY else set()
    assert len(warned) == 1
    for row in rows:
        cell = row["area"], row["period"]
        if row["period"] < first or cell in lost:
            assert (row["value"], row["numerator"], row["status"]) == (None, None, "missing"), row
        elif cell in unknown and figure == "gross_unemployment_rate":
            assert 0 < said[cell] - row["numerator"] < 1
        elif _later(row["period"], after) <= SETTLED:
            assert row["numerator"] == pytest.approx(said.get(cell, 0), abs=1e-9), row
    assert sum(row["numerator"] or 0 for row in rows) > 0


def test_a_month_that_never_came_is_missing_and_the_newest_are_provisional(session: Session, demonstration: Line) -> None:
    figure = ["employment.cash_benefit_full_time_persons"]
    [[units]] = demonstration.rows("SELECT list(DISTINCT delivered_by) FROM benefit_pieces")
    where = {"municipality": tuple(sorted(units))}
    rows = session.query(figure, ["municipality"], "month", from_="2024-01", to="2025-12", where=where).to_pylist()
    assert {(row["area"], row["period"]) for row in rows if row["status"] == "missing"} == {LOST}
    provisional = {row["period"] for row in rows if row["status"] == "provisional"}
    assert provisional == {"2025-10", "2025-11", "2025-12"}
    assert all(row["value"] is not None and not row["complete"] for row in rows if row["status"] == "provisional")
    [lacking, whole] = session.query(figure, ["country"], "month", from_=LOST[1], to=_later(LOST[1], 1)).to_pylist()
    assert (lacking["members"], whole["members"]) == (len(units) - 1, len(units))


def test_a_cohort_waits_for_what_becomes_of_it(session: Session) -> None:
    figure = ["employment.in_job_or_upgraded_after_3_months_share"]
    rows = session.query(figure, ["municipality"], "month", from_="2025-10", to="2025-12", where={"municipality": ("0101",)}).to_pylist()
    assert [(row["value"] is None, row["status"]) for row in rows] == [(False, "provisional"), (True, "provisional"), (True, "provisional")]


def test_persons_of_the_country_are_those_of_its_municipalities(session: Session, demonstration: Line) -> None:
    [[benefits]] = demonstration.rows("SELECT count(DISTINCT person_key) FROM fct_benefit_spell WHERE strftime(start_date, '%Y') = '2024'")
    [[people]] = demonstration.rows("SELECT count(DISTINCT person) FROM days WHERE year(day) = 2024")
    assert benefits == people
