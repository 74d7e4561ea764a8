"""Personal numbers that stand where none belongs: found by how they look in a text, and masked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flis_semantic.delivery.report import MASK, DeliveryResult
from flis_semantic.delivery.sql import quoted
from flis_semantic.ledger_records import Entry
from flis_semantic.vocabulary.model import Vocabulary

_CUT = re.compile(r"(?<![0-9a-f])[0-9][0-9 -]{0,10}…")
"""The beginning of a number; not that of a checksum."""


@dataclass(frozen=True)
class Masks:
    """What numbers look like in a text: regular expressions, and the least characters that any of them needs."""

    patterns: tuple[str, ...] = ()
    shortest: int = 1

    def text(self, text: str) -> str:
        """The text without the numbers in it; nor the beginning of one where the text was cut."""
        if not self.patterns:
            return text
        for pattern in self.patterns:
            text = re.sub(pattern, MASK, text)
        return _CUT.sub(f"{MASK}…", text)

    def result(self, result: DeliveryResult) -> DeliveryResult:
        """A verdict without the numbers that name and content of its file put into it."""
        shown = self.text(str(result.file))
        return replace(result, message=self.text(result.message), hint=self.text(result.hint), shown=shown)

    def entry(self, entry: Entry) -> Entry:
        """The same of what the ledger keeps."""
        delivery = entry.delivery
        counts = [replace(count, supplier=self.text(count.supplier)) for count in entry.unit_counts]
        told = replace(delivery, file_name=self.text(delivery.file_name), message=self.text(delivery.message))
        return replace(entry, delivery=told, unit_counts=counts)

    def masked(self, value: str) -> str:
        """SQL of a text without the numbers in it."""
        for pattern in self.patterns:
            value = f"regexp_replace({value}, {quoted(pattern)}, {quoted(MASK)}, 'g')"
        return value

    def found_in(self, value: str) -> str:
        """SQL of whether a number stands in a text."""
        hits = " OR ".join(f"regexp_matches({value}, {quoted(pattern)})" for pattern in self.patterns)
        return f"(strlen({value}) >= {self.shortest} AND ({hits}))" if hits else "false"


def masks_of(vocabulary: Vocabulary) -> Masks:
    """The masks of every personal number that the vocabulary knows."""
    numbers = [number for number in vocabulary.personal_numbers.values() if number.in_text is not None]
    patterns = tuple(number.in_text for number in numbers if number.in_text is not None)
    return Masks(patterns, min((number.shortest for number in numbers), default=1))
