"""Recipes: facts from the seed as they are, invented numbers that are plausible and the same for the same seed."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections import Counter
from pathlib import Path

import pytest

from flis_semantic.errors import ArgumentError, DefinitionError, DefinitionErrors
from flis_semantic.simulate import load_demo, recipes, simulate
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[2]
Row = dict[str, str]


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(REPOSITORY)


def rows_of(path: Path) -> list[Row]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


@pytest.fixture(scope="module")
def labour_market(project: Project, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    [file] = simulate(project, "bes_jobindsats", out=tmp_path_factory.mktemp("simulated"), seed=7)
    assert file.synthetic
    return rows_of(file.path)


def test_population_is_the_published_one(project: Project, tmp_path: Path) -> None:
    [file] = simulate(project, "bor_folketal", out=tmp_path)
    assert not file.synthetic
    rows = rows_of(file.path)
    # Statistics Denmark: the country on 1 January 2020, 84 on Christiansø among them, which is absent on 1 January 2026.
    assert sum(int(row["folketal"]) for row in rows if row["kvartal"] == "2020Q1") == 5_822_763
    assert [row["folketal"] for row in rows if row["kommunekode"] == "411" and row["kvartal"] == "2020Q1"] == ["84"]
    assert Counter(row["kvartal"] for row in rows) == {"2019Q1": 99, "2019Q3": 99, "2020Q1": 99, "2020Q2": 99, "2020Q3": 99, "2026Q1": 98}


def test_the_manifest_says_what_the_file_is(project: Project, tmp_path: Path) -> None:
    [file] = simulate(project, "bes_jobindsats", out=tmp_path, scale=0.1)
    said = json.loads(file.manifest.read_text())
    assert file.manifest == file.path.with_name(file.path.name + ".manifest.json")
    assert said["synthetic"] is True
    assert said["rows"] == file.rows == len(rows_of(file.path))
    assert said["sha256"] == hashlib.sha256(file.path.read_bytes()).hexdigest()
    assert said["extracted_at"] == "2026-08-22T00:00:00"


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_numbers(project: Project, tmp_path: Path) -> None:
    files = [
        simulate(project, "bes_jobindsats", out=tmp_path / name, seed=seed, scale=0.1)[0] for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert files[0].path.read_bytes() == files[1].path.read_bytes()
    assert files[0].path.read_bytes() != files[2].path.read_bytes()


def test_units_periods_and_series_are_the_source_s(project: Project, labour_market: list[Row]) -> None:
    assert len({row["kommunekode"] for row in labour_market}) == 99
    assert {row["navn"] for row in labour_market if row["kommunekode"] == "000"} == {"Hele landet"}
    assert {f"{row['maaling']}.{row['felt']}" for row in labour_market} == set(project.contracts["bes_jobindsats"].series_starts)
    months = {row["periode"].partition("|")[0] for row in labour_market}
    assert (min(months), max(months), len(months)) == ("2024M01", "2026M07", 31)
    assert {row["periode"] for row in labour_market if row["maaling"] == "ordinaryHours"} == months - {"2026M07"}
    assert {row["periode"].partition("|")[2] for row in labour_market if row["maaling"] == "cashVisitation"} == {
        "Jobparat", "Aktivitetsparat", "Uddannelsesparat", "Åbenlys uddannelsesparat", "Uoplyst"
    }  # fmt: skip


def test_a_scale_keeps_the_latest_months(project: Project, tmp_path: Path) -> None:
    [file] = simulate(project, "bes_jobindsats", out=tmp_path, scale=3 / 31)
    assert {row["periode"].partition("|")[0] for row in rows_of(file.path)} == {"2026M05", "2026M06", "2026M07"}


def test_small_counts_are_blank_and_the_smallest_municipalities_have_no_long_term_rows(labour_market: list[Row]) -> None:
    blank = [row for row in labour_market if row["vaerdi"] == ""]
    assert blank
    assert not any(row["felt"].endswith("Rate") or row["felt"] in ("share", "degree") for row in blank)
    assert not any(row["vaerdi"] in ("0", "1", "2", "3", "4") for row in labour_market if row["felt"] == "total")
    # Fewer than 4,000 inhabitants: Fanø, Læsø, Samsø.
    with_rows = {row["navn"] for row in labour_market if row["maaling"] == "longterm"}
    assert {row["navn"] for row in labour_market} - with_rows == {"Fanø", "Læsø", "Samsø"}


def test_the_country_is_near_the_municipalities_and_not_their_sum(labour_market: list[Row]) -> None:
    july = [row for row in labour_market if row["periode"] == "2026M07" and row["felt"] == "persons" and row["maaling"] == "cashAssistance"]
    country = sum(int(row["vaerdi"]) for row in july if row["kommunekode"] == "000")
    municipalities = sum(int(row["vaerdi"] or 0) for row in july if row["kommunekode"] != "000")
    assert country < municipalities < country * 1.01
    rates = [float(row["vaerdi"]) for row in labour_market if row["felt"] == "totalRate"]
    assert 1.0 < min(rates) <= max(rates) < 6.0


def test_a_table_without_recipe_is_refused_with_the_nearest_name(project: Project, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="no recipe for 'bor_folketaal'.*Did you mean 'bor_folketal'"):
        simulate(project, "bor_folketaal", out=tmp_path)


@pytest.mark.parametrize("scale", [0, -1.0])
def test_a_scale_that_is_not_positive_is_refused(project: Project, tmp_path: Path, scale: float) -> None:
    with pytest.raises(ArgumentError, match="expected a number above 0"):
        simulate(project, "bor_folketal", out=tmp_path, scale=scale)


@pytest.fixture
def own_recipe(tmp_path: Path) -> Project:
    """A project whose population recipe the test may write."""
    for name in ("catalogue", "contracts", "seeds"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "dbt_project.yml").write_text("name: invented\n")
    (tmp_path / "simulation").mkdir()
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ("create table delivery as select nonsense", "The recipe fails: .*nonsense"),
        ("select 1", "The recipe fails: .*delivery_facts"),
        (
            "create table delivery as select 'x.csv' as file_name; "
            "create table delivery_facts as select 'x.csv' as file_name, timestamp '2026-01-01' as extracted_at, true as synthetic",
            r"No form of bor_folketal has a file named 'x\.csv'.*population_by_quarter_",
        ),
        (
            "create table delivery as select 'population_2026.csv' as file_name, 101 as kommune_kode; create table delivery_facts as "
            "select 'population_2026.csv' as file_name, timestamp '2026-01-01' as extracted_at, true as synthetic",
            "The table 'delivery' does not have the columns of bor_folketal.*Expected: file_name, kommune_kode, kommune_navn",
        ),
    ],
)
def test_a_recipe_that_is_wrong_is_one_error_that_names_it(own_recipe: Project, tmp_path: Path, recipe: str, says: str) -> None:
    (tmp_path / "simulation" / "bor_folketal.sql").write_text(recipe)
    with pytest.raises(DefinitionError, match=f"^simulation/bor_folketal.sql: {says}"):
        simulate(own_recipe, "bor_folketal", out=tmp_path / "out")


def test_a_form_s_delimiter_decimal_mark_and_encoding_are_kept(own_recipe: Project, tmp_path: Path) -> None:
    (tmp_path / "contracts").unlink()
    (tmp_path / "contracts").mkdir()
    contract = (REPOSITORY / "contracts" / "bor_folketal.yml").read_text(encoding="utf-8")
    contract = contract.replace('delimiter: ","', 'delimiter: ";"\n    decimal: ","').replace("[utf-8]", "[windows-1252]")
    (tmp_path / "contracts" / "bor_folketal.yml").write_text(contract, encoding="utf-8")
    (tmp_path / "simulation" / "bor_folketal.sql").write_text(
        "create table delivery as select 'population_2026.csv' as file_name, '563' as kommune_kode, 'Fanø; by' as kommune_navn, "
        "1.5 as folketal, null as aar; create table delivery_facts as "
        "select 'population_2026.csv' as file_name, timestamp '2026-01-01' as extracted_at, true as synthetic"
    )
    [file] = simulate(own_recipe, "bor_folketal", out=tmp_path / "out")
    assert file.path.read_bytes() == 'kommune_kode;kommune_navn;folketal;aar\n563;"Fanø; by";1,5;\n'.encode("windows-1252")


def test_the_demonstration_takes_the_published_files_where_all_are_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = load_demo(project)
    monkeypatch.setenv(demo.published_data.environment, str(tmp_path))
    names = ["jobindsats_2026-08-22.csv.gz", "population_2026.csv", "population_by_quarter_2008_2020.csv"]
    for name in names[:1]:
        (tmp_path / name).touch()
    assert demo.published_files(project) == []
    for name in names:
        (tmp_path / name).touch()
    demo = demo.model_copy(update={"beside": {}})
    assert sorted(path.name for path in demo.deliveries(project, tmp_path / "out")) == names
    assert not (tmp_path / "out").exists()


def test_the_demonstration_simulates_where_the_published_files_are_absent(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = load_demo(project).model_copy(update={"beside": {}})
    monkeypatch.setenv(demo.published_data.environment, str(tmp_path / "nowhere"))
    files = demo.deliveries(project, tmp_path / "out", scale=0.1)
    assert [path.name for path in files] == ["population_by_quarter_2019_2026.csv", "jobindsats_2026-08-22.csv.gz"]
    assert all(path.is_file() for path in files)


def test_the_demonstration_names_what_exists(project: Project) -> None:
    demo = load_demo(project)
    assert {*demo.recipes, *demo.beside} == set(recipes(project)) == set(project.contracts)
    assert not {*demo.recipes} & {*demo.beside}
    levels = {level.id for level in project.vocabulary.reporting_unit.levels} | set(project.vocabulary.cuts)
    for question in demo.questions:
        assert {name for areas in question.areas for name in (*areas.by, *areas.where)} <= levels
        for label in (question.from_, question.to):
            period = project.calendar.parse(label)
            assert period is not None
            assert period.grain == question.grain
        for key_figure in question.key_figures:
            domain, _, name = key_figure.partition(".")
            assert (REPOSITORY / "catalogue" / domain / f"{name}.yml").is_file(), key_figure
    assert len(demo.next_commands) == 3


def test_a_project_without_demonstration_says_so(own_recipe: Project) -> None:
    with pytest.raises(DefinitionErrors, match=r"simulation/demo\.yml: The project has no demonstration"):
        load_demo(own_recipe)
