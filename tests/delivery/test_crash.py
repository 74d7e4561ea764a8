"""Killed at any point, receive leaves the old state or the new one; the next receive sweeps what is left."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from flis_semantic.delivery import landing as landing_module
from flis_semantic.delivery import receive as receive_module
from flis_semantic.delivery import transcribing as transcribing_module
from flis_semantic.delivery.judging import Judging
from flis_semantic.errors import WarehouseError
from flis_semantic.ledger import Ledger
from tests.delivery.parcel import POPULATION_HEADER, POPULATION_ROWS, Desk, table

NEWER = [row.replace("632340", "632341") for row in POPULATION_ROWS]


class Killed(BaseException):
    """As if the process ended here."""


def state(desk: Desk):
    with desk.ledger() as ledger:
        return ledger.deliveries(), ledger.active_partitions("bor_folketal"), ledger.batches()


def kill_before(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    def killed(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(owner, name, killed)


@pytest.mark.parametrize(
    ("owner", "name", "left"),
    [
        (transcribing_module, "transcode", 0),
        (Judging, "judge", 0),
        (Judging, "write_accepted", 1),
        (landing_module, "_settle", 1),
        (Judging, "write_set_aside", 1),
        (Ledger, "record", 2),
        (Ledger, "_insert", 2),
    ],
)
def test_a_kill_leaves_the_old_state_and_the_next_receive_sweeps(desk: Desk, monkeypatch: pytest.MonkeyPatch, owner, name, left):
    desk.population(*POPULATION_ROWS)
    before, files = state(desk), desk.files()
    schema = (desk.landing / "bor_folketal" / "_schema.parquet").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(receive_module, "sweep", lambda *_: None)  # a process that is killed tidies nothing
        kill_before(patch, owner, name)
        with pytest.raises(Killed):
            desk.population(*NEWER, "999,x,2020Q1,1")
    assert state(desk) == before
    assert len(desk.files()) - len(files) == left
    assert (desk.landing / "bor_folketal" / "_schema.parquet").read_bytes() == schema
    assert desk.active("bor_folketal", "folketal")[0] == (632340,)

    assert desk.population(*POPULATION_ROWS).verdict == "unchanged"
    assert desk.files() == files

    desk.population(*NEWER, "999,x,2020Q1,1")
    assert desk.files() == ["bor_folketal/00000001.parquet", "bor_folketal/00000002.parquet", "bor_folketal/set_aside/00000002.parquet"]
    assert desk.active("bor_folketal", "folketal")[0] == (632341,)


STEPS = [
    (transcribing_module, "transcode"),
    (Judging, "judge"),
    (Judging, "_tallies"),
    (receive_module, "lost_series"),
    (receive_module, "write_schema"),
    (Judging, "write_accepted"),
    (Judging, "write_set_aside"),
    (landing_module, "_settle"),
    (landing_module, "_sync"),
    (Ledger, "record"),
    (Ledger, "_insert"),
]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("Query interrupted")], ids=["keyboard", "engine"])
@pytest.mark.parametrize(("owner", "name"), STEPS, ids=[name for _, name in STEPS])
def test_an_interrupt_leaves_nothing_half_written(desk: Desk, monkeypatch: pytest.MonkeyPatch, owner, name, error, moment):
    desk.population(*POPULATION_ROWS)
    before, files = state(desk), desk.files()
    step = getattr(owner, name)

    def interrupted(*args, **options):
        if moment == "after":
            step(*args, **options)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        with pytest.raises(type(error)) as raised:
            desk.population(*NEWER, "999,x,2020Q1,1")
    assert raised.value is error
    # After the transaction the deliveries are there, whole; before its end nothing is.
    recorded = (name, moment) == ("record", "after")
    assert (state(desk) == before, desk.files() == files) == (not recorded, not recorded)
    assert not list(desk.work.glob("receive-*"))
    again = desk.population(*NEWER, "999,x,2020Q1,1")
    assert again.verdict == ("unchanged" if recorded else "accepted_with_warnings")
    assert desk.active("bor_folketal", "folketal")[0] == (632341,)


@pytest.mark.parametrize("name", ["_settle", "_sync"])
def test_an_interrupt_while_the_landing_zone_is_claimed_does_no_harm(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str):
    with monkeypatch.context() as patch:
        kill_before(patch, landing_module, name)
        with pytest.raises(Killed):
            desk.population()
    assert desk.population().verdict == "accepted"


def test_a_kill_between_the_parts_of_the_transaction_records_none_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    insert = Ledger._insert
    calls: list[int] = []

    def second_fails(self: Ledger, entry) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        insert(self, entry)

    monkeypatch.setattr(Ledger, "_insert", second_fails)
    for name, rows in (("a", POPULATION_ROWS), ("b", NEWER)):
        desk.put(f"population_by_quarter_{name}.csv", table(POPULATION_HEADER, rows))
    with pytest.raises(Killed):
        desk.receive(desk.inbox)
    assert state(desk) == ([], [], [])


def test_what_other_contracts_received_stays_when_one_is_killed(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    desk.put("jobindsats_2026-08-22.csv", "kommunekode,navn,maaling,felt,periode,vaerdi\n101,x,unemployment,total,2026M07,1\n")
    desk.put("population_by_quarter_a.csv", table(POPULATION_HEADER, POPULATION_ROWS))
    write = receive_module.write_batch

    def second_fails(judging, folder: Path, *rest) -> None:
        if folder.name == "bor_folketal":
            raise Killed
        write(judging, folder, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(receive_module, "write_batch", second_fails)
        with pytest.raises(Killed):
            desk.receive(desk.inbox)
    assert len(desk.rows("bes_jobindsats", "1")) == 1
    assert [result.verdict for result in desk.receive(desk.inbox).results] == ["unchanged", "accepted"]


def test_nothing_is_recorded_when_a_row_is_not_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    def loses_a_row(*args):
        transcript = transcode(*args)
        transcript.records += 1
        return transcript

    transcode = transcribing_module.transcode
    monkeypatch.setattr(transcribing_module, "transcode", loses_a_row)
    with pytest.raises(WarehouseError, match="4 rows were delivered to bor_folketal, but 3 were read"):
        desk.population()
    assert desk.files() == [] and state(desk) == ([], [], [])


@pytest.mark.parametrize("mark", ["kept", "lost"])
def test_another_ledger_never_sweeps_what_was_received(desk: Desk, mark: str):
    desk.population()
    desk.ledger_path.unlink()
    if mark == "lost":
        (desk.landing / "_ledger").unlink()
    for _ in range(2):
        with pytest.raises(WarehouseError, match="holds received files of another ledger"):
            desk.population(*NEWER)
    assert "bor_folketal/00000001.parquet" in desk.files()


def test_a_disk_that_cannot_be_written_is_one_sentence(desk: Desk):
    (desk.landing).mkdir(parents=True)
    (desk.landing / "bor_folketal").write_text("a file where a folder should be")
    with pytest.raises(WarehouseError, match="Receiving bor_folketal failed: .*exists") as error:
        desk.population()
    assert "Nothing of it was recorded" in error.value.hint
    assert state(desk) == ([], [], [])


def test_a_scratch_folder_that_was_left_is_removed(desk: Desk):
    (desk.work / "receive-left").mkdir(parents=True)
    desk.population()
    assert sorted(path.name for path in desk.work.iterdir()) == ["landing", "ledger.sqlite", "receive.lock"]


def test_a_file_that_changes_while_it_is_read_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    transcode = transcribing_module.transcode

    def sender_appends(path: Path, *rest):
        with path.open("a") as file:
            file.write("751,Aarhus,2020Q1,5\n")
        return transcode(path, *rest)

    monkeypatch.setattr(transcribing_module, "transcode", sender_appends)
    result = desk.population()
    assert (result.verdict, result.code) == ("refused", "FILE-FORMAT")
    assert "changed while it was being read" in result.message


def test_two_receivers_take_turns(desk: Desk):
    paths = [desk.put(f"{n}/population_by_quarter_{n}.csv", table(POPULATION_HEADER, [f"101,x,201{n}Q1,{n}"])) for n in range(6)]
    failures: list[BaseException] = []

    def run(path: Path) -> None:
        try:
            assert desk.receive(path).results[0].verdict == "accepted"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with desk.ledger() as ledger:
        assert sorted(delivery.delivery_id for delivery in ledger.deliveries()) == [1, 2, 3, 4, 5, 6]
    assert sorted(desk.active("bor_folketal", "folketal")) == [(n,) for n in range(6)]
