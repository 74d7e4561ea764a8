"""Bad input: one clear sentence each, nothing lost, nothing half-written. Every expected number is counted by hand."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from flis_semantic.delivery.report import DeliveryResult
from flis_semantic.errors import ArgumentError
from tests.delivery.parcel import (
    MEASURES_HEADER,
    MEASURES_ROWS,
    POPULATION,
    POPULATION_HEADER,
    POPULATION_ROWS,
    Desk,
    table,
)

GOOD = table(POPULATION_HEADER, POPULATION_ROWS)


def assert_refused(desk: Desk, result: DeliveryResult, code: str, *words: str) -> None:
    """Refused with this code and these words, one sentence, and nothing of it anywhere but the ledger's note."""
    assert (result.verdict, result.code, result.exit_code) == ("refused", code, 1)
    for word in words:
        assert word in f"{result.message} {result.hint}"
    assert result.message.endswith(".") and "\n" not in result.message
    assert (result.rows_delivered, result.rows_accepted, result.rows_set_aside) == (0, 0, 0)
    assert desk.files() == []
    with desk.ledger() as ledger:
        assert [(d.verdict, d.code, d.message, d.batch) for d in ledger.deliveries()] == [("refused", code, result.message, None)]
        assert ledger.active_partitions("bor_folketal") == []


def test_an_empty_file_is_refused(desk: Desk):
    assert_refused(desk, desk.deliver(POPULATION, ""), "FILE-EMPTY", "The file is empty")


def test_an_empty_gzip_is_refused(desk: Desk):
    assert_refused(desk, desk.deliver(f"{POPULATION}.gz", ""), "FILE-EMPTY", "The file is empty")


def test_a_header_without_rows_is_refused(desk: Desk):
    assert_refused(desk, desk.deliver(POPULATION, f"{POPULATION_HEADER}\n\n"), "FILE-EMPTY", "a header, but no row")


def test_windows_1252_is_refused_where_utf_8_is_expected(desk: Desk):
    result = desk.deliver(POPULATION, GOOD.encode("cp1252"))
    assert_refused(desk, result, "FILE-ENCODING", "Line 2, byte 6 (0xF8) is not UTF-8", "looks like Windows-1252", "Save it as UTF-8")


def test_a_file_that_mixes_encodings_is_refused(desk: Desk):
    content = GOOD.encode() + "751,Århus,2020Q1,349983\n".encode("cp1252")
    assert_refused(desk, desk.deliver(POPULATION, content), "FILE-ENCODING", "Line 5, byte 5 (0xC5)", "line 2 is UTF-8", "mixes encodings")


def test_mixed_encodings_are_refused_where_both_are_accepted(desk: Desk):
    accept(desk, "utf-8", "windows-1252")
    content = GOOD.encode() + "751,Århus,2020Q1,349983\n".encode("cp1252")
    assert_refused(desk, desk.deliver(POPULATION, content), "FILE-ENCODING", "mixes encodings")


def test_an_unknown_encoding_is_refused(desk: Desk):
    content = GOOD.encode("cp1252") + b"751,\x81rhus,2020Q1,349983\n"
    assert_refused(desk, desk.deliver(POPULATION, content), "FILE-ENCODING", "nor any encoding known here")


def test_utf_8_is_refused_where_windows_1252_is_expected(desk: Desk):
    accept(desk, "windows-1252")
    assert_refused(desk, desk.deliver(POPULATION, GOOD), "FILE-ENCODING", "Line 2 is UTF-8; the form expects Windows-1252")


def test_utf_16_is_refused(desk: Desk):
    assert_refused(desk, desk.deliver(POPULATION, GOOD.encode("utf-16")), "FILE-ENCODING", "UTF-16")


def test_zero_bytes_are_refused(desk: Desk):
    assert_refused(desk, desk.deliver(POPULATION, GOOD.encode() + b"751,\0,2020Q1,1\n"), "FILE-FORMAT", "zero bytes")


def test_a_missing_column_is_named(desk: Desk):
    result = desk.deliver(POPULATION, "kommunekode,kvartal,folketal\n101,2020Q1,5\n")
    assert_refused(desk, result, "FILE-HEADER", "column 'navn' is missing")


def test_an_extra_column_is_named(desk: Desk):
    result = desk.deliver(POPULATION, f"{POPULATION_HEADER},region\n101,København,2020Q1,5,1084\n")
    assert_refused(desk, result, "FILE-HEADER", "'region' is not in the contract")


