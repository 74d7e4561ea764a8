"""Which files a receive is about, and their bytes: gzip is read as what is inside it."""

from __future__ import annotations

import codecs
import hashlib
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flis_semantic.delivery.report import DELIVER_AGAIN, EMPTY, FORMAT, TRUNCATED, Refusal
from flis_semantic.errors import ArgumentError

MANIFEST_ENDING = ".manifest.json"
_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31


@dataclass(frozen=True)
class FoundFile:
    """A file to receive, and whether it was named or merely lies in a folder that was."""

    path: Path
    in_folder: bool

    @property
    def name(self) -> str:
        """The file's name without .gz: what forms are recognised by."""
        return self.path.name.removesuffix(".gz")

    @property
    def manifest(self) -> Path:
        """Where a manifest of this file would lie."""
        return self.path.with_name(self.path.name + MANIFEST_ENDING)


def find_files(paths: Sequence[Path]) -> list[FoundFile]:
    """Every file once: those named, and those in named folders in the order of their names, without hidden ones and manifests.

    Raises ArgumentError when a path does not exist, or is a folder without any file.
    """
    found: dict[Path, FoundFile] = {}
    for path in paths:
        if path.is_dir():
            files = _in_folder(path)
            if not files:
                raise ArgumentError(f"{path} holds no file.", hint="Name a delivered file or a folder of them.", code="no_such_file")
            for file in files:
                found.setdefault(file.resolve(), FoundFile(file, in_folder=True))
        elif path.is_file():
            found.setdefault(path.resolve(), FoundFile(path, in_folder=False))
        else:
            raise ArgumentError(f"{path} does not exist.", hint="Name a delivered file or a folder of them.", code="no_such_file")
    return [file for file in found.values() if not file.path.name.endswith(MANIFEST_ENDING)]


def is_packed(path: Path) -> bool:
    """Whether the file is a gzip, whatever its name: a gzip knows by itself whether all of it is there."""
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


def is_blank(path: Path) -> bool:
    """Whether there is nothing but blank lines in the file."""
    return not any(block.removeprefix(codecs.BOM_UTF8).strip() for block in blocks(path))


def digest(path: Path) -> str:
    """SHA-256 of the file as it lies there, gzip and all."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state(path: Path) -> tuple[int, int]:
    """Size and time of last change: differs when somebody wrote to the file meanwhile."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def blocks(path: Path) -> Iterator[bytes]:
    """The file's content in blocks, unpacked. Raises Refusal when it is empty, no gzip though named so, damaged or cut."""
    with _reading(path) as file:
        first = file.read(_BLOCK)
        if not first:
            raise Refusal(EMPTY, "The file is empty.", DELIVER_AGAIN)
        if first.startswith(_GZIP):
            yield from _unpacked(first, file)
            return
        if path.name.endswith(".gz"):
            raise Refusal(FORMAT, "The file is named .gz, but it is no gzip.", "Pack it again, or name it by what it is.")
        while first:
            yield first
            first = file.read(_BLOCK)


@contextmanager
def _reading(path: Path) -> Generator[BinaryIO]:
    """The delivered file, open. That it cannot be read is its own fault, unlike a disk that cannot be written."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refusal(FORMAT, f"The file cannot be read: {error.strerror}.") from error
    with file:
        yield file


def _in_folder(folder: Path) -> list[Path]:
    """The files of a folder and the folders in it, without hidden ones and manifests, in the order of their names."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.endswith(MANIFEST_ENDING)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _unpacked(block: bytes, file: BinaryIO) -> Iterator[bytes]:
    stream = zlib.decompressobj(_GZIP_WINDOW)
    anything = False
    while block:
        try:
            data = stream.decompress(block)
        except zlib.error as error:
            raise Refusal(FORMAT, f"The gzip is damaged: {error}.", DELIVER_AGAIN) from error
        if data:
            anything = True
            yield data
        if stream.eof:
            # A gzip may be several, one after the other; zeros after the last are padding.
            block = stream.unused_data.lstrip(b"\0") or file.read(_BLOCK).lstrip(b"\0")
            if block:
                stream = zlib.decompressobj(_GZIP_WINDOW)
        else:
            block = file.read(_BLOCK)
    if not stream.eof:
        raise Refusal(TRUNCATED, "The gzip ends in the middle: the file was cut.", DELIVER_AGAIN)
    if not anything:
        raise Refusal(EMPTY, "The file is empty.", DELIVER_AGAIN)
