"""One pass over one file: bytes become strict UTF-8 lines, each with the delivery's number and its own line number in front.

The engine's reader gives no line numbers, drops a byte order mark only sometimes, knows no Windows-1252 and accepts a last
line that was cut; so all of that is settled here. Lines without quotation marks pass through untouched in blocks. A record
may span lines inside quotation marks: it carries the number of its first line.
"""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path
from typing import BinaryIO

from flis_semantic.delivery.encoding import UTF_8, refuse_utf_8, second_encoding
from flis_semantic.delivery.files import blocks
from flis_semantic.delivery.report import DELIVER_AGAIN, FORMAT, TRUNCATED, Refusal
from flis_semantic.delivery.transcript import LONGEST_LINE, MOST_LINES, Malformed, Transcript

_GOES_ON = "a value goes on after its closing quotation mark"


def split_line(line: str, delimiter: str) -> list[str]:
    """The values of one line; where quotation marks or carriage returns are astray, what stands between the delimiters."""
    try:
        return next(csv.reader([line], delimiter=delimiter), list[str]())
    except csv.Error:
        return line.split(delimiter)


def transcode(path: Path, number: int, delimiter: str, accepted: tuple[str, ...], out: BinaryIO) -> Transcript:
    """Append the rows of the file to `out` as `number;line;row` (with the delimiter for ;), without the header.

    Raises Refusal and leaves `out` as it was when the file is empty, cut, or in an encoding that is not accepted.
    """
    start = out.tell()
    try:
        try:
            return _Pass(path, number, delimiter, out).run(UTF_8, refuse_other=UTF_8 not in accepted)
        except UnicodeDecodeError:
            out.truncate(out.seek(start))
            encoding = second_encoding(path, accepted)
            return _Pass(path, number, delimiter, out).run(encoding)
    except BaseException:
        out.truncate(out.seek(start))
        raise


class _Pass:
    def __init__(self, path: Path, number: int, delimiter: str, out: BinaryIO) -> None:
        self._path = path
        self._delimiter = delimiter
        self._out = out
        self._prefix = f"{number}{delimiter}"
        self._line = 1
        self._columns: int | None = None
        self._pending: list[str] = []
        self._pending_line = 0
        mark = re.escape(delimiter)
        inside = r'[^"]*(?:""[^"]*)*'
        # The engine would take a quotation mark after one space for the beginning of a quoted value.
        plain = rf'(?! ")[^"\r\n{mark}][^\r\n{mark}]*'
        value = rf'(?:"{inside}"|{plain}|)'
        self._whole = re.compile(rf"{value}(?:{mark}{value})*")
        self._opening = re.compile(rf'(?:{value}{mark})*"{inside}')
        self._closing = re.compile(rf'{inside}"(?:{mark}{value})*')
        self._still_open = re.compile(rf'{inside}(?:"{mark}(?:{value}{mark})*"{inside})?')

    def run(self, encoding: str, refuse_other: bool = False) -> Transcript:
        self._transcript = Transcript(encoding)
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        rest = ""
        for block in blocks(self._path):
            if b"\0" in block:
                raise Refusal(FORMAT, "The file has zero bytes in it: it is no text file.", "Deliver it as text, in UTF-8.")
            text = rest + decoder.decode(block)
            if refuse_other and not text.isascii():
                raise refuse_utf_8(self._line + text[: _first_other(text)].count("\n"))
            whole, newline, rest = text.rpartition("\n")
            if newline:
                self._take(whole)
            if len(rest) > LONGEST_LINE:
                raise Refusal(FORMAT, f"Line {self._line} is longer than {LONGEST_LINE:,} characters: this is no table.")
        rest += self._end(decoder)
        if rest:
            self._take_last(rest)
        if self._pending:
            raise self._unclosed()
        return self._transcript

    def _end(self, decoder: codecs.IncrementalDecoder) -> str:
        try:
            return decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                raise
            raise Refusal(TRUNCATED, "The file ends in the middle of a character: it was cut.", DELIVER_AGAIN) from error

    def _take(self, text: str) -> None:
        if "\r" in text:
            text = text.replace("\r\n", "\n").removesuffix("\r")
        lines = text.split("\n")
        first = self._line
        self._line += len(lines)
        if self._columns is None:
            self._columns = len(split_line(lines[0], self._delimiter))
            lines = lines[1:]
            first += 1
        if self._pending or '"' in text or "\r" in text:
            for number, line in enumerate(lines, start=first):
                self._take_line(number, line)
            return
        prefix, mark = self._prefix, self._delimiter
        if text.endswith(mark) or f"{mark}\n" in text:
            lines = [line if self._is_complete(number, line) else "" for number, line in enumerate(lines, start=first)]
        rows = [f"{prefix}{number}{mark}{line}\n" for number, line in enumerate(lines, start=first) if line]
        self._transcript.records += len(rows)
        self._out.write("".join(rows).encode())

    def _take_line(self, number: int, line: str) -> None:
        if self._pending:
            self._continue(number, line)
        elif not line:
            return
        elif self._whole.fullmatch(line):
            self._write(number, line)
        elif self._opening.fullmatch(line):
            self._pending, self._pending_line = [line], number
        else:
            why = _GOES_ON
            if "\r" in line:
                why = "a carriage return stands inside the line"
            elif f'{self._delimiter} "' in line or line.startswith(' "'):
                why = "a space stands before a quotation mark"
            self._transcript.malformed.append(Malformed(number, line, why))

    def _continue(self, number: int, line: str) -> None:
        self._pending.append(line)
        if '"' in line and not self._still_open.fullmatch(line):
            record = "\n".join(self._pending)
            if self._closing.fullmatch(line):
                self._write(self._pending_line, record)
            else:
                self._transcript.malformed.append(Malformed(self._pending_line, record, _GOES_ON))
            self._pending = []
        if len(self._pending) > MOST_LINES or sum(map(len, self._pending)) > LONGEST_LINE:
            raise self._unclosed()

    def _is_complete(self, number: int, record: str) -> bool:
        """Whether a record has no value too many; the engine would drop those that are empty and last, wherever they came from."""
        mark, columns = self._delimiter, self._columns or 0
        if record.count(mark) < columns or not record.endswith((mark, f'{mark}""')):
            return True
        found = len(split_line(record, mark))
        if found > columns:
            self._transcript.malformed.append(Malformed(number, record, f"the row has {found} values, the header has {columns}"))
        return found <= columns

    def _write(self, number: int, record: str) -> None:
        if not self._is_complete(number, record):
            return
        self._transcript.records += 1
        self._out.write(f"{self._prefix}{number}{self._delimiter}{record}\n".encode())

    def _take_last(self, line: str) -> None:
        """The last line, which has no line end: complete, or what is left of one that was cut."""
        number = self._transcript.open_line = self._line
        columns = self._columns
        self._take(line)
        if self._pending:
            raise self._unclosed()
        found = len(split_line(line, self._delimiter))
        if columns is not None and found < columns:
            raise Refusal(
                TRUNCATED,
                f"The file was cut: its last line ({number}) has no line end and {found} of {columns} values.",
                DELIVER_AGAIN,
            )

    def _unclosed(self) -> Refusal:
        return Refusal(
            TRUNCATED,
            f"The quotation mark opened on line {self._pending_line} is never closed: the file was cut, or the mark is a mistake.",
            DELIVER_AGAIN,
        )


def _first_other(text: str) -> int:
    return next((index for index, character in enumerate(text) if not character.isascii()), len(text))
