"""How a source writes its periods: `{year}Q{quarter}` reads 2020Q1 as the quarter that begins on 1 January 2020."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import product

from flis_semantic.contracts.model import NO_SLOT
from flis_semantic.vocabulary.calendar import Calendar, Period

_PARTS = {
    "year": r"[0-9]{4}",
    "month": r"[0-9]{2}",
    "month_number": r"[0-9]{1,2}",
    "quarter": r"[0-9]",
    "week": r"[0-9]{2}",
    "week_number": r"[0-9]{1,2}",
    "day": r"[0-9]{2}",
}
_NUMBERED = {"month": ("month", "month_number"), "quarter": ("quarter",), "week": ("week", "week_number")}
"""Base periods with a number within their year, and the places that hold it."""

_ORDINARY = {"month": range(1, 13), "quarter": range(1, 5), "week": range(1, 54)}
_MOST_DIGITS = 2
_NAME_PARTS = {
    "date": r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}",
    "unit": r"[^\W_]+(?:-[^\W_]+)*?",
    "period": r"[0-9A-Za-z-]+?",
    "sequence": r"[0-9]{1,9}",
}
"""Places of a file's name, and what may stand there."""

_CANONICAL = {
    frozenset({"year"}): "{year}",
    frozenset({"year", "quarter"}): "{year}-Q{quarter}",
    frozenset({"year", "month"}): "{year}-{month}",
    frozenset({"year", "week"}): "{year}-W{week}",
    frozenset({"year", "month", "day"}): "{year}-{month}-{day}",
}
_GRAINS = {
    frozenset({"year"}): "year",
    frozenset({"year", "quarter"}): "quarter",
    frozenset({"year", "month"}): "month",
    frozenset({"year", "week"}): "week",
    frozenset({"year", "month", "day"}): "day",
}
_WIDTHS = {"year": (4,), "month": (2,), "month_number": (1, 2), "quarter": (1,), "week": (2,), "week_number": (1, 2), "day": (2,)}
_PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = ", ".join(f"{{{part}}}" for part in _PARTS)


@dataclass(frozen=True)
class Placed:
    """The period that a label names. `slot` is the number of a side period, which stands in the period's place; else ''."""

    period: Period
    slot: str = NO_SLOT


def ordinary_numbers(base_period: str) -> range:
    """The numbers within their year that periods of this grain have; none where a label has no such number."""
    return _ORDINARY.get(base_period, range(0))


