"""Personal values are judged, and kept nowhere: not in the landing zone, not among the set-aside rows, not in any message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flis_semantic.warehouse import connect
from tests.delivery.ledger_desk import COLUMNS, HEADER, ledger_desk, month, posting
from tests.delivery.parcel import Desk

FILE = "postering_0101_2019-03.csv"
NUMBERS = [f"{n:06}-{n % 10000 + 7000}" for n in range(10190, 10202)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ledger_desk(tmp_path)


def found_under(folder: Path) -> list[str]:
    """Files in which a number, or either half of one without its dash, can be read; packed Parquet columns are unpacked first."""
    wanted = [number.encode() for number in NUMBERS] + [number.replace("-", "").encode() for number in NUMBERS]
    hits = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if path.suffix == ".parquet":
            with connect() as connection:
                data += repr(connection.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()).encode()
        if any(number in data for number in wanted):
            hits.append(str(path.relative_to(folder)))
    return hits


def test_the_search_finds_what_is_there(tmp_path: Path):
    (tmp_path / "a.txt").write_text(f"x{NUMBERS[0]}x")
    with connect() as connection:
        connection.execute(f"COPY (SELECT repeat('{NUMBERS[1]}', 50) AS x FROM range(1000)) TO '{tmp_path}/b.parquet' (COMPRESSION zstd)")
    assert found_under(tmp_path) == ["a.txt", "b.parquet"]


def test_a_planted_number_is_nowhere_after_a_receive(desk: Desk):
    n = iter(NUMBERS)
    rows = [
        posting(person=next(n)),
        posting("B2", person=next(n), beloeb="x"),
        posting("B3", person=next(n) + "9"),
        posting("B4", person=next(n)) + ";more",
        f'{posting("B6", person=next(n))}"{next(n)}"',
        f'"{next(n)}"{posting("B7")}',
        posting("B8", person=next(n), maaned="9"),
        posting("B8", person=next(n), maaned="9"),
        f"{next(n)}\r;x",
    ]
    result = desk.deliver(FILE, month(*rows))
    assert (result.rows_accepted, result.rows_set_aside) == (1, 8)
    assert not any(number in str(result) for number in NUMBERS)
    assert found_under(desk.work) == []
    masked = [raw for _, _, _, raw in desk.set_aside("postings") if "••••" in raw]
    assert len(masked) == 8 and posting("B2", person="••••", beloeb="x") in masked
    landed = desk.landing / "postings" / "00000001.parquet"
    with connect() as connection:
        columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{landed}')").fetchall()]
    assert "person" not in columns and "tekst" in columns


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (FILE, month(*(posting(f"B{i}", person=number) for i, number in enumerate(NUMBERS))).partition("\n")[2]),
        (FILE, f"{NUMBERS[0]};{NUMBERS[1]}\n"),
        (FILE, month(posting(person=NUMBERS[0])).removesuffix("\n")),
        (FILE, month(posting(person=NUMBERS[0]))[:-5]),
        (FILE, month(posting(), f'"{NUMBERS[0]}')),
        (FILE, month(posting(person=NUMBERS[0]), "\x00")),
        ("postering_alle_2019-04-02.jsonl", f'{{"person": "{NUMBERS[0]}", "x": 1}}\n'),
        ("postering_alle_2019-04-02.jsonl", f'{{"{NUMBERS[0]}": 1}}\n'),
        ("postering_alle_2019-04-02.jsonl", f'{{"person": "{NUMBERS[0]}"\n'),
    ],
)
def test_a_refused_file_leaves_no_number(desk: Desk, name: str, content: str):
    result = desk.deliver(name, content)
    assert result.verdict == "refused"
    assert not any(number in str(result) for number in NUMBERS), str(result)
    assert found_under(desk.work) == []


def test_a_number_in_json_lines_is_nowhere(desk: Desk):
    row = dict(
        zip(
            COLUMNS,
            posting(person=NUMBERS[0], udtraek="2019-04-02", dato="2019-03-15", bogfoert="2019-03-16", beloeb="1").split(";"),
            strict=True,
        )
    )
    lines = [row, {**row, "bilag": "B2", "beloeb": "x"}, {**row, "bilag": "B3", "beloeb": None}]
    texts = [json.dumps(line) for line in lines]
    texts += [texts[0][:-1], f'{{"person": "{NUMBERS[1]}", "person": 1}}', f'{{"person": "{NUMBERS[2]}", "other": 1}}']
    result = desk.deliver("postering_alle_2019-04-02.jsonl", "\n".join(texts) + "\n")
    assert (result.rows_accepted, result.rows_set_aside) == (1, 5)
    assert found_under(desk.work) == []
    raw = desk.set_aside("postings", "raw_row")
    assert json.loads(raw[0][0])["person"] == "••••" and raw[2:] == [("••••",)] * 3


def test_a_header_with_a_fault_is_still_told(desk: Desk):
    result = desk.deliver(FILE, month(posting()).replace("beloeb", "belob", 1))
    assert result.code == "FILE-HEADER" and "'beloeb' renamed to 'belob'" in result.hint
    assert HEADER.split(";")[-1] == "person"
