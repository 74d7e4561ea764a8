"""One pass over a file of JSON lines: one object per line becomes one row of text, numbers digit for digit as they were written.

Absent keys and null are empty values. A line that is no object, or has a key that the form does not have, is set aside whole.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from flis_semantic.delivery.cells import SCRATCH_DELIMITER
from flis_semantic.delivery.encoding import UTF_8, second_encoding
from flis_semantic.delivery.files import blocks
from flis_semantic.delivery.report import DELIVER_AGAIN, FORMAT, HEADER, TRUNCATED, Refusal, some_of
from flis_semantic.delivery.transcript import LONGEST_LINE, Malformed, Transcript

_LONGEST_LIST = 240


class _Repeated(ValueError):
    """The same key twice in one object."""


class _Table:
    """Rows of CSV that end with a line feed. The writer quotes what looks like its line end: both marks are in it, so that both are."""

    def __init__(self) -> None:
        self.rows: list[str] = []

    def write(self, row: str) -> None:
        self.rows.append(f"{row[:-2]}\n")


class _Number(str):
    """A number with decimals, digit for digit."""

    __slots__ = ()


def transcribe_json(path: Path, number: int, header: Sequence[str], commas: Collection[str], out: BinaryIO) -> Transcript:
    """Append the file's rows to `out` as `number;line;values`, in the header's order. Raises Refusal and leaves `out` as it was.

    `commas` are the keys whose texts are numbers with a decimal comma: a JSON number under them is written so, too.
    """
    start = out.tell()
    try:
        return _Pass(path, number, header, commas, out).run()
    except UnicodeDecodeError:
        out.truncate(out.seek(start))
        second_encoding(path, (UTF_8,))
        raise
    except BaseException:
        out.truncate(out.seek(start))
        raise


def keys_of(line: str) -> tuple[str, ...]:
    """The keys of the object in a line; none when the line holds no object."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return ()
    return tuple(cast(dict[str, Any], record)) if isinstance(record, dict) else ()


class _Pass:
    def __init__(self, path: Path, number: int, header: Sequence[str], commas: Collection[str], out: BinaryIO) -> None:
        self._path = path
        self._number = number
        self._header = tuple(header)
        self._known = frozenset(header)
        self._commas = [index for index, name in enumerate(header) if name in commas]
        self._seen: set[str] = set()
        self._out = out
        self._line = 0
        self._transcript = Transcript(UTF_8)
        # The object hook gives pairs, as a dict would let the last of two equal keys win silently.
        self._decode = json.JSONDecoder(parse_float=_Number, parse_int=str, parse_constant=str, object_pairs_hook=_once, strict=True).decode

    def run(self) -> Transcript:
        rest = b""
        for block in blocks(self._path):
            whole, newline, rest = (rest + block).rpartition(b"\n")
            if newline:
                self._take(whole)
            if len(rest) > LONGEST_LINE:
                raise Refusal(FORMAT, f"Line {self._line + 1} is longer than {LONGEST_LINE:,} characters: this is no table.")
        if rest.strip():
            self._take_last(rest)
        self._check_columns()
        return self._transcript

    def _take(self, data: bytes) -> None:
        text = data.decode("utf-8-sig" if self._line == 0 else UTF_8)
        table = _Table()
        write = csv.writer(table, delimiter=SCRATCH_DELIMITER, lineterminator="\r\n").writerow
        for line in text.split("\n"):
            self._line += 1
            if line and not line.isspace():
                row = self._row(line)
                if row is not None:
                    write((self._number, self._line, *row))
                    self._transcript.records += 1
        self._out.write("".join(table.rows).encode())

    def _take_last(self, data: bytes) -> None:
        """The last line, which has no line end: a whole object is all there, as its closing bracket says."""
        malformed = len(self._transcript.malformed)
        try:
            self._take(data)
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                raise self._cut() from error
            raise
        if len(self._transcript.malformed) > malformed:
            raise self._cut()

    def _cut(self) -> Refusal:
        return Refusal(TRUNCATED, f"The file was cut: its last line ({max(self._line, 1)}) is no whole object.", DELIVER_AGAIN)

    def _row(self, line: str) -> list[str | None] | None:
        why = ""
        try:
            record = self._decode(line.strip())
        except _Repeated as error:
            record, why = None, f"the key '{error}' is there twice"
        except ValueError:
            record, why = None, "the line is no JSON object"
        except RecursionError:
            record, why = None, "the line is nested too deeply"
        if record is not None and not isinstance(record, dict):
            record, why = None, "the line is no JSON object"
        if record is not None:
            found = cast(dict[str, Any], record)
            if found.keys() <= self._known:
                if len(self._seen) < len(self._known):
                    self._seen.update(found)
                row = [_text(found.get(name)) for name in self._header]
                for index in self._commas:
                    value = row[index]
                    if isinstance(value, _Number):
                        row[index] = value.replace(".", ",")
                if "\\u" not in line or _can_be_kept(row):
                    return row
                why = "a value has a character that no text can hold"
            else:
                why = f"the row has '{sorted(found.keys() - self._known)[0]}', which is not in the contract"
        self._transcript.malformed.append(Malformed(self._line, line, why))
        return None

    def _check_columns(self) -> None:
        """Refuse a file in which no row has a column that the form has, and one of which no line is an object."""
        if self._transcript.malformed and not self._transcript.records:
            raise Refusal(FORMAT, f"None of the {self._transcript.rows:,} lines is a row of the form.", "Write one JSON object per line.")
        missing = [name for name in self._header if name not in self._seen]
        if self._transcript.records and missing:
            faults = [f"column '{name}' is missing" for name in missing]
            raise Refusal(
                HEADER,
                f"No row has every column: {some_of(faults, '; ', _LONGEST_LIST)}.",
                f"Expected keys: {some_of(list(self._header), ', ', _LONGEST_LIST)}; write null where a value is empty.",
            )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Repeated(next(name for name in names if names.count(name) > 1))
    return found


def _text(value: Any) -> str | None:
    """A value as text; numbers are text already."""
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)


def _can_be_kept(row: Sequence[str | None]) -> bool:
    """Whether the values are texts: JSON can write halves of characters, and the zero character."""
    try:
        return not any("\0" in value for value in row if value and value.encode())
    except UnicodeEncodeError:
        return False
