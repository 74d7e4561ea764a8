"""What one pass over a delivered file found, whatever its notation."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_LINES = 1000
"""A quoted value that spans more lines than this is a quotation mark that nobody closed."""

LONGEST_LINE = 1_000_000
"""Characters of one record; nothing that is a table comes near."""


@dataclass
class Malformed:
    """A line that is no record of the notation; it is set aside as it is."""

    line: int
    text: str
    reason: str


@dataclass
class Transcript:
    """The encoding, the rows, and what could not be read as a row."""

    encoding: str
    records: int = 0
    malformed: list[Malformed] = field(default_factory=list[Malformed])
    open_line: int | None = None
    """Number of the last line, when it has no line end: whether it is all there cannot be seen."""

    @property
    def rows(self) -> int:
        """Rows below the header, well formed or not."""
        return self.records + len(self.malformed)
