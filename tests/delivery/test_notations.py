"""One delivery in three notations: the same rows, the same verdict, the same findings."""

from __future__ import annotations

import gzip
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.warehouse import connect
from tests.delivery.ledger_desk import COLUMNS, ledger_desk
from tests.delivery.parcel import Desk

NAME = "postering_alle_2019-04-02"
RIGHT = {
    "kommunekode": "101",
    "udtraek": "2019-04-02 06:15",
    "aar": "2019",
    "maaned": "3",
    "dato": "2019-03-15",
    "bogfoert": "2019-03-16",
    "bilag": "B1",
    "linje": "1",
    "art": "4.9",
    "beloeb": "-1234.50",
    "tekst": 'Løn "juni"; m.m.',
    "person": "010190-1234",
}
ROWS: list[dict[str, str | None]] = [
    RIGHT,
    {**RIGHT, "bilag": "B2", "beloeb": "12.345"},
    {**RIGHT, "bilag": "B3", "kommunekode": "9999", "dato": "2019-02-30"},
    {**RIGHT, "bilag": "B4", "tekst": "to\nlinjer", "beloeb": None},
    {**RIGHT, "bilag": None},
    {**RIGHT, "bilag": "B6", "maaned": "13", "tekst": None, "person": None},
    {**RIGHT, "bilag": "B7", "dato": "2019-03-17"},
    {**RIGHT, "bilag": "B8", "beloeb": "1"},
    {**RIGHT, "bilag": "B8", "beloeb": "1"},
    {**RIGHT, "bilag": "B9", "dato": "2019-05-09", "bogfoert": None},
    {**RIGHT, "bilag": "B10", "maaned": "2"},
]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ledger_desk(tmp_path)


def csv_of(rows: list[dict[str, str | None]]) -> bytes:
    def cell(value: str | None) -> str:
        return "" if value is None else f'"{value.replace(chr(34), chr(34) * 2)}"' if set(value) & set('";\n') else value

    return ("\n".join([";".join(COLUMNS), *(";".join(cell(row[name]) for name in COLUMNS) for row in rows)]) + "\n").encode()


def json_of(rows: list[dict[str, Any]]) -> bytes:
    return ("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n").encode()


