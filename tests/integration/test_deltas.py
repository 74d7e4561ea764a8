"""Full deliveries and deltas in every order: what a build takes, at every time, against the rules computed row by row."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.streams import (
    JANUARY,
    START,
    InForce,
    Row,
    Sent,
    found_in,
    in_force,
    landed,
    make_project,
    random_deliveries,
    receive,
)
from tests.sampling import many

P1, P2 = ("0001", JANUARY, ""), ("0001", JANUARY + 1, "")


def sent(*deliveries: tuple[str, int | None, int, tuple[Row, ...]]) -> list[Sent]:
    """(mode, sequence, hour of extraction, rows), received in this order, a day apart."""
    return [
        Sent(number, mode, rows, START + timedelta(hours=hour), START + timedelta(days=number), sequence)
        for number, (mode, sequence, hour, rows) in enumerate(deliveries, start=1)
    ]


def built(folder: Path, deliveries: list[Sent], days: int | None = None) -> InForce:
    project = make_project(folder)
    receive(project, deliveries)
    with landed(project, START + timedelta(days=days) if days is not None else None) as connection:
        return found_in(connection)


def values(found: InForce) -> dict[tuple[int, str, int], int | None]:
    """Period key, slot and number → value."""
    return {(row.part[1], row.part[2], row.number): row.value for _, _, row in found.rows}


FULL = ("full", None, 0, (Row(P1, 1, 10), Row(P1, 2, 20), Row(P2, 3, 30)))


def test_a_delta_changes_adds_and_deletes_by_key(tmp_path: Path) -> None:
    delta = ("delta", 7, 1, (Row(P1, 1, 11), Row(P1, 2, None, is_deleted=True), Row(P2, 4, 40)))
    found = built(tmp_path, sent(FULL, delta))
    assert values(found) == {(JANUARY, "", 1): 11, (JANUARY + 1, "", 3): 30, (JANUARY + 1, "", 4): 40}
    # Of the full one 1 of 3 rows is left; of the delta's 3, one said that another was gone.
    assert found.outcomes == {(1, "landed"): 1, (1, "superseded"): 2, (2, "landed"): 2, (2, "deleted"): 1}


def test_a_row_that_moves_to_another_period_counts_once(tmp_path: Path) -> None:
    found = built(tmp_path, sent(FULL, ("delta", 1, 1, (Row(P2, 1, 10),))))
    assert values(found) == {(JANUARY, "", 2): 20, (JANUARY + 1, "", 1): 10, (JANUARY + 1, "", 3): 30}


@pytest.mark.parametrize("turned", [False, True])
def test_a_delta_that_deletes_a_row_here_and_writes_it_there_moves_it_in_whatever_order(tmp_path: Path, turned: bool) -> None:
    rows = (Row(P1, 1, None, is_deleted=True), Row(P2, 1, 12))
    found = built(tmp_path, sent(FULL, ("delta", 1, 1, rows[::-1] if turned else rows)))
    assert values(found) == {(JANUARY, "", 2): 20, (JANUARY + 1, "", 1): 12, (JANUARY + 1, "", 3): 30}
    assert found.unmatched == set()


def test_where_the_period_belongs_to_the_key_a_side_period_s_row_is_another(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    contract = tmp_path / "contracts" / "ledger.yml"
    contract.write_text(contract.read_text().replace("key: [shop, number]", "key: [shop, month, number]"))
    december, side = ("0001", JANUARY + 11, ""), ("0001", JANUARY + 11, "13")
    full = ("full", None, 0, (Row(december, 1, 10), Row(side, 1, 20), Row(side, 2, 30)))
    receive(project, sent(full, ("delta", 1, 1, (Row(december, 1, 11), Row(side, 2, None, is_deleted=True)))))
    with landed(project) as connection:
        assert values(found_in(connection)) == {(JANUARY + 11, "", 1): 11, (JANUARY + 11, "13", 1): 20}


def test_behind_a_gap_deltas_wait_until_it_is_filled(tmp_path: Path) -> None:
    deliveries = sent(FULL, ("delta", 4, 1, (Row(P1, 1, 14),)), ("delta", 6, 3, (Row(P1, 1, 16),)), ("delta", 5, 2, (Row(P1, 1, 15),)))
    project = make_project(tmp_path)
    receive(project, deliveries)
    by_day = {}
    for day in (1, 2, 3, 4):
        with landed(project, START + timedelta(days=day)) as connection:
            found = found_in(connection)
        by_day[day] = (values(found)[JANUARY, "", 1], found.waiting)
    assert by_day == {1: (10, set()), 2: (14, set()), 3: (14, {(3, P1, 5)}), 4: (16, set())}


def test_a_newer_full_delivery_resets_its_partitions_only(tmp_path: Path) -> None:
    newer = ("full", None, 5, (Row(P1, 1, 99),))
    found = built(tmp_path, sent(FULL, ("delta", 1, 1, (Row(P1, 2, 22), Row(P2, 3, 33))), newer))
    assert values(found) == {(JANUARY, "", 1): 99, (JANUARY + 1, "", 3): 33}


def test_the_number_in_a_full_delivery_s_manifest_says_where_deltas_go_on(tmp_path: Path) -> None:
    # Without the number, 4 would be the stream's first and follow the full one directly.
    full = ("full", 2, 0, (Row(P1, 1, 10),))
    found = built(tmp_path, sent(full, ("delta", 4, 1, (Row(P1, 1, 14),))))
    assert (values(found), found.waiting) == ({(JANUARY, "", 1): 10}, {(2, P1, 3)})


def test_a_full_delivery_holds_every_delta_that_was_extracted_no_later_and_heals_the_gaps_between_them(tmp_path: Path) -> None:
    early, late = ("delta", 1, 1, (Row(P1, 1, 11),)), ("delta", 3, 2, (Row(P1, 2, 23),))
    full = ("full", None, 3, (Row(P1, 1, 10), Row(P1, 2, 20)))
    found = built(tmp_path / "later", sent(early, late, full, ("delta", 4, 4, (Row(P1, 1, 14),))))
    assert (values(found), found.waiting) == ({(JANUARY, "", 1): 14, (JANUARY, "", 2): 20}, set())
    # At the same time: the delta is the later one of the two, and waits for nothing.
    found = built(tmp_path / "same", sent(early, late, ("full", None, 2, full[3])))
    assert (values(found), found.waiting) == ({(JANUARY, "", 1): 10, (JANUARY, "", 2): 23}, set())


def test_an_older_full_delivery_that_was_put_in_force_again_stands_for_the_deltas_before_it(tmp_path: Path) -> None:
    # 2 never came. The full one's extract is older than 1 and 3, but its rank was set behind theirs on purpose.
    early, late = ("delta", 1, 1, (Row(P1, 1, 11),)), ("delta", 3, 2, (Row(P1, 1, 13),))
    project = make_project(tmp_path)
    receive(project, sent(early, late, ("full", None, 0, (Row(P1, 1, 10),)), ("delta", 4, 4, (Row(P1, 1, 14),))))
    with closing(sqlite3.connect(project.ledger_path)) as ledger:
        again = (START + timedelta(hours=3)).isoformat(timespec="microseconds")
        ledger.execute("UPDATE deliveries SET rank_at = ? WHERE delivery_id = 3", (again,))
        ledger.commit()
    with landed(project) as connection:
        found = found_in(connection)
    assert (values(found), found.waiting) == ({(JANUARY, "", 1): 14}, set())


def test_at_the_same_extract_time_the_number_decides_between_a_full_delivery_and_a_delta(tmp_path: Path) -> None:
    delta = ("delta", 4, 0, (Row(P1, 1, 14),))
    for number, expected in ((3, 14), (5, 10)):
        found = built(tmp_path / str(number), sent(("full", number, 0, (Row(P1, 1, 10),)), delta))
        assert values(found) == {(JANUARY, "", 1): expected}


def test_a_delete_of_what_is_not_there_is_listed_and_no_error(tmp_path: Path) -> None:
    found = built(tmp_path, sent(FULL, ("delta", 1, 1, (Row(P1, 5, None, is_deleted=True), Row(P1, 2, None, is_deleted=True)))))
    assert found.unmatched == {(2, 2)}
    assert found.outcomes[2, "deleted"] == 2


def test_a_delta_never_makes_a_partition_delivered_but_carries_on_how_far_it_is_known(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    receive(project, sent(("full", None, 0, (Row(P1, 1, 10),)), ("delta", 1, 24 * 40, (Row(P2, 2, 5),))))
    with landed(project) as connection:
        delivered = connection.execute("SELECT unit_code, base_period_key, delivery_id FROM landing.coverage WHERE delivery_id IS NOT NULL")
        assert delivered.fetchall() == [("0001", JANUARY, 1)]
        assert connection.execute("SELECT due_key FROM landing.source_status").fetchall() == [(JANUARY,)]
        # The full one is of 1 February, the delta of 12 March: January is over, and it is known to its end.
        extracted = connection.execute("SELECT extracted_at FROM landing.source_status").fetchall()[0][0]
        assert (extracted.month, extracted.day) == (3, 12)


def test_a_partition_that_is_named_without_rows_is_delivered(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    receive(project, [Sent(1, "full", (), START, START, named=(P1,))])
    with landed(project) as connection:
        states = connection.execute("SELECT unit_code, delivery_id FROM landing.coverage ORDER BY ALL").fetchall()
    assert states == [("0001", 1), ("0002", None), ("0003", None)]


def test_contracts_without_deltas_keep_a_plain_view(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    receive(project, sent(FULL))
    with landed(project) as connection:
        text = connection.execute("SELECT sql FROM duckdb_views() WHERE view_name = 'ledger'").fetchall()[0][0]
    assert "replaced_rows" not in text and "applied_rows" not in text


@pytest.mark.parametrize("seed", range(many(12, 1000)))
def test_at_every_time_the_build_takes_what_the_rules_say(tmp_path: Path, seed: int) -> None:
    deliveries = random_deliveries(seed)
    project = make_project(tmp_path)
    receive(project, deliveries)
    times = [None, *(delivery.received_at for delivery in deliveries[-3:-1])]
    for known_on in times:
        expected = in_force(deliveries, known_on or deliveries[-1].received_at)
        with landed(project, known_on) as connection:
            assert found_in(connection) == expected, (seed, known_on)
        for delivery in deliveries:
            if delivery.received_at <= (known_on or delivery.received_at):
                assert sum(n for (number, _), n in expected.outcomes.items() if number == delivery.number) == len(delivery.rows)
