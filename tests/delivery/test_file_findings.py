"""Findings about a file as a whole: where it ends, what its name tells, what its header was meant to be."""

from __future__ import annotations

import hashlib
import os

import pytest

from flis_semantic.delivery import report
from flis_semantic.delivery.report import FILE_RULES
from flis_semantic.errors import ArgumentError
from tests.delivery.parcel import (
    MEASURES_HEADER,
    MEASURES_ROWS,
    POPULATION,
    POPULATION_HEADER,
    POPULATION_ROWS,
    Desk,
    day,
    table,
)

GOOD = table(POPULATION_HEADER, POPULATION_ROWS)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_cut_anywhere_in_its_last_line_is_refused(desk: Desk, end: str):
    content = table(POPULATION_HEADER, [*POPULATION_ROWS, "751,Århus,2020Q1,16981"], end).encode()
    start = content.rindex(b"751")
    cuts = range(start + 1, len(content))
    assert len(cuts) == len("751,Århus,2020Q1,16981".encode()) + len(end) - 1
    for place in cuts:
        result = desk.deliver(POPULATION, content[:place])
        assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-TRUNCATED", 1), place
    assert result.message == "The file's last line (5) has no line end, so it may have been cut."
    assert "End the file with a line end" in result.hint
    assert desk.files() == [] and desk.deliver(POPULATION, content).verdict == "accepted"


def test_a_last_line_without_line_end_is_accepted_when_the_manifest_has_the_files_checksum(desk: Desk):
    content = GOOD.removesuffix("\n")
    result = desk.deliver(POPULATION, content, {"sha256": hashlib.sha256(content.encode()).hexdigest()})
    assert (result.verdict, result.rows_delivered, result.rows_accepted) == ("accepted", 3, 3)


def test_a_number_of_rows_does_not_tell_that_the_last_value_is_all_there(desk: Desk):
    assert desk.deliver(POPULATION, GOOD[:-2], {"rows": 3}).code == "FILE-TRUNCATED"
    assert desk.deliver(POPULATION, GOOD[:-2], {"rows": 4}).code == "FILE-MANIFEST"


def test_a_gzip_knows_that_all_of_it_is_there(desk: Desk):
    result = desk.deliver(f"{POPULATION}.gz", GOOD.removesuffix("\n"))
    assert (result.verdict, result.rows_accepted) == ("accepted", 3)


@pytest.mark.parametrize("content", [GOOD, GOOD.removesuffix("\n")])
@pytest.mark.parametrize("name", [POPULATION, "export.csv", f"{POPULATION}.gz"])
def test_carriage_returns_alone_are_no_line_ends(desk: Desk, content: str, name: str):
    result = desk.deliver(name, content.replace("\n", "\r"))
    assert (result.verdict, result.code, result.contract) == ("refused", "FILE-FORMAT", "bor_folketal")
    assert result.message == "The lines end with a carriage return alone, as on old Macs."


@pytest.mark.parametrize("content", ["\n", "\r\n\r\n", "\r\r", "\n" * 5, " \n\t\n", "\ufeff\n\n"])
def test_blank_lines_are_an_empty_file(desk: Desk, content: str):
    result = desk.deliver(POPULATION, content)
    assert (result.verdict, result.code, result.message) == ("refused", "FILE-EMPTY", "The file has nothing but blank lines.")


def test_many_columns_do_not_make_a_long_message(desk: Desk):
    header = ",".join(f"a_column_with_quite_a_long_name_{n}" for n in range(300))
    result = desk.deliver(POPULATION, f"{header}\n1\n")
    assert result.code == "FILE-HEADER"
    assert len(result.message) <= 400 and len(result.hint) <= 400
    assert result.message.endswith(" more.") and "column 'kommunekode' is missing" in result.message
    longest = desk.deliver(POPULATION, f"kommunekode,navn,kvartal,{'x' * 5000}\n1\n")
    assert len(longest.message) <= 400 and len(longest.hint) <= 400


def test_a_long_value_does_not_make_a_long_message(desk: Desk):
    result = desk.population(*POPULATION_ROWS, f"751,Aarhus,2020Q1,{'x' * 5000}")
    assert result.rows_set_aside == 1 and len(result.message) <= 400


def test_columns_that_were_renamed_are_told_by_their_places(desk: Desk):
    result = desk.deliver(POPULATION, "kommunekode,navn,tid,antal\n101,København,2020Q1,5\n")
    assert "Was 'kvartal' renamed to 'tid'? Was 'folketal' renamed to 'antal'?" in result.hint
    fewer = desk.deliver(POPULATION, "kommunekode,tid,antal\n101,2020Q1,5\n")
    assert "Was 'folketal'" not in fewer.hint


