"""The one error tree. Imports nothing of the package.

An error is one sentence (`message`), where it arose (`where`: file:line, request field, command), and what to do about it
(`hint`). `code` is stable and machine-readable; `exit_code` is what the command line ends with: 1 when a check or a
validation failed, 2 when the request or the arguments are wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class FlisError(Exception):
    """Anything a user can be told about; everything else is a bug."""

    exit_code = 1
    default_code = "error"

    def __init__(self, message: str, *, where: str = "", hint: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.code = code or self.default_code

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"


class DefinitionError(FlisError):
    """A vocabulary, contract or catalogue file says something that cannot be meant."""

    default_code = "definition_error"


class DefinitionErrors(FlisError):
    """All errors of one load or check, so that a user mends them in one go."""

    default_code = "definition_errors"

    def __init__(self, errors: Sequence[DefinitionError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class RequestError(FlisError):
    """A metric request without meaning: unknown name, grain that cannot be answered, area that does not add up."""

    exit_code = 2
    default_code = "request_error"


class ArgumentError(FlisError):
    """Arguments of a command or call that are wrong before any work began."""

    exit_code = 2
    default_code = "argument_error"


class DeliveryError(FlisError):
    """A delivered file that is refused as a whole."""

    default_code = "delivery_refused"


class BuildError(FlisError):
    """A build that did not become the current version."""

    default_code = "build_failed"


class WarehouseError(FlisError):
    """The warehouse or the ledger is absent, locked or of another layout."""

    default_code = "warehouse_error"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` most likely meant, or None when nothing is close."""
    candidates = list(known)
    folded = {candidate.casefold(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return folded[close[0]]
    tails = [candidate for candidate in candidates if candidate.rsplit(".", 1)[-1] == name]
    return tails[0] if len(tails) == 1 else None


def suggestion(name: str, known: Iterable[str], *, listed: int = 8) -> str:
    """`Did you mean 'x'?` when something is close, else the first known names."""
    names = sorted(known)
    close = nearest(name, names)
    if close is not None:
        return f"Did you mean '{close}'?"
    if not names:
        return ""
    more = f" and {len(names) - listed} more" if len(names) > listed else ""
    return f"Known: {', '.join(names[:listed])}{more}."
