"""Set-aside rows judged again under a corrected contract: the same as if the file came under it, and both verdicts are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flis_semantic.contracts.model import Rule
from flis_semantic.delivery.reprocess import Rejudged, reprocess
from flis_semantic.errors import ArgumentError, WarehouseError
from flis_semantic.ledger import Ledger
from tests.delivery.ledger_desk import ledger_desk, month, posting
from tests.delivery.parcel import Desk, day

MARCH = "postering_0101_2019-03.csv"
NUMBER = "010203-4567"
WRONG = month(
    posting("B1"),
    posting("B2", art="2.2"),
    posting("B3", art="2.2", tekst='"Løn; ""A"""', beloeb="7"),
    posting("B4", art="2.2", person=NUMBER),
    posting("B5", art="2.2", beloeb="much"),
    posting("B1", art="2.2"),
    "0101;too;few",
)
ROWS = "line_number, bilag, beloeb, tekst, art"


def under(desk: Desk, *arts: str) -> None:
    """The contract with a code list of arts."""
    contract = desk.contracts["postings"]
    rules = [rule for rule in contract.rules if rule.id != "P-40"]
    rule = Rule.model_validate({"id": "P-40", "check": "in_values", "column": "art", "values": arts, "title": {"da": "a", "en": "a"}})
    desk.contracts["postings"] = contract.model_copy(update={"rules": (*rules, rule)})


def again(desk: Desk, **options: Any) -> list[Rejudged]:
    return reprocess(desk, "postings", **options)  # pyright: ignore[reportArgumentType]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = ledger_desk(tmp_path)
    under(desk, "4.9")
    return desk


def test_rows_are_what_they_were_if_the_file_had_come_under_the_corrected_contract(desk: Desk, tmp_path: Path):
    first = desk.deliver(MARCH, WRONG, received_at=day("2019-04-03"))
    assert (first.rows_accepted, first.rows_set_aside) == (1, 6)
    under(desk, "4.9", "2.2")
    (result,) = again(desk, judged_at=day("2019-05-01"))
    assert (result.delivery_id, result.judged_as, result.set_aside, result.accepted_now, result.left, result.unreadable) == (
        1,
        2,
        6,
        2,
        4,
        2,
    )
    assert "2 of them because values are masked" in result.message and "--supersede" in result.message
    (tmp_path / "fresh").mkdir()
    fresh = ledger_desk(tmp_path / "fresh")
    under(fresh, "4.9", "2.2")
    fresh.deliver(MARCH, WRONG)
    # Whoever has the whole file sees that the first and the sixth line contradict each other; what was accepted stays accepted.
    assert [row[1] for row in fresh.active("postings", ROWS)] == ["B2", "B3", "B4"]
    assert [row[1] for row in desk.active("postings", ROWS)] == ["B1", "B2", "B3"]
    assert desk.active("postings", ROWS)[1:] == fresh.active("postings", ROWS)[:2]
    columns = "line_number, rule_ids, reason, raw_row"
    with desk.ledger() as ledger:
        files = [desk.landing / "postings" / batch.set_aside_file for batch in ledger.batches() if batch.set_aside_file]
    assert len(files) == 2
    left = {row[0]: row[1:] for row in desk.set_aside("postings", f"{columns}, delivery_id") if row[4] == 2}
    expected = {row[0]: row[1:] for row in fresh.set_aside("postings", columns)}
    assert set(left) == {5, 6, 7, 8}
    assert left[6][:3] == expected[6] and left[7][:3] == expected[7] and left[8][:3] == expected[8]
    # The masked row was not judged: it has the rule that it broke then.
    assert left[5][0] == ["P-40"]


