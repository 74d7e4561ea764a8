"""How a source writes its periods: `{year}Q{quarter}` reads 2020Q1 as the quarter that begins on 1 January 2020."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from flis_semantic.vocabulary.calendar import Calendar, Period

_PARTS = {"year": r"\d{4}", "month": r"\d{2}", "quarter": r"[1-4]", "week": r"\d{2}", "day": r"\d{2}"}
_CANONICAL = {
    frozenset({"year"}): "{year}",
    frozenset({"year", "quarter"}): "{year}-Q{quarter}",
    frozenset({"year", "month"}): "{year}-{month}",
    frozenset({"year", "week"}): "{year}-W{week}",
    frozenset({"year", "month", "day"}): "{year}-{month}-{day}",
}
_PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = ", ".join(f"{{{part}}}" for part in _PARTS)


@dataclass(frozen=True)
class LabelFormat:
    """One accepted notation of a period."""

    text: str
    shape: re.Pattern[str]
    canonical: str

    def read(self, label: str, calendar: Calendar) -> Period | None:
        """The period that the label names in this notation, or None."""
        match = self.shape.fullmatch(label)
        return calendar.parse(self.canonical.format(**match.groupdict())) if match else None


def label_format(text: str) -> LabelFormat | None:
    """The notation that a contract writes, or None when its places do not name a period."""
    parts = _PLACE.findall(text)
    canonical = _CANONICAL.get(frozenset(parts))
    if canonical is None or len(parts) != len(set(parts)):
        return None
    pieces = _PLACE.split(text)
    shape = "".join(f"(?P<{piece}>{_PARTS[piece]})" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return LabelFormat(text, re.compile(shape), canonical)


def read_label(label: str, formats: tuple[LabelFormat, ...], calendar: Calendar) -> Period | None:
    """The period that the label names in the first notation that fits, inside the calendar's span, or None."""
    for notation in formats:
        period = notation.read(label, calendar)
        if period is not None and calendar.first_day <= period.start and period.end <= calendar.last_day:
            return period
    return None


def date_in_name(stem: str, pattern: str) -> date | None:
    """The date that stands at `{date}` of the pattern in a file's name without endings, or None."""
    before, _, after = pattern.partition("{date}")
    shape = _loose(before) + r"(\d{4})-?(\d{2})-?(\d{2})" + _loose(after)
    match = re.fullmatch(shape, stem)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _loose(text: str) -> str:
    return ".*".join(re.escape(piece) for piece in text.split("*"))
