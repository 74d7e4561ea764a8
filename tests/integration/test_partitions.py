"""A build that rewrites what changed gives the rows of one that builds everything, whatever changed and in whatever order it came.

Random changes of two projects: of shops, with models of every kind of partition beside wrong ones that have to be found; and of this
repository, with all of its models and deliveries of all domains. Key-figure tables are left out of the latter but for the proof: they
follow by their spans, which `tests/properties/test_reach.py` is about.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flis_semantic.build import build
from flis_semantic.delivery.receive import receive
from flis_semantic.faults import MOMENTS, VARIABLE
from flis_semantic.generate import generate
from flis_semantic.ledger import Ledger
from flis_semantic.simulate import simulate
from flis_semantic.workspace import Project
from tests.integration.changing import Changing, changing, differences
from tests.integration.landed import Landing
from tests.integration.streams import JANUARY, make_project
from tests.projects import copy_project
from tests.sampling import PROVE, many, sample

SHOP_MONTH = "'unit': 'shop_key', 'month': 'month_key'"
# By name: what keeps its rows apart, and its text. Each is another way to depend on other rows.
MODELS = {
    "fct_ledger": (SHOP_MONTH, None),
    "quality_ledger": ("'unit': 'shop_key', 'month': 'base_period_key'", None),
    "fct_running": (
        f"{SHOP_MONTH}, 'before': {{'months': 2}}",
        """
        select now.shop_key, now.month_key, sum(earlier.amount) as amount
        from (select distinct shop_key, month_key from {{ ref('fct_ledger') }}) as now
        inner join {{ ref('fct_ledger') }} as earlier
            on now.shop_key = earlier.shop_key and earlier.month_key between now.month_key - 2 and now.month_key
            and {{ flis_project.within_reach(unit='earlier.shop_key', month='earlier.month_key') }}
        group by all""",
    ),
    "fct_next": (
        f"{SHOP_MONTH}, 'after': {{'months': 1}}",
        """
        select now.shop_key, now.month_key, now.number, later.amount
        from {{ ref('fct_ledger') }} as now
        left join {{ ref('fct_ledger') }} as later
            on now.shop_key = later.shop_key and now.number = later.number and later.month_key = now.month_key + 1""",
    ),
    "fct_rank": (
        f"{SHOP_MONTH}, 'units': 'all'",
        """
        select shop_key, month_key, sum(amount) as amount, rank() over (partition by month_key order by sum(amount)) as place
        from {{ ref('fct_ledger') }}
        group by shop_key, month_key""",
    ),
    "fct_year": (
        f"{SHOP_MONTH}, 'within': 'year'",
        """
        select shop_key, month_key, number, amount, sum(amount) over (partition by shop_key, month_key // 12) as year_amount
        from {{ ref('fct_ledger') }}""",
    ),
    "fct_stretch": (
        "'unit': 'shop_key', 'from': 'first_day', 'to': 'last_day', 'whole': 'compared'",
        """
        select shop_key, make_date(min(month_key) // 12, min(month_key) % 12 + 1, 1) as first_day,
            case when count(*) < 9 then last_day(make_date(max(month_key) // 12, max(month_key) % 12 + 1, 1)) end as last_day, number
        from {{ ref('fct_ledger') }}
        group by shop_key, number""",
    ),
    "fct_by_day": (
        SHOP_MONTH,
        """
        select month.shop_key, month.month_key, count(*) as numbers, min(stretch.first_day) as first_day
        from (select distinct shop_key, month_key from {{ ref('fct_ledger') }}) as month
        inner join {{ ref('fct_stretch') }} as stretch
            on month.shop_key = stretch.shop_key
            and stretch.first_day <= make_date(month_key // 12, month_key % 12 + 1, 1)
            and (stretch.last_day is null or stretch.last_day >= make_date(month_key // 12, month_key % 12 + 1, 1))
        group by all""",
    ),
    "fct_total": (
        "'month': 'month_key'",
        "select month_key, sum(amount) as amount, count(*) as row_count from {{ ref('fct_rank') }} group by month_key",
    ),
    "fct_whole": (None, "select shop_key, sum(amount) as amount from {{ ref('fct_running') }} group by shop_key"),
}
# A test of keys that do not contain the partition, and with a condition of its own.
TESTS = """
version: 2
models:
  - name: fct_stretch
    data_tests:
      - flis_project.unique_key:
          arguments: {columns: [shop_key, number]}
          config: {where: "number >= 0"}
"""
DOMAINS = {
    "bor_folketal": 0.02,
    "bor_borger_status": 0.0002,
    "bor_haendelse": 0.0002,
    "bor_folketal_alder": 0.0002,
    "bes_ydelsesforloeb": 0.0002,
    "bes_samtale": 0.0002,
    "bes_tilbud": 0.0002,
    "bes_sygedagpenge_sag": 0.0002,
    "bes_refusion": 0.0002,
    "bes_job": 0.0002,
    "ref_arbejdsstyrke": 0.02,
    "oko_postering": 0.02,
    "oko_budget": 0.02,
    "ref_skat": 1,
    "ref_kontoplan_lokal": 0.02,
}


def write_models(project: Project, models: dict[str, tuple[str | None, str | None]]) -> None:
    for name, (partition, text) in models.items():
        path = project.root / "models" / f"{name}.sql"
        said = path.read_text() if text is None else text
        config = f"{{{{ config(materialized='partitioned', meta={{'partition': {{{partition}}}}}) }}}}\n" if partition else ""
        path.write_text(config + said)


def shops(folder: Path, models: dict[str, tuple[str | None, str | None]]) -> Project:
    """The project of shops with these models, and six months of three shops."""
    project = make_project(folder)
    write_models(project, models)
    if "fct_stretch" in models:
        (project.root / "models" / "tests.yml").write_text(TESTS)
    for shop in ("0001", "0002", "0003"):
        rows = (
            f"SELECT 0 AS delivery_id, n + 2 AS line_number, '{shop}' AS unit_code, {JANUARY} + n % 14 AS base_period_key, '' AS slot, "
            "'' AS series, false AS is_control, false AS is_deleted, unit_code AS shop, "
            "make_date(base_period_key // 12, base_period_key % 12 + 1, 1) AS month, n // 14 AS number, "
            f"CAST(hash(n, {shop}) % 90 AS BIGINT) AS amount FROM range(84) AS t (n)"
        )
        Landing(project).land("ledger", rows, extracted_at=datetime(2021, 3, 1))
    return project


def go_on(change: Changing, rounds: int, most: int) -> None:
    """Some changes and a comparison, so many times."""
    for _ in range(rounds):
        for _ in range(change.random.randint(1, most)):
            change.change()
        change.compare()


@pytest.mark.parametrize("seed", range(many(1, 16)))
def test_shops_whose_deliveries_and_definitions_change_have_the_rows_of_a_full_build(tmp_path: Path, seed: int) -> None:
    project = shops(tmp_path, MODELS)
    assert build(project, keep=50).exit_code == 0
    go_on(changing(project, seed, now=datetime(2022, 1, 1)), many(1, 6), 3)


@pytest.mark.skipif(not PROVE, reason="a check of the test above, which takes two builds: run by make prove")
def test_a_declaration_that_says_too_little_is_found(tmp_path: Path) -> None:
    # The same model without what it reads of earlier months.
    kept = {name: MODELS[name] for name in ("fct_ledger", "quality_ledger")}
    project = shops(tmp_path, kept | {"fct_running": (SHOP_MONTH, MODELS["fct_running"][1])})
    assert build(project, keep=50).exit_code == 0
    Landing(project).land(
        "ledger",
        f"SELECT 0 AS delivery_id, 2 AS line_number, '0001' AS unit_code, {JANUARY + 3} AS base_period_key, '' AS slot, '' AS series, "
        "false AS is_control, false AS is_deleted, '0001' AS shop, DATE '2020-04-01' AS month, 1 AS number, 7::BIGINT AS amount",
        extracted_at=datetime(2022, 1, 1),
    )
    with pytest.raises(AssertionError, match=r"main\.fct_running"):
        changing(project, 1).compare()


def domains(folder: Path) -> Project:
    """This repository's definitions with deliveries of all three domains, of a few municipalities and people."""
    project = Project(copy_project(folder))
    if not PROVE:
        shutil.rmtree(folder / "models" / "key_figures")
        # What is said of models, and with it their tests: most of a build of so few rows.
        for path in (folder / "models").rglob("*.yml"):
            if path.name != "sources.yml":
                path.unlink()
    out = folder / "simulated"
    files = [simulated.path for table, scale in DOMAINS.items() for simulated in simulate(project, table, out=out, scale=scale)]
    receive(project, [path for path in files if path.suffix != ".json"])
    return project


@pytest.mark.parametrize("seed", range(many(1, 4)))
def test_the_repository_s_own_models_have_the_rows_of_a_full_build(tmp_path: Path, seed: int) -> None:
    project = domains(tmp_path)
    report = build(project, keep=50)
    assert report.exit_code == 0, report.lines
    go_on(changing(project, 100 + seed, now=datetime(2027, 1, 1) + timedelta(days=seed)), many(1, 8), 6)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shops, built once, for tests of how a build goes on from there."""
    kept = {name: MODELS[name] for name in ("fct_ledger", "quality_ledger", "fct_running", "fct_stretch")}
    project = shops(tmp_path_factory.mktemp("shops"), kept)
    generate(project)
    assert build(project, keep=50).exit_code == 0
    return project


def correct(project: Project, month: int) -> None:
    """One month of one shop once more, with one row."""
    with Ledger(project.ledger_path) as ledger:
        number = ledger.next_delivery_id()
    rows = (
        f"SELECT 0 AS delivery_id, 2 AS line_number, '0002' AS unit_code, {JANUARY + month} AS base_period_key, '' AS slot, '' AS series, "
        f"false AS is_control, false AS is_deleted, '0002' AS shop, DATE '2020-01-01' + INTERVAL {month} MONTH AS month, 1 AS number, "
        f"{number}::BIGINT AS amount"
    )
    Landing(project).land("ledger", rows, extracted_at=datetime(2022, 1, 1) + timedelta(hours=number))


def same_as_full(project: Project, version: str) -> None:
    """The version has the rows of a full build, which is made beside it."""
    full = build(project, full=True, keep=50)
    assert full.exit_code == 0
    assert differences(project.versions / version, project.versions / str(full.version)) == []


PARTIAL = MOMENTS[MOMENTS.index("build: begun") :]


def test_a_correction_rewrites_what_it_touches_and_nothing_else(built: Project) -> None:
    correct(built, 0)
    report = build(built, keep=50)
    assert report.exit_code == 0, report.lines
    written = {node.name: (node.partitions, node.rows_written) for node in report.rewritten if node.rows_written}
    # One row in the month itself, one sum in it and in each of the two months after it.
    assert written["fct_ledger"] == (1, 1)
    assert written["fct_running"] == (3, 3)
    assert report.begun_from is not None


@pytest.mark.parametrize("moment", sample(PARTIAL, 1))
def test_killed_at_a_moment_the_next_build_has_the_rows_of_a_full_one(built: Project, moment: str) -> None:
    program = "import sys; from flis_semantic.cli import main; sys.argv[1:] = ['build', '--project', sys.argv[1]]; main()"
    version = built.pointer.read_text()
    correct(built, PARTIAL.index(moment) % 12)
    done = subprocess.run(
        [sys.executable, "-c", program, str(built.root)], env=os.environ | {VARIABLE: moment}, capture_output=True, check=False, timeout=300
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    switched = moment in ("switch: pointer moved", "switch: old versions removed")
    assert (built.pointer.read_text() == version) != switched
    assert build(built, keep=50).exit_code == 0
    same_as_full(built, built.pointer.read_text())


def test_what_was_known_is_built_from_a_later_version(built: Project) -> None:
    current = built.pointer.read_text()
    then = datetime(2022, 1, 1) - timedelta(days=1)
    report = build(built, known_on=then, keep=50)
    assert (report.exit_code, report.begun_from, built.pointer.read_text()) == (0, current, current)
    kept = built.versions / "kept.duckdb"
    shutil.copyfile(built.versions / str(report.version), kept)
    full = build(built, known_on=then, full=True, keep=50)
    assert full.begun_from is None
    assert differences(kept, built.versions / str(full.version)) == []
    kept.unlink()


def test_a_version_that_does_not_say_what_it_was_built_by_is_built_anew(built: Project) -> None:
    correct(built, 2)
    with duckdb.connect(str(built.versions / built.pointer.read_text())) as connection:
        connection.execute("DROP TABLE landing.built_by")
    report = build(built, keep=50)
    assert (report.exit_code, report.begun_from) == (0, None)
    assert report.why_full == "the current version cannot be read, or does not say what it was built by"
    correct(built, 3)
    with duckdb.connect(str(built.versions / built.pointer.read_text())) as connection:
        connection.execute("UPDATE landing.build_input SET program = 'another'")
    report = build(built, keep=50)
    assert report.why_full == "the program, the vocabulary or dbt's settings changed"