@pytest.mark.parametrize("name", ["jobindsats_2026-13-22.csv", "jobindsats_latest.csv", "jobindsats_2026-08-22_v2.csv.gz"])
def test_a_name_that_should_have_a_date_and_has_none_is_refused(desk: Desk, name: str):
    result = desk.measures(name=name)
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-NAME", 1)
    assert name in result.message and "jobindsats_YYYY-MM-DD.csv" in result.hint
    assert desk.files() == []
    extracted = {"extracted_at": "2026-08-22T06:00:00Z"}
    assert desk.deliver(name, table(MEASURES_HEADER, MEASURES_ROWS), extracted).verdict == "accepted"


def test_a_file_known_by_its_header_has_no_extract_time_and_says_so(desk: Desk):
    result = desk.measures(name="export.csv", received_at=day("2026-09-01T08:00"))
    assert (result.verdict, dict(result.rule_counts), result.exit_code) == ("accepted_with_warnings", {"FILE-EXTRACT": 1}, 0)
    assert "its extract time is unknown, the time of receipt stands in for it: give the date in the name or a manifest" in result.message
    with desk.ledger() as ledger:
        assert [d.extracted_from for d in ledger.deliveries()] == ["receipt"] and ledger.rule_counts() == {1: {"FILE-EXTRACT": 1}}


def test_a_file_known_by_its_header_whose_manifest_has_the_time_is_accepted(desk: Desk):
    content = table(MEASURES_HEADER, MEASURES_ROWS)
    assert desk.deliver("export.csv", content, {"extracted_at": "2026-08-22T06:00:00Z"}).verdict == "accepted"


def test_a_form_without_a_place_for_the_date_needs_none(desk: Desk):
    assert desk.deliver("export.csv", GOOD).verdict == "accepted"


def test_a_name_that_is_no_utf_8_is_told_with_escapes(desk: Desk):
    good = desk.put(POPULATION, GOOD)
    path = good.with_name(os.fsdecode(b"population_by_quarter_\xff.csv"))
    good.rename(path)
    result = desk.receive(path).results[0]
    assert result.verdict == "accepted"
    assert f"{result}".startswith(f"{desk.inbox}/population_by_quarter_\\udcff.csv: accepted")
    assert desk.receive(path).results[0].message.startswith("The same content as delivery 1 (population_by_quarter_\\udcff.csv)")
    path.write_text("x")
    assert desk.receive(path).results[0].verdict == "refused"
    with desk.ledger() as ledger:
        assert {delivery.file_name for delivery in ledger.deliveries()} == {"population_by_quarter_\\udcff.csv"}


def test_a_message_is_one_line_whatever_stands_in_a_name_or_a_value(desk: Desk):
    refused = desk.deliver("jobindsats_a\nb\x1b[31m.csv", table(MEASURES_HEADER, MEASURES_ROWS))
    assert "jobindsats_a\\nb\\x1b[31m.csv has no date" in refused.message
    assert '101,"a' not in desk.population('"10\n1",x,2020Q1,5').message and "\n" not in desk.population('"10\n1",x,2020Q1,5').message


def test_an_extract_date_that_cannot_be_is_refused(desk: Desk):
    result = desk.measures(name="jobindsats_0202-08-22.csv")
    assert (result.verdict, result.code) == ("refused", "FILE-EXTRACT")
    assert result.message == "The name says that the data were taken out on 0202-08-22; that cannot be."


@pytest.mark.parametrize("names", [[], [".hidden"], ["a.csv.manifest.json"]])
def test_a_folder_without_a_file_is_a_wrong_argument(desk: Desk, names: list[str]):
    desk.inbox.mkdir(parents=True)
    for name in names:
        (desk.inbox / name).write_text("{}")
    with pytest.raises(ArgumentError, match="holds no file") as error:
        desk.receive(desk.inbox)
    assert error.value.exit_code == 2


def test_a_folder_with_only_strange_files_is_no_wrong_argument(desk: Desk):
    desk.put("notes.txt", "Dear colleague\n")
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["skipped"]


def test_every_finding_about_a_file_has_a_title_in_both_languages():
    ids = {value for name, value in vars(report).items() if name.isupper() and isinstance(value, str) and value.startswith("FILE-")}
    assert set(FILE_RULES) == ids
    assert all(set(titles) == {"da", "en"} and all(titles.values()) for titles in FILE_RULES.values())
