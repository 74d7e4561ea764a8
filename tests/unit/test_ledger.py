"""The ledger: one transaction, what is in force, and what it was earlier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from flis_semantic.errors import WarehouseError
from flis_semantic.ledger import Batch, Delivery, Entry, Ledger, utc

START = datetime(2026, 1, 1)


def delivery(number: int, **fields) -> Delivery:
    """Delivery n: extracted on day n, received a month later."""
    moment = START + timedelta(days=number)
    made = Delivery(
        delivery_id=number,
        contract="counts",
        form="plain",
        file_name=f"{number}.csv",
        content_sha256=f"{number:064}",
        extracted_at=moment,
        extracted_from="file name",
        received_at=moment + timedelta(days=30),
        rank_at=moment,
        sequence=None,
        verdict="accepted",
        code="",
        message="",
        rows_delivered=3,
        rows_accepted=2,
        rows_control=0,
        rows_set_aside=1,
        encoding="utf-8",
        synthetic=False,
        has_manifest=False,
        batch=f"{number:08}",
    )
    return replace(made, **fields)


def record(ledger: Ledger, made: Delivery, *parts: tuple[str, int]) -> None:
    batch = Batch(f"{made.delivery_id:08}", made.contract, f"{made.delivery_id:08}.parquet", None)
    ledger.record([Entry(made, {"R-1": 1}, dict.fromkeys(parts, 2))], batch if made.batch else None)


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger(tmp_path / "work" / "ledger.sqlite") as opened:
        yield opened


def in_force(ledger: Ledger, known_on: datetime | None = None) -> dict[tuple[str, int], int]:
    return {(p.unit_code, p.base_period_key): p.delivery_id for p in ledger.active_partitions("counts", known_on)}


def test_what_is_recorded_is_read_back(ledger: Ledger):
    made = delivery(1, sequence=7, synthetic=True, has_manifest=True)
    record(ledger, made, ("a", 1))
    assert ledger.deliveries() == [made]
    assert ledger.same_content("counts", made.content_sha256) == [made]
    assert ledger.rule_counts() == {1: {"R-1": 1}}
    assert ledger.partitions([1, 2]) == {1: {("a", 1): 2}, 2: {}}
    assert ledger.batches() == [Batch("00000001", "counts", "00000001.parquet", None)]
    assert ledger.next_delivery_id() == 2


def test_the_newest_extract_is_in_force_per_part_whatever_the_order_of_receipt(ledger: Ledger):
    record(ledger, delivery(3), ("a", 1), ("a", 2))
    record(ledger, delivery(4, rank_at=START, extracted_at=START), ("a", 2), ("b", 1))
    assert in_force(ledger) == {("a", 1): 3, ("a", 2): 3, ("b", 1): 4}
    assert ledger.active_files("counts") == ["00000003.parquet", "00000004.parquet"]


def test_ties_are_settled_by_sequence_and_then_by_receipt(ledger: Ledger):
    for number, sequence in ((1, None), (2, 5), (3, 4), (4, 5), (5, None)):
        record(ledger, delivery(number, rank_at=START, sequence=sequence), ("a", 1))
    assert in_force(ledger) == {("a", 1): 4}
    assert ledger.active_files("counts") == ["00000004.parquet"]


def test_a_refused_delivery_is_kept_and_is_in_force_nowhere(ledger: Ledger):
    refused = delivery(1, verdict="refused", batch=None)
    record(ledger, refused)
    assert ledger.deliveries() == [refused]
    assert ledger.same_content("counts", refused.content_sha256) == []
    assert in_force(ledger) == {} and ledger.active_files("counts") == []


def test_contracts_do_not_see_each_other(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    record(ledger, delivery(2, contract="others"), ("a", 1))
    assert in_force(ledger) == {("a", 1): 1}
    assert [made.delivery_id for made in ledger.deliveries("others")] == [2]
    assert ledger.rule_counts("others") == {2: {"R-1": 1}}
    assert [batch.contract for batch in ledger.batches("others")] == ["others"]


def test_an_earlier_day_sees_what_was_received_by_then(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    record(ledger, delivery(2), ("a", 1))
    then = START + timedelta(days=31)
    assert in_force(ledger, then) == {("a", 1): 1}
    assert ledger.active_files("counts", then) == ["00000001.parquet"]
    assert [made.delivery_id for made in ledger.deliveries(known_on=then)] == [1]
    assert in_force(ledger, then - timedelta(seconds=1)) == {}
    assert in_force(ledger) == {("a", 1): 2}


def test_a_transaction_is_all_or_nothing(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    entries = [Entry(delivery(2), {}, {("a", 1): 1}), Entry(delivery(1), {}, {})]
    with pytest.raises(Exception, match="UNIQUE"):
        ledger.record(entries, Batch("00000002", "counts", "x", None))
    assert [made.delivery_id for made in ledger.deliveries()] == [1]
    assert in_force(ledger) == {("a", 1): 1}
    assert len(ledger.batches()) == 1


@pytest.mark.parametrize("when", ["before it began", "after it ended"])
def test_an_interrupt_outside_the_transaction_is_not_hidden(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, when: str):
    class Interrupting:
        """The connection, interrupted around one statement."""

        def __init__(self, real):
            self._real = real

        def __getattr__(self, name: str):
            return getattr(self._real, name)

        def execute(self, sql: str, *values):
            if when == "before it began" and sql.startswith("BEGIN"):
                raise KeyboardInterrupt
            found = self._real.execute(sql, *values)
            if when == "after it ended" and sql == "COMMIT":
                raise KeyboardInterrupt
            return found

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_db", Interrupting(ledger._db))
        with pytest.raises(KeyboardInterrupt):
            record(ledger, delivery(1), ("a", 1))
    assert in_force(ledger) == ({} if when == "before it began" else {("a", 1): 1})
    record(ledger, delivery(2), ("a", 1))
    assert in_force(ledger) == {("a", 1): 2}


def test_a_delivery_needs_its_batch(ledger: Ledger):
    with pytest.raises(Exception, match="FOREIGN KEY"):
        ledger.record([Entry(delivery(1), {}, {})])


def test_readers_see_the_old_state_while_a_writer_writes(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    with Ledger(ledger.path) as other:
        other._db.execute("BEGIN EXCLUSIVE")
        other._db.execute("DELETE FROM rule_counts")
        assert ledger.rule_counts() == {1: {"R-1": 1}}
        other._db.execute("ROLLBACK")


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path):
    path = tmp_path / "ledger.sqlite"
    path.write_text("no ledger at all, but long enough to be looked at as one" * 20)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        Ledger(path)


def test_a_ledger_of_another_layout_is_refused(ledger: Ledger):
    ledger._db.execute("PRAGMA user_version = 99")
    with pytest.raises(WarehouseError, match="has layout 99"):
        Ledger(ledger.path)


def test_times_are_kept_in_utc():
    copenhagen = timezone(timedelta(hours=2))
    assert utc(datetime(2026, 7, 1, 1, tzinfo=copenhagen)) == datetime(2026, 6, 30, 23)
    assert utc(datetime(2026, 7, 1, 1, tzinfo=UTC)) == utc(datetime(2026, 7, 1, 1)) == datetime(2026, 7, 1, 1)
