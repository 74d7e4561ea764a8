"""From delivered files to transcripts: one file of text per group, or Parquet files. They have no name: values may be personal."""

from __future__ import annotations

from typing import BinaryIO

from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.cells import Group
from flis_semantic.delivery.files import is_packed, state
from flis_semantic.delivery.json_lines import transcribe_json
from flis_semantic.delivery.parquet import merge_parquet, transcribe_parquet
from flis_semantic.delivery.report import DELIVER_AGAIN, EMPTY, FORMAT, TRUNCATED, Refusal
from flis_semantic.delivery.scratch import Scratch, path_of
from flis_semantic.delivery.transcode import transcode
from flis_semantic.delivery.transcript import Transcript
from flis_semantic.warehouse import Connection

_MOST_OPEN = 200
"""Parquet transcripts of a group that are open at a time: a process may not open any number of files."""


class Transcribing:
    """Takes in one file after the other. A context manager: the transcripts are complete when it is left."""

    def __init__(self, connection: Connection, scratch: Scratch) -> None:
        self._connection = connection
        self._scratch = scratch
        self._groups: dict[tuple[str, tuple[str, ...]], Group] = {}
        self._open: dict[tuple[str, tuple[str, ...]], list[BinaryIO]] = {}

    def __enter__(self) -> Transcribing:
        return self

    def __exit__(self, *_: object) -> None:
        for files in self._open.values():
            for file in files:
                file.flush()

    @property
    def groups(self) -> list[Group]:
        """The groups that have something to read. Their files are there as long as the scratch is."""
        for key, files in self._open.items():
            self._groups[key].paths[:] = [path_of(file) for file in files]
        return [group for group in self._groups.values() if group.paths]

    def take(self, arrival: Arrival) -> None:
        """Transcribe a file and say what was found in it. Raises Refusal, and leaves the transcripts as they were."""
        key = (arrival.form_name, arrival.header)
        self._groups.setdefault(key, Group(arrival.form_name, arrival.form, arrival.header))
        files = self._open.setdefault(key, [])
        if arrival.form.kind == "parquet":
            self._take_parquet(arrival, files)
        else:
            self._take_text(arrival, files)

    def _take_parquet(self, arrival: Arrival, files: list[BinaryIO]) -> None:
        out = self._scratch.file()
        try:
            arrival.transcript = transcribe_parquet(
                self._connection,
                arrival.file.path,
                arrival.number,
                arrival.header,
                date_format=arrival.form.date_format,
                commas=_with_commas(arrival),
                out=path_of(out),
            )
            _check(arrival)
        except Refusal:
            out.close()
            raise
        files.append(out)
        if len(files) >= _MOST_OPEN:
            self._merge(files)

    def _merge(self, files: list[BinaryIO]) -> None:
        """Put what is open into one file."""
        out = self._scratch.file()
        merge_parquet(self._connection, [path_of(file) for file in files], path_of(out))
        for file in files:
            file.close()
        files[:] = [out]

    def _take_text(self, arrival: Arrival, files: list[BinaryIO]) -> None:
        if not files:
            files.append(self._scratch.file())
        out = files[0]
        start = out.tell()
        try:
            arrival.transcript = _transcript(arrival, out)
            _check(arrival)
            _check_end(arrival)
        except Refusal:
            out.truncate(out.seek(start))
            raise


def _transcript(arrival: Arrival, out: BinaryIO) -> Transcript:
    path, form = arrival.file.path, arrival.form
    try:
        if form.kind == "csv":
            return transcode(path, arrival.number, form.delimiter, form.encodings, out)
        return transcribe_json(path, arrival.number, arrival.header, _with_commas(arrival), out)
    except Refusal as refusal:
        # JSON lines have no header: no row is an empty file. That it is meant so, a manifest says, or the gzip around it.
        manifest = arrival.manifest
        meant = is_packed(path) or (manifest is not None and manifest.confirms_no_row)
        if refusal.code == EMPTY and form.kind == "json_lines" and meant:
            return Transcript("utf-8")
        raise


def _with_commas(arrival: Arrival) -> frozenset[str]:
    """The file's columns whose texts are numbers with a decimal comma."""
    form, columns = arrival.form, arrival.contract.columns
    names = (name for name, column in form.header.items() if columns[column].type == "decimal")
    return frozenset(names) if form.decimal == "," else frozenset()


def _check(arrival: Arrival) -> None:
    """Refuse a file with another number of rows than was said, one without any, and one that was changed meanwhile."""
    if arrival.manifest is not None:
        arrival.manifest.check_rows(arrival.transcript.rows)
    if not arrival.transcript.rows and not arrival.tells_without_rows:
        raise Refusal(EMPTY, "The file has a header, but no row.", DELIVER_AGAIN)
    if state(arrival.file.path) != arrival.state:
        raise Refusal(FORMAT, "The file was changed while it was being read.", "Receive it again when the sender is done.")


def _check_end(arrival: Arrival) -> None:
    """Refuse a file whose last value may be the beginning of a longer one: nothing in the file itself could tell."""
    line, manifest = arrival.transcript.open_line, arrival.manifest
    if line is None or is_packed(arrival.file.path) or (manifest is not None and manifest.confirms_every_byte):
        return
    raise Refusal(
        TRUNCATED,
        f"The file's last line ({line}) has no line end, so it may have been cut.",
        "End the file with a line end, or send a manifest with its sha256.",
    )
