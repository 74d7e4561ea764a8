"""The sidecar that may come with a file: `<file>.manifest.json`, what the sender says the file holds."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from pydantic import Field, ValidationError

from flis_semantic.delivery.report import MANIFEST, Refusal
from flis_semantic.vocabulary.model import Strict


class ManifestPart(Strict):
    """A unit × base period that the file delivers, whether it has rows of it or not."""

    unit: str = Field(description="unit code")
    period: str = Field(description="label of the period")


class Manifest(Strict):
    """Control figures of one delivered file. Everything is optional; what is there must agree with the file."""

    rows: int | None = Field(default=None, ge=0, description="rows below the header")
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-fA-F]{64}$", description="of the file as delivered")
    extracted_at: datetime | None = Field(default=None, description="when the sender took the data out; UTC where no zone is given")
    sequence: int | None = Field(
        default=None, ge=0, lt=10**18, description="the sender's own number; the higher wins at the same extract time"
    )
    synthetic: bool | None = Field(default=None, description="the data are made up")
    supplier: str | None = Field(default=None, min_length=1, max_length=80, description="whose system wrote the file")
    parts: tuple[ManifestPart, ...] = Field(default=(), description="every unit × base period that the file delivers, also without a row")
    sums: dict[str, Decimal] = Field(default_factory=dict, description="total of a column of the contract, over all rows")

    @property
    def confirms_every_byte(self) -> bool:
        """Whether a file that agrees with it is complete. Rows do not tell: a cut inside the last value leaves their number."""
        return self.sha256 is not None

    @property
    def has_control_figures(self) -> bool:
        """Whether something in it can be held against the file; when it was extracted, or that it is made up, cannot."""
        return self.rows is not None or self.sha256 is not None or bool(self.sums)

    def check_digest(self, sha256: str) -> None:
        """Refuse a file with another checksum."""
        if self.sha256 is not None and self.sha256.lower() != sha256:
            raise Refusal(
                MANIFEST,
                f"The manifest's checksum is not the file's: it begins with {self.sha256[:12].lower()}, the file's with {sha256[:12]}.",
                "The file or its manifest was changed on the way: deliver both again.",
            )

    def check_rows(self, rows: int) -> None:
        """Refuse a file with another number of rows."""
        if self.rows is not None and self.rows != rows:
            raise Refusal(
                MANIFEST,
                f"The manifest says {self.rows:,} rows, the file has {rows:,}.",
                "Rows were lost or added on the way: deliver file and manifest again.",
            )

    @property
    def confirms_no_row(self) -> bool:
        """Whether a file without rows is as the sender meant it."""
        return self.rows == 0 or (self.rows is None and self.sha256 is not None)

    def check_sums(self, sums: dict[str, Decimal]) -> None:
        """Refuse a file in which a column adds up to something else."""
        for column, said in self.sums.items():
            found = sums.get(column)
            if found is None:
                raise Refusal(
                    MANIFEST,
                    f"The manifest has a sum of '{column}', which is no number column of the contract.",
                    f"Its number columns: {', '.join(sums) or 'none'}.",
                )
            if found != said:
                raise Refusal(
                    MANIFEST,
                    f"The manifest says that {column} adds up to {said}, in the file it is {found}.",
                    "Values were changed on the way: deliver file and manifest again.",
                )


def read_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`, None when there is none. Raises Refusal when it cannot be understood."""
    if not path.is_file():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refusal(
            MANIFEST, f"The manifest {path.name} cannot be used: {place + ': ' if place else ''}{first['msg']}.", "Correct or remove it."
        ) from error
