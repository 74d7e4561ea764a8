"""A manifest beside the file: what the sender says must agree with what came."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.delivery.ledger_desk import HEADER, ledger_desk
from tests.delivery.parcel import MEASURES, MEASURES_HEADER, MEASURES_ROWS, Desk, table

CONTENT = table(MEASURES_HEADER, MEASURES_ROWS)
DIGEST = hashlib.sha256(CONTENT.encode()).hexdigest()


def test_a_manifest_that_agrees_is_remembered(desk: Desk):
    said = {"rows": 4, "sha256": DIGEST.upper(), "sums": {"vaerdi": 103548.1}, "synthetic": True}
    result = desk.deliver(MEASURES, CONTENT, manifest=said)
    assert (result.verdict, result.synthetic) == ("accepted", True)
    with desk.ledger() as ledger:
        assert [(delivery.has_manifest, delivery.synthetic) for delivery in ledger.deliveries()] == [(True, True)]
        assert {partition.synthetic for partition in ledger.active_partitions("bes_jobindsats")} == {True}


@pytest.mark.parametrize(
    ("said", "controlled"),
    [
        ({"synthetic": True}, False),
        ({"extracted_at": "2026-08-22T10:00:00"}, False),
        ({"rows": 4}, True),
        ({"sums": {"vaerdi": 103548.1}}, True),
    ],
)
def test_a_manifest_without_figures_controls_nothing(desk: Desk, said: dict, controlled: bool):
    assert desk.deliver(MEASURES, CONTENT, manifest=said).verdict == "accepted"
    with desk.ledger() as ledger:
        assert [delivery.has_manifest for delivery in ledger.deliveries()] == [controlled]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"rows": 5}, "The manifest says 5 rows, the file has 4."),
        ({"sha256": "0" * 64}, "The manifest's checksum is not the file's: it begins with 000000000000, the file's with "),
        ({"sums": {"vaerdi": 1}}, "The manifest says that vaerdi adds up to 1, in the file it is 103548.10."),
        ({"sums": {"navn": 1}}, "The manifest has a sum of 'navn', which is no number column of the contract."),
        ({"row": 4}, "cannot be used: row: Extra inputs are not permitted."),
        ({"rows": "many"}, "cannot be used: rows: "),
        ({"sequence": 10**20}, "cannot be used: sequence: "),
    ],
)
def test_a_manifest_that_does_not_agree_refuses_the_file(desk: Desk, said: dict, words: str):
    result = desk.deliver(MEASURES, CONTENT, manifest=said)
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-MANIFEST", 1)
    assert words in result.message
    assert desk.files() == []


def test_a_sum_counts_rows_that_are_set_aside_too(desk: Desk):
    content = table(MEASURES_HEADER, [*MEASURES_ROWS, "999,x,unemployment,total,2026M07,0.9"])
    assert desk.deliver(MEASURES, content, manifest={"sums": {"vaerdi": 103549}}).rows_set_aside == 1


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.999999", "1899-12-31T00:00:00"]
)
def test_an_extract_that_cannot_be_refuses_the_file(desk: Desk, moment: str):
    result = desk.deliver(MEASURES, CONTENT, manifest={"extracted_at": moment})
    assert (result.verdict, result.code) == ("refused", "FILE-EXTRACT")
    assert result.message == f"The manifest says that the data were taken out on {moment[:10]}; that cannot be."


def test_a_file_without_a_row_adds_up_to_nothing(tmp_path: Path):
    desk = ledger_desk(tmp_path)
    parts = [{"unit": "0101", "period": "2019-03"}]
    named = {"parts": parts, "extracted_at": "2019-04-02T00:00:00", "rows": 0}
    result = desk.deliver("postering_alle_2019-04-02.csv", f"{HEADER}\n", {**named, "sums": {"beloeb": 1}})
    assert result.message == "The manifest says that beloeb adds up to 1, in the file it is 0."
    assert desk.deliver("postering_alle_2019-04-02.csv", f"{HEADER}\n", {**named, "sums": {"beloeb": 0}}).verdict == "accepted"


def test_a_manifest_that_is_no_json_refuses_the_file(desk: Desk):
    path = desk.put(MEASURES, CONTENT)
    path.with_name(f"{MEASURES}.manifest.json").write_text("rows: 4")
    assert desk.receive(path).results[0].code == "FILE-MANIFEST"


def test_the_caller_may_say_that_data_are_made_up(desk: Desk):
    assert desk.deliver(MEASURES, CONTENT, manifest={"synthetic": False}, synthetic=True).synthetic
    assert not desk.population().synthetic


def test_rows_of_a_refused_file_do_not_come_in_with_the_next(desk: Desk):
    desk.put("jobindsats_2026-08-22.csv", CONTENT, manifest={"rows": 5})
    desk.put("jobindsats_2026-08-23.csv", table(MEASURES_HEADER, MEASURES_ROWS[:1]))
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["refused", "accepted"]
    assert len(desk.rows("bes_jobindsats", "1")) == 1
