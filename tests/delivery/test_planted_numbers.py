"""Planted personal numbers, and the key, are searched for byte by byte wherever a receive leaves something or says something."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.delivery import parquet, receive, turn
from flis_semantic.errors import WarehouseError
from flis_semantic.faults import MOMENTS, VARIABLE
from flis_semantic.warehouse import connect
from tests.delivery.parcel import MEASURES_ROWS, ROOT, Desk
from tests.delivery.parcel import desk as plain_desk
from tests.delivery.person_desk import COLUMNS, KEY, entry, person_desk, register
from tests.traces import spellings, spellings_of_key, traces

# All after the tenth of a month, so that they can be written as whole numbers, too.
NUMBERS = [f"{11 + n % 18}{1 + n % 12:02}{60 + n % 30}-{1000 + 37 * n}" for n in range(80)]
BARE = [number.replace("-", "") for number in NUMBERS]
WANTED = {text for number in NUMBERS for text in spellings(number)} | spellings_of_key(KEY)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return person_desk(tmp_path)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every query that is sent to the engine, with its parameters."""
    texts: list[str] = []

    class Listening:
        def __init__(self) -> None:
            self.connection = connect()

        def __getattr__(self, name: str) -> Any:
            call = getattr(self.connection, name)
            if name not in ("execute", "sql", "query"):
                return call

            def heard(*arguments: Any, **named: Any) -> Any:
                texts.append(repr((arguments, named)))
                return call(*arguments, **named)

            return heard

    monkeypatch.setattr(turn, "connect", Listening)
    monkeypatch.setattr(parquet, "connect", Listening)
    return texts


def readable(text: str) -> list[str]:
    """The planted values in a text."""
    return [value.decode() for value in WANTED if value in text.encode()]


def everywhere() -> list[str]:
    """Rows with a number in every column, in both spellings, right and wrong; and lines that are no rows."""
    n = iter([*NUMBERS[:30], *BARE[30:60]])
    rows: list[str] = []
    for spelling in range(2):
        rows += [entry(next(n), fra=f"2023-0{spelling + 1}-01")]
        rows += [entry(next(n), **{column: next(n)}) for column in COLUMNS if column not in ("cpr", "mor_cpr")]
        rows += [
            entry(next(n), mor_cpr=next(n), antal="x"),
            entry(next(n), tekst=f"ring til{next(n)}, haster"),
            entry(next(n), tekst=f"CPR:{next(n)}/{next(n)}"),
            entry(next(n)) + ";en mere",
            f'{entry(next(n))}"{next(n)}"',
            f"{next(n)}\r;x",
            next(n),
        ]
    return rows


def lines_of(*rows: str) -> str:
    """The same rows as JSON lines."""
    return "".join(json.dumps(dict(zip(COLUMNS, row.split(";"), strict=True))) + "\n" for row in rows)


def test_the_search_finds_a_number_in_every_kind_of_file(tmp_path: Path):
    value = spellings(NUMBERS[0])
    (tmp_path / "a.txt").write_text(f"x{NUMBERS[0]}x")
    with connect() as connection:
        connection.execute(f"COPY (SELECT repeat('{BARE[0]}', 50) AS x FROM range(1000)) TO '{tmp_path}/b.parquet' (COMPRESSION zstd)")
        connection.execute(f"ATTACH '{tmp_path}/c.duckdb' AS c")
        connection.execute(f"CREATE TABLE c.t AS SELECT CAST('{BARE[0]}' AS BIGINT) AS x FROM range(100000)")
    assert traces(tmp_path, value) == ["a.txt", "b.parquet", "c.duckdb"]
    assert traces(tmp_path, value, but=("a", "c.")) == ["b.parquet"]
    assert traces(tmp_path, spellings(NUMBERS[1])) == []


def test_numbers_in_every_column_and_in_lines_that_are_no_rows_are_nowhere(desk: Desk, said: list[str]):
    result = desk.deliver("register_2024-02-01.csv", register(*everywhere()))
    assert result.rows_delivered == 2 * (1 + 7 + 7)
    # The right one, and four whose text could be masked.
    assert result.rows_accepted == 2 * (1 + 4)
    assert readable(str(result)) == [] and readable("\n".join(said)) == []
    assert traces(desk.work, WANTED) == []
    assert len(said) > 20 and len(desk.set_aside("register")) == result.rows_set_aside


