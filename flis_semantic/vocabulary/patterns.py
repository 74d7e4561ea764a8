"""Regular expressions that definitions may hold: rows are judged by an engine that knows fewer of them than Python does."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_ESCAPE = re.compile(r"\\.", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?[^]]*\]")
_ESCAPE_NOT_KNOWN = re.compile(r"\\[1-9ZuUN]")
_OPERATOR_NOT_KNOWN = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|[*+?}]\+|\{[0-9]*,?[0-9]{4,}\}")

HOW_TO_WRITE = "Write it without looking ahead or back, back references, possessive repetition, and more than 1,000 repetitions."


def unknown_to_the_engine(pattern: str) -> str | None:
    """The first part of a regular expression that the engine would fail over, at the first file; None when it knows all of it."""
    without_escapes = _ESCAPE.sub("x", pattern)
    found = _ESCAPE_NOT_KNOWN.search(pattern.replace(r"\\", "xx")) or _OPERATOR_NOT_KNOWN.search(_CLASS.sub("x", without_escapes))
    return found[0] if found is not None else None


def _readable(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"{value!r} is no regular expression: {error}") from error
    unknown = unknown_to_the_engine(value)
    if unknown is not None:
        raise ValueError(f"'{unknown}' of {value!r} is not known where rows are judged. {HOW_TO_WRITE}")
    return value


Pattern = Annotated[str, AfterValidator(_readable)]
"""A regular expression that the engine can use."""
