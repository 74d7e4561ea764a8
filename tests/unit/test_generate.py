"""Generated files: the same for the same catalogue, found when stale, missing or left over, and written whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.compiler import key_figure_tables
from flis_semantic.errors import DefinitionErrors
from flis_semantic.generate import check, generate
from flis_semantic.generate.cube_tables import adds_over_time
from flis_semantic.generate.files import MARK, generated
from flis_semantic.generate.yaml_text import document
from flis_semantic.workspace import Project

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests/golden/generate"
SAMPLE = GOLDEN / "project"
EXPECTED = GOLDEN / "expected"
FIGURES = "catalogue/libraries"
DIGEST = """
import hashlib, sys
from pathlib import Path
from flis_semantic.generate.files import generated
from flis_semantic.workspace import Project
text = repr(sorted(generated(Project(Path(sys.argv[1])).catalogue).items()))
print(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Project(SAMPLE).catalogue


@pytest.fixture(scope="module")
def files(catalogue: Catalogue) -> dict[str, str]:
    return generated(catalogue)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the sample with everything generated."""
    shutil.copytree(SAMPLE, tmp_path / "libraries")
    made = Project(tmp_path / "libraries")
    generate(made)
    return made


def again(project: Project) -> Project:
    """The project as a new command finds it."""
    return Project(project.root)


# --- what is generated ---------------------------------------------------------------------------------------------


def test_the_sample_gives_the_golden_files(files: dict[str, str]) -> None:
    # The models' SQL is the compiler's and has golden files of its own.
    found = {path: text for path, text in files.items() if not path.endswith(".sql")}
    if os.environ.get("FLIS_GOLDEN") == "write":
        shutil.rmtree(EXPECTED, ignore_errors=True)
        for path, text in found.items():
            (EXPECTED / path).parent.mkdir(parents=True, exist_ok=True)
            (EXPECTED / path).write_text(text, encoding="utf-8")
    expected = {path.relative_to(EXPECTED).as_posix(): path.read_text(encoding="utf-8") for path in EXPECTED.rglob("*.yml")}
    assert found.keys() == expected.keys()
    for path, text in found.items():
        assert text == expected[path], f"{path} differs; FLIS_GOLDEN=write overwrites the golden files"


def test_a_model_is_the_compilers_sql_under_a_header(catalogue: Catalogue, files: dict[str, str]) -> None:
    for grain in catalogue.publish_grains("libraries"):
        for table in key_figure_tables(catalogue, "libraries", grain):
            header, sql = files[f"models/key_figures/libraries/{table.name}.sql"].split("\n", 1)
            assert header.startswith(f"-- {MARK} from catalogue/libraries/*.yml")
            assert sql == table.sql


def test_every_column_of_every_model_is_documented(catalogue: Catalogue, files: dict[str, str]) -> None:
    models = yaml.safe_load(files["models/key_figures/libraries/kf_libraries.yml"])["models"]
    documented = {model["name"]: [column["name"] for column in model["columns"] if column["description"]] for model in models}
    tables = [table for grain in catalogue.publish_grains("libraries") for table in key_figure_tables(catalogue, "libraries", grain)]
    assert documented == {table.name: [column.name for column in table.columns] for table in tables}


def test_every_key_figure_selects_its_tables(catalogue: Catalogue, files: dict[str, str]) -> None:
    models = yaml.safe_load(files["models/key_figures/libraries/kf_libraries.yml"])["models"]
    for figure in catalogue.figures.values():
        tagged = {model["name"] for model in models if figure.id in model["config"]["tags"]}
        suffixes = ("", "__areas") if figure.adds_over_units else ("__areas",)
        assert tagged == {f"kf_libraries__{grain}{suffix}" for grain in figure.publish_grains for suffix in suffixes}


def test_every_file_says_where_it_comes_from(files: dict[str, str]) -> None:
    for path, text in files.items():
        first = text.split("\n", 1)[0]
        assert re.match(rf"(#|--) {MARK} from catalogue/\S+.*\. Do not edit: ", first), path


def test_the_same_catalogue_gives_the_same_bytes_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", DIGEST, str(SAMPLE)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_only_figures_whose_components_all_add_are_given_for_several_periods(catalogue: Catalogue) -> None:
    adding = {figure.name for figure in catalogue.figures.values() if adds_over_time(figure)}
    assert adding == {"visits", "loan_visits", "renewed_loans_per_100_visits", "visits_well_covered"}


def test_only_the_measures_that_add_go_unguarded(files: dict[str, str]) -> None:
    units, areas = yaml.safe_load(files["cube_schema/libraries/libraries_month.yml"])["cubes"]
    unguarded = {measure["name"] for measure in units["measures"] if "COUNT(DISTINCT {CUBE}.period_key) = 1" not in measure["sql"]}
    assert unguarded == {
        "loan_visits",
        "loan_visits_numerator",
        "renewed_loans_per_100_visits",
        "renewed_loans_per_100_visits_numerator",
        "renewed_loans_per_100_visits_denominator",
        "visits",
        "visits_numerator",
    }
    assert not [measure["name"] for measure in areas["measures"] if not measure["sql"].startswith("CASE WHEN COUNT(*) = 1\n")]


def test_no_file_for_cube_holds_a_template(files: dict[str, str]) -> None:
    assert not [path for path, text in files.items() if path.startswith("cube_schema") and re.search(r"\{\{|\}\}|\{%|%\}", text)]


@pytest.mark.parametrize("text", ["2024-05-01", "0101", "no", "12:30", "1e3", "0o17", "1_000", "+1", ".5", "null", "a: b", "{x}"])
def test_strings_stay_strings_in_every_reader(text: str) -> None:
    written = document("header", {"key": text})
    assert re.search(r"^key: ['\"]", written, re.MULTILINE)
    assert yaml.safe_load(written) == {"key": text}


def test_the_files_of_this_project_are_up_to_date() -> None:
    report = check(Project(ROOT))
    assert report.findings == ()
    assert report.files > 20


# --- writing and checking ------------------------------------------------------------------------------------------


def test_a_second_generation_writes_nothing(project: Project) -> None:
    stamps = {path: path.stat().st_mtime_ns for path in project.root.rglob("*") if path.is_file()}
    report = generate(again(project))
    assert (report.written, report.removed, report.foreign, report.exit_code) == ((), (), (), 0)
    assert report.unchanged == check(project).files > 10
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert check(project).exit_code == 0


def test_a_stale_file_is_found_and_rewritten(project: Project) -> None:
    stale = project.root / "cube_schema/views/libraries.yml"
    right = stale.read_bytes()
    stale.write_bytes(right.replace(b"\n", b"\r\n"))
    report = check(again(project))
    assert report.findings == ("cube_schema/views/libraries.yml is stale: it differs from what the catalogue says.",)
    assert report.exit_code == 1
    assert generate(again(project)).written == ("cube_schema/views/libraries.yml",)
    assert stale.read_bytes() == right


def test_a_missing_file_is_found_and_written(project: Project) -> None:
    missing = "models/key_figures/libraries/kf_libraries__month.sql"
    (project.root / missing).unlink()
    assert check(again(project)).findings == (f"{missing} is missing: the catalogue defines it and it was never generated.",)
    assert generate(again(project)).written == (missing,)


def test_a_changed_key_figure_makes_its_files_stale(project: Project) -> None:
    figure = project.root / FIGURES / "books_change.yml"
    figure.write_text(figure.read_text(encoding="utf-8").replace("Books against the year before", "More books"), encoding="utf-8")
    stale = {line.split(" ")[0] for line in check(again(project)).findings}
    assert stale == {"cube_schema/libraries/libraries_year.yml", "models/key_figures/libraries/kf_libraries.yml"}


def test_files_of_a_removed_key_figure_are_orphaned_and_go(project: Project) -> None:
    (project.root / FIGURES / "books_change.yml").unlink()
    orphans = {line.split(" ")[0] for line in check(again(project)).findings if " is orphaned: " in line}
    gone = {
        "cube_schema/libraries/libraries_year.yml",
        "models/key_figures/libraries/kf_libraries__year.sql",
        "models/key_figures/libraries/kf_libraries__year__areas.sql",
    }
    assert orphans == gone
    assert set(generate(again(project)).removed) == gone
    assert check(again(project)).exit_code == 0


def test_folders_of_a_removed_domain_go_with_their_files(project: Project) -> None:
    shutil.rmtree(project.root / FIGURES)
    generate(again(project))
    assert not (project.root / "models/key_figures").exists()
    assert sorted(path.name for path in (project.root / "cube_schema").iterdir()) == ["dimensions"]


def test_a_file_that_somebody_wrote_is_reported_and_stays(project: Project) -> None:
    mine = project.root / "cube_schema/mine.yml"
    mine.write_text("cubes: []\n", encoding="utf-8")
    assert check(again(project)).findings == ("cube_schema/mine.yml is orphaned: nothing in the catalogue generates it.",)
    report = generate(again(project))
    assert (report.foreign, report.removed, report.exit_code) == (("cube_schema/mine.yml",), (), 1)
    assert "cube_schema/mine.yml is not generated and was left alone: move it out of the generated folder." in report.lines
    assert mine.read_text(encoding="utf-8") == "cubes: []\n"


def test_a_generation_that_is_cut_off_leaves_whole_files(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    target = project.root / "cube_schema/views/libraries.yml"
    target.write_text("old", encoding="utf-8")

    def cut_off(self: Path, target: Path) -> Path:
        raise OSError("cut off")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", cut_off)
        with pytest.raises(OSError, match="cut off"):
            generate(again(project))
    assert target.read_text(encoding="utf-8") == "old"
    left = "cube_schema/views/.libraries.yml.unfinished"
    assert any(line.startswith(left) for line in check(again(project)).findings)
    assert generate(again(project)).written == ("cube_schema/views/libraries.yml",)
    assert check(again(project)).exit_code == 0


def test_what_a_cut_off_generation_left_is_removed_when_its_file_is_no_longer_wanted(project: Project) -> None:
    left = project.root / "cube_schema/views/.gone.yml.unfinished"
    left.write_text("half a fi", encoding="utf-8")
    assert generate(again(project)).removed == ("cube_schema/views/.gone.yml.unfinished",)


# --- what cannot be generated --------------------------------------------------------------------------------------


def copy_figure(project: Project, name: str) -> None:
    """A key figure like `visits` under another name."""
    text = (project.root / FIGURES / "visits.yml").read_text(encoding="utf-8")
    text = text.replace("Besøg,", f"{name} da,").replace("Visits}", f"{name} en}}")
    (project.root / FIGURES / f"{name}.yml").write_text(text, encoding="utf-8")


def refused(project: Project) -> str:
    before = {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()}
    with pytest.raises(DefinitionErrors) as error:
        generate(again(project))
    assert {path: path.read_bytes() for path in project.root.rglob("*") if path.is_file()} == before
    return str(error.value)


def test_two_members_of_one_name_are_refused_and_nothing_is_written(project: Project) -> None:
    copy_figure(project, "visits_members")
    assert "The cube libraries_month would have two members named 'visits_members'." in refused(project)


def test_two_cubes_of_one_name_are_refused(project: Project) -> None:
    vocabulary = project.root / "catalogue/_vocabulary.yml"
    vocabulary.write_text(vocabulary.read_text(encoding="utf-8").replace("id: town", "id: period"), encoding="utf-8")
    said = refused(project)
    assert said.startswith("catalogue: Two Cube definitions would be named 'period'")


@pytest.mark.parametrize("braces", ["{{ x }}", "{% x %}"])
def test_template_braces_in_a_text_are_refused(project: Project, braces: str) -> None:
    path = project.root / FIGURES / "visits.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("Visits in the period.", f'"Visits {braces}"'), encoding="utf-8")
    assert "holds template braces" in refused(project)


def publish_cut(project: Project, size: str) -> None:
    """Publish the visits by kind, of which the vocabulary says that there are so many."""
    figure = project.root / FIGURES / "visits.yml"
    figure.write_text(figure.read_text(encoding="utf-8") + "published_cuts: [[kind]]\n", encoding="utf-8")
    vocabulary = project.root / "catalogue/_vocabulary.yml"
    vocabulary.write_text(vocabulary.read_text(encoding="utf-8").replace("code: kind_code", f"code: kind_code{size}"), encoding="utf-8")


def test_a_published_cut_is_a_table_and_a_cube(project: Project) -> None:
    publish_cut(project, "\n    size: 3")
    written = generate(again(project)).written
    assert "models/key_figures/libraries/kf_libraries__month__cuts.sql" in written
    cube = (project.root / "cube_schema/libraries/libraries_month.yml").read_text(encoding="utf-8")
    assert "name: libraries_month_by_kind" in cube


def test_a_published_cut_of_unknown_size_is_refused(project: Project) -> None:
    publish_cut(project, "")
    assert refused(project) == (
        "catalogue/_vocabulary.yml: The cut 'kind' of libraries.visits is published, and the vocabulary does not say how many codes "
        "'kind' has. Add size to the dimension 'kind'."
    )


def test_more_rows_than_are_materialised_are_refused_with_the_arithmetic(project: Project) -> None:
    # 3 branches; 2021-01 to 2026-12 are 72 months: with 23,148 codes 4,999,968 rows, with one more 5,000,184.
    publish_cut(project, "\n    size: 23148")
    generate(again(project))
    vocabulary = project.root / "catalogue/_vocabulary.yml"
    vocabulary.write_text(vocabulary.read_text(encoding="utf-8").replace("size: 23148", "size: 23149"), encoding="utf-8")
    assert "kf_libraries__month__cuts would have 5,000,184 rows, and at most 5,000,000 are materialised" in refused(project)
