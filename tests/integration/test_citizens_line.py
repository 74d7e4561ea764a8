"""Registers of persons through the whole line: what rules find against what was planted, counts and figures against the truth.

The recipes leave the truth beside the deliveries: people and their events with the day on which each was registered, and until
when the register knows, month by month. A population is then who had not left by a day, as far as was known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flis_semantic.delivery.receive import receive
from flis_semantic.ledger import Ledger
from flis_semantic.query import Session
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.integration.registers import KNOWN, PERIOD, QUARTER, TABLES, Line, built_line, line_of
from tests.projects import copy_project
from tests.sampling import PROVE

SMALL = 0.0002
"""Four municipalities of sixty people and more."""
EIGHT = 0.0004
"""Eight of them; some were made of several in 2007."""


@pytest.fixture(scope="module")
def demonstration(demo_project: Path) -> Iterator[Line]:
    project = Project(demo_project)
    line = line_of(project, open_current(project.versions, project.pointer))
    yield line
    line.connection.close()


@pytest.fixture(scope="module")
def another_seed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    line = built_line(tmp_path_factory.mktemp("seed"), 7, EIGHT, faults=True)
    yield line
    line.connection.close()


@pytest.fixture(scope="module")
def faultless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    line = built_line(tmp_path_factory.mktemp("faultless"), 5, SMALL, faults=False)
    yield line
    line.connection.close()


@pytest.fixture(params=["demonstration", *(["another_seed"] if PROVE else [])])
def faulty(request: pytest.FixtureRequest) -> Line:
    """A line with everything planted."""
    return request.getfixturevalue(request.param)


def found(line: Line, table: str) -> Counter[tuple[str, str, str]]:
    """Findings across rows by municipality, period and rule."""
    sql = f"SELECT printf('%04d', municipality_key), {PERIOD[table]}, rule_id, sum(row_count) FROM quality_{table} GROUP BY ALL"
    return Counter({(unit, period, rule): int(rows) for unit, period, rule, rows in line.rows(sql)})


def refused(line: Line, table: str) -> Counter[tuple[str, str]]:
    """Rows that rules at receive set aside or told, by file and rule."""
    counted: Counter[tuple[str, str]] = Counter()
    with Ledger(line.project.ledger_path) as ledger:
        files = {delivery.delivery_id: delivery.file_name for delivery in ledger.deliveries() if delivery.contract == table}
        for delivery, rules in ledger.rule_counts().items():
            if delivery in files:
                counted.update({(files[delivery], rule): rows for rule, rows in rules.items()})
    return counted


@pytest.mark.parametrize("table", TABLES)
def test_rules_find_what_was_planted_and_nothing_else(faulty: Line, table: str) -> None:
    across: Counter[tuple[str, str, str]] = Counter()
    by_file: Counter[tuple[str, str]] = Counter()
    for row in faulty.planted(table):
        if row["fate"] in ("passes", "missing", "refused", "undetectable"):
            continue
        if row["file_name"]:
            by_file[row["file_name"], row["rule_id"]] += int(row["row_count"])
        else:
            across[row["municipality"], row["period"], row["rule_id"]] += int(row["row_count"])
    assert found(faulty, table) == across
    assert refused(faulty, table) == by_file


def test_every_rule_catches_a_row_and_lets_one_pass(demonstration: Line, another_seed: Line) -> None:
    rows = [row for line in (demonstration, another_seed) for table in TABLES for row in line.planted(table)]
    caught = {row["rule_id"] for row in rows if row["fate"] in ("set_aside", "warned", "repaired", "flagged", "waits")}
    assert {f"V-BOR-{n:02}" for n in (*range(1, 10), 15, 16)} <= caught
    assert {f"V-BOR-{n:02}" for n in (*range(1, 10), 15, 16)} <= {row["rule_id"] for row in rows if row["fate"] == "passes"}
    known = {rule.id for table in TABLES for rule in demonstration.project.contracts[table].rules}
    assert caught <= known


def test_the_register_s_population_is_the_truth_as_it_was_known(faulty: Line) -> None:
    [[cells, wrong]] = faulty.rows(
        f"""
        WITH known AS ({KNOWN}),
        truth AS (
          SELECT k.status_date, CAST(k.municipality AS INTEGER) AS municipality_key, p.sex, CAST(p.origin AS INTEGER) AS origin_key,
            date_part('year', age(k.status_date, p.birth_date)) AS years, count(*) AS people
          FROM known k JOIN people p USING (person) GROUP BY ALL),
        counted AS (
          SELECT status_date, municipality_key, if(sex_key = 1, 'M', 'K') AS sex, origin_key, age AS years, population_count AS people
          FROM fct_population WHERE vintage = 'current')
        SELECT count(*), count(*) FILTER (truth.people IS DISTINCT FROM counted.people)
        FROM truth FULL JOIN counted USING (status_date, municipality_key, sex, origin_key, years)
        """
    )
    assert cells > 24 * 100
    assert wrong == 0


def test_the_published_count_is_the_truth_of_thirty_days(faulty: Line) -> None:
    spoiled = faulty.spoiled("bor_folketal_alder", "V-BOR-09")
    said = Counter(
        dict(faulty.rows("SELECT (municipality, quarter(status_date), year(status_date)), sum(people) FROM population_30_days GROUP BY 1"))
    )
    published = faulty.rows(
        "SELECT printf('%04d', municipality_key), quarter(status_date), year(status_date), sum(population_count) "
        "FROM fct_population WHERE vintage = 'frozen_by_age' GROUP BY ALL"
    )
    right = [(unit, quarter, year) for unit, quarter, year, people in published if said[unit, quarter, year] == people]
    wrong = {(unit, f"{year}-Q{quarter}") for unit, quarter, year, _ in published if (unit, quarter, year) not in right}
    assert len(right) > 20
    assert wrong <= spoiled


def test_an_age_that_the_publisher_lost_is_told_by_the_register(faulty: Line) -> None:
    """Also where the quarter before has too few of that age to tell: both counts differ by at least who was lost."""
    lost = faulty.rows(
        """
        WITH truth AS (SELECT municipality, status_date, age, sum(people) AS people FROM population_30_days GROUP BY ALL),
        landed AS (
          SELECT printf('%04d', municipality_key) AS municipality, status_date, age FROM fct_population WHERE vintage = 'frozen_by_age')
        SELECT municipality, year(status_date) || '-Q' || quarter(status_date), people
        FROM truth ANTI JOIN landed USING (municipality, status_date, age) SEMI JOIN landed AS others USING (municipality, status_date)
        """
    )
    assert len(lost) == 1
    [(unit, quarter, people)] = lost
    planted = {
        row["rule_id"]: row["fate"]
        for row in faulty.planted("bor_folketal_alder")
        if (row["municipality"], row["period"]) == (unit, quarter)
    }
    assert planted["V-BOR-09"] == "flagged"
    assert ("V-BOR-97" in planted) == (people >= 15)
    said = faulty.rows(
        "SELECT amount FROM quality_bor_folketal_alder WHERE rule_id = 'V-BOR-09' "
        f"AND municipality_key = {int(unit)} AND {PERIOD['bor_folketal_alder']} = '{quarter}'"
    )
    [[register]] = faulty.rows(f"SELECT count(*) FROM ({KNOWN}) WHERE municipality = '{unit}' AND {QUARTER} = '{quarter}'")
    [[published]] = faulty.rows(f"SELECT sum(people) FROM population_30_days WHERE municipality = '{unit}' AND {QUARTER} = '{quarter}'")
    assert said == [(register - (published - people),)]


def test_a_move_that_overlaps_or_leaves_a_gap_does_not_change_the_population(faulty: Line) -> None:
    repaired = faulty.rows("SELECT DISTINCT person_key, month_key FROM int_register__states WHERE is_repaired")
    assert repaired
    [[twice]] = faulty.rows("SELECT count(*) FROM (SELECT 1 FROM fct_resident GROUP BY person_key, month_key HAVING count(*) > 1)")
    assert twice == 0


def test_without_faults_only_what_people_do_is_found(faultless: Line) -> None:
    assert not faultless.planted("bor_borger_status")
    # Words that come after thirty days are in the register and not in the published count.
    assert {rule for table in TABLES for _, _, rule in found(faultless, table)} <= {"V-BOR-09"}
    assert {rule for table in TABLES for _, rule in refused(faultless, table)} <= {"V-BOR-02"}


def test_residences_are_where_people_lived(faultless: Line) -> None:
    """Without a lost day everything is known that was registered by the last day of changes."""
    wrong = faultless.rows(
        """
        WITH told AS (SELECT * FROM events WHERE registered_at <= DATE '2026-01-10' AND event_date < DATE '2026-01-01'),
        states AS (
          SELECT person, to_municipality AS municipality, event_date AS starts, lead(event_date) OVER (PARTITION BY person ORDER BY event_date) AS ends
          FROM told),
        marked AS (
          SELECT *, municipality IS NOT DISTINCT FROM lag(municipality) OVER (PARTITION BY person ORDER BY starts) AS goes_on FROM states),
        stays AS (
          SELECT person, min(municipality) AS municipality, min(starts) AS starts,
            if(bool_or(ends IS NULL), NULL, max(ends) - 1) AS last_day
          FROM (SELECT *, sum(if(goes_on, 0, 1)) OVER (PARTITION BY person ORDER BY starts) AS stay FROM marked)
          WHERE municipality IS NOT NULL GROUP BY person, stay),
        truth AS (SELECT CAST(municipality AS INTEGER) AS unit, starts, last_day, count(*) AS people FROM stays
          WHERE coalesce(last_day, DATE '2100-01-01') >= DATE '2023-12-31' GROUP BY ALL),
        built AS (SELECT municipality_key AS unit, valid_from AS starts, valid_to AS last_day, count(*) AS people
          FROM int_residence__spells GROUP BY ALL)
        SELECT * FROM truth FULL JOIN built ON truth.unit = built.unit AND truth.starts = built.starts
          AND truth.last_day IS NOT DISTINCT FROM built.last_day
        WHERE truth.people IS DISTINCT FROM built.people
        """
    )
    assert not wrong
    [[people, moved]] = faultless.rows(
        "SELECT count(DISTINCT person_key), count(*) - count(DISTINCT person_key) FROM int_residence__spells"
    )
    assert people > 300
    assert moved > 20


def test_events_are_those_of_the_truth(faultless: Line) -> None:
    wrong = faultless.rows(
        """
        WITH kinds AS (FROM (VALUES ('move', 'arrival', 1), ('move', 'departure', -1), ('birth', 'birth', 1), ('death', 'death', -1),
          ('immigration', 'immigration', 1), ('emigration', 'emigration', -1), ('lost', 'disappearance', -1), ('found', 'reappearance', 1))
          AS k (kind, event_kind, sign)),
        truth AS (SELECT CAST(if(sign = 1, to_municipality, from_municipality) AS INTEGER) AS unit, event_date, event_kind, count(*) AS n
          FROM events JOIN kinds USING (kind)
          WHERE registered_at <= DATE '2026-01-10' AND if(sign = 1, to_municipality, from_municipality) IS NOT NULL GROUP BY ALL),
        built AS (SELECT municipality_key AS unit, event_date, event_kind, count(*) AS n FROM fct_citizen_event
          WHERE event_kind <> 'internal_move' GROUP BY ALL)
        FROM truth FULL JOIN built USING (unit, event_date, event_kind) WHERE truth.n IS DISTINCT FROM built.n
        """
    )
    assert not wrong


def test_a_lost_day_waits_and_the_next_full_extract_heals_it(faulty: Line) -> None:
    waiting = faulty.rows(
        "SELECT base_period_key % 12 + 1, base_period_key // 12, missing_from, missing_to FROM landing.waiting_deltas "
        "WHERE contract = 'bor_borger_status'"
    )
    gaps = {(first, last) for _, _, first, last in waiting}
    assert len(gaps) == 1
    # The months before the first loss were asked for anew; those after the second came in full.
    assert all((year, month) <= (2025, 10) for month, year, _, _ in waiting)
    assert {"V-BOR-07"} == {rule for _, _, rule in found(faulty, "bor_borger_status") if rule == "V-BOR-07"}


@pytest.mark.parametrize(
    ("figure", "signs"),
    [
        ("live_births", {"birth": 1}),
        ("net_immigration", {"immigration": 1, "found": 1, "emigration": -1, "lost": -1}),
    ],
)
def test_a_figure_of_events_is_what_the_truth_says(demonstration: Line, figure: str, signs: dict[str, int]) -> None:
    """Of every municipality and month whose events came, and came whole."""
    lacking = demonstration.spoiled("bor_haendelse", "V-BOR-08")
    said: Counter[tuple[str, str]] = Counter()
    for unit, month, kind, number in demonstration.rows(
        "SELECT coalesce(if(kind IN ('birth', 'immigration', 'found'), to_municipality, from_municipality), ''), strftime(event_date, '%Y-%m'), "
        "kind, count(*) FROM events WHERE registered_at <= DATE '2026-01-10' GROUP BY ALL"
    ):
        said[unit, month] += signs.get(kind, 0) * number
    with Session(demonstration.project.root) as session:
        rows = session.query(
            [f"citizens.{figure}"],
            ["municipality"],
            "month",
            from_="2024-01",
            to="2025-12",
            where={"municipality": ("0101", "0147", "0563", "0751")},
        ).to_pylist()
    asked = [row for row in rows if (row["area"], row["period"]) not in lacking]
    assert len(asked) > 80
    assert {(row["area"], row["period"]): row["value"] for row in asked} == {
        (row["area"], row["period"]): said[row["area"], row["period"]] for row in asked
    }
    missing = [row for row in rows if (row["area"], row["period"]) == ("0147", "2024-09")]
    assert [(row["value"], row["status"]) for row in missing] == [(None, "missing")]


AGED = "date_part('year', age(status_date, birth_date))"
REGISTER = {
    "dependency_ratio": f"100.0 * count(*) FILTER ({AGED} < 17 OR {AGED} >= 65) / count(*) FILTER ({AGED} BETWEEN 17 AND 64)",
    "aged_65_plus_share": f"100.0 * count(*) FILTER ({AGED} >= 65) / count(*)",
    "aged_80_plus_share": f"100.0 * count(*) FILTER ({AGED} >= 80) / count(*)",
    "median_age": "median(date_diff('day', birth_date, status_date) / 365.25)",
    "non_western_origin_share": "100.0 * count(*) FILTER (origin IN ('25', '35')) / count(*)",
}


@pytest.mark.parametrize("figure", REGISTER)
def test_a_figure_of_the_register_is_what_the_truth_says(demonstration: Line, figure: str) -> None:
    """Of every month, of every municipality that delivers, and of the country that they make up."""
    said = {
        (area, month): value
        for area, month, value in demonstration.rows(
            f"SELECT coalesce(municipality, 'DK'), strftime(status_date, '%Y-%m'), {REGISTER[figure]} FROM ({KNOWN}) JOIN people USING (person) "
            "WHERE municipality <> '0411' GROUP BY GROUPING SETS ((municipality, status_date), (status_date))"
        )
    }
    with Session(demonstration.project.root) as session:
        rows = [
            row
            for by in (["municipality"], ["country"])
            for row in session.query([f"citizens.{figure}"], by, "month", from_="2024-01", to="2025-12").to_pylist()
            if row["value"] is not None
        ]
    answered = {(row["area"], row["period"]): row["value"] for row in rows}
    assert set(answered) == set(said)
    units = {area for area, _ in said} - {"DK"}
    assert len(units) >= 4
    assert len(said) == 24 * (len(units) + 1)
    assert answered == pytest.approx(said, rel=1e-12)
    assert {row["members"] for row in rows if row["area"] == "DK"} == {len(units)}


def test_growth_is_since_the_first_of_january(demonstration: Line) -> None:
    counted = dict(
        demonstration.rows(
            f"SELECT strftime(status_date, '%Y-%m'), count(*) FILTER ({AGED} > 84) FROM ({KNOWN}) JOIN people USING (person) "
            "WHERE municipality <> '0411' GROUP BY 1"
        )
    )
    with Session(demonstration.project.root) as session:
        rows = session.query(["citizens.growth_aged_85_plus"], ["country"], "month", from_="2024-01", to="2025-12").to_pylist()
        [year] = session.query(["citizens.growth_aged_85_plus"], ["country"], "year", from_="2024", to="2024").to_pylist()
    said = {month: 100 * (count - counted[f"{month[:4]}-01"]) / counted[f"{month[:4]}-01"] for month, count in counted.items()}
    assert {row["period"]: row["value"] for row in rows} == pytest.approx(said)
    assert year["value"] == pytest.approx(said["2024-12"])


def test_net_migration_is_against_the_average_population(demonstration: Line) -> None:
    days = "date_diff('day', status_date, status_date + INTERVAL 1 MONTH)"
    [[average]] = demonstration.rows(f"SELECT sum({days}) / 366.0 FROM ({KNOWN}) WHERE municipality = '0563' AND year(status_date) = 2024")
    [[net]] = demonstration.rows(
        "SELECT sum(CASE '0563' WHEN to_municipality THEN 1 WHEN from_municipality THEN -1 ELSE 0 END) FROM events "
        "WHERE kind = 'move' AND year(event_date) = 2024"
    )
    with Session(demonstration.project.root) as session:
        where = {"municipality": ("0563",)}
        [row] = session.query(
            ["citizens.net_domestic_migration_per_1000"], ["municipality"], "year", from_="2024", to="2024", where=where
        ).to_pylist()
    assert net
    assert row["value"] == pytest.approx(1000 * float(net) / float(average))


def test_files_of_another_shape_are_refused(demonstration: Line, tmp_path: Path) -> None:
    """A column that was renamed; a column whose values became numbers, so that no row is right."""
    project = Project(copy_project(tmp_path))
    files = [demonstration.folder / f"p-data_0751_2024-{month}.csv" for month in ("07", "08")]
    said = {result.file.name: (result.verdict, result.code) for result in receive(project, files).results}
    assert {verdict for verdict, _ in said.values()} == {"refused"}
    assert [code for _, code in said.values()] == ["FILE-HEADER", "FILE-NOTHING"]
    refused_files = {row["file_name"] for row in demonstration.planted("bor_borger_status") if row["fate"] == "refused"}
    assert set(said) == refused_files


def test_no_personal_number_is_kept(demonstration: Line) -> None:
    landing = demonstration.project.landing
    for table in ("bor_borger_status", "bor_haendelse"):
        described = duckdb.sql(f"DESCRIBE SELECT * FROM read_parquet('{landing / table}/*.parquet', union_by_name = true)").fetchall()
        columns = {name: kind for name, kind, *_ in described}
        assert columns["person_key"] == "BIGINT"
        assert not {"cpr", "mor_pid", "far_pid", "vejkode", "husnr", "etage", "side"} & set(columns)
