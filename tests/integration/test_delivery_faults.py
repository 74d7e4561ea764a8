"""Deliveries with everything of `simulation/faults.yml` wrong, beside the run's own list and the same run without faults.

For several seeds: every fault is found where the list says and counted as it says; nothing else is; what rules repair or a
second delivery mends is as if it had never been wrong; and what is undetectable nobody claims to have found.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.delivery.report import ReceiveReport
from flis_semantic.quality import set_aside_rows
from flis_semantic.simulate import simulate_run
from flis_semantic.workspace import Project
from tests.projects import copy_project
from tests.sampling import many

RUNS = {
    "published": (["bor_folketal", "bes_jobindsats", "oko_likviditet"], 0.1),
    "people": (["bor_folketal_alder"], 0.002),
    "work": (["bes_job"], 0.001),
}
SELECTED = [
    "+quality_bor_folketal",
    "+quality_bor_folketal_alder",
    "+quality_bes_jobindsats",
    "+quality_bes_job",
    "+stg_economy__liquidity",
    "+coverage",
    "dim_period",
]
SHIFTS = ("V-BOR-28", "V-BOR-98")
# Of these the rows stay as they were sent, wrong.
CHANGED = ("flagged", "undetectable", "missing")

CLEAN = """
CREATE TABLE clean AS
SELECT 'bor_folketal' AS source, lpad(kommunekode, 4, '0') AS unit, kvartal[:4] || '-' || kvartal[5:] AS period, '' AS cell,
  folketal::DECIMAL(18, 2) AS value FROM read_csv('{0}/population_by_quarter_*.csv', all_varchar = true)
UNION ALL
SELECT 'bes_jobindsats', lpad(kommunekode, 4, '0'), periode[:4] || '-' || periode[6:7],
  concat_ws('.', maaling, felt, nullif(split_part(periode, '|', 2), '')), vaerdi::DECIMAL(18, 2)
FROM read_csv('{0}/jobindsats_*.csv.gz', all_varchar = true) WHERE kommunekode <> '000'
UNION ALL
SELECT 'oko_likviditet', split_part(parse_filename(filename), '_', 3), strptime(dato, '%d-%m-%Y')::DATE::VARCHAR, funktion,
  replace(saldo, ',', '.')::DECIMAL(18, 2)
FROM read_csv('{0}/oko_likviditet_0*.csv', all_varchar = true, filename = true)
UNION ALL
SELECT 'oko_likviditet', kommunekode, dato, funktion, saldo FROM '{0}/oko_likviditet_national_*.parquet'
UNION ALL
SELECT 'bor_folketal_alder', kommunekode, year(dato::DATE) || '-Q' || quarter(dato::DATE), alder || koen, antal::DECIMAL(18, 2)
FROM read_csv('{0}/bor_folketal_alder_*.csv', all_varchar = true)
UNION ALL
SELECT 'bes_job', split_part(parse_filename(filename), '_', 3), split_part(parse_filename(filename), '_', 4), '', sum(replace("Timer", ',', '.')::DECIMAL(18, 2))
FROM read_csv('{0}/bes_job_0*.csv', all_varchar = true, filename = true, encoding = 'latin-1') GROUP BY ALL
UNION ALL
SELECT 'bes_job', kommunekode, maaned, '', sum(timer) FROM '{0}/bes_job_national_*.parquet' GROUP BY ALL
"""
LANDED = """
SELECT 'bor_folketal' AS source, municipality_code AS unit, quarter_key // 4 || '-Q' || quarter_key % 4 + 1 AS period, '' AS cell,
  population_count::DECIMAL(18, 2) AS value FROM wh.staging.stg_citizens__population
UNION ALL
SELECT 'bes_jobindsats', municipality_code, month_key // 12 || '-' || lpad((month_key % 12 + 1)::VARCHAR, 2, '0'),
  concat_ws('.', series, source_category), published_value FROM wh.staging.stg_employment__labour_market_published
WHERE municipality_code <> '0000'
UNION ALL
SELECT 'oko_likviditet', municipality_code, (DATE '1970-01-01' + day_key)::VARCHAR, function_code, balance_amount FROM wh.staging.stg_economy__liquidity
UNION ALL
SELECT 'bor_folketal_alder', municipality_code, quarter_key // 4 || '-Q' || quarter_key % 4 + 1, age || sex_code, population_count
FROM wh.staging.stg_citizens__population_by_age
UNION ALL
SELECT 'bes_job', municipality_code, month_key // 12 || '-' || lpad((month_key % 12 + 1)::VARCHAR, 2, '0'), '', sum(paid_hours)
FROM wh.staging.stg_employment__job GROUP BY ALL
"""
FOUND = """
SELECT 'bor_folketal' AS source, municipality_key, base_period_key // 4 || '-Q' || base_period_key % 4 + 1, rule_id, action, row_count
FROM wh.quality_bor_folketal
UNION ALL
SELECT 'bor_folketal_alder', municipality_key, base_period_key // 4 || '-Q' || base_period_key % 4 + 1, rule_id, action, row_count
FROM wh.quality_bor_folketal_alder
UNION ALL
SELECT 'bes_jobindsats', municipality_key, base_period_key // 12 || '-' || lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0'), rule_id, action,
  row_count FROM wh.quality_bes_jobindsats