def test_a_renamed_column_is_paired_with_the_contracts_name(desk: Desk):
    result = desk.deliver(POPULATION, "kommunekode,navn,kvartal,antal\n101,København,2020Q1,5\n")
    assert_refused(desk, result, "FILE-HEADER", "column 'folketal' is missing", "'antal' is not", "Was 'folketal' renamed to 'antal'?")


def test_all_faults_of_a_header_come_at_once(desk: Desk):
    result = desk.deliver(POPULATION, "kommune_kode,navn,navn,folke_tal,x\n101,København,,5,\n")
    faults = ["'navn' is there 2 times", "'kommunekode' is missing", "'kvartal' is missing", "'folketal' is missing", "'x' is not in"]
    assert_refused(
        desk, result, "FILE-HEADER", *faults, "Was 'kommunekode' renamed to 'kommune_kode'?", "Was 'folketal' renamed to 'folke_tal'?"
    )


def test_the_wrong_delimiter_is_named(desk: Desk):
    result = desk.deliver(POPULATION, GOOD.replace(",", ";"))
    assert_refused(desk, result, "FILE-HEADER", "separated by a semicolon", "expects a comma")


def test_a_file_cut_in_the_middle_of_a_row_is_refused(desk: Desk):
    result = desk.deliver(POPULATION, GOOD[: GOOD.index("Christiansø") + 5])
    assert_refused(desk, result, "FILE-TRUNCATED", "its last line (4) has no line end and 2 of 4 values")


def test_a_file_cut_in_the_middle_of_a_character_is_refused(desk: Desk):
    content = GOOD.encode()
    result = desk.deliver(POPULATION, content[: content.index("ø,2020Q1,84".encode()) + 1])
    assert_refused(desk, result, "FILE-TRUNCATED", "in the middle of a character")


def test_a_file_cut_inside_quotation_marks_is_refused(desk: Desk):
    result = desk.deliver(POPULATION, f'{POPULATION_HEADER}\n101,"København",2020Q1,5\n147,"Frederiks')
    assert_refused(desk, result, "FILE-TRUNCATED", "opened on line 3 is never closed")


def test_a_quotation_mark_that_nobody_closes_is_refused(desk: Desk):
    rows = ['101,"København,2020Q1,5', *(f"147,x,20{year}Q1,1" for year in range(10, 20))]
    assert_refused(desk, desk.deliver(POPULATION, table(POPULATION_HEADER, rows)), "FILE-TRUNCATED", "opened on line 2 is never closed")


def test_a_gzip_cut_in_the_middle_is_refused(desk: Desk):
    packed = gzip.compress(GOOD.encode(), mtime=0)
    path = desk.put(f"{POPULATION}.gz", "")
    path.write_bytes(packed[:-12])
    assert_refused(desk, desk.receive(path).results[0], "FILE-TRUNCATED", "gzip ends in the middle")


def test_a_damaged_gzip_is_refused(desk: Desk):
    packed = bytearray(gzip.compress(GOOD.encode(), mtime=0))
    packed[-8] ^= 1
    path = desk.put(f"{POPULATION}.gz", "")
    path.write_bytes(packed)
    assert_refused(desk, desk.receive(path).results[0], "FILE-FORMAT", "gzip is damaged")


def test_what_is_named_gz_and_is_none_is_refused(desk: Desk):
    path = desk.put(f"{POPULATION}.gz", "")
    path.write_text(GOOD)
    assert_refused(desk, desk.receive(path).results[0], "FILE-FORMAT", "named .gz, but it is no gzip")


def test_a_file_that_no_contract_knows_is_refused(desk: Desk):
    result = desk.deliver("notes.txt", "Dear colleague\n")
    assert (result.verdict, result.code, result.contract, result.exit_code) == ("refused", "FILE-UNKNOWN", None, 1)
    assert "neither by its name nor by its header" in result.message and "--contract" in result.hint


def test_a_path_that_does_not_exist_is_a_wrong_argument(desk: Desk):
    with pytest.raises(ArgumentError, match="does not exist") as error:
        desk.receive(Path("nowhere.csv"))
    assert error.value.exit_code == 2


def test_an_unknown_contract_is_a_wrong_argument(desk: Desk):
    with pytest.raises(ArgumentError, match="Did you mean 'bor_folketal'"):
        desk.deliver(POPULATION, GOOD, contract="bor_folketall")


# Bad cells: the row is set aside with rule, line and reason, and the rest is accepted.


