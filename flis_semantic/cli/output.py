"""The one owner of stdout, stderr and exit codes. Data go to stdout and nothing else does; everything said goes to stderr."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from typing import Any, NoReturn

from flis_semantic.errors import FlisError

Row = Sequence[Any]
PROGRESS_AFTER_SECONDS = 2.0


class Format(StrEnum):
    """How rows are written."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"
    arrow = "arrow"


class TextFormat(StrEnum):
    """How a report is written."""

    table = "table"
    json = "json"


def say(text: str) -> None:
    """One line to the person at the terminal (stderr)."""
    sys.stderr.write(f"{text}\n")


def write(text: str) -> None:
    """Text that is the command's result (stdout)."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    sys.stdout.flush()


def write_bytes(content: bytes) -> None:
    """Bytes that are the command's result (stdout)."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def abandon_stdout() -> None:
    """Give up writing: what is left in the buffer goes nowhere, so that ending the program does not fail once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fail(error: FlisError) -> NoReturn:
    """Say what is wrong and end with the error's exit code. Its stable code stands in brackets, for those who search for it."""
    say(f"error[{error.code}]: {error}")
    raise SystemExit(error.exit_code)


def write_rows(columns: Sequence[str], rows: Sequence[Row], form: Format) -> None:
    """Rows as table, JSON (an array of objects), CSV (comma, UTF-8, header), Parquet or an Arrow IPC stream."""
    if form is Format.table:
        write(table_text(columns, [[shown(value) for value in row] for row in rows]))
    elif form is Format.json:
        write(json_text([dict(zip(columns, row, strict=True)) for row in rows]))
    elif form is Format.csv:
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([[_plain(value) for value in row] for row in rows])
        write(buffer.getvalue())
    else:
        pyarrow: Any = import_module("pyarrow")
        cells = {name: [row[index] for row in rows] for index, name in enumerate(columns)}
        write_arrow(pyarrow.table(cells), form)


def write_arrow(table: Any, form: Format) -> None:
    """An Arrow table as Parquet or as an IPC stream."""
    pyarrow: Any = import_module("pyarrow")
    buffer = pyarrow.BufferOutputStream()
    if form is Format.parquet:
        import_module("pyarrow.parquet").write_table(table, buffer)
    else:
        with import_module("pyarrow.ipc").new_stream(buffer, table.schema) as stream:
            stream.write_table(table)
    write_bytes(buffer.getvalue().to_pybytes())


def json_text(value: Any) -> str:
    """JSON with Danish letters as they are; dates as ISO text."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


def table_text(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> str:
    """A table for the terminal; as wide as its content when the output is no terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    numeric = [bool(rows) and all(_looks_numeric(row[index]) for row in rows) for index in range(len(columns))]
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    width = None if sys.stdout.isatty() else 1_000
    console = Console(file=io.StringIO(), width=width, force_terminal=False, color_system=None, markup=False, emoji=False)
    console.print(table)
    lines = str(console.file.getvalue()).splitlines()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in lines)


def shown(value: Any, decimals: int | None = None) -> str:
    """A value as a reader sees it: no value is a dash, thousands are apart, yes and no in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float | Decimal):
        digits = decimals if decimals is not None else (0 if value == int(value) else 3)
        # Adding zero turns a rounded minus zero into zero.
        return f"{round(value, digits) + 0:,.{digits}f}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return str(value)


@contextmanager
def working(text: str) -> Generator[Callable[[str], None]]:
    """Show that work goes on, once it has taken two seconds, where a person looks at the terminal. Yields what names the step."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    progress = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True), transient=True
    )
    task = progress.add_task(text, total=None)
    timer = threading.Timer(PROGRESS_AFTER_SECONDS, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda step: progress.update(task, description=f"{text}: {step}")
    finally:
        timer.cancel()
        timer.join()
        progress.stop()


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


def _looks_numeric(text: str) -> bool:
    return text == "–" or text.replace(",", "").replace(".", "").replace("-", "").isdigit()
