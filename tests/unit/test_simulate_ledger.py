"""Recipes of many files: chunks, notations, what is planted. And the ledger's own recipes: in balance, plausible, full of faults."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flis_semantic.errors import DefinitionError
from flis_semantic.simulate import SimulatedFile, simulate
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[2]
SMALL = 0.02
"""Four municipalities, one line an account."""


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(REPOSITORY)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledger")


@pytest.fixture(scope="module")
def files(project: Project, folder: Path) -> list[SimulatedFile]:
    return simulate(project, "oko_postering", out=folder, scale=SMALL)


@pytest.fixture(scope="module")
def clean(project: Project, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Rows of a ledger without faults, from the files that have no deltas in them."""
    written = simulate(project, "oko_postering", out=tmp_path_factory.mktemp("clean"), scale=SMALL, faults=False)
    found: list[dict[str, str]] = []
    for file in written:
        if file.path.suffix != ".csv":
            continue
        text = file.path.read_bytes().decode("windows-1252" if file.path.name.startswith("oko_") else "utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        first = file.path.name.startswith("oko_")
        for row in rows:
            names = ("Bilagsnr.", "Funktion", "Dranst", "Beløb", "Posteringsdato", "Periode", "Regnskabsår", "Art", "Modpart") if first else (
                "bilagsnr", "funktion", "dranst", "beloeb", "posteringsdato", "periode", "regnskabsaar", "art", "modpart_kommune"
            )  # fmt: skip
            keys = ("voucher", "function", "dranst", "amount", "date", "period", "year", "art", "counterpart")
            unit = file.path.name.split("_")[2] if first else row["kommunekode"]
            found.append({"unit": unit, **dict(zip(keys, (row[name] for name in names), strict=True))})
    return found


def amount(row: dict[str, str]) -> Decimal:
    return Decimal(row["amount"].replace(",", "."))


def test_every_voucher_of_a_clean_ledger_is_in_balance(clean: list[dict[str, str]]) -> None:
    sums: Counter[tuple[str, ...]] = Counter()
    for row in clean:
        sums[row["unit"], row["year"], row["voucher"], row["date"]] += amount(row)  # type: ignore[assignment]
    assert len(sums) > 5000
    assert set(sums.values()) == {Decimal(0)}


def test_services_cost_what_they_cost_per_inhabitant(clean: list[dict[str, str]]) -> None:
    with (REPOSITORY / "seeds" / "published_population.csv").open(encoding="utf-8") as file:
        people = {row["municipality_code"]: int(row["population_count"]) for row in csv.DictReader(file) if row["quarter"] == "2019-Q1"}
    spent: Counter[str] = Counter()
    for row in clean:
        transfers = row["function"][:4] in ("5.46", "5.48", "5.57", "5.58", "5.68") or row["function"] in ("5.22.07", "4.62.81", "5.32.30")
        service = row["dranst"] == "1" and row["function"][0] in "023456" and not transfers and row["art"][0] != "0"
        if service and row["year"] == "2019" and row["period"] != "0":
            spent[row["unit"]] += amount(row)  # type: ignore[assignment]
    assert len(spent) == 4
    assert all(45_000 <= spent[unit] / people[unit] <= 60_000 for unit in spent), {unit: spent[unit] / people[unit] for unit in spent}


def test_what_one_municipality_pays_another_receives(clean: list[dict[str, str]]) -> None:
    pairs: Counter[tuple[str, ...]] = Counter()
    for row in clean:
        if row["counterpart"]:
            pair = (row["unit"], row["counterpart"]) if row["art"] == "4.7" else (row["counterpart"], row["unit"])
            pairs[*pair, row["year"], row["period"]] += amount(row)  # type: ignore[assignment]
    assert len(pairs) == 4 * 24
    assert set(pairs.values()) == {Decimal(0)}


def test_there_are_24_months_openings_and_supplements_of_everybody(clean: list[dict[str, str]]) -> None:
    found = {(row["unit"], row["year"], row["period"]) for row in clean}
    assert found == {(unit, year, str(n)) for unit in ("0101", "0147", "0563", "0751") for year in ("2019", "2020") for n in range(14)}


def test_every_rule_of_the_contract_s_numbers_has_a_planted_row(folder: Path, project: Project, files: list[SimulatedFile]) -> None:
    with (folder / "oko_postering.faults.csv").open(encoding="utf-8") as file:
        planted = list(csv.DictReader(file))
    ids = {row["rule_id"] for row in planted}
    # Three of them need more municipalities than a small scale has: a late one, a missing one, a chart of another system.
    assert {f"V-OKO-{n:02}" for n in range(1, 10)} <= ids
    known = {rule.id for rule in project.contracts["oko_postering"].rules}
    assert {rule for rule in ids if rule.startswith("V-")} <= known
    damaged = {
        "header": "HEADER",
        "truncated": "TRUNCATED",
        "encoding": "ENCODING",
        "digest": "MANIFEST",
        "rows": "MANIFEST",
        "empty": "EMPTY",
    }
    assert {file.damage for file in files if file.damage} == set(damaged)
    assert sorted(row["rule_id"] for row in planted if row["fate"] == "refused") == sorted(f"FILE-{code}" for code in damaged.values())
    # Every rule that has a row to catch among vouchers and lines has one to let pass.
    caught = {row["rule_id"] for row in planted if row["fate"] in ("set_aside", "repaired", "flagged")}
    passed = {row["rule_id"] for row in planted if row["fate"] == "passes"}
    assert {"V-OKO-01", "V-OKO-02", "V-OKO-05", "V-OKO-09"} <= caught & passed


def test_without_faults_nothing_is_planted(project: Project, tmp_path: Path) -> None:
    written = simulate(project, "oko_budget", out=tmp_path, scale=SMALL, faults=False)
    assert (tmp_path / "oko_budget.faults.csv").read_text() == "contract,municipality,period,rule_id,row_count,fate\n"
    assert not any(file.damage for file in written)


def test_notations_are_those_of_the_forms(folder: Path, files: list[SimulatedFile]) -> None:
    names = {file.path.name: file for file in files}
    old = names["oko_postering_0101_2019-05-05.csv"]
    content = old.path.read_bytes()
    assert "Regnskabsår".encode("windows-1252") in content and b"\xef\xbb\xbf" not in content
    assert b";17-04-2019;" in content or b"-04-2019;" in content
    assert set(json.loads(old.manifest.read_text())) == {"rows", "sha256", "extracted_at", "synthetic"}
    new = names["finansposter_0751_2019_04.csv"]
    assert new.path.read_bytes().startswith(b"\xef\xbb\xbfkommunekode;")
    assert json.loads(new.manifest.read_text()) == {"synthetic": True}
    lines = gzip.decompress((folder / "oko_postering_delta_0563_0003.jsonl.gz").read_bytes()).decode().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["handling"] for row in rows] == ["D"] * 4
    assert {row["bilagsnr"] for row in rows} == {"D01", "D99"}
    assert json.loads((folder / "oko_postering_delta_0563_0003.jsonl.gz.manifest.json").read_text())["sequence"] == 3


