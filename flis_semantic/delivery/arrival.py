"""A file on its way in: what is known of it before its rows are judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from flis_semantic.contracts.labels import date_in_name
from flis_semantic.contracts.model import Contract, Form, FromColumn, FromFileName
from flis_semantic.delivery.files import FoundFile, digest, state
from flis_semantic.delivery.manifest import Manifest, read_manifest
from flis_semantic.delivery.naming import Named, read_name
from flis_semantic.delivery.recognise import Candidate, check_header
from flis_semantic.delivery.report import EXTRACT, NAME, SEQUENCE, Refusal
from flis_semantic.delivery.transcript import Transcript
from flis_semantic.ledger import utc
from flis_semantic.ledger_records import ExtractedFrom, Mode
from flis_semantic.workspace import Project

_FIRST_YEAR, _LAST_YEAR = 1900, 2200
"""No calendar reaches further. What was extracted outside it is a mistake, and its rank would stand in the way for ever."""


@dataclass
class Arrival:
    """One recognised file. `number` tells the files of one receive apart; the delivery's id comes with the verdict.

    Extract time and sequence may stand in columns; then they are known when the rows were read.
    """

    number: int
    file: FoundFile
    contract: Contract
    form_name: str
    form: Form
    header: tuple[str, ...]
    sha256: str
    state: tuple[int, int]
    manifest: Manifest | None
    named: Named
    extracted_at: datetime
    extracted_from: ExtractedFrom
    synthetic: bool
    sequence: int | None
    """The sender's own number: of a delta, or what the manifest gives."""

    transcript: Transcript = field(default_factory=lambda: Transcript("utf-8"))

    @property
    def mode(self) -> Mode:
        """How the delivery changes what was there."""
        return self.form.mode

    @property
    def stream(self) -> str:
        """What its sequence counts in: its unit where the form is by unit, else the whole contract."""
        return (self.named.unit or "") if self.form.by_unit else ""

    @property
    def extract_unknown(self) -> bool:
        """Whether nothing told the extract time, though the form has a place for it."""
        return self.extracted_from == "receipt" and self.form.extracted_at != "receipt"

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Files of one receive are judged in the order in which they were extracted, whatever the order in which they were named."""
        return self.extracted_at, -1 if self.sequence is None else self.sequence, self.number

    @property
    def tells_without_rows(self) -> bool:
        """Whether the file says something even when it has no row: that its parts are empty, or that its number brings no change."""
        return bool(self.named.parts) if self.mode != "delta" else self.sequence is not None

    def learn(self, extracted_at: datetime | None, sequences: tuple[int, int] | None) -> None:
        """Take in what the file's columns say about it. Raises Refusal when they contradict each other."""
        if self.extracted_from == "receipt" and isinstance(self.form.extracted_at, FromColumn) and extracted_at is not None:
            self.extracted_at, self.extracted_from = _possible(extracted_at, "The newest row says that the data were"), "column"
        if self.form.delta is None:
            return
        if isinstance(self.form.delta.sequence, FromColumn) and sequences is not None:
            first, last = sequences
            if first != last:
                raise Refusal(SEQUENCE, f"The rows are of deltas {first} to {last}; a file is one delta.", "Deliver each in a file.")
            if self.sequence is not None and self.sequence != first:
                raise Refusal(SEQUENCE, f"The rows are of delta {first}, the manifest says {self.sequence}.", "Correct one of them.")
            self.sequence = first
        if self.sequence is None:
            raise Refusal(SEQUENCE, "Nothing says which number the delta has.", self._where_a_number_stands)
        if self.sequence < 0:
            raise Refusal(SEQUENCE, f"The delta has number {self.sequence}; numbers count from 0 or 1.", "Number it anew.")

    @property
    def _where_a_number_stands(self) -> str:
        source = self.form.delta.sequence if self.form.delta is not None else None
        if isinstance(source, FromColumn):
            return f"Its rows say it in {source.column}, or a manifest with sequence."
        return "Send a manifest with sequence."


def arrive(project: Project, number: int, file: FoundFile, candidate: Candidate, received_at: datetime, synthetic: bool | None) -> Arrival:
    """Check header and checksum and read name and manifest. Raises Refusal."""
    manifest = read_manifest(file.manifest)
    check_header(candidate)
    before = state(file.path)
    sha256 = digest(file.path)
    if manifest is not None:
        manifest.check_digest(sha256)
    named = read_name(project, file, candidate.contract, candidate.form_name, manifest)
    extracted_at, extracted_from = _extracted(file, candidate, manifest, received_at)
    said = manifest.synthetic if manifest is not None else None
    return Arrival(
        number=number,
        file=file,
        contract=candidate.contract,
        form_name=candidate.form_name,
        form=candidate.form,
        header=candidate.header,
        sha256=_content(sha256, named),
        state=before,
        manifest=manifest,
        named=named,
        extracted_at=extracted_at,
        extracted_from=extracted_from,
        synthetic=bool(synthetic if synthetic is not None else said),
        sequence=_sequence(named, manifest),
    )


def _content(sha256: str, named: Named) -> str:
    """What tells one delivery's content from another's: the bytes, and what name and manifest say of all of them.

    Two units that have nothing to deliver send the same empty file.
    """
    said = [named.unit or "", named.label or "", *(repr(part) for part in sorted(named.parts))]
    return sha256 if not any(said) else hashlib.sha256("\n".join([sha256, *said]).encode()).hexdigest()


def _sequence(named: Named, manifest: Manifest | None) -> int | None:
    said = manifest.sequence if manifest is not None else None
    if named.sequence is not None and said is not None and named.sequence != said:
        raise Refusal(SEQUENCE, f"The name says delta {named.sequence}, the manifest {said}.", "Correct one of them.")
    return said if said is not None else named.sequence


def _extracted(file: FoundFile, candidate: Candidate, manifest: Manifest | None, received_at: datetime) -> tuple[datetime, ExtractedFrom]:
    form = candidate.form
    if manifest is not None and manifest.extracted_at is not None:
        return utc(_possible(manifest.extracted_at, "The manifest says that the data were")), "manifest"
    if isinstance(form.extracted_at, FromFileName):
        day = date_in_name(file.name.partition(".")[0], form.extracted_at.file_name)
        if day is not None:
            return _possible(datetime.combine(day, time.min), "The name says that the data were"), "file name"
        if candidate.named:
            expected = form.extracted_at.file_name.replace("{date}", "YYYY-MM-DD")
            raise Refusal(
                NAME,
                f"The name {file.path.name} has no date of extract where {candidate.contract.table}, form {candidate.form_name}, reads it.",
                f"Name it {expected}{Path(form.file_name.removesuffix('.gz')).suffix}, or send a manifest with extracted_at.",
            )
    return received_at, "receipt"


def _possible(moment: datetime, who: str) -> datetime:
    """The time of an extract, unless nobody can have taken data out then."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise Refusal(
            EXTRACT,
            f"{who} taken out on {moment.date()}; that cannot be.",
            f"An extract is of the years {_FIRST_YEAR} to {_LAST_YEAR}: correct the date and deliver the file again.",
        )
    return moment
