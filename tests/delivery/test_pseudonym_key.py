"""The key of the pseudonyms: where it comes from, what is wrong with it, and that one ledger takes one key for ever."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flis_semantic.delivery.dry_run import dry_run, passing_key, without_ids
from flis_semantic.delivery.pseudonyms import PseudonymKey, key_from_environment
from flis_semantic.delivery.receive import receive
from flis_semantic.errors import ArgumentError
from flis_semantic.ledger import Ledger
from tests.delivery.parcel import Desk
from tests.delivery.parcel import desk as plain_desk
from tests.delivery.person_desk import KEY, entry, person_desk, register

JANUARY = "register_2024-02-01.csv"
NEXT = "register_2024-03-01.csv"
VARIABLE, FILE = "FLIS_PSEUDONYM_KEY", "FLIS_PSEUDONYM_KEY_FILE"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return person_desk(tmp_path)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any key."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE, raising=False)
    return monkeypatch


def told(environment: dict[str, str]) -> str:
    with pytest.raises(ArgumentError) as raised:
        key_from_environment(environment)
    assert raised.value.exit_code == 2 and raised.value.code == "pseudonym_key"
    return str(raised.value)


def test_each_fault_of_a_key_is_one_sentence(tmp_path: Path):
    folder, short, long, blank = tmp_path, tmp_path / "short", tmp_path / "long", tmp_path / "blank"
    short.write_bytes(b"x" * 31 + b"\n")
    long.write_bytes(b"x" * 4097)
    blank.write_bytes(b" " * 40 + b"\n")
    faults = {
        "there is no key for them. Set FLIS_PSEUDONYM_KEY, or": told({}),
        "FLIS_PSEUDONYM_KEY is empty.": told({VARIABLE: ""}),
        "FLIS_PSEUDONYM_KEY has 31 bytes, it needs at least 32.": told({VARIABLE: "é" * 15 + "x"}),
        "FLIS_PSEUDONYM_KEY_FILE is empty.": told({FILE: ""}),
        "short has 31 bytes, it needs at least 32.": told({FILE: str(short)}),
        "long has more than 4,096 bytes. Is it": told({FILE: str(long)}),
        "blank is empty.": told({FILE: str(blank)}),
        "absent, cannot be read: No such file or directory.": told({FILE: str(tmp_path / "absent")}),
        "cannot be read: Is a directory.": told({FILE: str(folder)}),
        "are both set, and only one can hold the key.": told({VARIABLE: KEY, FILE: str(short)}),
    }
    assert all(part in text for part, text in faults.items()), faults
    assert not any("xxxx" in text or KEY in text for text in faults.values())


def test_a_key_in_a_file_is_the_key_without_the_end_of_its_line(tmp_path: Path):
    for end in ("", "\n", "\r\n"):
        (tmp_path / "key").write_bytes((KEY + end).encode())
        assert key_from_environment({FILE: str(tmp_path / "key")}).pseudonyms(["1"]) == PseudonymKey(KEY.encode()).pseudonyms(["1"])


def test_nobody_who_prints_a_key_sees_it():
    key = PseudonymKey(KEY.encode())
    assert KEY not in f"{key!r} {key} {[key]}" and KEY not in key.fingerprint("x")


def test_without_a_key_nothing_is_received_of_anything(desk: Desk, environment: pytest.MonkeyPatch, tmp_path: Path):
    desk.contracts |= plain_desk(tmp_path / "other").contracts
    paths = [
        desk.put(JANUARY, register(entry())),
        desk.put("population_by_quarter_2020.csv", "kommunekode,navn,kvartal,folketal\n101,K,2020Q1,1\n"),
    ]
    with pytest.raises(ArgumentError, match="there is no key"):
        desk.receive(*paths)
    assert desk.files() == []
    with desk.ledger() as ledger:
        assert ledger.deliveries() == [] and ledger.key_fingerprint is None
    environment.setenv(VARIABLE, KEY)
    assert [result.verdict for result in desk.receive(*paths).results] == ["accepted", "accepted"]


def test_a_file_is_tried_without_a_key_where_none_was_used_yet(desk: Desk, environment: pytest.MonkeyPatch, tmp_path: Path):
    # A copy and a number that is none are set aside.
    path = desk.put(JANUARY, register(entry(), entry(), entry(cpr="12")))
    with dry_run(desk) as place:  # pyright: ignore[reportArgumentType]
        tried = without_ids(receive(place, [path], key=passing_key(place)))
    assert not desk.work.exists()
    environment.setenv(VARIABLE, KEY)
    received = desk.receive(path)
    assert tried.results == without_ids(received).results and received.results[0].rows_set_aside == 2
    # With a ledger it is the installation's own, and to forget its key is a fault that the receive would tell of.
    environment.delenv(VARIABLE)
    with dry_run(desk) as place:  # pyright: ignore[reportArgumentType]
        assert passing_key(place) is None
    environment.setenv(FILE, "")
    (tmp_path / "another").mkdir()
    with dry_run(person_desk(tmp_path / "another")) as place:  # pyright: ignore[reportArgumentType]
        assert passing_key(place) is None


def test_tables_without_personal_numbers_need_no_key(tmp_path: Path, environment: pytest.MonkeyPatch):
    desk = plain_desk(tmp_path)
    assert desk.population().verdict == "accepted"
    with desk.ledger() as ledger:
        assert ledger.key_fingerprint is None


def test_another_key_than_before_is_refused_and_the_first_one_goes_on(desk: Desk, environment: pytest.MonkeyPatch):
    other = PseudonymKey(b"another key, as long as a key has to be")
    first = PseudonymKey(KEY.encode())
    # A refused file is received under no key.
    assert desk.deliver(JANUARY, "x;y\n1;2\n", key=other).verdict == "refused"
    assert desk.deliver(JANUARY, register(entry()), key=first).rows_accepted == 1
    with pytest.raises(ArgumentError, match="another than the one under which personal numbers were received"):
        desk.deliver(NEXT, register(entry(maaned="2024-02")), key=other)
    assert desk.deliver(NEXT, register(entry(maaned="2024-02")), key=first).rows_accepted == 1
    assert len({key for (key,) in desk.rows("register", "person_key")}) == 1
    with desk.ledger() as ledger:
        assert ledger.key_fingerprint == first.fingerprint(ledger.identity)
        assert ledger.key_fingerprint != first.fingerprint("another ledger")


def test_a_file_whose_rows_were_all_set_aside_binds_the_ledger_to_no_key(desk: Desk, environment: pytest.MonkeyPatch):
    other = PseudonymKey(b"another key, as long as a key has to be")
    assert desk.deliver(JANUARY, register(entry("x")), key=other).code == "FILE-NOTHING"
    assert desk.deliver(JANUARY, register(entry()), key=PseudonymKey(KEY.encode())).rows_accepted == 1


def test_a_ledger_of_the_layout_before_takes_the_first_key_that_comes(desk: Desk):
    desk.deliver(JANUARY, register(entry()))
    with desk.ledger() as ledger:
        database: Any = ledger._db  # the file as an earlier version left it
        database.executescript(
            "DROP TABLE pseudonym_key; DROP TABLE unit_rows; DROP TABLE unit_hits; "
            "ALTER TABLE deliveries DROP COLUMN rejudges; PRAGMA user_version = 3;"
        )
    with Ledger(desk.ledger_path) as ledger:
        assert ledger.key_fingerprint is None and len(ledger.deliveries()) == 1
    desk.deliver(NEXT, register(entry(maaned="2024-02")))
    with desk.ledger() as ledger:
        assert ledger.key_fingerprint is not None
