"""The published files as they are. Expected numbers are counted in the files by other means (see each test)."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from pathlib import Path

from flis_semantic.contracts.model import Contract
from tests.delivery.parcel import ROOT, Desk

MEASURES = "jobindsats_2026-08-22.csv.gz"


def with_all_units(desk: Desk, published_data: Path) -> Desk:
    """Units as the country has them: every code of the population file, Christiansø being none of the members."""
    with (published_data / "population_by_quarter_2008_2020.csv").open(encoding="utf-8", newline="") as file:
        codes = {row["kommunekode"].zfill(4) for row in csv.DictReader(file)}
    desk.units = {code: "non_member" if code == "0411" else "member" for code in codes}
    assert len(desk.units) == 99
    return desk


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_published_row_is_accepted(desk: Desk, published_data: Path):
    with_all_units(desk, published_data)
    report = desk.receive(published_data)
    found = {r.file.name: (r.contract, r.form, r.verdict, r.rows_delivered, r.rows_accepted, r.rows_control) for r in report.results}
    # Rows: wc -l less the header. Controls: the rows of 000.
    assert found[MEASURES] == ("bes_jobindsats", "rolling_file", "accepted", 95460, 95460, 966)
    assert found["population_2026.csv"] == ("bor_folketal", "first_of_year", "accepted", 98, 98, 0)
    assert found["population_by_quarter_2008_2020.csv"] == ("bor_folketal", "by_quarter", "accepted", 5049, 5049, 0)
    assert {r.verdict for r in report.results if r.contract is None} == {"skipped"}
    assert report.exit_code == 0
    assert {r.verdict for r in desk.receive(published_data).results} == {"unchanged", "skipped"}


def test_no_published_value_is_lost_or_altered(desk: Desk, published_data: Path):
    with_all_units(desk, published_data).receive(published_data / MEASURES)
    delivered = Counter(
        (row["kommunekode"].zfill(4), row["maaling"], row["felt"], row["periode"], f"{float(row['vaerdi']):.2f}" if row["vaerdi"] else None)
        for row in read(published_data / MEASURES)
    )
    label = "strftime(periode, '%YM%m') || coalesce('|' || kategori, '')"
    assert Counter(desk.rows("bes_jobindsats", f"unit_code, maaling, felt, {label}, CAST(vaerdi AS VARCHAR)")) == delivered


def test_the_country_on_1_january_2020_is_the_published_one(desk: Desk, published_data: Path):
    with_all_units(desk, published_data).receive(published_data)
    assert desk.rows("bor_folketal", "folketal, line_number, delivery_id", "base_period_key = 8080 AND unit_code = '0411'")[0][0] == 84
    assert sum(row[0] for row in desk.rows("bor_folketal", "folketal", "base_period_key = 8080")) == 5822763


def test_the_contract_names_the_series_of_the_file_and_where_each_starts(desk: Desk, published_data: Path):
    first: dict[str, str] = {}
    for row in read(published_data / MEASURES):
        series, month = f"{row['maaling']}.{row['felt']}", row["periode"][:7].replace("M", "-")
        first[series] = min(first.get(series, month), month)
    contract: Contract = desk.contracts["bes_jobindsats"]
    assert contract.series_starts == first


def test_code_lists_of_the_contract_are_the_seeds(desk: Desk):
    contract = desk.contracts["bes_jobindsats"]
    for rule_id, seed in (("V-BES-32", "visitation_categories"), ("V-BES-33", "offer_types")):
        with (ROOT / "seeds" / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
            categories = {row["source_category"] for row in csv.DictReader(file)}
        assert set(next(rule for rule in contract.rules if rule.id == rule_id).values) == categories


def test_the_next_published_file_whose_window_moved_drops_no_series(desk: Desk, published_data: Path):
    with_all_units(desk, published_data).receive(published_data / MEASURES)
    header, *lines = gzip.decompress((published_data / MEASURES).read_bytes()).decode().splitlines()
    months = sorted({row["periode"][:7] for row in read(published_data / MEASURES)})
    later = [line for line in lines if f",{months[0]}" not in line]
    assert 0 < len(later) < len(lines)
    result = desk.deliver("jobindsats_2026-09-22.csv.gz", "\n".join([header, *later]) + "\n")
    assert (result.verdict, result.rows_accepted, dict(result.rule_counts)) == ("accepted", len(later), {})


def test_published_files_end_with_a_line_end(published_data: Path):
    for path in published_data.glob("*.csv*"):
        data = path.read_bytes()
        assert (gzip.decompress(data) if path.suffix == ".gz" else data).endswith(b"\n"), path.name
