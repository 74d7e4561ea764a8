"""The ledger: one transaction, what is in force, and what it was earlier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from sqlite3 import connect
from threading import Thread

import pytest

from flis_semantic import ledger as ledger_module
from flis_semantic.errors import WarehouseError
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Batch, Confirmation, Decision, Delivery, Entry

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


def record(ledger: Ledger, made: Delivery, *parts: tuple) -> None:
    """Record a delivery with partitions (unit, key) or (unit, key, slot), of two rows each."""
    batch = Batch(f"{made.delivery_id:08}", made.contract, f"{made.delivery_id:08}.parquet", None)
    slotted = {(*part, "")[:3]: 2 for part in parts}
    ledger.record([Entry(made, {"R-1": 1}, slotted)], batch if made.batch else None)


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
    assert ledger.partitions([1, 2]) == {1: {("a", 1, ""): 2}, 2: {}}
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


def test_a_confirmation_moves_a_delivery_on_from_when_it_was_received(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    record(ledger, delivery(2), ("a", 1))
    late = START + timedelta(days=40)
    ledger.record([], None, [Confirmation(1, START + timedelta(days=9), late), Confirmation(1, START + timedelta(days=8), late)])
    assert in_force(ledger) == {("a", 1): 1}
    assert in_force(ledger, late - timedelta(seconds=1)) == {("a", 1): 2}
    assert [(made.extracted_at.day, made.rank_at.day) for made in ledger.deliveries()] == [(10, 10), (3, 3)]
    assert [made.extracted_at.day for made in ledger.deliveries(known_on=late - timedelta(seconds=1))] == [2, 3]


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
    entries = [Entry(delivery(2), {}, {("a", 1, ""): 1}), Entry(delivery(1), {}, {})]
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


def test_a_side_period_is_replaced_on_its_own(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1), ("a", 1, "13"))
    record(ledger, delivery(2), ("a", 1, "13"))
    assert [(p.unit_code, p.base_period_key, p.slot, p.delivery_id) for p in ledger.active_partitions("counts")] == [
        ("a", 1, "", 1),
        ("a", 1, "13", 2),
    ]
    assert ledger.partitions([2, 1, 7]) == {2: {("a", 1, "13"): 2}, 1: {("a", 1, ""): 2, ("a", 1, "13"): 2}, 7: {}}


def test_a_delta_is_never_the_active_delivery_of_a_partition(ledger: Ledger):
    record(ledger, delivery(1), ("a", 1))
    record(ledger, delivery(2, mode="delta", stream="a", sequence=1), ("a", 1), ("a", 2))
    assert in_force(ledger) == {("a", 1): 1}
    assert ledger.active_files("counts") == ["00000001.parquet"]
    assert ledger.files_of([2, 1]) == ["00000001.parquet", "00000002.parquet"]


def test_deltas_come_by_stream_and_number_and_of_a_number_the_newest(ledger: Ledger):
    record(ledger, delivery(1, mode="delta", stream="b", sequence=2), ("b", 1))
    record(ledger, delivery(2, mode="delta", stream="a", sequence=3), ("a", 1))
    record(ledger, delivery(3, mode="delta", stream="b", sequence=2), ("b", 2, "13"))
    record(ledger, delivery(4, mode="delta", stream="b", sequence=1), ("b", 1))
    record(ledger, delivery(5, mode="delta", stream="b", sequence=4, verdict="refused", batch=None))
    record(ledger, delivery(6, sequence=4), ("b", 1))
    found = ledger.deltas("counts")
    assert [(d.stream, d.sequence, d.delivery_id) for d in found] == [("a", 3, 2), ("b", 1, 4), ("b", 2, 3)]
    assert found[2].partitions == {("b", 2, "13"): 2} and found[2].rank == (START + timedelta(days=3), 2, 3)
    assert [d.delivery_id for d in ledger.deltas("counts", START + timedelta(days=32))] == [2, 1]


def decided(kind: str, day: int, **fields) -> Decision:
    made = Decision(kind, "counts", "a", 1, 3, "because", "somebody", START + timedelta(days=day))  # type: ignore[arg-type]
    return replace(made, **fields)


def test_decisions_are_added_and_never_changed(ledger: Ledger):
    first = ledger.decide([decided("hold", 1), decided("hold", 1, unit_code="b")])
    assert [(made.decision_id, made.unit_code) for made in first] == [(1, "a"), (2, "b")]
    lifted = ledger.decide([decided("hold", 2, is_lifted=True)])
    other = ledger.decide([decided("exempt", 3, contract="others")])
    assert ledger.decisions() == [*first, *lifted, *other]
    assert ledger.decisions("counts", START + timedelta(days=1)) == first
    assert ledger.decisions("counts") == [*first, *lifted]


def test_decisions_are_all_taken_or_none(ledger: Ledger):
    with pytest.raises(WarehouseError, match="cannot be written"):
        ledger.decide([decided("hold", 1), decided("hold", 1, reason=None)])
    assert ledger.decisions() == []


LAYOUT_1 = """
CREATE TABLE identity (ledger_id TEXT NOT NULL) STRICT;
INSERT INTO identity VALUES ('the same');
CREATE TABLE batches (batch TEXT PRIMARY KEY, contract TEXT NOT NULL, file TEXT NOT NULL, set_aside_file TEXT) STRICT;
CREATE TABLE deliveries (
  delivery_id INTEGER PRIMARY KEY, contract TEXT NOT NULL, form TEXT NOT NULL, file_name TEXT NOT NULL, content_sha256 TEXT NOT NULL,
  extracted_at TEXT NOT NULL, extracted_from TEXT NOT NULL, received_at TEXT NOT NULL, rank_at TEXT NOT NULL, sequence INTEGER,
  verdict TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, rows_delivered INTEGER NOT NULL, rows_accepted INTEGER NOT NULL,
  rows_control INTEGER NOT NULL, rows_set_aside INTEGER NOT NULL, encoding TEXT NOT NULL, synthetic INTEGER NOT NULL,
  has_manifest INTEGER NOT NULL, batch TEXT REFERENCES batches) STRICT;
