"""Deliveries in many notations, with faults: delivered = accepted + set aside, no accepted row lost or altered, never a crash."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.delivery.parcel import POPULATION, POPULATION_HEADER, POPULATION_ROWS, Desk, table
from tests.delivery.parcel import desk as new_desk

COLUMNS = ["kommunekode", "navn", "kvartal", "folketal"]
UNITS = ["101", "0147", "751", "411"]
NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8) | st.sampled_from(
    ['a "b"', "a,b", "æøå", "a\nb", "'", "", "NULL"]
)
FAULTS = {
    "unit": ("kommunekode", ["999", "1", "x", "10 1", ""]),
    "period": ("kvartal", ["2020Q5", "20x0Q1", "2090Q1", ""]),
    "number": ("folketal", ["1,5", "1.5", "-1", "many", "99999999999"]),
}


@st.composite
def deliveries(draw):
    """Rows with unique keys as (values, whether the row is right), the order of columns, line end, and blank lines."""
    keys = draw(
        st.lists(st.tuples(st.sampled_from(UNITS), st.integers(2008, 2020), st.integers(1, 4)), min_size=1, max_size=12, unique=True)
    )
    rows: list[tuple[dict[str, str], bool]] = []
    for unit, year, quarter in keys:
        row = {
            "kommunekode": unit,
            "navn": draw(NAMES),
            "kvartal": f"{year}Q{quarter}",
            "folketal": str(draw(st.integers(0, 9_999_999))),
        }
        fault = draw(st.sampled_from(["", "", *FAULTS]))
        if fault:
            column, values = FAULTS[fault]
            row[column] = draw(st.sampled_from(values))
        rows.append((row, not fault))
    return rows, draw(st.permutations(COLUMNS)), draw(st.sampled_from(["\n", "\r\n"])), draw(st.sets(st.integers(0, 12)))


def written(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if any(mark in value for mark in ',"\n') else value


@given(deliveries())
def test_every_row_is_accepted_as_it_is_or_set_aside(delivery):
    rows, order, end, blank_before = delivery
    lines, accepted, line = [], [], 2
    for index, (row, right) in enumerate(rows):
        if index in blank_before:
            lines.append("")
            line += 1
        if right:
            accepted.append((line, row["kommunekode"].zfill(4), row["navn"] or None, row["kvartal"], int(row["folketal"])))
        lines.append(",".join(written(row[column]) for column in order))
        line += 1 + row["navn"].count("\n")
    with tempfile.TemporaryDirectory() as folder:
        desk = new_desk(Path(folder))
        result = desk.deliver(POPULATION, table(",".join(order), lines, end))
        assert (result.rows_delivered, result.rows_accepted) == (len(rows), len(accepted))
        assert result.rows_set_aside == len(desk.set_aside("bor_folketal")) == len(rows) - len(accepted)
        label = "year(periode) || 'Q' || quarter(periode)"
        assert desk.rows("bor_folketal", f"line_number, unit_code, kommunenavn, {label}, folketal") == accepted


@given(st.lists(st.tuples(st.integers(0, 200), st.sampled_from(["cut", "flip", "insert"]), st.integers(0, 255)), min_size=1, max_size=4))
def test_bytes_may_change_anywhere(changes):
    data = bytearray(table(POPULATION_HEADER, [*POPULATION_ROWS, '751,"Aar""hus",2020Q1,5']).encode())
    for place, change, value in changes:
        place = min(place, len(data))
        if change == "cut":
            del data[place + 60 :]
        elif change == "insert":
            data[place:place] = bytes([value])
        elif place < len(data):
            data[place] = value
    with tempfile.TemporaryDirectory() as folder:
        assert_sound(new_desk(Path(folder)), bytes(data))


def assert_sound(desk: Desk, data: bytes) -> None:
    result = desk.deliver(POPULATION, data)
    assert result.verdict in ("accepted", "accepted_with_warnings", "refused")
    assert result.rows_delivered == result.rows_accepted + result.rows_set_aside
    assert len(desk.rows("bor_folketal", "1")) == result.rows_accepted
    assert len(desk.set_aside("bor_folketal")) == result.rows_set_aside
    assert desk.deliver(POPULATION, data).verdict == ("refused" if result.verdict == "refused" else "unchanged")
