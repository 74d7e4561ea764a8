"""One pass over a Parquet file: its values become text, so that they are judged as the values of every other notation are.

The text of a date is the form's, of a number the engine's with the form's decimal sign. A row's line is its number plus one, as
if the columns' names were a line above it.
"""

# ruff: noqa: S608 - names are the file's own, quoted
from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from flis_semantic.contracts.model import DateFormat
from flis_semantic.delivery.report import DELIVER_AGAIN, FORMAT, Refusal
from flis_semantic.delivery.sql import identifier, quoted
from flis_semantic.delivery.transcript import Transcript
from flis_semantic.warehouse import Connection, Error, connect

MAGIC = b"PAR1"
"""The first bytes of every Parquet file, and the last."""

_DATES: dict[DateFormat, str] = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "DD-MM-YYYY": "%d-%m-%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYYMMDD": "%Y%m%d",
}
_AS_WRITTEN = "FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false"
"""Written into the open file itself: left to itself the engine writes another beside it, and names that."""

_FRACTIONS = ("DECIMAL", "DOUBLE", "FLOAT")


class ParquetReader:
    """Reads the columns of Parquet files; the engine is started when the first of them comes. A context manager."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def __enter__(self) -> ParquetReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def columns(self, path: Path) -> list[str]:
        """Names of a file's columns, in order. Raises Refusal when it cannot be read."""
        self._connection = self._connection or connect()
        return list(parquet_columns(self._connection, path))


def parquet_columns(connection: Connection, path: Path) -> dict[str, str]:
    """Column → type of a Parquet file, in order. Raises Refusal when it cannot be read."""
    try:
        rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(path))})").fetchall()
    except Error as error:
        raise _damaged() from error
    return {str(row[0]): str(row[1]) for row in rows}


def transcribe_parquet(
    connection: Connection,
    path: Path,
    number: int,
    header: Sequence[str],
    *,
    date_format: DateFormat,
    commas: Collection[str],
    out: Path,
) -> Transcript:
    """Write the file's rows to the empty file `out` as d, l and the header's columns c0, c1, … as text.

    `commas` are the columns whose texts are numbers with a decimal comma. Raises Refusal when the file is damaged.
    """
    types = parquet_columns(connection, path)
    values = [f"{_text(identifier(name), types[name], date_format, name in commas)} AS c{index}" for index, name in enumerate(header)]
    rows = f"SELECT {number} AS d, file_row_number + 2 AS l, {', '.join(values)} "
    rows += f"FROM read_parquet({quoted(str(path))}, file_row_number = true)"
    try:
        found = connection.execute(f"COPY ({rows}) TO {quoted(str(out))} ({_AS_WRITTEN})").fetchall()
    except Error as error:
        if type(error).__name__ == "OutOfMemoryException" or str(out) in str(error):
            raise
        raise _damaged() from error
    return Transcript("utf-8", records=int(found[0][0]))


def merge_parquet(connection: Connection, paths: Sequence[Path], out: Path) -> None:
    """Write the rows of several transcripts into one."""
    files = ", ".join(quoted(str(path)) for path in paths)
    connection.execute(f"COPY (FROM read_parquet([{files}])) TO {quoted(str(out))} ({_AS_WRITTEN})")


def _damaged() -> Refusal:
    return Refusal(FORMAT, "The Parquet file is damaged or was cut: it cannot be read to its end.", DELIVER_AGAIN)


def _text(column: str, kind: str, date_format: DateFormat, comma: bool) -> str:
    day = quoted(_DATES[date_format])
    if kind == "DATE":
        return f"strftime({column}, {day})"
    if kind.startswith("TIMESTAMP"):
        # A moment with a zone is told in UTC; midnight is a date.
        moment = f"({column} AT TIME ZONE 'UTC')" if "ZONE" in kind else f"CAST({column} AS TIMESTAMP)"
        clock = f"CASE WHEN CAST({moment} AS TIME) = TIME '00:00:00' THEN '' ELSE strftime({moment}, ' %H:%M:%S.%f') END"
        return f"strftime({moment}, {day}) || {clock}"
    text = f"nullif(CAST({column} AS VARCHAR), '')"
    return f"replace({text}, '.', ',')" if comma and kind.startswith(_FRACTIONS) else text
