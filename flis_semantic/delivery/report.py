"""What a receive says about each file: a verdict, the counts that add up, and one clear sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flis_semantic.errors import DeliveryError

Verdict = Literal["accepted", "accepted_with_warnings", "unchanged", "refused", "skipped"]

EMPTY = "FILE-EMPTY"
ENCODING = "FILE-ENCODING"
HEADER = "FILE-HEADER"
TRUNCATED = "FILE-TRUNCATED"
FORMAT = "FILE-FORMAT"
MANIFEST = "FILE-MANIFEST"
OLDER = "FILE-OLDER"
SUPERSEDED = "FILE-SUPERSEDED"
UNCHANGED = "FILE-UNCHANGED"
UNKNOWN = "FILE-UNKNOWN"
WINDOW = "FILE-WINDOW"
FUTURE = "FILE-FUTURE"


DELIVER_AGAIN = "Ask the sender to deliver it again."


class Refusal(DeliveryError):
    """A file that is refused as a whole: `code` is one of the FILE- ids above, `message` one sentence, `hint` what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint, code=code)


@dataclass(frozen=True)
class DeliveryResult:
    """The verdict on one file. rows_delivered = rows_accepted + rows_set_aside; controls are among the accepted.

    `rule_counts` are hits per rule: a row that fails two rules is counted under both, but set aside once. `skipped` is a
    file in a folder that no contract knows.
    """

    file: Path
    contract: str | None
    form: str | None
    verdict: Verdict
    message: str
    hint: str = ""
    code: str = ""
    delivery_id: int | None = None
    rows_delivered: int = 0
    rows_accepted: int = 0
    rows_control: int = 0
    rows_set_aside: int = 0
    rule_counts: Mapping[str, int] = field(default_factory=dict[str, int])
    synthetic: bool = False
    exit_code: int = 0

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.file}: {self.verdict.replace('_', ' ')}: {self.message}{hint}"


@dataclass(frozen=True)
class ReceiveReport:
    """The verdicts on all files of one receive, in the order in which they were given."""

    results: tuple[DeliveryResult, ...]

    @property
    def exit_code(self) -> int:
        """The worst of the files' exit codes."""
        return max((result.exit_code for result in self.results), default=0)


def counted(number: int, noun: str) -> str:
    """`1 row`, `5,049 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
