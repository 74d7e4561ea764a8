"""The command line as a user meets it: exit codes, data on stdout only, one sentence for every mistake."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from tests.projects import copy_project

UNEMPLOYED = "employment.gross_unemployed_published"
SHARE = "employment.gross_unemployed_share_published"
TWO = ("--by", "municipality", "--grain", "month", "--from", "2026-06", "--to", "2026-07", "--where", "municipality=0101,0751")


@dataclass
class Ran:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode("utf-8")


def flis(*arguments: str, project: Path | None = None) -> Ran:
    command = [sys.executable, "-c", "from flis_semantic.cli import main; main()", *arguments]
    if project is not None:
        command += ["--project", str(project)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr.decode("utf-8"))


def test_json_is_an_array_of_rows_and_nothing_else(demo_project: Path) -> None:
    ran = flis("query", UNEMPLOYED, *TWO, "--format", "json", project=demo_project)
    rows = json.loads(ran.text)
    assert ran.code == 0
    assert [(row["area"], row["period"]) for row in rows] == [
        ("0101", "2026-06"),
        ("0101", "2026-07"),
        ("0751", "2026-06"),
        ("0751", "2026-07"),
    ]
    assert list(rows[0]) == [
        *("key_figure", "area_level", "area", "grain", "period", "value", "numerator", "denominator", "status", "reason"),
        *("complete", "members", "members_expected", "denominator_share", "series_break"),
    ]


def test_every_format_gives_the_same_rows(demo_project: Path) -> None:
    expected = json.loads(flis("query", UNEMPLOYED, *TWO, "--format", "json", project=demo_project).text)
    read = csv.DictReader(io.StringIO(flis("query", UNEMPLOYED, *TWO, "--format", "csv", project=demo_project).text))
    assert [(row["area"], row["period"], float(row["value"])) for row in read] == [(r["area"], r["period"], r["value"]) for r in expected]
    parquet = pq.read_table(pa.BufferReader(flis("query", UNEMPLOYED, *TWO, "--format", "parquet", project=demo_project).out))
    arrow = ipc.open_stream(flis("query", UNEMPLOYED, *TWO, "--format", "arrow", project=demo_project).out).read_all()
    for table in (parquet, arrow):
        assert table.column("value").to_pylist() == [row["value"] for row in expected]
        assert table.column_names == list(expected[0])


def test_the_table_shows_names_and_members(demo_project: Path) -> None:
    ran = flis("query", UNEMPLOYED, *TWO, project=demo_project)
    assert "København" in ran.text
    assert "1 of 1" in ran.text


def test_wide_has_a_column_per_key_figure(demo_project: Path) -> None:
    ran = flis("query", UNEMPLOYED, SHARE, *TWO, "--wide", "--format", "json", project=demo_project)
    rows = json.loads(ran.text)
    assert list(rows[0]) == ["area_level", "area", "grain", "period", UNEMPLOYED, f"{UNEMPLOYED}__status", SHARE, f"{SHARE}__status"]
    long = json.loads(flis("query", SHARE, *TWO, "--format", "json", project=demo_project).text)
    assert [row[SHARE] for row in rows] == [row["value"] for row in long]


def test_notes_go_to_stderr(demo_project: Path) -> None:
    ran = flis("query", UNEMPLOYED, "--grain", "quarter", "--from", "2026-02", "--to", "2026-03", "--format", "json", project=demo_project)
    assert "widened to begin with the whole quarter 2026-Q1" in ran.err
    assert len(json.loads(ran.text)) == 1


def test_sql_prints_the_query_and_the_values_it_binds(demo_project: Path) -> None:
    ran = flis("sql", UNEMPLOYED, *TWO, project=demo_project)
    assert ran.code == 0
    assert "-- $municipality_1 = 0101" in ran.text
    assert "fct_labour_market_published" in ran.text
    assert "'0101'" not in ran.text


def test_sql_takes_the_arguments_of_a_query(demo_project: Path) -> None:
    ran = flis("sql", UNEMPLOYED, *TWO, "--wide", "--format", "json", project=demo_project)
    told = json.loads(ran.text)
    assert told["parameters"] == {"first_period": 24317, "last_period": 24318, "municipality_1": "0101", "municipality_2": "0751"}
    assert told["sql"].startswith("WITH periods AS")
    assert flis("sql", UNEMPLOYED, *TWO, "--format", "parquet", project=demo_project).code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("query", "employment.unknown"), 2, "error[unknown_key_figure]"),
        (("query", UNEMPLOYED, "--grain", "weak"), 2, "Did you mean 'week'?"),
        (("query", UNEMPLOYED, "--by", "communes"), 2, "error[unknown_dimension]"),
        (("query", UNEMPLOYED, "--where", "municipality"), 2, "Write NAME=CODE,CODE."),
        (("query", UNEMPLOYED, "--where", "municipality=9999"), 2, "There is no municipality '9999'."),
        (("query", UNEMPLOYED, "--from", "July"), 2, "'July' is not a period."),
        (("query", "employment.cash_benefit_persons_published", "--by", "region"), 2, "error[not_additive_over_areas]"),
        (("query", UNEMPLOYED, "--format", "xml"), 2, "xml"),
        (("query",), 2, "KEY_FIGURE"),
        (("catalogue", "show", "citizens.peoples"), 2, "There is no key figure 'citizens.peoples'."),
        (("receive", "no-such-file.csv"), 2, "no-such-file.csv"),
        (("coverage", "--source", "bor_folketael"), 2, "Did you mean 'bor_folketal'?"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_a_wrong_request_ends_with_2_and_one_sentence(demo_project: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    ran = flis(*arguments, project=None if arguments == ("nonsense",) else demo_project)
    assert (ran.code, ran.text) == (code, "")
    assert words in ran.err
    assert "Traceback" not in ran.err


def test_a_folder_that_is_no_project_is_an_argument_error(tmp_path: Path) -> None:
    ran = flis("query", UNEMPLOYED, project=tmp_path)
    assert (ran.code, "error[no_project]" in ran.err) == (2, True)


def test_a_question_before_the_first_build_says_what_to_do(tmp_path: Path) -> None:
    ran = flis("query", UNEMPLOYED, project=copy_project(tmp_path))
    assert (ran.code, "There is no warehouse yet." in ran.err, "flis build" in ran.err) == (1, True, True)


def test_the_catalogue_is_listed_with_its_fields(root: Path) -> None:
    rows = json.loads(flis("catalogue", "list", "--format", "json", project=root).text)
    assert {tuple(row) for row in rows} == {("id", "domain", "title_da", "title_en", "unit", "direction", "grains")}
    population = next(row for row in rows if row["id"] == "citizens.population")
    assert population == {
        "id": "citizens.population",
        "domain": "citizens",
        "title_da": "Folketal",
        "title_en": "Population",
        "unit": "persons",
        "direction": "neutral",
        "grains": ["quarter", "year"],
    }
    assert len(rows) >= 12


def test_a_catalogue_with_five_errors_shows_all_five(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    employment = project / "catalogue" / "employment"

    def replace(name: str, old: str, new: str) -> None:
        path = employment / f"{name}.yml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    replace("gross_unemployed_published", "labour_market.gross_unemployed", "labour_market.gross_unemployd")
    replace("gross_unemployed_share_published", "unit: published_percent", "unit: published_procent")
    replace("long_term_unemployed_published", "direction: down", "direction: downwards")
    replace("cash_benefit_persons_published", "publisher: STAR", "publisher: STAR\npublisher: STAR")
    replace("activation_degree_published", "publisher: STAR", "publisher: STAR\nowners: KL")
    ran = flis("catalogue", "check", project=project)
    lines = ran.err.removeprefix("error[definition_errors]: ").strip().splitlines()
    assert ran.code == 1
    assert len(lines) == 5
    assert [line.split(":")[0].rsplit("/", 1)[-1] for line in lines] == [
        "activation_degree_published.yml",
        "cash_benefit_persons_published.yml",
        "gross_unemployed_published.yml",
        "gross_unemployed_share_published.yml",
        "long_term_unemployed_published.yml",
    ]
    assert "Did you mean 'owner'?" in lines[0]
    assert "twice" in lines[1]
    assert "Did you mean 'gross_unemployed'?" in lines[2]
    assert "Did you mean 'published_percent'?" in lines[3]
    assert "expected 'up', 'down' or 'neutral'" in lines[4]
    assert all(line.split(":")[1].isdigit() for line in lines)


def test_the_catalogue_schema_is_json_schema(root: Path) -> None:
    schemas = json.loads(flis("catalogue", "schema", project=root).text)
    assert set(schemas) == {"_vocabulary.yml", "<domain>/_domain.yml", "<domain>/<key_figure>.yml", "contracts/<table>.yml"}
    assert all(schema["type"] == "object" for schema in schemas.values())


def test_quality_shows_the_chain_and_the_controls(demo_project: Path) -> None:
    ran = flis("quality", "--format", "json", project=demo_project)
    report = json.loads(ran.text)
    assert ran.code == 0
    assert report["deliveries"]
    for row in report["deliveries"]:
        assert row["delivered"] == row["accepted"] + row["set_aside"]
        assert row["landed"] == row["staged"] + row["control"]
        assert row["adds_up"] is True
    assert {"published_value", "computed_value", "difference"} <= set(report["controls"][0])


def test_rows_set_aside_are_listed_with_line_rule_and_reason(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    lines = [
        "kommune_kode,kommune_navn,folketal,aar",
        "101,København,671714,2026",
        "999,Ingensteds,5,2026",
        "147,Frederiksberg,106.150,2026",
    ]
    path = tmp_path / "population_2026.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert flis("receive", str(path), project=project).code == 0
    rows = json.loads(flis("quality", "--set-aside", "--format", "json", project=project).text)
    assert [(row["file"], row["line_number"], row["raw_row"]) for row in rows] == [
        ("population_2026.csv", 3, lines[2]),
        ("population_2026.csv", 4, lines[3]),
    ]
    assert all(row["rule_ids"] and row["reason"] for row in rows)
    assert "999" in rows[0]["reason"]
    assert "Ingensteds" in flis("quality", "--set-aside", project=project).text


def test_quality_speaks_danish_first_and_english_on_demand(demo_project: Path) -> None:
    assert "Hver leverance" in flis("quality", project=demo_project).text
    assert "Every delivery" in flis("quality", "--lang", "en", project=demo_project).text
    ran = flis("quality", "--lang", "sv", project=demo_project)
    assert (ran.code, "There are no texts in 'sv'." in ran.err) == (2, True)


def test_a_full_disk_is_one_sentence(demo_project: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from flis_semantic.cli import main; main()",
        "query",
        UNEMPLOYED,
        "--format",
        "csv",
        "--project",
        str(demo_project),
    ]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=120)
    assert done.returncode == 1
    assert done.stderr.decode("utf-8").startswith("error[io_error]: No space left on device.")
    assert "Traceback" not in done.stderr.decode("utf-8")


def test_generated_models_that_are_stale_are_not_built(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    figure = project / "catalogue" / "employment" / "insured_share_of_unemployed_published.yml"
    figure.write_text(figure.read_text(encoding="utf-8").replace("insured_unemployed", "gross_unemployed"), encoding="utf-8")
    ran = flis("build", project=project)
    assert ran.code == 1
    assert "Run `flis generate`, then build." in ran.err
    assert not (project / "work" / "current").exists()


def test_a_selection_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    ran = flis("build", "--select", "no_such_model", project=copy_project(tmp_path))
    assert (ran.code, "Nothing matches no_such_model." in ran.err) == (2, True)


def test_coverage_counts_and_lists_what_is_missing(demo_project: Path) -> None:
    rows = json.loads(flis("coverage", "--format", "json", project=demo_project).text)
    for row in rows:
        assert row["expected"] == row["delivered"] + row["missing"] + row["exempt"] + row["held"]
    listed = json.loads(flis("coverage", "--missing", "--format", "json", project=demo_project).text)
    assert len(listed) == sum(row["missing"] + row["held"] for row in rows)


def test_receiving_refuses_one_file_and_takes_the_other(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project")
    folder = tmp_path / "deliveries"
    folder.mkdir()
    (folder / "population_2026.csv").write_text("kommune_kode,kommune_navn,folketal,aar\n101,København,671714,2026\n", encoding="utf-8")
    (folder / "population_2025.csv").write_text("", encoding="utf-8")
    ran = flis("receive", str(folder), "--format", "json", project=project)
    verdicts = {row["file"]: (row["verdict"], row["accepted"]) for row in json.loads(ran.text)}
    assert ran.code == 1
    assert verdicts == {"population_2025.csv": ("refused", 0), "population_2026.csv": ("accepted", 1)}
    again = flis("receive", str(folder / "population_2026.csv"), project=project)
    assert (again.code, "unchanged" in again.text) == (0, True)


def test_a_closed_pipe_is_no_error(demo_project: Path) -> None:
    command = f"'{sys.executable}' -c 'from flis_semantic.cli import main; main()' query {UNEMPLOYED} --by municipality --project '{demo_project}' | head -1"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, check=False, timeout=120)
    assert done.stderr == b""