def assert_one_set_aside(desk: Desk, result: DeliveryResult, rule: str, line: int, reason: str, raw_row: str, delivered: int) -> None:
    assert (result.verdict, result.exit_code) == ("accepted_with_warnings", 0)
    assert (result.rows_delivered, result.rows_accepted, result.rows_set_aside) == (delivered, delivered - 1, 1)
    assert dict(result.rule_counts) == {rule: 1}
    assert f"first line {line}: {reason} ({rule})" in result.message
    assert desk.set_aside(str(result.contract)) == [(line, [rule], reason, raw_row)]
    with desk.ledger() as ledger:
        assert ledger.rule_counts() == {1: {rule: 1}}


def test_a_number_with_the_wrong_decimal_sign_is_set_aside(desk: Desk):
    result = desk.measures(*MEASURES_ROWS, '147,Frederiksberg,unemployment,totalRate,2026M07,"3,1"')
    reason = "vaerdi '3,1' is not a number with at most 2 decimals after '.'"
    assert_one_set_aside(desk, result, "V-BES-29", 6, reason, '147,Frederiksberg,unemployment,totalRate,2026M07,"3,1"', delivered=5)


def test_a_decimal_comma_without_quotation_marks_makes_a_row_of_too_many_values(desk: Desk):
    row = "147,Frederiksberg,unemployment,totalRate,2026M07,3,1"
    reason = "the row has 7 values, the header has 6"
    assert_one_set_aside(desk, desk.measures(*MEASURES_ROWS, row), "V-BES-20", 6, reason, row, delivered=5)


def test_a_row_of_too_few_values_is_set_aside(desk: Desk):
    result = desk.population(POPULATION_ROWS[0], "147,Frederiksberg", POPULATION_ROWS[2])
    assert_one_set_aside(desk, result, "V-BOR-20", 3, "the row has 2 values, the header has 4", "147,Frederiksberg", delivered=3)


def test_text_after_a_closing_quotation_mark_is_set_aside(desk: Desk):
    result = desk.population(POPULATION_ROWS[0], '147,"Frede"riksberg,2020Q1,5', POPULATION_ROWS[2])
    reason = "a value goes on after its closing quotation mark"
    assert_one_set_aside(desk, result, "V-BOR-20", 3, reason, '147,"Frede"riksberg,2020Q1,5', delivered=3)


@pytest.mark.parametrize("row", ['147, "Frederiksberg",2020Q1,5', ' "147",x,2020Q1,5', '147, "x,2020Q1,5', '147, ",2020Q1,5'])
def test_a_space_before_a_quotation_mark_is_set_aside_and_takes_no_other_row_along(desk: Desk, row: str):
    result = desk.population(POPULATION_ROWS[0], row, POPULATION_ROWS[2])
    assert_one_set_aside(desk, result, "V-BOR-20", 3, "a space stands before a quotation mark", row, delivered=3)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("147,Frederiksberg,2020Q1,5,", 5),
        ("147,Frederiksberg,2020Q1,5,,", 6),
        ('147,Frederiksberg,2020Q1,5,""', 5),
        ('"147","Frede, riks",2020Q1,5,', 5),
        ('"147","Frede\nriks",2020Q1,5,', 5),
    ],
)
def test_a_value_too_many_at_the_end_is_set_aside_though_it_is_empty(desk: Desk, row: str, found: int):
    # Such as what is left when a text with an unquoted delimiter moved all that stood after it.
    result = desk.population(POPULATION_ROWS[0], row, POPULATION_ROWS[2])
    assert_one_set_aside(desk, result, "V-BOR-20", 3, f"the row has {found} values, the header has 4", row, delivered=3)


def test_an_empty_last_value_is_none_too_many(desk: Desk):
    rows = ["147,Frederiksberg,2020Q1,", '751,"x,",2020Q1,""']
    assert desk.population(POPULATION_ROWS[0], *rows).rows_set_aside == 0


@pytest.mark.parametrize("value", ["1234.0", "1.234", "1 234", "1e3", "1_000", "12,5", "+5", "٣", " 5", "12345678901234567890"])
def test_what_is_no_whole_number_is_set_aside(desk: Desk, value: str):
    result = desk.population(*POPULATION_ROWS, f'751,Aarhus,2020Q1,"{value}"')
    assert (result.rows_accepted, dict(result.rule_counts)) == (3, {"V-BOR-24": 1})
    assert f"folketal '{value}' is not a whole number" in result.message


def test_an_unknown_unit_is_set_aside(desk: Desk):
    result = desk.population(*POPULATION_ROWS, "999,Atlantis,2020Q1,5")
    assert_one_set_aside(desk, result, "V-BOR-05", 5, "kommunekode '999' is not a known unit code", "999,Atlantis,2020Q1,5", delivered=4)