def parquet_of(select: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, connect() as connection:
        path = Path(folder) / "rows.parquet"
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def parquet_rows(rows: list[dict[str, str | None]]) -> bytes:
    def text(value: str | None) -> str:
        return "CAST(NULL AS VARCHAR)" if value is None else "'" + value.replace("'", "''") + "'"

    return parquet_of(" UNION ALL ".join("SELECT " + ", ".join(f"{text(row[name])} AS {name}" for name in COLUMNS) for row in rows))


WRITERS = {"csv": csv_of, "jsonl": json_of, "parquet": parquet_rows}


def outcome(desk: Desk, ending: str) -> tuple[Any, ...]:
    """What became of the rows, by bilag and not by line: the same in every notation."""
    result = desk.deliver(f"{NAME}.{ending}", WRITERS[ending](ROWS))
    columns = ", ".join(name for name in COLUMNS if name != "person") + ", periode, unit_code, base_period_key, slot, is_deleted"
    return (
        (result.verdict, result.rows_delivered, result.rows_accepted, result.rows_set_aside, dict(result.rule_counts)),
        desk.rows("postings", columns),
        desk.set_aside("postings", "rule_ids, regexp_replace(reason, 'line [0-9]+', 'line')"),
    )


def test_the_findings_of_the_text_are_those_by_hand(desk: Desk):
    verdict, rows, set_aside = outcome(desk, "csv")
    hits = {"P-14": 1, "P-2": 1, "P-11": 1, "P-23": 1, "P-8": 1, "P-4": 1, "P-5": 1, "P-21": 1, "P-20": 1}
    assert verdict == ("accepted_with_warnings", 11, 4, 7, hits)
    assert sorted(str(row[6]) for row in rows) == ["B1", "B10", "B7", "B8"]
    assert desk.set_aside("postings", "line_number, rule_ids") == [
        (3, ["P-14"]),
        (4, ["P-2", "P-11"]),
        (5, ["P-23"]),
        (7, ["P-8"]),
        (8, ["P-4"]),
        (11, ["P-5"]),
        (12, ["P-21"]),
    ]
    assert len(set_aside) == 7


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_every_notation_has_the_same_outcome(tmp_path: Path, ending: str):
    (tmp_path / "text").mkdir()
    (tmp_path / "other").mkdir()
    assert outcome(ledger_desk(tmp_path / "other"), ending) == outcome(ledger_desk(tmp_path / "text"), "csv")


@pytest.mark.parametrize(("ending", "lines"), [("jsonl", [2, 3, 4, 5, 6, 9, 10]), ("parquet", [3, 4, 5, 6, 7, 10, 11])])
def test_lines_are_lines_of_the_text_and_rows_below_the_names(desk: Desk, ending: str, lines: list[int]):
    outcome(desk, ending)
    assert [line for (line,) in desk.set_aside("postings", "line_number")] == lines


def test_content_tells_the_form_where_the_name_is_another_s(desk: Desk):
    result = desk.deliver(f"{NAME}.parquet", LINES)
    assert (result.verdict, result.form) == ("accepted", "national_lines")


def test_a_gzip_of_json_lines_is_what_is_inside_it(desk: Desk):
    result = desk.deliver(f"{NAME}.jsonl.gz", json_of([RIGHT]))
    assert (result.verdict, result.form) == ("accepted", "national_lines")


@pytest.mark.parametrize("text", ["a\rb", "\r", "a\r\nb", "\ra", 'a\r"b"', "a\n\rb"])
def test_a_carriage_return_in_a_value_of_json_is_kept(desk: Desk, text: str):
    assert desk.deliver(f"{NAME}.jsonl", json_of([{**RIGHT, "tekst": text}])).verdict == "accepted"
    assert desk.rows("postings", "tekst") == [(text,)]


def test_numbers_are_kept_digit_for_digit(desk: Desk):
    big = json.dumps({**RIGHT, "beloeb": 0}).replace('"beloeb": 0', '"beloeb": 1234567890123456.78')
    also = json.dumps({**RIGHT, "bilag": "B2", "aar": 2019, "maaned": 3, "linje": 2, "kommunekode": 101, "art": 4.9, "beloeb": -0.05})
    assert desk.deliver(f"{NAME}.jsonl", f"{big}\n{also}\n").verdict == "accepted"
    assert desk.rows("postings", "beloeb, linje, art, unit_code") == [
        (Decimal("1234567890123456.78"), 1, "4.9", "0101"),
        (Decimal("-0.05"), 2, "4.9", "0101"),
    ]


TYPED = (
    "SELECT 101 AS kommunekode, TIMESTAMP '2019-04-02 06:15:00.5' AS udtraek, 2019 AS aar, 3 AS maaned, DATE '2019-03-15' AS dato, "
    "TIMESTAMP '2019-03-16 00:00:00' AS bogfoert, 'B1' AS bilag, 1::TINYINT AS linje, 4.9::DOUBLE AS art, "
    "-1234.5::DECIMAL(9, 2) AS beloeb, '' AS tekst, NULL::VARCHAR AS person"
)


def test_typed_columns_of_parquet_are_read_as_their_text(desk: Desk):
    result = desk.deliver(f"{NAME}.parquet", parquet_of(TYPED))
    assert result.verdict == "accepted", result.message
    columns = "unit_code, CAST(udtraek AS VARCHAR), aar, CAST(dato AS VARCHAR), CAST(bogfoert AS VARCHAR), linje, art, beloeb, tekst"
    assert desk.rows("postings", columns) == [
        ("0101", "2019-04-02 06:15:00.5", 2019, "2019-03-15", "2019-03-16", 1, "4.9", Decimal("-1234.50"), None)
    ]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("1::TINYINT", "1.5", "P-13"),
        ("1::TINYINT", "'en'", "P-13"),
        ("1::TINYINT", "true", "P-13"),
        ("-1234.5::DECIMAL(9, 2)", "0.1::DOUBLE + 0.2::DOUBLE", "P-14"),
        ("-1234.5::DECIMAL(9, 2)", "[1, 2]", "P-14"),
        ("DATE '2019-03-15'", "TIMESTAMP '2019-03-15 10:00:00'", "P-11"),
        ("DATE '2019-03-15'", "20190315", "P-11"),
    ],
)
def test_wrong_types_are_judged_as_text_is(desk: Desk, old: str, new: str, rule: str):
    right = TYPED.replace("'B1'", "'B2'")
    result = desk.deliver(f"{NAME}.parquet", parquet_of(TYPED.replace(old, new)))
    assert (result.verdict, result.code) == ("refused", "FILE-NOTHING") and rule in result.rule_counts
    assert desk.deliver(f"{NAME}.parquet", parquet_of(right)).verdict == "accepted"


LINES = json_of([RIGHT, {**RIGHT, "bilag": "B2"}])
PARQUET = parquet_of(f"SELECT * EXCLUDE i REPLACE (md5(i::VARCHAR) AS tekst) FROM ({TYPED}), range(3000) r(i)")