@dataclass(frozen=True)
class LabelFormat:
    """One accepted notation of a period."""

    text: str
    shape: re.Pattern[str]
    canonical: str

    @property
    def grain(self) -> str:
        """The grain of the periods that it names."""
        return _GRAINS[frozenset(place.removesuffix("_number") for place in _PLACE.findall(self.text))]

    def read(self, label: str, calendar: Calendar) -> Period | None:
        """The period that the label names in this notation, or None."""
        match = self.shape.fullmatch(label)
        return self._named(match.groupdict(), calendar) if match else None

    def place(self, label: str, calendar: Calendar, base_period: str, side_periods: Mapping[str, int]) -> Placed | None:
        """The same, also where the label's number is one of the side periods: `2019-13` in the place of 2019-12."""
        match = self.shape.fullmatch(label)
        if match is None:
            return None
        parts = match.groupdict()
        for part in _NUMBERED.get(base_period, ()) if self.grain == base_period else ():
            number = str(int(parts[part])) if part in parts else NO_SLOT
            if number in side_periods:
                period = self._named({**parts, part: f"{side_periods[number]:02}"}, calendar)
                return Placed(period, number) if period is not None else None
        period = self._named(parts, calendar)
        return Placed(period) if period is not None else None

    def written(self, calendar: Calendar, base_period: str, side_periods: Mapping[str, int]) -> Iterator[tuple[str, Placed]]:
        """Every way to write a period of the calendar, or one of its side periods, in this notation, and what it names."""
        places = {place.removesuffix("_number"): place for place in _PLACE.findall(self.text)}
        grain = self.grain
        numbered = places.get(base_period) in _NUMBERED.get(base_period, ())
        side_of: dict[tuple[int, int], Period] = {}
        for period in calendar.periods(grain):
            year, position = calendar.label_parts(period)
            side_of[year, position] = period
            numbers = (position // 100, position % 100) if grain == "day" else (position,)
            values = dict(zip(("month", "day") if grain == "day" else (grain,), numbers, strict=True)) if grain != "year" else {}
            for label in self._spelled(places, {"year": year, **values}):
                yield label, Placed(period)
        for number, place in side_periods.items() if numbered and grain == base_period else ():
            for (year, position), period in side_of.items():
                if position == place:
                    for label in self._spelled(places, {"year": year, base_period: int(number)}):
                        yield label, Placed(period, number)

    def _spelled(self, places: Mapping[str, str], values: Mapping[str, int]) -> Iterator[str]:
        """The label with these numbers: one text, or one per width that a place allows."""
        spelled = [
            sorted({text for width in _WIDTHS[place] if len(text := f"{values[part]:0{width}}") <= _WIDTHS[place][-1]})
            for part, place in places.items()
        ]
        for texts in product(*spelled):
            yield self.text.format_map(dict(zip(places.values(), texts, strict=True)))

    def without_separators(self) -> LabelFormat:
        """The same notation as it stands in a file's name that leaves the separators out."""
        return _label_format("".join(f"{{{part}}}" for part in _PLACE.findall(self.text)), self.canonical)

    def _named(self, parts: Mapping[str, str], calendar: Calendar) -> Period | None:
        numbers = {part.removesuffix("_number"): text for part, text in parts.items()}
        width = {"quarter": 1, "year": 4}
        label = self.canonical.format(**{part: f"{int(text):0{width.get(part, _MOST_DIGITS)}}" for part, text in numbers.items()})
        return calendar.parse(label)


def label_format(text: str) -> LabelFormat | None:
    """The notation that a contract writes, or None when its places do not name a period."""
    parts = _PLACE.findall(text)
    if not all(part in _PARTS for part in parts):
        return None
    canonical = _CANONICAL.get(frozenset(part.removesuffix("_number") for part in parts))
    names = [part.removesuffix("_number") for part in parts]
    return _label_format(text, canonical) if canonical is not None and len(names) == len(set(names)) else None


def _label_format(text: str, canonical: str) -> LabelFormat:
    pieces = _PLACE.split(text)
    shape = "".join(f"(?P<{piece}>{_PARTS[piece]})" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
    return LabelFormat(text, re.compile(shape), canonical)


def read_label(
    label: str, formats: Iterable[LabelFormat], calendar: Calendar, base_period: str = "", side_periods: Mapping[str, int] | None = None
) -> Placed | None:
    """The period that the label names in the first notation that fits, inside the calendar's span, or None.

    With side periods a label of the base period's grain may name one of them.
    """
    for notation in formats:
        placed = notation.place(label, calendar, base_period, side_periods or {})
        if placed is not None and calendar.first_day <= placed.period.start and placed.period.end <= calendar.last_day:
            return placed
    return None


def labels(formats: Iterable[LabelFormat], calendar: Calendar, base_period: str, side_periods: Mapping[str, int]) -> dict[str, Placed]:
    """Every label that names a period inside the calendar's span in one of the notations: what `read_label` reads, all at once."""
    found: dict[str, Placed] = {}
    for notation in formats:
        for label, placed in notation.written(calendar, base_period, side_periods):
            if calendar.first_day <= placed.period.start and placed.period.end <= calendar.last_day:
                found.setdefault(label, placed)
    return found


def values_in_name(stem: str, pattern: str) -> dict[str, str] | None:
    """What stands at the places of a pattern (`{date}`, `{unit}`, …) in a file's name without endings; None when it does not fit."""
    match = re.fullmatch(_name_shape(pattern), stem)
    return match.groupdict() if match is not None else None


def date_in_name(stem: str, pattern: str) -> date | None:
    """The date that stands at `{date}` of the pattern in a file's name without endings, or None."""
    found = values_in_name(stem, pattern)
    digits = found["date"].replace("-", "") if found else ""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if digits else None
    except ValueError:
        return None


@cache
def _name_shape(pattern: str) -> str:
    pieces = _PLACE.split(pattern)
    return "".join(
        f"(?P<{piece}>{_NAME_PARTS[piece]})" if index % 2 else ".*".join(re.escape(part) for part in piece.split("*"))
        for index, piece in enumerate(pieces)
    )
