"""Whole files → receive → build: the published ones where they are, and the simulated ones everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.simulate import recipes, simulate
from flis_semantic.warehouse import Connection, open_current
from flis_semantic.workspace import Project
from tests.cli.test_cli import flis
from tests.integration.landed import project_in


def rows(warehouse: Connection, sql: str) -> list[tuple[Any, ...]]:
    return warehouse.execute(sql).fetchall()


@pytest.fixture(scope="module")
def published(published_data: Path, demo_project: Path) -> Iterator[Connection]:
    """The demonstration's version, which has the published files where they are there."""
    assert published_data.is_dir()
    project = Project(demo_project)
    warehouse = open_current(project.versions, project.pointer)
    yield warehouse
    warehouse.close()


def test_the_published_population_of_regions_and_country_comes_out(published: Connection) -> None:
    found = rows(
        published,
        "SELECT coalesce(region_name_da, 'Danmark'), sum(population_count) "
        "FROM fct_population JOIN dim_municipality USING (municipality_key) "
        "WHERE status_date = DATE '2020-01-01' AND vintage = 'frozen' GROUP BY ROLLUP (region_name_da) ORDER BY 1",
    )
    # Statistics Denmark, 2020Q1; Hovedstaden and the country with Christiansø's 84.
    assert found == [
        ("Danmark", 5_822_763),
        ("Region Hovedstaden", 1_846_023),
        ("Region Midtjylland", 1_326_340),
        ("Region Nordjylland", 589_936),
        ("Region Sjælland", 837_359),
        ("Region Syddanmark", 1_223_105),
    ]


def test_the_unemployment_share_is_weighted_by_the_implied_workforce(published: Connection) -> None:
    controls = rows(
        published,
        "SELECT series, published_value, computed_value, member_count FROM quality_controls "
        f"WHERE base_period_key = {2026 * 12 + 6} AND series IN ('unemployment.total', 'unemployment.totalRate') ORDER BY series",
    )
    # Jobindsats, 2026M07: the country 91,583 and 3.0; the municipalities add up to 91,533; recomputed 3.014.
    assert [tuple(float(value) for value in row[1:]) for row in controls] == [(91583, 91533, 98), (3.0, 3.014, 98)]


def test_every_share_that_can_be_recomputed_stands_beside_its_published_total(published: Connection) -> None:
    found = rows(
        published,
        "SELECT series, method, count(*), bool_and(is_within_tolerance), max(abs(difference)) FROM quality_controls "
        "WHERE method <> 'sum' GROUP BY ALL ORDER BY series",
    )
    # Measured once on the files of August 2026, five years of months: a share rounded to one decimal is up to 0.05 wrong by itself.
    assert [(*row[:4], float(row[4])) for row in found] == [
        ("activation.affectedShare", "unweighted_mean", 60, True, 2.243),
        ("cashAssistance.workforceRate", "implied_workforce", 60, True, 0.063),
        ("unemployment.dagpengeRate", "implied_workforce", 60, True, 0.059),
        ("unemployment.kontanthjaelpRate", "implied_workforce", 60, True, 0.057),
        ("unemployment.totalRate", "implied_workforce", 60, True, 0.053),
    ]


def test_every_delivered_row_of_the_published_files_is_accounted_for(published: Connection) -> None:
    chain = dict(
        rows(published, "SELECT stage, sum(rows) FROM quality_chain WHERE contract IN ('bor_folketal', 'bes_jobindsats') GROUP BY stage")
    )
    # 95,460 lines of Jobindsats (966 of them the country), 5,049 and 98 of population.
    assert chain == {
        "delivered": 100_607,
        "set_aside": 0,
        "accepted": 100_607,
        "superseded": 0,
        "waiting": 0,
        "deleted": 0,
        "landed": 100_607,
        "control": 966,
        "staged": 99_641,
        "left_out": 0,
        "unmapped": 0,
        "mart": 99_641,
    }


def test_small_municipalities_lack_long_term_rows_and_are_missing(published: Connection) -> None:
    # Fanø (563) and Læsø (825) have no row for July 2026.
    missing = rows(
        published,
        "SELECT municipality_key FROM coverage "
        f"WHERE series = 'longterm.total' AND base_period_key = {2026 * 12 + 6} AND state = 'missing' ORDER BY 1",
    )
    present = rows(published, f"SELECT count(*) FROM fct_labour_market_published WHERE month_key = {2026 * 12 + 6}")
    assert missing == [(563,), (825,)]
    assert present == [(98,)]


def test_christiansoe_is_exempt_on_1_january_2026_only(published: Connection) -> None:
    states = rows(
        published, "SELECT period, state FROM coverage JOIN dim_period ON grain = 'quarter' AND period_key = base_period_key "
        "WHERE source = 'bor_folketal' AND municipality_key = 411 AND period IN ('2020-Q3', '2025-Q4', '2026-Q1') ORDER BY period",
    )  # fmt: skip
    assert states == [("2020-Q3", "delivered"), ("2025-Q4", "missing"), ("2026-Q1", "exempt")]


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = project_in(tmp_path_factory.mktemp("simulated"))
    # The other recipes plant faults, and have tests of their own.
    published = [table for table in recipes(project) if table in ("bes_jobindsats", "bor_folketal")]
    files = [file.path for table in published for file in simulate(project, table, out=project.work / "simulated", scale=0.1)]
    assert receive(project, files).exit_code == 0
    assert build(project).exit_code == 0
    return project


def test_simulated_deliveries_go_through_like_any_other_and_are_marked(simulated: Project) -> None:
    warehouse = open_current(simulated.versions, simulated.pointer)
    marked = dict(rows(warehouse, "SELECT source, bool_and(synthetic) FROM coverage WHERE state = 'delivered' GROUP BY source"))
    assert marked == {"bes_jobindsats": True, "bor_folketal": False}
    assert rows(warehouse, "SELECT count(*) FROM fct_population WHERE quarter_key = 8104") == [(98,)]
    assert rows(warehouse, "SELECT count(*) FROM fct_labour_market_published") == [(98 * 3,)]
    warehouse.close()


def test_generated_data_are_marked_wherever_they_are_shown(simulated: Project) -> None:
    ran = flis("query", "employment.gross_unemployed_published", "--grain", "month", "--format", "json", project=simulated.root)
    assert "Synthetic data: bes_jobindsats was generated for trying" in ran.err
    year = ("--grain", "year", "--from", "2020", "--to", "2020", "--format", "json")
    population = flis("query", "citizens.population", *year, project=simulated.root)
    assert "Synthetic" not in population.err, "the population of the recipe is Statistics Denmark's"
    assert json.loads(population.text)[0]["value"] == 5_822_763
    deliveries = json.loads(flis("quality", "--format", "json", project=simulated.root).text)["deliveries"]
    assert {row["contract"]: row["synthetic"] for row in deliveries} == {"bor_folketal": False, "bes_jobindsats": True}
    coverage = json.loads(flis("coverage", "--format", "json", project=simulated.root).text)
    assert {row["synthetic"] for row in coverage if row["source"] == "bes_jobindsats"} == {True}


def test_quality_says_where_extract_times_and_control_totals_come_from(simulated: Project) -> None:
    deliveries = json.loads(flis("quality", "--format", "json", project=simulated.root).text)["deliveries"]
    assert {(row["extracted_from"], row["control_totals"]) for row in deliveries} == {("manifest", True)}