@pytest.mark.parametrize(
    ("name", "content", "code", "message"),
    [
        ("parquet", PARQUET[:-1], "FILE-FORMAT", "The Parquet file is damaged or was cut: it cannot be read to its end."),
        ("parquet", PARQUET[: len(PARQUET) // 2], "FILE-FORMAT", "The Parquet file is damaged or was cut: it cannot be read to its end."),
        ("parquet", PARQUET[:200] + b"\0" * 3000 + PARQUET[3200:], "FILE-FORMAT", "The Parquet file is damaged or was cut: it cannot be read to its end."),
        ("parquet", b"PAR1", "FILE-FORMAT", "The Parquet file is damaged or was cut: it cannot be read to its end."),
        ("parquet", b"", "FILE-EMPTY", "The file is empty."),
        ("parquet", gzip.compress(PARQUET), "FILE-FORMAT", "The Parquet file is packed as a gzip."),
        ("parquet", parquet_of(f"SELECT * EXCLUDE art FROM ({TYPED})"), "FILE-HEADER", "The header is not that of postings, form national: column 'art' is missing."),
        ("parquet", parquet_of(f"SELECT *, 1 AS mere FROM ({TYPED})"), "FILE-HEADER", "The header is not that of postings, form national: 'mere' is not in the contract."),
        ("parquet", parquet_of(f"SELECT * RENAME (art AS arter) FROM ({TYPED})"), "FILE-HEADER", "The header is not that of postings, form national: column 'art' is missing; 'arter'"),
        ("parquet", parquet_of(f"SELECT * FROM ({TYPED}) WHERE false"), "FILE-EMPTY", "The file has a header, but no row."),
        ("jsonl", LINES[:-9], "FILE-TRUNCATED", "The file was cut: its last line (2) is no whole object."),
        ("jsonl", b"{" + LINES[9:40], "FILE-FORMAT", "The first lines are no whole JSON objects."),
        ("jsonl", b"[" + LINES.replace(b"\n", b",")[:-1] + b"]\n", "FILE-FORMAT", "The file is one JSON array; postings, form national_lines, expects JSON lines."),
        ("jsonl", b"a;b\n1;2\n", "FILE-FORMAT", "The file is delimited text; postings, form national_lines, expects JSON lines."),
        ("jsonl", LINES.replace(b'"art"', b'"arter"'), "FILE-HEADER", "The header is not that of postings, form national_lines: column 'art' is missing; 'arter'"),
        ("jsonl", json_of([{k: v for k, v in RIGHT.items() if k != "art"}]), "FILE-HEADER", "No row has every column: column 'art' is missing."),
        ("jsonl", LINES.decode().encode("cp1252"), "FILE-ENCODING", "Line 1, byte"),
        ("jsonl", LINES.decode().encode("utf-16"), "FILE-ENCODING", "Line 1, byte 1: the file is UTF-16."),
        ("jsonl", b"", "FILE-EMPTY", "The file is empty."),
    ],
)  # fmt: skip
def test_a_damaged_file_is_refused_with_one_sentence(desk: Desk, name: str, content: bytes, code: str, message: str):
    desk.put(
        "b/postering_0147_2019-03.csv",
        csv_of([{**RIGHT, "kommunekode": "147", "udtraek": "02-04-2019", "dato": None, "bogfoert": None, "beloeb": "1"}]),
    )
    desk.put(f"a/{NAME}.{name}", content)
    damaged, fine = desk.receive(desk.inbox).results
    assert (damaged.verdict, damaged.code, damaged.contract) == ("refused", code, "postings")
    assert damaged.message.startswith(message), damaged.message
    assert damaged.exit_code == 1 and "\n" not in str(damaged)
    assert fine.verdict == "accepted", fine.message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1, 2]", "the line is no JSON object"),
        ("1", "the line is no JSON object"),
        ('{"art": 1', "the line is no JSON object"),
        ('{"art": 1, "art": 2}', "the key 'art' is there twice"),
        ('{"mere": 1}', "the row has 'mere', which is not in the contract"),
        ('{"tekst": "\\u0000"}', "a value has a character that no text can hold"),
        ('{"tekst": "\\ud83d"}', "a value has a character that no text can hold"),
        ("[" * 100_000, "the line is nested too deeply"),
        ('{"beloeb": NaN}', None),
    ],
)
def test_a_line_that_is_no_row_is_set_aside(desk: Desk, line: str, reason: str | None):
    result = desk.deliver(f"{NAME}.jsonl", LINES + f"\n{line}\n".encode())
    assert (result.verdict, result.rows_accepted, result.rows_set_aside) == ("accepted_with_warnings", 2, 1)
    ((number, rules, why),) = desk.set_aside("postings", "line_number, rule_ids, reason")
    assert number == 4 and (reason is None or (rules, why) == (["P-1"], reason))


def test_a_last_object_without_a_line_end_is_whole(desk: Desk):
    assert desk.deliver(f"{NAME}.jsonl", b"\xef\xbb\xbf" + LINES.removesuffix(b"\n")).rows_accepted == 2


def test_absent_keys_are_empty_values(desk: Desk):
    short = {name: value for name, value in RIGHT.items() if name not in ("art", "person", "tekst")}
    assert desk.deliver(f"{NAME}.jsonl", json_of([RIGHT, {**short, "bilag": "B2"}])).verdict == "accepted"
    assert desk.rows("postings", "art, tekst") == [("4.9", 'Løn "juni"; m.m.'), (None, None)]