UNION ALL
SELECT 'bes_job', municipality_key, base_period_key // 12 || '-' || lpad((base_period_key % 12 + 1)::VARCHAR, 2, '0'), rule_id, action, row_count
FROM wh.quality_bes_job
"""
MISSING = """
SELECT DISTINCT clean.source, clean.unit, clean.period
FROM clean
LEFT JOIN wh.dim_period AS period ON clean.period = period.period
LEFT JOIN wh.coverage ON coverage.source = clean.source AND coverage.municipality_key = clean.unit::INTEGER
  AND coverage.base_period_key = period.period_key
  AND (coverage.series = '' OR starts_with(clean.cell, coverage.series))
-- The newest month has series that the month before has not, and so has not what is carried forward from it.
ANTI JOIN carried ON clean.source = carried.source AND clean.unit = carried.unit AND clean.period = carried.period
-- Of the newest months late rows are still to come.
WHERE coalesce(coverage.state, '') NOT IN ('delivered', 'provisional')
"""


@dataclass(frozen=True)
class Line:
    """One run of the line on one seed: the list of what was planted, the verdicts, and a connection to what was built."""

    project: Project
    planted: list[dict[str, str]]
    report: ReceiveReport
    connection: duckdb.DuckDBPyConnection

    def rows(self, fate: str) -> Counter[tuple[str, ...]]:
        """The planted rows of a fate by table, unit, period and finding."""
        found: Counter[tuple[str, ...]] = Counter()
        for row in self.planted:
            if row["fate"] == fate:
                found[row["table"], row["unit"], row["period"], row["finding"]] += int(row["rows"])
        return found


@pytest.fixture(scope="module", params=range(1, 1 + many(1, 6)))
def line(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("faults")
    (folder / "clean").mkdir()
    project = Project(copy_project(folder / "project"))
    files: list[Path] = []
    planted: list[dict[str, str]] = []
    for name, (tables, scale) in RUNS.items():
        run = simulate_run(project, tables, out=folder / name, seed=request.param, scale=scale)
        files += [file.path for file in run.files]
        with (folder / name / "faults.csv").open(encoding="utf-8") as file:
            planted += csv.DictReader(file)
        simulate_run(project, tables, out=folder / f"clean_{name}", seed=request.param, scale=scale, faults=False)
        for path in (folder / f"clean_{name}").glob("*.*"):
            path.rename((folder / "clean").joinpath(path.name))
    report = receive(project, files)
    built = build(project, select=SELECTED)
    assert built.exit_code == 0, built.lines
    # Without the register of persons nothing is held against it, and nobody knows who died.
    planted = [row for row in planted if row["finding"] != "V-BOR-09" and row["fate"] not in ("passes", "warned")]
    planted = [row if row["finding"] != "V-BES-03" else {**row, "finding": "", "fate": "undetectable"} for row in planted]
    connection = duckdb.connect()
    connection.execute(f"ATTACH '{project.build_file}' AS wh (READ_ONLY)")
    connection.execute(CLEAN.format(folder / "clean"))
    connection.execute("USE wh")
    connection.execute(f"CREATE TABLE memory.landed AS {LANDED}")
    connection.execute("USE memory")
    yield Line(project, planted, report, connection)
    connection.close()


def _place(contract: str, file: str, line: str) -> tuple[str, str]:
    """Unit and period of a line as it was delivered."""
    if contract == "bes_job":
        if not line.startswith("{"):
            return file.split("_")[2], file.split("_")[3]
        row = json.loads(line)
        return row["kommunekode"], row["maaned"]
    cells = line.split(";" if ";" in line else ",")
    if contract == "oko_likviditet":
        day, month, year = cells[0].split("-")
        return file.split("_")[2], f"{year}-{month}-{day}"
    if contract == "bor_folketal_alder":
        year, month, _ = cells[0].split("-")
        return cells[1], f"{year}-Q{(int(month) + 2) // 3}"
    label = cells[2] if contract == "bor_folketal" else cells[4].split("|")[0].replace("M", "")
    return cells[0].zfill(4), f"{label[:4]}-{label[4:]}"


def test_every_class_was_planted(line: Line) -> None:
    assert {row["class"] for row in line.planted} == {
        *("planted_by_recipe", "value_lost"),
        *("header", "truncated", "encoding", "empty", "bit", "rows_duplicated", "rows_late", "values_corrected"),
        *("period_missing", "unit_absent", "zero_filled", "level_shift", "type_changed", "carried_forward"),
    }
    # A month at a time, so that the month before is another file.
    assert {row["class"] for row in line.planted if row["table"] == "bes_job"} == {
        *("planted_by_recipe", "header", "rows_duplicated", "rows_late"),
        *("carried_forward", "zero_filled", "period_missing", "level_shift", "unit_absent"),
    }
    assert {row["fate"] for row in line.planted} == {"refused", "missing", "set_aside", "superseded", "flagged", "undetectable"}


def test_files_are_refused_as_the_list_says_and_no_others(line: Line) -> None:
    refused = sorted((result.contract, result.file.name, result.code) for result in line.report.results if result.verdict == "refused")
    assert refused == sorted((row["table"], row["file"], row["finding"]) for row in line.planted if row["fate"] == "refused")
    others = {result.verdict for result in line.report.results} - {"refused"}
    assert others == {"accepted", "accepted_with_warnings"}


def test_rows_are_set_aside_as_the_list_says_and_no_others(line: Line) -> None:
    found: Counter[tuple[str, ...]] = Counter()
    for row in set_aside_rows(line.project):
        for rule in row["rule_ids"]:
            found[(row["contract"], *_place(row["contract"], row["file"], row["raw_row"]), rule)] += 1
    assert found == line.rows("set_aside")


def test_what_only_the_period_before_tells_is_flagged_as_the_list_says_and_nothing_else(line: Line) -> None:
    line.connection.execute("USE wh")
    rows = line.connection.execute(FOUND).fetchall()
    line.connection.execute("USE memory")
    assert {row[4] for row in rows} == {"flag"}
    assert Counter({(table, f"{unit:04}", period, rule): count for table, unit, period, rule, _, count in rows}) == line.rows("flagged")


def test_parts_are_missing_as_the_list_says_and_no_others(line: Line) -> None:
    carried = [(row["table"], row["unit"], row["period"]) for row in line.planted if row["class"] == "carried_forward"]
    line.connection.execute("CREATE OR REPLACE TABLE carried (source VARCHAR, unit VARCHAR, period VARCHAR)")
    line.connection.executemany("INSERT INTO carried VALUES (?, ?, ?)", carried)
    missing = sorted(line.connection.execute(MISSING).fetchall())
    assert missing == sorted((row["table"], row["unit"], row["period"]) for row in line.planted if row["fate"] == "missing")


def test_everything_else_is_as_if_nothing_had_been_wrong(line: Line) -> None:
    changed: list[tuple[str, str, str, str]] = []
    for row in line.planted:
        if row["fate"] in CHANGED and row["unit"]:
            is_shift = row["class"] == "level_shift" or row["finding"] in SHIFTS
            last = "9999" if is_shift else row["period"]
            changed.append((row["table"], row["unit"], row["period"], last))
        elif row["class"] == "bit" and row["fate"] == "undetectable":
            _, _, unit, month = row["file"].split(".")[0].split("_")
            changed.append((row["table"], unit, f"{month[:4]}-{month[4:]}-01", f"{month[:4]}-{month[4:]}-31"))
    line.connection.execute("CREATE OR REPLACE TABLE changed (source VARCHAR, unit VARCHAR, first VARCHAR, last VARCHAR)")
    line.connection.executemany("INSERT INTO changed VALUES (?, ?, ?, ?)", changed)
    untouched = (
        "SELECT rows.* FROM {} AS rows ANTI JOIN changed ON rows.source = changed.source AND rows.unit = changed.unit "
        "AND rows.period BETWEEN changed.first AND changed.last"
    )
    clean, landed = untouched.format("clean"), untouched.format("landed")
    assert line.connection.execute(f"({clean}) EXCEPT ALL ({landed})").fetchall() == []
    assert line.connection.execute(f"({landed}) EXCEPT ALL ({clean})").fetchall() == []
    [[rows]] = line.connection.execute(f"SELECT count(*) FROM ({clean})").fetchall()
    assert rows > 10_000


def test_what_is_undetectable_is_accepted_and_differs(line: Line) -> None:
    hidden = [row for row in line.planted if row["fate"] == "undetectable"]
    assert {row["class"] for row in hidden} >= {"bit", "carried_forward", "level_shift"}
    for row in hidden:
        assert row["finding"] == ""
        if row["class"] in ("carried_forward", "level_shift"):
            place = f"source = '{row['table']}' AND unit = '{row['unit']}' AND period = '{row['period']}'"
            [[landed]], [[clean]] = (
                line.connection.execute(f"SELECT value FROM {table} WHERE {place}").fetchall() for table in ("landed", "clean")
            )
            assert landed is not None
            assert row["class"] != "level_shift" or landed != clean
