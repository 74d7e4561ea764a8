"""Rows of a recipe as files: the form says how a line is written, the engine writes the lines, and they go to disk as bytes.

A file may be damaged on purpose, to see it refused: `header` (a column has another name), `truncated` (cut inside its last
line), `encoding` (in none that the form accepts), `empty` (no byte), `digest` and `rows` (its manifest says something else).
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from flis_semantic.contracts.model import Contract, Form
from flis_semantic.errors import DefinitionError
from flis_semantic.warehouse import Connection, Error, quoted

_GZIP = ".gz"
_DATES = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "DD-MM-YYYY": "%d-%m-%Y",
    "DD.MM.YYYY": "%d.%m.%Y",
    "DD/MM/YYYY": "%d/%m/%Y",
    "YYYYMMDD": "%Y%m%d",
}
_ROWS_PER_BATCH = 100_000


@dataclass(frozen=True)
class FileFacts:
    """What a recipe says of one file.

    `controls`: the manifest has control figures; `damage`: what is wrong with the file; `parts`: unit and period label of what it
    delivers beside its rows.
    """

    file_name: str
    extracted_at: datetime
    synthetic: bool
    chunk: int | None = None
    sequence: int | None = None
    controls: bool = True
    byte_order_mark: bool = False
    damage: str | None = None
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SimulatedFile:
    """One file that a recipe wrote; its manifest stands beside it. A damaged one is to be refused."""

    path: Path
    manifest: Path
    rows: int
    synthetic: bool
    damage: str | None = None


def write_files(connection: Connection, contract: Contract, recipe: str, facts: Sequence[FileFacts], out: Path) -> list[SimulatedFile]:
    """Write the files of one chunk into `out`.

    Raises:
        DefinitionError: the recipe's rows are not what a form of the contract has, or the rows of a file are apart.
    """
    forms: dict[str, list[FileFacts]] = {}
    for fact in facts:
        forms.setdefault(_form_of(contract, recipe, fact.file_name), []).append(fact)
    try:
        connection.execute("CREATE OR REPLACE TEMP TABLE written AS FROM delivery")
    except Error as error:
        raise _failed(recipe, f"The recipe fails: {str(error).splitlines()[0]}") from error
    types = {name: kind for name, kind, *_ in connection.execute("DESCRIBE written").fetchall()}
    files: list[SimulatedFile] = []
    for name, some in forms.items():
        form = contract.forms[name]
        sources = [_source(contract, recipe, form, column, types) for column in form.header]
        if form.kind == "parquet":
            files += [_write_parquet(connection, form, sources, fact, out) for fact in some]
            continue
        pending = {fact.file_name: fact for fact in some}
        for file, rows, lines in _contents(connection, recipe, form, sources, types, pending):
            files.append(_write_text(form, pending.pop(file), rows, lines, out))
        files += [_write_text(form, fact, 0, b"", out) for fact in pending.values()]
    return files


def _form_of(contract: Contract, recipe: str, file_name: str) -> str:
    """Name of the contract's form that the file's name says."""
    for name, form in contract.forms.items():
        if fnmatch(file_name.removesuffix(_GZIP), form.file_name.removesuffix(_GZIP)):
            return name
    known = ", ".join(form.file_name for form in contract.forms.values())
    raise _failed(recipe, f"No form of {contract.table} has a file named '{file_name}'.", f"Known: {known}.")


def _source(contract: Contract, recipe: str, form: Form, column: str, types: dict[str, str]) -> str:
    """The recipe's column for a column of the file: of the same name, or of the contract's name."""
    for name in (column, form.header[column]):
        if name in types:
            return name
    raise _failed(
        recipe,
        f"The table 'delivery' does not have the columns of {contract.table}: {column} is not there",
        f"Expected: file_name, {', '.join(form.header)}.",
    )


def _failed(recipe: str, message: str, hint: str = "") -> DefinitionError:
    return DefinitionError(message, where=recipe, hint=hint, code="recipe_failed")


def _contents(
    connection: Connection, recipe: str, form: Form, sources: Sequence[str], types: dict[str, str], files: dict[str, FileFacts]
) -> Iterator[tuple[str, int, bytes]]:
    """Every file's name, number of rows and lines, in the order of the rows."""
    line = _json_line(form, sources, types) if form.kind == "json_lines" else _csv_line(form, sources, types)
    raw = "coalesce(raw_line, line)" if "raw_line" in types else "line"
    names = ", ".join(quoted(name) for name in files)
    # A filtered scan may hand on the last rows of a piece of the table later than the next piece.
    wanted = f"SELECT *, rowid AS place, {line} AS line FROM written WHERE file_name IN ({names})"  # noqa: S608
    query = f"SELECT file_name, {raw} || chr(10) AS line FROM ({wanted}) ORDER BY place"  # noqa: S608
    current, rows, parts = "", 0, list[bytes]()
    seen: set[str] = set()
    for batch in connection.sql(query).to_arrow_reader(_ROWS_PER_BATCH):
        file_names: Any = batch.column(0).dictionary_encode()
        codes = file_names.indices.to_pylist()
        known = file_names.dictionary.to_pylist()
        lines = batch.column(1)
        offsets, data = _bytes_of(lines)
        start = 0
        for row in range(1, len(codes) + 1):
            if row < len(codes) and codes[row] == codes[start]:
                continue
            name = known[codes[start]]
            if name != current:
                if current:
                    yield current, rows, b"".join(parts)
                if name in seen:
                    raise _failed(recipe, f"The rows of '{name}' are not together.", "Order the table 'delivery' by file_name.")
                seen.add(name)
                current, rows, parts = name, 0, []
            parts.append(bytes(data[offsets[start] : offsets[row]]))
            rows += row - start
            start = row
    if current:
        yield current, rows, b"".join(parts)