def test_both_verdicts_are_kept_and_what_was_known_before_is_the_first(desk: Desk):
    desk.deliver(MARCH, WRONG, received_at=day("2019-04-03"))
    under(desk, "4.9", "2.2")
    again(desk, judged_at=day("2019-05-01"))
    with desk.ledger() as ledger:
        first, second = ledger.deliveries()
        assert (first.rows_accepted, first.rows_set_aside, first.rejudges) == (1, 6, None)
        assert (second.rows_accepted, second.rows_set_aside, second.rejudges) == (3, 4, 1)
        assert first.rows_delivered == second.rows_delivered == 7 and first.content_sha256 == second.content_sha256
        assert ledger.rule_counts() == {
            1: {"P-1": 1, "P-14": 1, "P-40": 5},
            2: {"P-1": 1, "P-5": 1, "P-14": 1, "P-40": 1},
        }
        assert [part.delivery_id for part in ledger.active_partitions("postings")] == [2]
        assert [part.delivery_id for part in ledger.active_partitions("postings", day("2019-04-30"))] == [1]
        counts = {d: [(c.unit_code, c.rows_accepted, c.rows_set_aside) for c in found] for d, found in ledger.unit_counts().items()}
        assert counts == {1: [("0101", 1, 6)], 2: [("0101", 3, 4)]}
    # Once more changes nothing, and the file itself is judged whole.
    files = desk.files()
    (result,) = again(desk)
    assert (result.delivery_id, result.judged_as, result.accepted_now, desk.files()) == (2, None, 0, files)
    assert desk.deliver(MARCH, WRONG, supersede=True).rows_accepted == 3


def test_what_came_later_stays_in_force(desk: Desk):
    desk.deliver(MARCH, month(posting("B1"), posting("B2", art="2.2")))
    # The same time of extract, and other content: the later receipt counts.
    desk.deliver(MARCH, month(posting("B9")))
    under(desk, "4.9", "2.2")
    (result,) = again(desk)
    assert result.judged_as == 3
    assert [row[0] for row in desk.active("postings", "bilag")] == ["B9"]


def test_a_file_of_which_nothing_was_right_is_accepted_and_a_new_code_of_a_code_list_is_known(desk: Desk):
    refused = desk.deliver("postering_0101_2019-02.csv", month(posting("B1", maaned="2", art="2.2", udtraek="04-03-2019 06:15")))
    assert refused.code == "FILE-NOTHING"
    under(desk, "4.9", "2.2")
    (result,) = again(desk)
    assert (result.accepted_now, result.left) == (1, 0)
    with desk.ledger() as ledger:
        judged = ledger.deliveries()[-1]
        assert (judged.verdict, judged.code, ledger.rule_counts().get(2, {})) == ("accepted", "", {})
    assert desk.active("postings", "bilag") == [("B1",)]


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_rows_of_other_notations_are_read_again(desk: Desk, kind: str, tmp_path: Path):
    from flis_semantic.warehouse import connect
    from tests.delivery.ledger_desk import COLUMNS

    row = dict(
        zip(
            COLUMNS,
            posting(art="2.2", beloeb="-5.25", dato="2019-03-15", bogfoert="2019-03-16", udtraek="2019-04-02").split(";"),
            strict=True,
        )
    )
    path = tmp_path / f"postering_alle_2019-04-02.{kind}"
    connection = connect()
    values = ", ".join(f"'{value}' AS {name}" if value else f"CAST(NULL AS VARCHAR) AS {name}" for name, value in row.items())
    connection.execute(f"COPY (SELECT {values}) TO '{path}' (FORMAT {'json' if kind == 'jsonl' else 'parquet'})")
    connection.close()
    assert desk.receive(path).results[0].rows_set_aside == 1
    under(desk, "4.9", "2.2")
    (result,) = again(desk)
    assert (result.accepted_now, result.left, result.unreadable) == (1, 0, 0)
    assert [str(value) for (value,) in desk.active("postings", "beloeb")] == ["-5.25"]


def test_what_fails_leaves_everything_as_it_was(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.deliver(MARCH, WRONG)
    under(desk, "4.9", "2.2")
    before = desk.files()

    def refuse(*_: object) -> None:
        raise WarehouseError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "record", refuse)
        with pytest.raises(WarehouseError):
            again(desk)
    assert desk.files() == before
    with desk.ledger() as ledger:
        assert len(ledger.deliveries()) == 1


def test_an_unknown_contract_is_refused_and_nothing_received_is_nothing_to_do(desk: Desk):
    assert again(desk) == []
    with pytest.raises(ArgumentError):
        reprocess(desk, "posting")  # pyright: ignore[reportArgumentType]
