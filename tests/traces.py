"""Where values can be read in a folder: every file's bytes, and what packed files hold when they are unpacked."""

from __future__ import annotations

import base64
import gzip
import shutil
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

from flis_semantic.warehouse import Connection, connect


def spellings(number: str) -> set[bytes]:
    """A ten-digit number as people write it."""
    digits = number.replace("-", "")
    return {digits.encode(), f"{digits[:6]}-{digits[6:]}".encode()}


def spellings_of_key(key: str) -> set[bytes]:
    """A key as it is, and as programs write bytes."""
    raw = key.encode()
    return {
        raw,
        raw.hex().encode(),
        raw.hex().upper().encode(),
        base64.b64encode(raw).rstrip(b"="),
        base64.urlsafe_b64encode(raw).rstrip(b"="),
    }


def traces(folder: Path, wanted: Collection[bytes], but: Collection[str] = ()) -> list[str]:
    """Files under a folder in which one of the values can be read, `but` those whose path begins so."""
    found = (path for path, data in readings(folder, but) if any(value in data for value in wanted))
    return list(dict.fromkeys(found))


def readings(folder: Path, but: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Every file's bytes, and then what is in it when it is unpacked, beside its path in the folder."""
    for path in sorted(folder.rglob("*")):
        inside = str(path.relative_to(folder))
        if path.is_file() and not inside.startswith(tuple(but)):
            data = path.read_bytes()
            yield inside, data
            for unpacked in _unpacked(path, data):
                yield inside, unpacked


def _unpacked(path: Path, data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    elif data.startswith(b"PAR1"):
        with connect() as connection:
            yield _text_of(connection, f"read_parquet('{path}')")
    elif data.startswith(b"SQLite"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            yield "\n".join(database.iterdump()).encode()
    elif data[8:12] == b"DUCK":
        yield from _of_warehouse(path)


def _of_warehouse(path: Path) -> Iterator[bytes]:
    """The rows of every table, and the text of every view. A copy is read: another process may have left a log beside it."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for part in path.parent.glob(f"{path.name}*"):
            shutil.copyfile(part, copy.with_name(part.name))
        with connect() as connection:
            connection.execute(f"ATTACH '{copy}' AS searched")
            tables = "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'searched'"
            for schema, table in connection.execute(tables).fetchall():
                yield _text_of(connection, f'searched."{schema}"."{table}"')
            views = "SELECT sql FROM duckdb_views() WHERE database_name = 'searched'"
            yield repr(connection.execute(views).fetchall()).encode()


def _text_of(connection: Connection, relation: str) -> bytes:
    """Every value of a relation as text, each once; but days, moments, shares and answers of yes or no, which hold no number."""
    described = connection.execute(f"DESCRIBE FROM {relation}").fetchall()
    columns = [name for name, kind, *_ in described if not kind.startswith(("DATE", "TIME", "DOUBLE", "FLOAT", "BOOLEAN"))]
    texts = (
        connection.execute(f'SELECT string_agg(DISTINCT CAST("{name}" AS VARCHAR), chr(10)) FROM {relation}').fetchall()[0][0]
        for name in columns
    )
    return "\n".join(text for text in texts if text).encode()