@pytest.mark.parametrize("label", ["2020Q5", "2020Q0", "2020M01", "20201", "Q1 2020", "2020q1", "1020Q1", "2020Q1 "])
def test_a_period_that_is_none_is_set_aside(desk: Desk, label: str):
    result = desk.population(*POPULATION_ROWS, f"751,Aarhus,{label},5")
    reason = f"periode '{label}' is not a period in the form {{year}}Q{{quarter}}"
    assert_one_set_aside(desk, result, "V-BOR-23", 5, reason, f"751,Aarhus,{label},5", delivered=4)


def test_a_month_that_does_not_exist_is_set_aside(desk: Desk):
    result = desk.measures(*MEASURES_ROWS, "147,x,unemployment,total,2026M13,5")
    reason = "periode '2026M13' is not a period in the form {year}M{month}"
    assert_one_set_aside(desk, result, "V-BES-25", 6, reason, "147,x,unemployment,total,2026M13,5", delivered=5)


def test_a_period_after_the_extract_is_set_aside(desk: Desk):
    result = desk.measures(*MEASURES_ROWS, "147,x,unemployment,total,2062M07,5")
    assert dict(result.rule_counts) == {"V-BES-25": 1}
    result = desk.measures(*MEASURES_ROWS, "147,x,unemployment,total,2026M09,5", name="jobindsats_2026-08-23.csv")
    assert "periode '2026M09' begins after the extract of 2026-08-23" in result.message


def test_an_unknown_series_is_set_aside(desk: Desk):
    result = desk.measures(*MEASURES_ROWS, "147,x,unemployment,totl,2026M07,5")
    reason = "'unemployment.totl' is not a series of the contract"
    assert_one_set_aside(desk, result, "V-BES-28", 6, reason, "147,x,unemployment,totl,2026M07,5", delivered=5)


def test_every_rule_that_a_row_fails_is_counted_and_the_row_is_set_aside_once(desk: Desk):
    result = desk.population(*POPULATION_ROWS, "999,x,2020Q9,many")
    assert (result.rows_delivered, result.rows_accepted, result.rows_set_aside) == (4, 3, 1)
    assert dict(result.rule_counts) == {"V-BOR-05": 1, "V-BOR-23": 1, "V-BOR-24": 1}
    [(line, rules, reason, raw)] = desk.set_aside("bor_folketal")
    assert (line, rules, raw) == (5, ["V-BOR-05", "V-BOR-23", "V-BOR-24"], "999,x,2020Q9,many")
    assert reason.count(";") == 2


def test_strict_makes_a_set_aside_row_an_error_and_keeps_the_others(desk: Desk):
    result = desk.population(*POPULATION_ROWS, "999,x,2020Q1,5", strict=True)
    assert (result.verdict, result.rows_accepted, result.exit_code) == ("accepted_with_warnings", 3, 1)


def test_one_bad_file_does_not_keep_the_others_out(desk: Desk):
    desk.put("population_by_quarter_a.csv", table(POPULATION_HEADER, POPULATION_ROWS[:2]))
    desk.put("population_by_quarter_b.csv", "", manifest={"rows": 0})
    desk.put("population_by_quarter_c.csv", GOOD.encode("cp1252"))
    desk.put("sub/jobindsats_2026-08-22.csv.gz", table(MEASURES_HEADER, MEASURES_ROWS))
    desk.put("sub/letter.txt", "Dear colleague\n")
    desk.put(".hidden/population_by_quarter_d.csv", GOOD)
    report = desk.receive(desk.inbox)
    found = [(result.file.name, result.verdict, result.exit_code) for result in report.results]
    assert found == [
        ("population_by_quarter_a.csv", "accepted", 0),
        ("population_by_quarter_b.csv", "refused", 1),
        ("population_by_quarter_c.csv", "refused", 1),
        ("jobindsats_2026-08-22.csv.gz", "accepted", 0),
        ("letter.txt", "skipped", 0),
    ]
    assert report.exit_code == 1
    assert len(desk.rows("bor_folketal", "1")) == 2 and len(desk.rows("bes_jobindsats", "1")) == 4


def accept(desk: Desk, *encodings: str) -> None:
    """Let the population's form accept other encodings."""
    contract = desk.contracts["bor_folketal"]
    form = contract.forms["by_quarter"].model_copy(update={"encodings": encodings})
    desk.contracts["bor_folketal"] = contract.model_copy(update={"forms": {**contract.forms, "by_quarter": form}})