def test_a_larger_scale_has_more_municipalities_and_a_national_file(project: Project, tmp_path: Path) -> None:
    written = simulate(project, "oko_likviditet", out=tmp_path, scale=0.05)
    national = tmp_path / "oko_likviditet_national_2019-02.parquet"
    assert national in {file.path for file in written}
    con = duckdb.connect()
    units, days = con.execute(f"SELECT count(DISTINCT kommunekode), count(DISTINCT dato) FROM '{national}'").fetchall()[0]
    con.close()
    assert (units, days) == (8, 28)


def test_the_same_seed_gives_the_same_bytes(project: Project, files: list[SimulatedFile], tmp_path: Path) -> None:
    again = simulate(project, "oko_postering", out=tmp_path, scale=SMALL)
    assert [file.path.name for file in again] == [file.path.name for file in files]
    differ = [one.path.name for one, other in zip(files, again, strict=True) if one.path.read_bytes() != other.path.read_bytes()]
    assert not differ


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A project with this recipe of the ledger."""
    for name in ("catalogue", "contracts", "seeds"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    (tmp_path / "dbt_project.yml").write_text("name: invented\n")
    (tmp_path / "simulation").mkdir()

    def run(recipe: str, **parts: str) -> list[SimulatedFile]:
        (tmp_path / "simulation" / "oko_balance.sql").write_text(recipe)
        for name, text in parts.items():
            (tmp_path / "simulation" / f"_{name}.sql").write_text(text)
        return simulate(Project(tmp_path), "oko_balance", out=tmp_path / "out")

    return run


FACTS = "create table delivery_facts as select 'oko_balance_1.csv' as file_name, timestamp '2019-02-01' as extracted_at, true as synthetic"
ROW = (
    "'0101' as kommunekode, '2019-01' as maaned, '9.22.05' as funktion, 1.5 as primo, 2.5 as ultimo, timestamp '2019-02-01' as udtraekstid"
)


def test_a_recipe_includes_other_files(own: Any) -> None:
    [file] = own(
        f"-- include: _part.sql\ncreate table delivery as select 'oko_balance_1.csv' as file_name, {ROW} from part; {FACTS}",
        part="create table part as select 1 as n union all select 2",
    )
    head, first, second = file.path.read_text().splitlines()
    assert head == "kommunekode;maaned;funktion;primo;ultimo;udtraekstid"
    assert first == second == "0101;2019-01;9.22.05;1,5;2,5;2019-02-01 00:00:00"
    assert file.rows == 2


def test_an_include_that_is_not_there_is_an_error(own: Any) -> None:
    with pytest.raises(DefinitionError, match=r"simulation/oko_balance\.sql: The recipe includes '_gone\.sql', which is not there"):
        own("-- include: _gone.sql\nselect 1")


def test_rows_of_a_file_that_are_apart_are_an_error(own: Any) -> None:
    recipe = (
        f"create table delivery as select unnest(['oko_balance_1.csv', 'oko_balance_2.csv', 'oko_balance_1.csv']) as file_name, {ROW}; "
        f"{FACTS} union all select 'oko_balance_2.csv', timestamp '2019-02-01', true"
    )
    with pytest.raises(DefinitionError, match=r"The rows of 'oko_balance_1\.csv' are not together"):
        own(recipe)


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("header", lambda b: b.startswith(b"kommunekode_;")),
        ("truncated", lambda b: not b.endswith(b"\n")),
        ("encoding", lambda b: b.startswith(b"\xff\xfe")),
        ("empty", lambda b: b == b""),
    ],
)
def test_a_file_is_damaged_as_the_recipe_says(own: Any, damage: str, check: Any) -> None:
    [file] = own(f"create table delivery as select 'oko_balance_1.csv' as file_name, {ROW}; {FACTS}, '{damage}' as damage")
    assert check(file.path.read_bytes())
    assert file.damage == damage
    assert json.loads(file.manifest.read_text()) == {"synthetic": True}


def test_a_raw_line_stands_for_the_row(own: Any) -> None:
    [file] = own(f"create table delivery as select 'oko_balance_1.csv' as file_name, {ROW}, 'a;b' as raw_line; {FACTS}")
    assert file.path.read_text().splitlines()[1] == "a;b"


def test_a_manifest_lists_what_a_file_delivers_without_a_row(own: Any) -> None:
    [file] = own(
        f"create table delivery as select 'oko_balance_1.csv' as file_name, {ROW}; {FACTS}; "
        "create table delivery_parts as select 'oko_balance_1.csv' as file_name, '0' || unnest([751, 101]) as unit, '2019-01' as period"
    )
    assert json.loads(file.manifest.read_text())["parts"] == [{"unit": "0101", "period": "2019-01"}, {"unit": "0751", "period": "2019-01"}]


def test_the_truth_stands_beside_the_deliveries(own: Any) -> None:
    [file] = own(
        f"create table delivery as select 'oko_balance_1.csv' as file_name, {ROW}; {FACTS}; create table truth_debt as select 7 as kroner"
    )
    con = duckdb.connect()
    assert con.execute(f"FROM '{file.path.parent}/truth/debt.parquet'").fetchall() == [(7,)]
    con.close()