def test_in_json_lines_too(desk: Desk, said: list[str]):
    good = [row for row in everywhere() if row.count(";") == len(COLUMNS) - 1 and '"' not in row]
    texts = lines_of(*good)
    numbers = {"cpr": int(BARE[70]), "antal": int(BARE[71]), "tekst": float(BARE[72])}
    texts += json.dumps({**json.loads(lines_of(entry())), **numbers}) + "\n"
    texts += (
        f'{{"cpr": "{NUMBERS[73]}", "{NUMBERS[74]}": 1}}\n{{"cpr": "{NUMBERS[75]}", "{BARE[76]}": 1, "{BARE[76]}": 2}}\n["{BARE[77]}"]\n'
    )
    result = desk.deliver("register_2024-02-01.jsonl.gz", texts)
    assert result.rows_accepted == 8 and result.rows_set_aside == len(good) - 8 + 4
    assert readable(str(result)) == [] and readable("\n".join(said)) == []
    assert traces(desk.work, WANTED) == []


def test_in_parquet_too(desk: Desk, said: list[str]):
    good = [row.split(";") for row in everywhere() if row.count(";") == len(COLUMNS) - 1 and '"' not in row]
    path = desk.inbox / "register_2024-02-01.parquet"
    path.parent.mkdir(exist_ok=True)
    with connect() as connection:
        connection.execute(f"CREATE TABLE t ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")
        connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(COLUMNS))})", good)
        connection.execute("UPDATE t SET antal = NULL WHERE NOT regexp_full_match(antal, '[0-9]+')")
        connection.execute(f"COPY (SELECT * REPLACE (CAST(antal AS BIGINT) AS antal) FROM t) TO '{path}' (FORMAT parquet)")
    result = desk.receive(path).results[0]
    # Three more than in text, whose counts were no numbers and are empty here.
    assert (result.rows_delivered, result.rows_accepted) == (len(good), 8 + 3)
    assert readable(str(result)) == [] and readable("\n".join(said)) == []
    assert traces(desk.work, WANTED) == []


