"""A file on its way in: what is known of it before its rows are judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from pathlib import Path

from flis_semantic.contracts.labels import date_in_name
from flis_semantic.contracts.model import Contract, Form, FromFileName
from flis_semantic.delivery.files import FoundFile, digest, state
from flis_semantic.delivery.manifest import Manifest, read_manifest
from flis_semantic.delivery.recognise import Candidate, check_header
from flis_semantic.delivery.report import NAME, Refusal
from flis_semantic.delivery.transcode import Transcript
from flis_semantic.ledger import utc
from flis_semantic.ledger_records import ExtractedFrom


@dataclass
class Arrival:
    """One recognised file. `number` tells the files of one receive apart; the delivery's id comes with the verdict."""

    number: int
    file: FoundFile
    contract: Contract
    form_name: str
    form: Form
    header: tuple[str, ...]
    sha256: str
    state: tuple[int, int]
    manifest: Manifest | None
    extracted_at: datetime
    extracted_from: ExtractedFrom
    synthetic: bool
    transcript: Transcript = field(default_factory=lambda: Transcript("utf-8"))

    @property
    def sequence(self) -> int | None:
        """The sender's own number, where the manifest gives one."""
        return self.manifest.sequence if self.manifest is not None else None

    @property
    def extract_unknown(self) -> bool:
        """Whether nothing told the extract time, though the form has a place for it."""
        return self.extracted_from == "receipt" and isinstance(self.form.extracted_at, FromFileName)

    @property
    def order(self) -> tuple[datetime, int, int]:
        """Files of one receive are judged in the order in which they were extracted, whatever the order in which they were named."""
        return self.extracted_at, -1 if self.sequence is None else self.sequence, self.number


def arrive(number: int, file: FoundFile, candidate: Candidate, received_at: datetime, synthetic: bool | None) -> Arrival:
    """Check header and checksum and read the manifest. Raises Refusal."""
    manifest = read_manifest(file.manifest)
    check_header(candidate)
    before = state(file.path)
    sha256 = digest(file.path)
    if manifest is not None:
        manifest.check_digest(sha256)
    extracted_at, extracted_from = _extracted(file, candidate, manifest, received_at)
    said = manifest.synthetic if manifest is not None else None
    return Arrival(
        number=number,
        file=file,
        contract=candidate.contract,
        form_name=candidate.form_name,
        form=candidate.form,
        header=candidate.header,
        sha256=sha256,
        state=before,
        manifest=manifest,
        extracted_at=extracted_at,
        extracted_from=extracted_from,
        synthetic=bool(synthetic if synthetic is not None else said),
    )


def _extracted(file: FoundFile, candidate: Candidate, manifest: Manifest | None, received_at: datetime) -> tuple[datetime, ExtractedFrom]:
    form = candidate.form
    if manifest is not None and manifest.extracted_at is not None:
        return utc(manifest.extracted_at), "manifest"
    if isinstance(form.extracted_at, FromFileName):
        day = date_in_name(file.name.partition(".")[0], form.extracted_at.file_name)
        if day is not None:
            return datetime.combine(day, time.min), "file name"
        if candidate.named:
            expected = form.extracted_at.file_name.replace("{date}", "YYYY-MM-DD")
            raise Refusal(
                NAME,
                f"The name {file.path.name} has no date of extract where {candidate.contract.table}, form {candidate.form_name}, reads it.",
                f"Name it {expected}{Path(form.file_name.removesuffix('.gz')).suffix}, or send a manifest with extracted_at.",
            )
    return received_at, "receipt"