CREATE INDEX deliveries_by_content ON deliveries (contract, content_sha256);
CREATE TABLE rule_counts (
  delivery_id INTEGER NOT NULL REFERENCES deliveries, rule_id TEXT NOT NULL, rows INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, rule_id)) STRICT, WITHOUT ROWID;
CREATE TABLE partitions (
  contract TEXT NOT NULL, unit_code TEXT NOT NULL, base_period_key INTEGER NOT NULL,
  delivery_id INTEGER NOT NULL REFERENCES deliveries, rows INTEGER NOT NULL,
  PRIMARY KEY (contract, unit_code, base_period_key, delivery_id)) STRICT, WITHOUT ROWID;
INSERT INTO batches VALUES ('00000001', 'counts', '00000001.parquet', NULL);
INSERT INTO deliveries VALUES (
  1, 'counts', 'plain', '1.csv', 'abc', '2026-01-02T00:00:00.000000', 'file name', '2026-02-01T00:00:00.000000',
  '2026-01-02T00:00:00.000000', NULL, 'accepted', '', 'fine', 5, 4, 0, 1, 'utf-8', 0, 1, '00000001');
INSERT INTO rule_counts VALUES (1, 'R-1', 1);
INSERT INTO partitions VALUES ('counts', 'a', 7, 1, 3), ('counts', 'b', 7, 1, 1);
PRAGMA user_version = 1;
"""


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A ledger of layout 1, with one delivery."""
    path = tmp_path / "ledger.sqlite"
    database = connect(path)
    database.executescript(LAYOUT_1)
    database.close()
    return path


def test_a_ledger_of_layout_1_is_carried_over_whole(earlier: Path):
    for _ in range(2):
        with Ledger(earlier) as ledger:
            assert ledger.identity == "the same"
            (made,) = ledger.deliveries()
            assert (made.file_name, made.rows_accepted, made.has_manifest, made.mode, made.stream) == ("1.csv", 4, True, "full", "")
            assert ledger.rule_counts() == {1: {"R-1": 1}}
            assert ledger.partitions([1]) == {1: {("a", 7, ""): 3, ("b", 7, ""): 1}}
            assert in_force(ledger) == {("a", 7): 1, ("b", 7): 1}
            assert ledger.decisions() == []
    with Ledger(earlier) as ledger:
        record(ledger, delivery(2), ("a", 7, "13"))
        ledger.decide([decided("hold", 1)])
        assert len(ledger.active_partitions("counts")) == 3


def test_a_ledger_of_layout_2_learns_to_keep_confirmations(earlier: Path):
    Ledger(earlier).close()
    database = connect(earlier)
    database.executescript(
        "DROP TABLE confirmations; DROP TABLE pseudonym_key; DROP TABLE unit_rows; DROP TABLE unit_hits; "
        "ALTER TABLE deliveries DROP COLUMN rejudges; PRAGMA user_version = 2;"
    )
    database.close()
    with Ledger(earlier) as ledger:
        ledger.record([], None, [Confirmation(1, START + timedelta(days=9), START + timedelta(days=60))])
        assert [made.rank_at.day for made in ledger.deliveries()] == [10]


def test_a_failing_change_of_layout_leaves_the_earlier_one(earlier: Path, monkeypatch: pytest.MonkeyPatch):
    broken = ledger_module.STEPS[1] + "INSERT INTO nowhere VALUES (1);"
    with monkeypatch.context() as patch:
        patch.setitem(ledger_module.STEPS, 1, broken)
        with pytest.raises(WarehouseError, match="nowhere"):
            Ledger(earlier)
    with Ledger(earlier) as ledger:
        assert ledger.partitions([1]) == {1: {("a", 7, ""): 3, ("b", 7, ""): 1}}


def test_two_processes_may_change_the_layout_at_once(earlier: Path):
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            Ledger(earlier).close()
        except BaseException as error:
            failures.append(error)

    threads = [Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
