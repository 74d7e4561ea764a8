"""Rows of a recipe as files: the form says how a line is written, the engine writes the lines, and they go to disk as bytes.

A file may be damaged on purpose, to see it refused: `header` (a column has another name), `truncated` (cut inside its last
line), `encoding` (in none that the form accepts), `empty` (no byte), `digest` and `rows` (its manifest says something else), `bit`
(one bit of its last number is another than when the manifest was written).
"""

from __future__ import annotations

import codecs
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
_CUT = 7
"""Bytes that a cut file lacks."""

_HELD_BACK = 4096
"""Bytes of a file's end that are written last."""

FAULTS_FILE = "simulation/faults.yml"
"""Where a project says what goes wrong with whole deliveries."""


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


def take_rows(connection: Connection, recipe: str) -> None:
    """The rows of a chunk as the table `written`, in their order.

    Raises:
        DefinitionError: the recipe's view fails.
    """
    try:
        connection.execute("CREATE OR REPLACE TEMP TABLE written AS FROM delivery")
    except Error as error:
        raise _failed(recipe, f"The recipe fails: {str(error).splitlines()[0]}") from error


def write_files(
    connection: Connection, contract: Contract, recipe: str, facts: Sequence[FileFacts], out: Path, *, table: str = "written"
) -> list[SimulatedFile]:
    """Write files, whose rows a table of the connection has, into `out`.

    Raises:
        DefinitionError: the rows are not what a form of the contract has, or the rows of a file are apart.
    """
    forms: dict[str, list[FileFacts]] = {}
    for fact in facts:
        forms.setdefault(form_of(contract, recipe, fact.file_name), []).append(fact)
    types = column_types(connection, table)
    files: list[SimulatedFile] = []
    for name, some in forms.items():
        form = contract.forms[name]
        sources = [source_of(contract, recipe, form, column, types) for column in form.header]
        if form.kind == "parquet":
            files += [_write_parquet(connection, form, sources, fact, out, table) for fact in some]
            continue
        pending = {fact.file_name: fact for fact in some}
        files += _write_texts(form, pending, _contents(connection, recipe, form, sources, types, pending, table), out)
    return files


def column_types(connection: Connection, table: str) -> dict[str, str]:
    """Type of every column of a table."""
    return {name: kind for name, kind, *_ in connection.execute(f'DESCRIBE "{table}"').fetchall()}


def form_of(contract: Contract, recipe: str, file_name: str) -> str:
    """Name of the contract's form that the file's name says."""
    for name, form in contract.forms.items():
        if fnmatch(file_name.removesuffix(_GZIP), form.file_name.removesuffix(_GZIP)):
            return name
    known = ", ".join(form.file_name for form in contract.forms.values())
    raise _failed(recipe, f"No form of {contract.table} has a file named '{file_name}'.", f"Known: {known}.")


def source_of(contract: Contract, recipe: str, form: Form, column: str, types: dict[str, str]) -> str:
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
    connection: Connection,
    recipe: str,
    form: Form,
    sources: Sequence[str],
    types: dict[str, str],
    files: dict[str, FileFacts],
    table: str,
) -> Iterator[tuple[str, int, bytes]]:
    """Some lines of a file at a time: its name, how many, their bytes; files and rows in the order of the table."""
    line = _json_line(form, sources, types) if form.kind == "json_lines" else csv_line(form, sources, types)
    raw = "coalesce(raw_line, line)" if "raw_line" in types else "line"
    names = ", ".join(quoted(name) for name in files)
    # A filtered scan may hand on the last rows of a piece of the table later than the next piece.
    wanted = f'SELECT *, rowid AS place, {line} AS line FROM "{table}" WHERE file_name IN ({names})'  # noqa: S608
    query = f"SELECT file_name, {raw} || chr(10) AS line FROM ({wanted}) ORDER BY place"  # noqa: S608
    current = ""
    seen: set[str] = set()
    for batch in connection.sql(query).to_arrow_reader(_ROWS_PER_BATCH):
        file_names: Any = batch.column(0).dictionary_encode()
        codes = file_names.indices.to_pylist()
        known = file_names.dictionary.to_pylist()
        offsets, data = _bytes_of(batch.column(1))
        start = 0
        for row in range(1, len(codes) + 1):
            if row < len(codes) and codes[row] == codes[start]:
                continue
            name = known[codes[start]]
            if name != current and name in seen:
                raise _failed(recipe, f"The rows of '{name}' are not together.", "Order the table 'delivery' by file_name.")
            seen.add(name)
            current = name
            yield name, row - start, bytes(data[offsets[start] : offsets[row]])
            start = row


