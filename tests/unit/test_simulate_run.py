"""Several tables in one run: one truth, the same bytes for the same seed, one list of what is wrong, and faults by definition."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flis_semantic.errors import ArgumentError, DefinitionError, DefinitionErrors
from flis_semantic.simulate import SimulatedRun, simulate_run
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[2]
TABLES = ["bor_folketal", "oko_likviditet"]
SMALL = 0.03
FACTS = "create table delivery_facts as select distinct file_name, timestamp '2026-01-01' as extracted_at, true as synthetic from delivery;"
DELIVERY = """
create table delivery as
select 'population_2026.csv' as file_name, unit as kommune_kode, null as kommune_navn, people as folketal, 2020 + y as aar
from lives cross join range(6) as years (y) order by unit, y;
create table truth_population as select unit, people from lives;
"""
LIVES = """
create table runs as select 1 as run;
create table lives as select * from (values ('0101', 900 + getvariable('seed')), ('0751', 500)) as lives (unit, people);
"""


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(REPOSITORY)


@pytest.fixture(scope="module")
def run(project: Project, tmp_path_factory: pytest.TempPathFactory) -> SimulatedRun:
    return simulate_run(project, TABLES, out=tmp_path_factory.mktemp("run"), seed=3, scale=SMALL)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def faults(folder: Path) -> list[dict[str, str]]:
    with (folder / "faults.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_faults(project: Project, run: SimulatedRun, tmp_path: Path) -> None:
    first = run.files[0].path.parent
    simulate_run(project, TABLES, out=tmp_path / "again", seed=3, scale=SMALL)
    assert digests(tmp_path / "again") == digests(first)
    simulate_run(project, TABLES, out=tmp_path / "other", seed=4, scale=SMALL)
    assert [row["unit"] for row in faults(tmp_path / "other")] != [row["unit"] for row in faults(first)]


def test_what_comes_again_is_the_right_file_later(project: Project, run: SimulatedRun, tmp_path: Path) -> None:
    """Beside the run without faults: another extract time in manifest and rows, and nothing else."""
    simulate_run(project, TABLES, out=tmp_path / "clean", seed=3, scale=SMALL, faults=False)
    again = [file for file in run.files if file.path.parent.name == "again"]
    assert len(again) >= 6
    for file in again:
        clean = tmp_path / "clean" / file.path.name
        lines = [line.rsplit(";", 1) for line in file.path.read_text().splitlines()]
        assert [values for values, _ in lines] == [line.rsplit(";", 1)[0] for line in clean.read_text().splitlines()]
        said, before = (json.loads(path.with_name(f"{path.name}.manifest.json").read_text()) for path in (file.path, clean))
        assert said["extracted_at"] > before["extracted_at"]
        assert said["sha256"] == hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert not (tmp_path / "clean" / "faults.csv").exists()


def test_a_changed_bit_leaves_a_manifest_of_what_it_was(run: SimulatedRun) -> None:
    changed = {row["file"]: row for row in faults(run.files[0].path.parent) if row["class"] == "bit"}
    assert {row["fate"] for row in changed.values()} == {"refused", "undetectable"}
    for file in run.files:
        if file.path.name in changed and file.path.parent.name != "again":
            said = json.loads(file.manifest.read_text())
            fate = changed[file.path.name]["fate"]
            assert ("sha256" in said) == (fate == "refused")
            assert fate == "undetectable" or said["sha256"] != hashlib.sha256(file.path.read_bytes()).hexdigest()


@pytest.fixture
def own(tmp_path: Path) -> Project:
    """A project with two recipes that include the same lives, and its own faults."""
    for name in ("catalogue", "contracts", "seeds"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "dbt_project.yml").write_text("name: invented\n")
    folder = tmp_path / "simulation"
    folder.mkdir()
    (folder / "_lives.sql").write_text(LIVES)
    (folder / "bor_folketal.sql").write_text(f"-- include: _lives.sql\n{DELIVERY}{FACTS}")
    other = """
    create table delivery as select 'ref_arbejdsstyrke_2024_2025-01-01.csv' as file_name, unit as kommunekode, people as arbejdsstyrke
    from lives order by unit;
    insert into runs values (2);
    create table truth_runs as from runs;
    """
    (folder / "ref_arbejdsstyrke.sql").write_text(f"-- include: _lives.sql\n{other}{FACTS}")
    return Project(tmp_path)


def test_what_recipes_share_runs_once_and_its_tables_are_theirs_alone(own: Project, tmp_path: Path) -> None:
    """Both recipes have tables of one name; a second run of the lives would begin its table anew."""
    simulate_run(own, ["bor_folketal", "ref_arbejdsstyrke"], out=tmp_path / "out", seed=7)
    population = (tmp_path / "out" / "population_2026.csv").read_text().splitlines()[1]
    workforce = (tmp_path / "out" / "ref_arbejdsstyrke_2024_2025-01-01.csv").read_text().splitlines()[1]
    assert (population, workforce) == ("0101,,907,2020", "0101;907")
    truth = tmp_path / "out" / "truth"
    assert duckdb.execute(f"FROM '{truth}/runs.parquet'").fetchall() == [(1,), (2,)]
    assert duckdb.execute(f"FROM '{truth}/population.parquet' ORDER BY unit").fetchall() == [("0101", 907), ("0751", 500)]


def test_two_truths_of_one_name_are_an_error(own: Project, tmp_path: Path) -> None:
    path = tmp_path / "simulation" / "ref_arbejdsstyrke.sql"
    path.write_text(path.read_text().replace("truth_runs", "truth_population"))
    with pytest.raises(DefinitionError, match="Two recipes leave a truth 'population'"):
        simulate_run(own, ["bor_folketal", "ref_arbejdsstyrke"], out=tmp_path / "out")


def test_a_file_that_is_named_twice_is_an_error(own: Project, tmp_path: Path) -> None:
    path = tmp_path / "simulation" / "bor_folketal.sql"
    path.write_text(path.read_text() + "insert into delivery_facts select file_name, timestamp '2026-01-02', true from delivery_facts;")
    with pytest.raises(DefinitionError, match="delivery_facts names 'population_2026.csv' twice"):
        simulate_run(own, ["bor_folketal"], out=tmp_path / "out")


FAULT = "- {table: bor_folketal, what: WHAT}\n"


@pytest.mark.parametrize(
    ("what", "changed", "fate"),
    [
        ("level_shift, value: folketal, factor: 2, finding: V-BOR-28, fate: flagged", 2, ("V-BOR-28", "flagged")),
        ("zero_filled, value: folketal, finding: V-BOR-27, fate: flagged", 1, ("V-BOR-27", "flagged")),
        ("period_missing, finding: COVERAGE, fate: missing", 1, ("COVERAGE", "missing")),
        ("rows_duplicated, share: 1, finding: V-BOR-26, fate: set_aside", 1, ("V-BOR-26", "set_aside")),
    ],
)
def test_a_fault_hits_one_unit_s_rows_and_no_others(own: Project, tmp_path: Path, what: str, changed: int, fate: tuple[str, str]) -> None:
    (tmp_path / "simulation" / "faults.yml").write_text("faults:\n" + FAULT.replace("WHAT", what))
    simulate_run(own, ["bor_folketal"], out=tmp_path / "clean", faults=False)
    simulate_run(own, ["bor_folketal"], out=tmp_path / "out")
    clean, wrong = ((tmp_path / name / "population_2026.csv").read_text().splitlines() for name in ("clean", "out"))
    [planted] = faults(tmp_path / "out")
    assert (planted["finding"], planted["fate"]) == fate
    differing = sorted({*clean} ^ {*wrong}) or sorted({line for line in wrong if wrong.count(line) > 1})
    assert len(differing) >= changed
    assert {line.split(",")[0] for line in differing} == {planted["unit"]}


BY_QUARTER = """
create table people as
select quarter, unit, age, 10 * quarter + age + if(unit = '0101', 100, 0) as antal
from (values ('0101'), ('0751')) as units (unit) cross join range(1, 5) as quarters (quarter) cross join range(40, 43) as ages (age);
create view delivery as
select 'bor_folketal_alder_2024K' || quarter || '_2025-02-10.csv' as file_name, '2024-' || lpad((3 * quarter - 2)::varchar, 2, '0') || '-01' as dato,
  unit as kommunekode, age as alder, 'M' as koen, antal
