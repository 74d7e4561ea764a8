"""The Danish personal number by its published rules: DDMMYY-SSSS, the century by the seventh digit, modulus 11 where it has one.

Written from the register's own description, number by number and without the vocabulary.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

Fate = Literal["accepted", "no number", "not real"]

_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


@dataclass(frozen=True)
class Judged:
    """What becomes of a value; of a number that is accepted also whether it warns."""

    fate: Fate
    warns: bool = False


def judge(value: str) -> Judged:
    """The fate of a value in the column of personal numbers."""
    text = value[:6] + value[7:] if value[6:7] in ("-", " ") else value
    day = int(text[:2]) if re.match("[0-9]{2}", text) else 0
    month = int(text[2:4]) if re.match("[0-9]{4}", text) else 0
    if len(text) == 10 and text.isascii() and text.isdigit() and 61 <= day <= 91 and 1 <= month <= 12:
        return Judged("not real")
    if len(text) == 10 and re.match("[0-9]{6}", text) and re.fullmatch("[0-9A-Za-zæøåÆØÅ]{4}", text[6:]) and not text[6:].isdigit():
        return Judged("not real")
    if not (len(text) == 10 and text.isascii() and text.isdigit()):
        return Judged("no number")
    try:
        born = date(_century(int(text[6]), int(text[4:6])) + int(text[4:6]), month, day)
    except ValueError:
        return Judged("no number")
    fits = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=True)) % 11 == 0
    return Judged("accepted", not fits and (born.month, born.day) != (1, 1))


def _century(seventh: int, year: int) -> int:
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800
