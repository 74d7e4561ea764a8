"""Which encoding a file is in, and what to say when it is not one that the form accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flis_semantic.delivery.files import blocks
from flis_semantic.delivery.report import ENCODING, Refusal

UTF_8 = "utf-8"
WINDOWS_1252 = "windows-1252"
_TITLES = {UTF_8: "UTF-8", WINDOWS_1252: "Windows-1252"}
_NO_CHARACTER = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
_OUTSIDE = bytes(byte for byte in range(256) if not 0x80 <= byte <= 0xBF)
_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass
class _Survey:
    """What the lines with other than ASCII characters are."""

    utf_8_line: int = 0
    other_line: int = 0
    other_byte: int = 0
    other_value: int = 0
    unknown_line: int = 0


def refuse_utf_16(start: bytes) -> None:
    """Refuse a file that begins as UTF-16 does."""
    if start.startswith(_UTF_16):
        raise Refusal(ENCODING, "Line 1, byte 1: the file is UTF-16.", "Save it as UTF-8 and deliver it again.")


def second_encoding(path: Path, accepted: tuple[str, ...]) -> str:
    """The encoding of a file that is not UTF-8 throughout. Raises Refusal when it is mixed, unknown or not accepted."""
    if WINDOWS_1252 in accepted and _is_plainly_windows(path):
        return WINDOWS_1252
    survey = _survey(path)
    where = f"Line {survey.other_line}, byte {survey.other_byte} (0x{survey.other_value:02X})"
    allowed = " or ".join(_TITLES[name] for name in accepted)
    if survey.unknown_line:
        raise Refusal(ENCODING, f"{where} is not {allowed}, nor any encoding known here.", "Save the file as UTF-8 and deliver it again.")
    if survey.utf_8_line:
        raise Refusal(
            ENCODING,
            f"{where} looks like Windows-1252, while line {survey.utf_8_line} is UTF-8: the file mixes encodings.",
            "Save the whole file as UTF-8 and deliver it again.",
        )
    if WINDOWS_1252 not in accepted:
        raise Refusal(ENCODING, f"{where} is not UTF-8; the file looks like Windows-1252.", "Save it as UTF-8 and deliver it again.")
    return WINDOWS_1252


def refuse_utf_8(line: int) -> Refusal:
    """The refusal of a file that is UTF-8 where the form accepts only something else."""
    return Refusal(ENCODING, f"Line {line} is UTF-8; the form expects Windows-1252.", "Save it as Windows-1252 and deliver it again.")


def _is_plainly_windows(path: Path) -> bool:
    """Whether no character of the file could be UTF-8, and all are known: then no line needs to be looked at by itself."""
    before = b""
    for block in blocks(path):
        if any(byte in block for byte in _NO_CHARACTER):
            return False
        # Inside a character of UTF-8 there are only bytes from 80 to BF: mostly there is none at all.
        if block.translate(None, _OUTSIDE) and _UTF_8.search(before + block):
            return False
        before = block[-3:]
    return True


def _survey(path: Path) -> _Survey:
    survey = _Survey()
    for number, line in enumerate(_lines(path), start=1):
        if line.isascii():
            continue
        try:
            line.decode(UTF_8)
            survey.utf_8_line = survey.utf_8_line or number
        except UnicodeDecodeError as error:
            if not survey.other_line:
                survey.other_line, survey.other_byte, survey.other_value = number, error.start + 1, line[error.start]
            try:
                line.decode("cp1252")
            except UnicodeDecodeError:
                survey.unknown_line = survey.unknown_line or number
    return survey


def _lines(path: Path) -> Iterator[bytes]:
    rest = b""
    for block in blocks(path):
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    yield rest
