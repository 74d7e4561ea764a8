"""Ledgers as suppliers deliver them: joined periods, side periods, values from names and columns, warnings, empty parts."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.delivery.ledger_desk import HEADER, ledger_desk, month, posting
from tests.delivery.parcel import Desk, day

MARCH = 2019 * 12 + 2
DECEMBER = 2019 * 12 + 11
FILE = "postering_0101_2019-03.csv"
CLOSING = "postering_0101_2019-13.csv"
CLOSED = {"maaned": "13", "dato": "31-12-2019", "bogfoert": "31-12-2019", "udtraek": "10-01-2020"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ledger_desk(tmp_path)


def parts(desk: Desk) -> dict[tuple[str, int, str], tuple[int, int]]:
    """Partition → delivery in force, rows."""
    with desk.ledger() as ledger:
        return {(p.unit_code, p.base_period_key, p.slot): (p.delivery_id, p.rows) for p in ledger.active_partitions("postings")}


def test_a_supplier_s_month(desk: Desk):
    result = desk.deliver(FILE, month(posting(), posting("B2", beloeb="10,5", person="010190-1234")).encode("cp1252"))
    assert (result.verdict, result.rows_accepted) == ("accepted", 2)
    assert parts(desk) == {("0101", MARCH, ""): (1, 2)}
    columns = "kommunekode, periode, aar, maaned, dato, beloeb, tekst, udtraek, unit_code, base_period_key, slot, is_deleted"
    first = desk.rows("postings", columns)[0]
    moment = datetime(2019, 4, 2, 6, 15)
    assert first[:4] == ("0101", date(2019, 3, 1), 2019, "3")
    assert first[4:] == (date(2019, 3, 15), Decimal("-1234.50"), "Løn", moment, "0101", MARCH, "", False)
    with desk.ledger() as ledger:
        (delivery,) = ledger.deliveries()
    assert (delivery.extracted_at, delivery.extracted_from, delivery.mode, delivery.stream) == (moment, "column", "full", "0101")


def test_the_newest_extract_time_of_the_rows_is_the_file_s(desk: Desk):
    desk.deliver(FILE, month(posting(udtraek="02-04-2019 06:15:00+02:00"), posting("B2", udtraek="01-04-2019")))
    with desk.ledger() as ledger:
        assert ledger.deliveries()[0].extracted_at == datetime(2019, 4, 2, 4, 15)


def test_the_newest_extract_wins_whatever_comes_first(desk: Desk):
    desk.deliver(FILE, month(posting(udtraek="05-04-2019", beloeb="2,00")))
    older = desk.deliver(FILE, month(posting(udtraek="02-04-2019", beloeb="1,00")))
    assert (older.verdict, older.code) == ("refused", "FILE-OLDER")
    assert desk.active("postings", "beloeb") == [(Decimal("2.00"),)]


def test_both_in_one_receive(desk: Desk):
    desk.put("a/" + FILE, month(posting(udtraek="05-04-2019", beloeb="2,00")))
    desk.put("b/" + FILE, month(posting(udtraek="02-04-2019", beloeb="1,00")))
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["accepted", "accepted"]
    assert desk.active("postings", "beloeb") == [(Decimal("2.00"),)]


def test_no_extract_time_in_any_row_is_said(desk: Desk):
    result = desk.deliver(FILE, month(posting(udtraek="")))
    assert result.verdict == "accepted_with_warnings" and result.rule_counts == {"FILE-EXTRACT": 1}
    assert "extract time is unknown" in result.message and "a manifest" in result.message


def test_side_periods_are_parts_of_their_own(desk: Desk):
    assert (
        desk.deliver(
            "postering_0101_2019-12.csv", month(posting(maaned="12", dato="31-12-2019", bogfoert="", udtraek="05-01-2020"))
        ).verdict
        == "accepted"
    )
    assert desk.deliver(CLOSING, month(posting("B2", **CLOSED), posting("B3", **CLOSED))).verdict == "accepted"
    assert parts(desk) == {("0101", DECEMBER, ""): (1, 1), ("0101", DECEMBER, "13"): (2, 2)}
    assert desk.rows("postings", "bilag, periode, base_period_key, slot") == [
        ("B1", date(2019, 12, 1), DECEMBER, ""),
        ("B2", date(2019, 12, 1), DECEMBER, "13"),
        ("B3", date(2019, 12, 1), DECEMBER, "13"),
    ]
    assert desk.deliver(CLOSING, month(posting("B4", **{**CLOSED, "udtraek": "11-01-2020"}))).verdict == "accepted"
    assert parts(desk) == {("0101", DECEMBER, ""): (1, 1), ("0101", DECEMBER, "13"): (3, 1)}


def test_the_opening_stands_in_the_place_of_january(desk: Desk):
    desk.deliver("postering_0101_2019-00.csv", month(posting(maaned="0"), posting("B2", maaned="00")))
    assert parts(desk) == {("0101", 2019 * 12, "0"): (1, 2)}


@pytest.mark.parametrize(
    ("values", "rule", "reason"),
    [
        ({"kommunekode": "147"}, "P-2", "kommunekode '147' is another unit than the file's name says: 0101"),
        ({"maaned": "4"}, "P-4", "periode '2019-4' is another period than the file's name says: 2019-03"),
        ({"maaned": "14"}, "P-4", "periode '2019-14' is not a period in the form {year}-{month_number}"),
        ({"maaned": "13"}, "P-4", "periode '2019-13' is another period than the file's name says: 2019-03"),
        ({"maaned": ""}, "P-7", "periode is empty"),
        ({"dato": "2019-03-15"}, "P-11", "dato '2019-03-15' is not a date (DD-MM-YYYY)"),
        ({"dato": "31-02-2019"}, "P-11", "dato '31-02-2019' is not a date (DD-MM-YYYY)"),
        ({"udtraek": "2. april"}, "P-9", "udtraek '2. april' is not a date and time (DD-MM-YYYY)"),
        (
            {"dato": "04-05-2019", "bogfoert": "04-05-2019"},
            "P-21",
            "dato '04-05-2019' lies by more than 31 days after the extract of 2019-04-02",
        ),
        ({"beloeb": "1234.50"}, "P-14", "beloeb '1234.50' is not a number with at most 2 decimals after ','"),
        ({"person": "12"}, "P-22", "person '••••' does not look like [0-9]{6}-?[0-9]{4}"),
    ],
)
def test_each_row_that_is_wrong_is_set_aside_with_its_reason(desk: Desk, values: dict[str, str], rule: str, reason: str):
    result = desk.deliver(FILE, month(posting(), posting("B2", **values)))
    assert (result.rows_accepted, result.rows_set_aside) == (1, 1)
    ((line, rules, why, raw),) = desk.set_aside("postings")
    assert (line, rules, why) == (3, [rule], reason)
    assert raw == posting("B2", **({**values, "person": "••••"} if "person" in values else values))


@pytest.mark.parametrize(("dato", "kept"), [("03-05-2019", 2), ("04-05-2019", 1)])
def test_a_date_may_lie_so_many_days_after_the_extract(desk: Desk, dato: str, kept: int):
    assert desk.deliver(FILE, month(posting(), posting("B2", dato=dato, bogfoert=dato))).rows_accepted == kept


def test_a_month_that_begins_after_the_extract(desk: Desk):
    rows = [posting(maaned="5", dato="", bogfoert="", udtraek="02-04-2019")]
    result = desk.deliver("postering_0101_2019-05.csv", month(*rows))
    assert (result.verdict, result.code) == ("refused", "FILE-NOTHING")
    assert desk.set_aside("postings", "reason") == [("periode '2019-5' begins after the extract of 2019-04-02",)]


def test_a_warning_keeps_the_row_and_counts_the_hit(desk: Desk):
    late, same = posting("B2", dato="17-03-2019"), posting("B3", dato="16-03-2019")
    result = desk.deliver(FILE, month(posting(), late, same, posting("B4", bogfoert="")))
    assert (result.verdict, result.rows_accepted, result.rule_counts) == ("accepted_with_warnings", 4, {"P-20": 1})
    assert "kept with a warning: P-20 × 1" in result.message and result.exit_code == 0
    with desk.ledger() as ledger:
        assert ledger.rule_counts() == {1: {"P-20": 1}}


def test_a_row_that_is_set_aside_counts_its_warning_too(desk: Desk):
    result = desk.deliver(FILE, month(posting(), posting("B2", dato="17-03-2019", beloeb="x")))
    assert result.rule_counts == {"P-14": 1, "P-20": 1}


def test_a_name_makes_its_part_delivered_without_a_row(desk: Desk):
    result = desk.deliver(FILE, HEADER + "\n", received_at=day("2019-04-02"))
    assert (result.verdict, result.rows_delivered, result.rows_accepted) == ("accepted_with_warnings", 0, 0)
    assert parts(desk) == {("0101", MARCH, ""): (1, 0)}
    assert desk.deliver(FILE, HEADER + "\n", received_at=day("2019-04-03")).verdict == "unchanged"
    assert desk.deliver(FILE, month(posting(udtraek="04-04-2019"))).verdict == "accepted"
    # What was unchanged is no delivery of its own.
    assert parts(desk) == {("0101", MARCH, ""): (2, 1)}


def test_two_units_that_have_nothing_to_deliver_are_two_deliveries(desk: Desk):
    # The bytes are the same; whose they are, and of which month, stands in the name.
    moment = {"extracted_at": "2019-04-09T00:00:00"}
    for name in (FILE, "postering_0147_2019-03.csv", "postering_0101_2019-02.csv"):
        assert desk.deliver(name, HEADER + "\n", moment).verdict == "accepted"
    assert sorted(parts(desk)) == [("0101", MARCH - 1, ""), ("0101", MARCH, ""), ("0147", MARCH, "")]
    assert desk.deliver(FILE, HEADER + "\n", moment).verdict == "unchanged"


def test_an_empty_part_replaces_what_was_there(desk: Desk):
    desk.deliver(FILE, month(posting()))
    assert desk.deliver(FILE, HEADER + "\n", {"extracted_at": "2019-04-09T00:00:00"}).verdict == "accepted"
    assert parts(desk) == {("0101", MARCH, ""): (2, 0)} and desk.active("postings", "bilag") == []


def test_a_file_of_which_no_row_is_right_does_not_empty_its_part(desk: Desk):
    desk.deliver(FILE, month(posting()))
    result = desk.deliver(FILE, month(posting(beloeb="x", udtraek="09-04-2019")))
    assert (result.verdict, result.code) == ("refused", "FILE-NOTHING")
    assert parts(desk) == {("0101", MARCH, ""): (1, 1)}


NATIONAL = "postering_alle_2019-04-02.csv"


def national(row: str) -> str:
    """A row of the monthly form as the national text form writes it."""
    values = row.split(";")
    for place in (1, 4, 5):
        moment = values[place].split(" ")
        values[place] = " ".join(["-".join(reversed(moment[0].split("-"))), *moment[1:]]) if values[place] else ""
    values[9] = values[9].replace(",", ".")
    return ";".join(values)


def test_a_manifest_names_the_parts_that_are_empty(desk: Desk):
    named = [{"unit": "101", "period": "2019-03"}, {"unit": "0147", "period": "2019-3"}, {"unit": "0751", "period": "2019-13"}]
    manifest = {"parts": named, "extracted_at": "2020-01-20T00:00:00"}
    assert desk.deliver(NATIONAL, month(national(posting())), manifest).verdict == "accepted"
    assert parts(desk) == {("0101", MARCH, ""): (1, 1), ("0147", MARCH, ""): (1, 0), ("0751", DECEMBER, "13"): (1, 0)}


@pytest.mark.parametrize(
    ("name", "manifest", "code", "message"),
    [
        (FILE, {"parts": [{"unit": "0147", "period": "2019-03"}]}, "FILE-MANIFEST", "The name says 0101, 2019-03, which is not among the manifest's parts."),
        (NATIONAL, {"parts": [{"unit": "0147", "period": "2019-03"}]}, "FILE-MANIFEST", "The file has rows of 0101, 2019-03, which is not among"),
        (NATIONAL, {"parts": [{"unit": "0999", "period": "2019-03"}]}, "FILE-MANIFEST", "The manifest says unit '0999', which is not a known unit code."),
        (NATIONAL, {"parts": [{"unit": "0101", "period": "2019-14"}]}, "FILE-MANIFEST", "The manifest says period '2019-14', which is no month."),
        (NATIONAL, {"parts": [{"unit": "0101", "period": "2019-03"}, {"unit": "0147", "period": "2019-05"}]}, "FILE-NAME", "The file is said to be of 2019-05, which begins after its extract."),
        ("postering_0999_2019-03.csv", None, "FILE-NAME", "The name postering_0999_2019-03.csv says unit '0999', which is not a known unit code."),
        ("postering_0101_2019-14.csv", None, "FILE-NAME", "The name postering_0101_2019-14.csv says period '2019-14', which is not a period in the form"),
        ("postering_0101_x.2019.csv", None, "FILE-NAME", "The name postering_0101_x.2019.csv says period 'x'"),
        ("postering__2019.csv", None, "FILE-NAME", "The name postering__2019.csv has no unit where postings, form monthly, reads it."),
        ("postering_01-01_2019.csv", None, "FILE-NAME", "The name postering_01-01_2019.csv says unit '01-01', which is not a known unit code."),
    ],
)  # fmt: skip
def test_what_name_and_manifest_say_must_agree_with_the_file(desk: Desk, name: str, manifest: dict | None, code: str, message: str):
    row = national(posting()) if name == NATIONAL else posting()
    result = desk.deliver(name, month(row), manifest)
    assert (result.verdict, result.code) == ("refused", code), result.message
    assert result.message.startswith(message) and parts(desk) == {}


@pytest.mark.parametrize("name", ["postering_0101_201903.csv", "postering_101_2019-3.csv"])
def test_a_name_may_leave_separators_and_zeros_out(desk: Desk, name: str):
    assert desk.deliver(name, month(posting())).verdict == "accepted"
    assert parts(desk) == {("0101", MARCH, ""): (1, 1)}


@pytest.mark.parametrize("code", ["ØX", "K-3", "AB-C-1"])
def test_a_name_may_say_a_unit_whose_code_has_other_letters_and_hyphens(desk: Desk, code: str):
    desk.units[code] = "member"
    assert desk.deliver(f"postering_{code}_2019-03.csv", month(posting(kommunekode=code))).verdict == "accepted"
    assert parts(desk) == {(code, MARCH, ""): (1, 1)}


@pytest.mark.parametrize("value", ["01-01-0000", "31-12-0000"])
def test_the_year_0_is_no_year(desk: Desk, value: str):
    desk.deliver(FILE, month(posting(), posting("B2", bogfoert=value), posting("B3", dato="01-01-0001", bogfoert="31-12-1899")))
    assert [row[2] for row in desk.set_aside("postings")] == [f"bogfoert '{value}' is not a date (DD-MM-YYYY)"]
    assert desk.rows("postings", "dato, bogfoert")[1] == (date(1, 1, 1), date(1899, 12, 31))


@pytest.mark.parametrize(("moment", "hour"), [("02-04-2019 06:15+02", 4), ("02-04-2019 06:15-0130", 7), ("02-04-2019 06:15", 6)])
def test_a_zone_may_be_whole_hours(desk: Desk, moment: str, hour: int):
    desk.deliver(FILE, month(posting(udtraek=moment)))
    assert [found.hour for (found,) in desk.rows("postings", "udtraek")] == [hour]


@pytest.mark.parametrize("moment", ["01-01-0001", "31-12-9999 23:59", "31-12-9999 23:59-12", "01-01-1899"])
def test_an_extract_that_cannot_be_refuses_its_file_and_no_other(desk: Desk, moment: str):
    desk.put(FILE, month(posting(udtraek=moment)))
    desk.put("postering_0147_2019-03.csv", month(posting(kommunekode="0147")))
    refused, other = desk.receive(desk.inbox).results
    assert (refused.code, other.verdict) == ("FILE-EXTRACT", "accepted")
    assert refused.message.startswith("The newest row says that the data were taken out on ") and "1900 to 2200" in refused.hint


def test_the_same_key_in_two_parts_is_still_the_same_key(desk: Desk):
    desk.deliver(NATIONAL, month(*(national(posting(maaned=m, beloeb=b)) for m, b in (("2", "1"), ("3", "2")))))
    assert [row[0] for row in desk.set_aside("postings", "reason")] == [
        "the row contradicts line 3, which has the same key",
        "the row contradicts line 2, which has the same key",
    ]
