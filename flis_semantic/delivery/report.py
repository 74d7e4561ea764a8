"""What a receive says about each file: a verdict, the counts that add up, and one clear sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
NAME = "FILE-NAME"
EXTRACT = "FILE-EXTRACT"
SERIES = "FILE-SERIES"
NOTHING = "FILE-NOTHING"
SEQUENCE = "FILE-SEQUENCE"

FILE_RULES: Mapping[str, Mapping[str, str]] = {
    EMPTY: {"da": "Filen er tom", "en": "The file is empty"},
    ENCODING: {"da": "Filen har en anden tegnkodning end aftalt", "en": "The file is in another encoding than agreed"},
    HEADER: {"da": "Filen har andre kolonner end aftalt", "en": "The file has other columns than agreed"},
    TRUNCATED: {"da": "Filen er eller kan være klippet over", "en": "The file was or may have been cut"},
    FORMAT: {"da": "Filen kan ikke læses som en tabel", "en": "The file cannot be read as a table"},
    MANIFEST: {"da": "Filen og dens manifest er uenige", "en": "The file and its manifest disagree"},
    OLDER: {"da": "Udtrækket er ældre end det, der gælder", "en": "The extract is older than what is in force"},
    SUPERSEDED: {"da": "Indholdet er siden blevet erstattet", "en": "The content was replaced since"},
    UNCHANGED: {"da": "Indholdet gælder allerede", "en": "The content is in force already"},
    UNKNOWN: {"da": "Ingen kontrakt kender filen", "en": "No contract knows the file"},
    NAME: {"da": "Filnavnet mangler udtrækkets dato", "en": "The file's name lacks the date of the extract"},
    EXTRACT: {"da": "Udtrækkets tidspunkt er ukendt eller umuligt", "en": "The time of the extract is unknown or impossible"},
    WINDOW: {"da": "Rækker ligger før det aftalte vindue", "en": "Rows lie before the agreed window"},
    FUTURE: {"da": "Udtrækkets dato er senere end modtagelsen", "en": "The date of the extract is later than the receipt"},
    SERIES: {"da": "Serier, der var leveret, mangler i den nye levering", "en": "Series that were delivered are not in the new delivery"},
    SEQUENCE: {"da": "Deltaens nummer mangler eller er brugt", "en": "The delta's number is missing or taken"},
    NOTHING: {"da": "Ingen række kunne godtages", "en": "No row could be accepted"},
}
"""What each finding about a file as a whole means, by language. Contracts have the titles of the rules about rows."""

MASK = "••••"
"""Stands where a personal value was."""

LONGEST_MESSAGE = 400
"""Characters of a sentence that a user still reads."""

DELIVER_AGAIN = "Ask the sender to deliver it again."


class Refusal(DeliveryError):
    """A file that is refused as a whole: `code` is one of the FILE- ids above, `message` one sentence, `hint` what to do."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(shortened(message), hint=shortened(hint), code=code)


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
    shown: str = ""
    """The file's path as it may be shown: without a personal number in it. Empty: as it is."""

    @property
    def shown_name(self) -> str:
        """The file's name as it may be shown."""
        return printable(Path(self.shown or self.file).name)

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{printable(self.shown or str(self.file))}: {self.verdict.replace('_', ' ')}: {self.message}{hint}"


@dataclass(frozen=True)
class Total:
    """Files and rows of several verdicts together."""

    files: int = 0
    rows_delivered: int = 0
    rows_accepted: int = 0
    rows_set_aside: int = 0

    def plus(self, result: DeliveryResult) -> Total:
        """The total with one more verdict."""
        return Total(
            self.files + 1,
            self.rows_delivered + result.rows_delivered,
            self.rows_accepted + result.rows_accepted,
            self.rows_set_aside + result.rows_set_aside,
        )


@dataclass(frozen=True)
class ReceiveReport:
    """The verdicts on all files of one receive, in the order in which they were given."""

    results: tuple[DeliveryResult, ...]

    @property
    def exit_code(self) -> int:
        """The worst of the files' exit codes."""
        return max((result.exit_code for result in self.results), default=0)

    @property
    def findings(self) -> tuple[DeliveryResult, ...]:
        """The verdicts that somebody should read: refused, unchanged, left alone, or with rows set aside."""
        quiet = ("accepted", "accepted_with_warnings")
        return tuple(r for r in self.results if r.exit_code or r.rows_set_aside or r.verdict not in quiet)

    @property
    def totals(self) -> dict[tuple[str, str], Total]:
        """Files and rows by contract ('' for none) and verdict, in order."""
        found: dict[tuple[str, str], Total] = {}
        for result in self.results:
            key = (result.contract or "", result.verdict)
            found[key] = found.get(key, Total()).plus(result)
        return dict(sorted(found.items()))


def counted(number: int, noun: str) -> str:
    """`1 row`, `5,049 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """The text on one line; what cannot be printed, or kept as UTF-8, is written as an escape: names of files may hold any bytes."""
    return text if text.isprintable() else "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def shortened(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """The text on one line, or as much of it as `longest` characters hold."""
    text = printable(text[: longest + 1])
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def some_of(texts: Sequence[str], separator: str, longest: int) -> str:
    """The texts in one line, as many as `longest` characters hold (at least one), and how many more there are."""
    kept = [shortened(texts[0], longest)]
    for text in texts[1:]:
        if len(separator.join([*kept, text])) > longest:
            break
        kept.append(text)
    more = len(texts) - len(kept)
    return separator.join([*kept, f"and {more:,} more"] if more else kept)