from people where quarter = getvariable('chunk') order by unit, age;
create table delivery_facts as
select 'bor_folketal_alder_2024K' || quarter || '_2025-02-10.csv' as file_name, timestamp '2025-02-10' as extracted_at, true as synthetic,
  quarter as chunk from range(1, 5) as quarters (quarter);
"""


def _numbers(folder: Path) -> dict[tuple[str, int, int], int]:
    """Number of people by unit, quarter and age."""
    sql = f"SELECT kommunekode, quarter(dato::DATE), alder::INTEGER, antal::INTEGER FROM read_csv('{folder}/bor_*.csv', all_varchar = true)"
    return {(unit, quarter, age): people for unit, quarter, age, people in duckdb.sql(sql).fetchall()}


@pytest.mark.parametrize(
    ("what", "right"),
    [
        ("carried_forward, finding: V-BOR-96, fate: flagged", lambda was, unit, quarter, age: was[unit, quarter - 1, age]),
        ("zero_filled, value: antal, finding: V-BOR-95, fate: flagged", lambda was, unit, quarter, age: 0),
        (
            "value_lost, value: antal, column: alder, finding: V-BOR-97, fate: flagged",
            lambda was, *cell: None if cell[2] == 42 else was[cell],
        ),
        ("level_shift, value: antal, factor: 2, finding: V-BOR-98, fate: flagged", lambda was, *cell: 2 * was[cell]),
    ],
)
def test_a_fault_reaches_over_the_chunks_of_a_recipe(own: Project, tmp_path: Path, what: str, right: Any) -> None:
    """Each quarter is a chunk of its own: the rows of the one before are gone when they are copied."""
    folder = tmp_path / "simulation"
    (folder / "bor_folketal_alder.sql").write_text(BY_QUARTER)
    fault = "- {table: TABLE, what: WHAT, times: 2}\n".replace("WHAT", what)
    (folder / "faults.yml").write_text("faults:\n" + fault.replace("TABLE", "bor_folketal_alder"))
    simulate_run(own, ["bor_folketal_alder"], out=tmp_path / "clean", faults=False)
    simulate_run(own, ["bor_folketal_alder"], out=tmp_path / "out")
    was, sent = _numbers(tmp_path / "clean"), _numbers(tmp_path / "out")
    planted = {row["unit"]: int(row["period"][-1]) for row in faults(tmp_path / "out")}
    assert set(planted) == {"0101", "0751"}
    shifted = what.startswith("level_shift")
    for unit, quarter, age in was:
        hit = quarter == planted[unit] or (shifted and quarter > planted[unit])
        expected = right(was, unit, quarter, age) if hit else was[unit, quarter, age]
        assert sent.get((unit, quarter, age)) == expected, (unit, quarter, age)
    assert {row["rows"] for row in faults(tmp_path / "out")} == {"1" if what.startswith("value_lost") else "3"}


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("zero_filled, finding: V-BOR-27, fate: flagged", "zero_filled needs value"),
        ("zero_filled, value: folketallet, finding: V-BOR-27, fate: flagged", "bor_folketal has no 'folketallet'"),
        ("zero_filled, value: folketal, finding: V-BOR-99, fate: flagged", "bor_folketal has no 'V-BOR-99'"),
        ("zero_filled, value: folketal, fate: flagged", "a fault has a finding"),
        ("bit, finding: FILE-MANIFEST, fate: undetectable", "a fault has a finding, unless"),
        ("unit_absent, again_after_days: 2, finding: COVERAGE, fate: missing", "not mended by another delivery"),
        ("swallowed, finding: COVERAGE, fate: missing", "swallowed"),
    ],
)
def test_a_fault_that_cannot_be_meant_is_an_error(own: Project, tmp_path: Path, what: str, says: str) -> None:
    (tmp_path / "simulation" / "faults.yml").write_text("faults:\n" + FAULT.replace("WHAT", what))
    with pytest.raises(DefinitionErrors, match=says):
        simulate_run(own, ["bor_folketal"], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_files_that_are_there_are_never_written_over(own: Project, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kept.txt").touch()
    with pytest.raises(ArgumentError, match="not an empty folder"):
        simulate_run(own, ["bor_folketal"], out=tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept.txt"]
