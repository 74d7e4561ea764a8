"""Deltas: accepted in any order, one per number, and those behind a gap wait; and which of them are in force where."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.ledger_streams import Stream, streams
from tests.delivery.ledger_desk import ledger_desk, month, posting
from tests.delivery.parcel import Desk

MARCH = 2019 * 12 + 2
PART = ("0101", MARCH, "")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ledger_desk(tmp_path)


def change(bilag: str, beloeb: Any = 1, handling: str = "U", **values: Any) -> dict[str, Any]:
    row = {"aar": 2019, "maaned": 3, "dato": "2019-03-15", "bilag": bilag, "linje": 1, "beloeb": beloeb, "handling": handling}
    return {**row, **values}


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def daily(desk: Desk, number: int, *rows: dict[str, Any], unit: str = "0101", extracted: str | None = None, **options: Any):
    """Deliver delta `number`, extracted on that day of April unless said otherwise."""
    return desk.deliver(f"aendring_{unit}_{extracted or f'2019-04-{number + 1:02}'}_{number}.jsonl.gz", lines(*rows), **options)


def in_force(desk: Desk, part: tuple[str, int, str] = PART) -> list[int]:
    """Numbers of the deltas in force in a part."""
    with desk.ledger() as ledger:
        full = {(p.unit_code, p.base_period_key, p.slot): p for p in ledger.active_partitions("postings")}
        stream = streams(ledger.deltas("postings")).get(part[0], Stream([]))
        return [delta.sequence for delta in stream.in_force(part, full.get(part))] if stream.deltas else []


def test_a_delta_changes_rows_and_delivers_no_part(desk: Desk):
    result = daily(desk, 1, change("B1"), change("B2", None, "D", dato=None))
    assert (result.verdict, result.rows_accepted) == ("accepted", 2), result.message
    assert desk.rows("postings", "bilag, beloeb, unit_code, base_period_key, is_deleted") == [
        ("B1", Decimal("1.00"), "0101", MARCH, False),
        ("B2", None, "0101", MARCH, True),
    ]
    with desk.ledger() as ledger:
        assert ledger.active_partitions("postings") == []
        (delta,) = ledger.deltas("postings")
        (delivery,) = ledger.deliveries()
    assert (delta.stream, delta.sequence, delta.partitions) == ("0101", 1, {PART: 2})
    assert (delivery.mode, delivery.stream, delivery.sequence) == ("delta", "0101", 1)


@pytest.mark.parametrize("rows", [{"bilag": None}, {"aar": None}, {"linje": "x"}, {"maaned": 14}])
def test_a_deleted_row_needs_its_period_and_its_key(desk: Desk, rows: dict[str, Any]):
    result = daily(desk, 1, change("B1"), {**change("B2", None, "D"), **rows})
    assert (result.rows_accepted, result.rows_set_aside) == (1, 1)


def test_a_row_that_is_not_deleted_needs_the_rest_too(desk: Desk):
    daily(desk, 1, change("B1"), change("B2", None), change("B3", "x", "D"), change("B4", "x"))
    assert desk.set_aside("postings", "rule_ids") == [(["P-23"],), (["P-14"],)]


def test_a_row_may_move_from_one_part_to_another(desk: Desk):
    result = daily(desk, 1, change("B1", None, "D"), change("B1", 2, maaned=4), change("B2", None, "D"), change("B2", 2))
    assert desk.rows("postings", "base_period_key, is_deleted") == [(MARCH, True), (MARCH + 1, False)]
    assert result.rule_counts == {"P-5": 2}


def test_a_gap_is_told_and_closed_by_what_comes(desk: Desk):
    assert daily(desk, 3, change("B1")).message == "1 row accepted."
    assert daily(desk, 5, change("B2")).message == "1 row accepted. Delta 5 waits: 4 has not come."
    assert daily(desk, 9, change("B3")).message == "1 row accepted. Delta 9 waits: 4, 6, 7, 8 have not come."
    assert daily(desk, 40, change("B3"), extracted="2019-05-09").message.endswith("waits: 4, 6, 7, 8, 10 and 29 more have not come.")
    assert in_force(desk) == [3]
    assert daily(desk, 4, change("B4")).message == "1 row accepted."
    assert in_force(desk) == [3, 4, 5]


def test_one_unit_s_gap_is_not_another_s(desk: Desk):
    daily(desk, 1, change("B1"))
    daily(desk, 7, change("B1"), unit="0147")
    assert daily(desk, 2, change("B2")).message == "1 row accepted."
    assert in_force(desk) == [1, 2] and in_force(desk, ("0147", MARCH, "")) == [7]


@pytest.mark.parametrize("order", list(permutations([1, 2, 3, 5])))
def test_what_is_in_force_does_not_depend_on_the_order_of_receipt(desk: Desk, order: tuple[int, ...]):
    for number in order:
        assert daily(desk, number, change(f"B{number}")).verdict == "accepted"
    assert in_force(desk) == [1, 2, 3]


def test_gaps_of_files_that_come_together_are_closed_by_each_other(desk: Desk):
    for number in (3, 1, 2):
        desk.put(f"aendring_0101_2019-04-0{9 - number}_{number}.jsonl", lines(change(f"B{number}")))
    assert [result.message for result in desk.receive(desk.inbox).results] == ["1 row accepted."] * 3


def test_a_full_delivery_resets_and_its_number_is_where_the_next_begins(desk: Desk):
    daily(desk, 1, change("B1"))
    daily(desk, 2, change("B2"))
    full = month(posting(udtraek="05-04-2019"))
    assert desk.deliver("postering_0101_2019-03.csv", full, {"sequence": 4, "extracted_at": "2019-04-05T00:00:00"}).verdict == "accepted"
    assert in_force(desk) == []
    assert daily(desk, 6, change("B6")).message == "1 row accepted. Delta 6 waits: 5 has not come."
    daily(desk, 5, change("B5"))
    assert in_force(desk) == [5, 6]


def test_a_full_delivery_without_a_number_stands_for_the_deltas_before_it(desk: Desk):
    daily(desk, 1, change("B1"))
    daily(desk, 3, change("B3"))
    desk.deliver("postering_0101_2019-03.csv", month(posting(udtraek="05-04-2019")))
    assert daily(desk, 5, change("B5")).message == "1 row accepted. Delta 5 waits: 4 has not come."
    daily(desk, 4, change("B4"))
    assert in_force(desk) == [4, 5]


def test_a_full_delivery_that_comes_again_undoes_the_deltas_between(desk: Desk):
    full = month(posting(udtraek=""))
    desk.deliver("postering_0101_2019-03.csv", full, {"extracted_at": "2019-04-01T00:00:00"})
    daily(desk, 1, change("B1"))
    assert in_force(desk) == [1]
    again = desk.deliver("postering_0101_2019-03.csv", full, {"extracted_at": "2019-04-05T00:00:00"})
    assert again.verdict == "unchanged" and in_force(desk) == []
    daily(desk, 2, change("B2"), extracted="2019-04-06")
    assert in_force(desk) == [2]


def test_a_delta_from_before_the_full_delivery_changes_nothing(desk: Desk):
    desk.deliver("postering_0101_2019-03.csv", month(posting(udtraek="09-04-2019")))
    result = daily(desk, 2, change("B1"), change("B2", maaned=2))
    assert result.message == "2 rows accepted; a later full extract is in force in 1 of 2 parts."
    assert in_force(desk) == [] and in_force(desk, ("0101", MARCH - 1, "")) == [2]


def test_the_same_number_with_the_same_content_is_unchanged(desk: Desk):
    daily(desk, 1, change("B1"))
    again = daily(desk, 1, change("B1"))
    assert (again.verdict, again.exit_code) == ("unchanged", 0)
    assert again.message == "The same content as delivery 1, which is delta 1 of 0101: nothing changed."


def test_the_same_number_with_other_content_is_refused(desk: Desk):
    daily(desk, 1, change("B1"))
    result = daily(desk, 1, change("B1", 2))
    assert (result.verdict, result.code, result.exit_code) == ("refused", "FILE-SEQUENCE", 1)
    assert result.message == "Delta 1 of 0101 has come already, with other content (delivery 1), and nothing says that this one is newer."
    assert daily(desk, 1, change("B1", 2), supersede=True).verdict == "accepted"
    with desk.ledger() as ledger:
        assert [delta.delivery_id for delta in ledger.deltas("postings")] == [3]


def test_the_same_number_from_a_newer_extract_replaces(desk: Desk):
    daily(desk, 1, change("B1"))
    daily(desk, 2, change("B1", 5))
    assert daily(desk, 1, change("B1", 2), extracted="2019-04-20").verdict == "accepted"
    with desk.ledger() as ledger:
        assert [(delta.sequence, delta.delivery_id) for delta in ledger.deltas("postings")] == [(1, 3), (2, 2)]
    old = daily(desk, 1, change("B1", 7), extracted="2019-04-19")
    assert (old.verdict, old.code) == ("refused", "FILE-SEQUENCE")


def test_days_without_a_change_keep_the_numbers_together(desk: Desk):
    for number in (1, 2, 3):
        assert daily(desk, number).message == "0 rows accepted."
    assert daily(desk, 4, change("B1")).message == "1 row accepted."
    assert in_force(desk) == [4]


def test_an_empty_delta_that_nothing_vouches_for_is_refused(desk: Desk):
    name = "aendring_0101_2019-04-02_1.jsonl"
    assert desk.deliver(name, b"").code == "FILE-EMPTY"
    assert desk.deliver(name, b"", {"rows": 0}).verdict == "accepted"


def test_a_delta_of_which_no_row_is_right_does_not_count(desk: Desk):
    daily(desk, 1, change("B1"))
    assert daily(desk, 2, change("B2", "x")).verdict == "refused"
    assert daily(desk, 3, change("B3")).message.endswith("Delta 3 waits: 2 has not come.")
    assert daily(desk, 2, change("B2", 1)).verdict == "accepted"
    assert in_force(desk) == [1, 2, 3]


STEP_HEADER = "kommunekode;udtraek;aar;maaned;bilag;linje;beloeb;handling;sekvens"


def step(number: int | str, bilag: str = "B1", day: int = 2) -> str:
    return f"0101;2019-04-{day:02};2019;3;{bilag};1;1.00;U;{number}"


def test_number_and_time_may_stand_in_columns(desk: Desk):
    result = desk.deliver("trin_a.csv", "\n".join([STEP_HEADER, step(7), step(7, "B2", 3)]) + "\n")
    assert result.verdict == "accepted"
    with desk.ledger() as ledger:
        (delta,) = ledger.deltas("postings")
    assert (delta.stream, delta.sequence, delta.extracted_at) == ("", 7, datetime(2019, 4, 3))
    assert desk.deliver("trin_b.csv", f"{STEP_HEADER}\n{step(9, day=4)}\n").message.endswith("Delta 9 waits: 8 has not come.")


@pytest.mark.parametrize(
    ("rows", "manifest", "message"),
    [
        ([step(7), step(8, "B2")], None, "The rows are of deltas 7 to 8; a file is one delta."),
        ([step("")], None, "Nothing says which number the delta has."),
        ([step(7)], {"sequence": 8}, "The rows are of delta 7, the manifest says 8."),
        ([step(-1)], None, "The delta has number -1; numbers count from 0 or 1."),
    ],
)
def test_a_delta_has_one_number(desk: Desk, rows: list[str], manifest: dict | None, message: str):
    result = desk.deliver("trin_a.csv", "\n".join([STEP_HEADER, *rows]) + "\n", manifest)
    assert (result.verdict, result.code) == ("refused", "FILE-SEQUENCE") and result.message == message
    assert desk.files() == []


def test_name_and_manifest_agree_on_the_number(desk: Desk):
    result = desk.deliver("aendring_0101_2019-04-02_1.jsonl", lines(change("B1")), {"sequence": 2})
    assert (result.code, result.message) == ("FILE-SEQUENCE", "The name says delta 1, the manifest 2.")


def test_a_number_that_is_far_off_costs_nothing(desk: Desk):
    daily(desk, 1, change("B1"))
    result = desk.deliver("aendring_0101_2019-04-30_999999999.jsonl", lines(change("B2")))
    assert result.message.endswith("waits: 2, 3, 4, 5, 6 and 999,999,992 more have not come.")