def _bytes_of(lines: Any) -> tuple[list[int], memoryview]:
    """Offsets and bytes of a column of text, which lie one behind the other."""
    _, offsets, data = lines.buffers()
    some = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1].tolist()
    return some, memoryview(data) if data is not None else memoryview(b"")


def _csv_line(form: Form, sources: Sequence[str], types: dict[str, str]) -> str:
    return f" || {quoted(form.delimiter)} || ".join(_csv_cell(form, name, types[name]) for name in sources)


def _csv_cell(form: Form, name: str, kind: str) -> str:
    """A value as the form writes it; no value is an empty cell."""
    text = _plain(form, name, kind)
    if kind == "VARCHAR":
        special = " OR ".join(f"contains({text}, {mark})" for mark in (quoted(form.delimiter), "'\"'", "chr(10)"))
        text = f"CASE WHEN {special} THEN '\"' || replace({text}, '\"', '\"\"') || '\"' ELSE {text} END"
    elif form.decimal != "." and kind.startswith(("DECIMAL", "DOUBLE", "FLOAT")):
        text = f"replace({text}, '.', {quoted(form.decimal)})"
    return f"coalesce({text}, '')"


def _plain(form: Form, name: str, kind: str) -> str:
    if kind in ("DATE", "TIMESTAMP"):
        clock = " %H:%M:%S" if kind == "TIMESTAMP" else ""
        return f'strftime("{name}", {quoted(_DATES[form.date_format] + clock)})'
    return f'"{name}"' if kind == "VARCHAR" else f'CAST("{name}" AS VARCHAR)'


def _json_line(form: Form, sources: Sequence[str], types: dict[str, str]) -> str:
    values = (_plain(form, name, types[name]) if types[name] in ("DATE", "TIMESTAMP") else f'"{name}"' for name in sources)
    pairs = ", ".join(f"{quoted(column)}, {value}" for column, value in zip(form.header, values, strict=True))
    return f"CAST(json_object({pairs}) AS VARCHAR)"


def _write_parquet(connection: Connection, form: Form, sources: Sequence[str], fact: FileFacts, out: Path) -> SimulatedFile:
    path = out / fact.file_name
    columns = ", ".join(f'"{name}" AS "{column}"' for column, name in zip(form.header, sources, strict=True))
    query = f"SELECT {columns} FROM written WHERE file_name = {quoted(fact.file_name)} ORDER BY rowid"  # noqa: S608 - names of the contract
    [[rows]] = connection.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    return _with_manifest(path, path.read_bytes(), rows, fact)


def _write_text(form: Form, fact: FileFacts, rows: int, lines: bytes, out: Path) -> SimulatedFile:
    header = list(form.header)
    if fact.damage == "header":
        header[0] += "_"
    head = f"{form.delimiter.join(header)}\n".encode() if form.kind == "csv" else b""
    content = b"" if fact.damage == "empty" else head + lines
    if form.encodings[0] != "utf-8" or fact.damage == "encoding":
        content = content.decode("utf-8").encode("utf-16" if fact.damage == "encoding" else form.encodings[0])
    elif fact.byte_order_mark:
        content = b"\xef\xbb\xbf" + content
    if fact.damage == "truncated":
        content = content[:-7]
    if fact.file_name.endswith(_GZIP):
        content = gzip.compress(content, compresslevel=6, mtime=0)
    path = out / fact.file_name
    path.write_bytes(content)
    return _with_manifest(path, content, rows, fact)


def _with_manifest(path: Path, content: bytes, rows: int, fact: FileFacts) -> SimulatedFile:
    said: dict[str, Any] = {}
    if fact.controls and fact.damage not in ("truncated", "header", "encoding", "empty"):
        said["rows"] = rows + (fact.damage == "rows")
        said["sha256"] = "0" * 64 if fact.damage == "digest" else hashlib.sha256(content).hexdigest()
        said["extracted_at"] = fact.extracted_at.isoformat()
    if fact.sequence is not None:
        said["sequence"] = fact.sequence
    if fact.parts:
        said["parts"] = [{"unit": unit, "period": period} for unit, period in fact.parts]
    said["synthetic"] = fact.synthetic
    manifest = path.with_name(f"{path.name}.manifest.json")
    manifest.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return SimulatedFile(path, manifest, rows, fact.synthetic, fact.damage)
