"""A personal number may be part of a table's key: its pseudonym tells rows apart, in full files and in changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.build.known import Inputs
from flis_semantic.build.landing import write_landing
from flis_semantic.build.received import read_received
from flis_semantic.warehouse import connect
from tests.delivery.parcel import Desk
from tests.delivery.person_desk import changes, entry, person_desk, register

JANUARY = "register_2024-02-01.csv"
ANNA, BO, KAI = "070761-4285", "0101651234", "0101671234"
UNBUILT = Inputs("", "", {})
"""Of a landing zone that nobody builds from."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return person_desk(tmp_path)


def test_the_same_person_twice_is_one_row_and_a_contradiction_none(desk: Desk):
    rows = [entry(ANNA), entry("0707614285"), entry(BO), entry(BO, ydelse="UH"), entry(BO, fra="2023-06-01")]
    result = desk.deliver(JANUARY, register(*rows))
    assert (result.rows_accepted, result.rows_set_aside) == (2, 3)
    reasons = [(line, reason) for line, _, reason, _ in desk.set_aside("register")]
    assert reasons == [
        (3, "the row repeats line 2, which has the same key"),
        (4, "the row contradicts line 5, which has the same key"),
        (5, "the row contradicts line 4, which has the same key"),
    ]


def test_values_that_are_kept_nowhere_tell_no_rows_apart(desk: Desk):
    result = desk.deliver(JANUARY, register(entry(ANNA, adresse="Vej 1"), entry(ANNA, adresse="Vej 2")))
    assert (result.rows_accepted, result.rule_counts) == (1, {"R-5": 1})


def test_another_mother_is_a_contradiction(desk: Desk):
    result = desk.deliver(JANUARY, register(entry(ANNA, mor_cpr=BO), entry(ANNA)))
    assert (result.rows_accepted, result.rows_set_aside) == (0, 2)


def test_a_deleted_row_needs_a_right_number_too(desk: Desk):
    rows = [
        entry(ANNA, handling="D", ydelse="?", tekst=""),
        entry("x", handling="D"),
        entry("", handling="D"),
        entry("6101901234", handling="D"),
    ]
    result = desk.deliver("aendring_2024-02-02_1.csv", changes(*rows))
    assert (result.rows_accepted, result.rows_set_aside) == (1, 3)
    assert [rules for _, rules, *_ in desk.set_aside("register")] == [["R-20"], ["R-8"], ["R-22"]]
    assert desk.rows("register", "is_deleted, person_key IS NOT NULL") == [(True, True)]


def in_force(desk: Desk) -> list[tuple[int, str, int]]:
    """Delivery, benefit and number of the register's rows, as a build sees them."""
    with desk.ledger() as ledger, connect() as connection:
        write_landing(connection, desk, read_received(ledger, desk.contracts), UNBUILT)
        return connection.execute("SELECT delivery_id, ydelse, antal FROM landing.register ORDER BY antal").fetchall()


def test_changes_find_their_rows_by_the_pseudonym_however_the_number_is_written(desk: Desk):
    desk.deliver(
        JANUARY, register(entry(ANNA, antal="1"), entry(BO, antal="2"), entry(BO, fra="2023-06-01", antal="3"), entry(KAI, antal="4"))
    )
    rows = [
        entry("0707614285", ydelse="UH", antal="10", handling="U"),
        entry("010165-1234", handling="D"),
        entry("0101691234", handling="D"),
    ]
    assert desk.deliver("aendring_2024-02-02_1.csv", changes(*rows)).rows_accepted == 3
    assert in_force(desk) == [(1, "KH", 3), (1, "KH", 4), (2, "UH", 10)]
    # The delete of somebody who is not there is told, and changes nothing.
    with desk.ledger() as ledger, connect() as connection:
        write_landing(connection, desk, read_received(ledger, desk.contracts), UNBUILT)
        assert connection.execute("SELECT delivery_id, line_number FROM landing.unmatched_deletes").fetchall() == [(2, 4)]


def test_a_change_behind_a_lost_one_waits(desk: Desk):
    desk.deliver(JANUARY, register(entry(ANNA, antal="1")))
    desk.deliver("aendring_2024-02-02_1.csv", changes(entry(ANNA, antal="2", handling="U")))
    result = desk.deliver("aendring_2024-02-04_3.csv", changes(entry(ANNA, antal="3", handling="U")))
    assert "Delta 3 waits: 2 has not come." in result.message
    assert in_force(desk) == [(2, "KH", 2)]