REFUSED: dict[str, tuple[str, str, dict[str, Any] | None]] = {
    "no header": ("register_2024-02-01.csv", register(*(entry(number) for number in NUMBERS)).partition("\n")[2], None),
    "a number is a column": ("register_2024-02-01.csv", register(entry(NUMBERS[1])).replace("tekst", NUMBERS[0], 1), None),
    "a long number is a column": ("register_2024-02-01.csv", register(entry()).replace("tekst", ";".join(BARE), 1), None),
    "no line end": ("register_2024-02-01.csv", register(entry(NUMBERS[0])).removesuffix("\n"), None),
    "cut": ("register_2024-02-01.csv", register(entry(NUMBERS[0]))[:-9], None),
    "an open quotation": ("register_2024-02-01.csv", register(entry(), f'"{NUMBERS[0]}'), None),
    "zero bytes": ("register_2024-02-01.csv", register(entry(NUMBERS[0]), "\x00"), None),
    "no row is right": ("register_2024-02-01.csv", register(entry(NUMBERS[0], fra=NUMBERS[1])), None),
    "no date": (f"register_{NUMBERS[0]}.csv", register(entry()), None),
    "no known file": ("what.csv", f"{NUMBERS[0]},{BARE[1]}\n1,2\n", None),
    "no known name": (f"{NUMBERS[0]}.csv", "a,b\n1,2\n", None),
    "no JSON": ("register_2024-02-01.jsonl", f'{{"cpr": "{NUMBERS[0]}"\n', None),
    "another JSON": ("register_2024-02-01.jsonl", f'{{"{NUMBERS[0]}": 1, "cpr": "{BARE[1]}"}}\n', None),
    "a field of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {NUMBERS[1]: 1}),
    "a value of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {"rows": NUMBERS[1]}),
    "a unit of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {"parts": [{"unit": BARE[1], "period": "2024-01"}]}),
    "a period of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {"parts": [{"unit": "0101", "period": NUMBERS[1]}]}),
    "a sum of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {"sums": {BARE[1]: 1}}),
    "a total of a manifest": ("register_2024-02-01.csv", register(entry(NUMBERS[0])), {"sums": {"antal": int(BARE[1])}}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_file_leaves_no_number(desk: Desk, said: list[str], what: str):
    name, content, manifest = REFUSED[what]
    result = desk.deliver(name, content, manifest)
    assert result.verdict == "refused"
    assert readable(str(result)) == [], str(result)
    assert traces(desk.work, WANTED) == []
    if not readable(name):
        assert readable("\n".join(said)) == []


def test_a_file_that_is_named_by_a_number_is_received_and_shown_without_it(desk: Desk):
    desk.contracts["register"] = desk.contracts["register"].model_copy(
        update={"forms": {"monthly": desk.contracts["register"].forms["monthly"].model_copy(update={"extracted_at": "receipt"})}}
    )
    first = desk.deliver(f"register_{NUMBERS[0]}.csv", register(entry()))
    again = desk.deliver(f"register_{NUMBERS[1]}.csv", register(entry()))
    assert (first.verdict, again.verdict) == ("accepted", "unchanged")
    assert first.shown_name == "register••••.csv" and "register••••.csv" in again.message
    assert readable(f"{first} {again}") == [] and traces(desk.work, WANTED) == []


def failing(*_: Any) -> Any:
    """As the engine fails over a value."""
    with connect() as connection:
        connection.execute(f"SELECT CAST(x AS INTEGER) FROM (VALUES ('{NUMBERS[1]}')) AS t(x)").fetchall()


def test_what_the_engine_says_when_it_fails_is_not_repeated(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receive.Judging, "read", failing)
    with pytest.raises(WarehouseError, match="Receiving register failed") as raised:
        desk.deliver("register_2024-02-01.csv", register(entry(NUMBERS[0])))
    assert readable(str(raised.value)) == []


def test_a_table_that_knows_no_persons_leaves_no_number_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    desk = plain_desk(tmp_path)
    rows = [
        f"101,København,{BARE[0]},total,2026M07,1",
        f"101,{NUMBERS[1]},unemployment,total,2026M07,x",
        f"{BARE[2]},K,unemployment,total,2026M07,1",
    ]
    result = desk.measures(*MEASURES_ROWS, *rows, f"{NUMBERS[3]},x", f'a"{NUMBERS[4]}"{BARE[5]}')
    assert (result.rows_accepted, result.rows_set_aside) == (len(MEASURES_ROWS), 5)
    assert readable(str(result)) == [] and traces(desk.work, WANTED) == []
    monkeypatch.setattr(receive.Judging, "read", failing)
    with pytest.raises(WarehouseError) as raised:
        desk.measures(*MEASURES_ROWS, rows[0])
    assert "Could not convert string '••••' to INT32" in str(raised.value)


def test_the_beginning_of_a_number_is_no_less_personal(desk: Desk):
    for length in range(200, 240):
        content = register(entry()).replace("tekst", f"tekst;{'x' * length} {BARE[0]}", 1)
        result = desk.deliver("register_2024-02-01.csv", content)
        assert result.code == "FILE-HEADER" and BARE[0][:3] not in str(result), str(result)


RECEIVE = """
import sys
from pathlib import Path
from tests.delivery.person_desk import person_desk
desk = person_desk(Path(sys.argv[1]))
print([str(result) for result in desk.receive(desk.inbox).results])
"""


def receiving(folder: Path, killed_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: killed_at, "FLIS_PSEUDONYM_KEY": KEY}
    return subprocess.run([sys.executable, "-c", RECEIVE, str(folder)], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def filled(desk: Desk) -> Iterator[Desk]:
    """A desk with a file of every notation in its inbox."""
    good = [row for row in everywhere() if row.count(";") == len(COLUMNS) - 1 and '"' not in row]
    desk.put("register_2024-02-01.csv", register(*everywhere()))
    desk.put("register_2024-02-02.jsonl", lines_of(*good))
    with connect() as connection:
        connection.execute(
            f"COPY (FROM read_json('{desk.inbox}/register_2024-02-02.jsonl', columns = {{{', '.join(f'{name}: VARCHAR' for name in COLUMNS)}}})) "
            f"TO '{desk.inbox}/register_2024-02-03.parquet'"
        )
    yield desk


@pytest.mark.parametrize("moment", ["", "receive: transcribed", "receive: judged", "receive: file half written"])
def test_a_receive_that_is_killed_leaves_no_number_either(filled: Desk, tmp_path: Path, moment: str):
    assert not moment or moment in MOMENTS
    done = receiving(tmp_path, moment)
    assert done.returncode == (-signal.SIGKILL if moment else 0), done.stderr
    assert bool(list(filled.work.glob("receive-*"))) == bool(moment)
    assert not [path for path in filled.work.glob("receive-*/**/*") if path.is_file()]
    assert readable(done.stdout + done.stderr) == []
    assert traces(filled.work, WANTED) == []