def _write_texts(form: Form, facts: dict[str, FileFacts], contents: Iterator[tuple[str, int, bytes]], out: Path) -> list[SimulatedFile]:
    """Write files of text one after the other; a file without a row has its header."""
    files: list[SimulatedFile] = []
    pending = dict(facts)
    current: _TextFile | None = None
    try:
        for file, rows, lines in contents:
            if current is None or current.fact.file_name != file:
                files += [current.close()] if current is not None else []
                current = _TextFile(form, pending.pop(file), out)
            current.write(rows, lines)
        files += [current.close()] if current is not None else []
    finally:
        if current is not None:
            current.release()
    return files + [_TextFile(form, fact, out).close() for fact in pending.values()]


def _bytes_of(lines: Any) -> tuple[list[int], memoryview]:
    """Offsets and bytes of a column of text, which lie one behind the other."""
    _, offsets, data = lines.buffers()
    some = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1].tolist()
    return some, memoryview(data) if data is not None else memoryview(b"")


def csv_line(form: Form, sources: Sequence[str], types: dict[str, str]) -> str:
    """SQL of a row's line in the form's notation."""
    return f" || {quoted(form.delimiter)} || ".join(csv_cell(form, name, types[name]) for name in sources)


def csv_cell(form: Form, name: str, kind: str) -> str:
    """SQL of a value as the form writes it; no value is an empty cell."""
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


def _write_parquet(connection: Connection, form: Form, sources: Sequence[str], fact: FileFacts, out: Path, table: str) -> SimulatedFile:
    path = out / fact.file_name
    columns = ", ".join(f'"{name}" AS "{column}"' for column, name in zip(form.header, sources, strict=True))
    query = f'SELECT {columns} FROM "{table}" WHERE file_name = {quoted(fact.file_name)} ORDER BY rowid'  # noqa: S608 - names of the contract
    [[rows]] = connection.execute(f"COPY ({query}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)").fetchall()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return _with_manifest(path, digest, rows, fact)


class _TextFile:
    """A file of text that grows on disk line by line; what is wrong with it as a whole is done to it as it closes."""

    def __init__(self, form: Form, fact: FileFacts, out: Path) -> None:
        self.fact = fact
        self._path = out / fact.file_name
        self._rows = 0
        self._file = self._path.open("wb")
        self._packed = gzip.GzipFile("", "wb", 6, self._file, mtime=0) if fact.file_name.endswith(_GZIP) else self._file
        encoding = "utf-16" if fact.damage == "encoding" else form.encodings[0]
        self._encoder = codecs.getincrementalencoder(encoding)() if encoding != "utf-8" else None
        self._held = b""
        if fact.byte_order_mark and self._encoder is None and fact.damage != "empty":
            self._held = codecs.BOM_UTF8
        header = list(form.header)
        if fact.damage == "header":
            header[0] += "_"
        if form.kind == "csv":
            self.write(0, f"{form.delimiter.join(header)}\n".encode())

    def write(self, rows: int, lines: bytes) -> None:
        """Add some lines. The last ones are held back, since a damage may be to the end of the file."""
        self._rows += rows
        if self.fact.damage == "empty":
            return
        content = self._held + (lines if self._encoder is None else self._encoder.encode(lines.decode("utf-8")))
        self._packed.write(content[:-_HELD_BACK])
        self._held = content[-_HELD_BACK:]

    def close(self) -> SimulatedFile:
        """The file as it is now, and its manifest: of a file with another bit, the one of what it should be."""
        if self.fact.damage == "bit":
            return self._with_another_bit()
        self._packed.write(self._held[:-_CUT] if self.fact.damage == "truncated" else self._held)
        return _with_manifest(self._path, self._digest(), self._rows, self.fact)

    def _with_another_bit(self) -> SimulatedFile:
        place = max((place for place, byte in enumerate(self._held) if chr(byte).isdigit()), default=None)
        if place is None or self._packed is not self._file:
            raise DefinitionError(f"'{self._path.name}' does not end with a number that could be another.", where=FAULTS_FILE)
        self._file.write(self._held)
        digest = self._digest()
        with self._path.open("r+b") as file:
            file.seek(place - len(self._held), 2)
            file.write(bytes([self._held[place] ^ 1]))
        return _with_manifest(self._path, digest, self._rows, self.fact)

    def release(self) -> None:
        """Let go of the file, whatever is in it."""
        self._packed.close()
        self._file.close()

    def _digest(self) -> str:
        self.release()
        with self._path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def _with_manifest(path: Path, digest: str, rows: int, fact: FileFacts) -> SimulatedFile:
    said: dict[str, Any] = {}
    if fact.controls and fact.damage not in ("truncated", "header", "encoding", "empty"):
        said["rows"] = rows + (fact.damage == "rows")
        said["sha256"] = "0" * 64 if fact.damage == "digest" else digest
        said["extracted_at"] = fact.extracted_at.isoformat()
    if fact.sequence is not None:
        said["sequence"] = fact.sequence
    if fact.parts:
        said["parts"] = [{"unit": unit, "period": period} for unit, period in fact.parts]
    said["synthetic"] = fact.synthetic
    manifest = path.with_name(f"{path.name}.manifest.json")
    manifest.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return SimulatedFile(path, manifest, rows, fact.synthetic, fact.damage)
