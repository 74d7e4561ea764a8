"""How the personal numbers of a country are written: what a number looks like, and what it says by itself.

Places count from 1 in the number without its separator. Nothing here knows a country's numbers: those are the vocabulary's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flis_semantic.vocabulary.patterns import Pattern
from flis_semantic.vocabulary.strict import Strict

Place = Annotated[int, Field(gt=0, description="place of the first character, from 1")]


class Separator(Strict):
    """A mark that may be written inside the number, and is no part of it."""

    after: int = Field(gt=0, description="how many characters of the number stand before it")
    marks: tuple[Annotated[str, Field(min_length=1, max_length=1)], ...] = Field(min_length=1)


class Years(Strict):
    """Years of two digits that belong to one century."""

    marks: str = Field(min_length=1, description="characters of which one stands at the century's place")
    from_: int = Field(default=0, alias="from", ge=0, le=99)
    to: int = Field(default=99, ge=0, le=99)
    century: int = Field(ge=0, le=9900, multiple_of=100, description="what is added to the two digits")

    @model_validator(mode="after")
    def _in_order(self) -> Years:
        if self.to < self.from_:
            raise ValueError(f"the years end ({self.to}) before they begin ({self.from_})")
        return self


class Century(Strict):
    """How one character and the two digits of the year tell the century; years of no range are no date."""

    place: Place
    years: tuple[Years, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_answer(self) -> Century:
        for number, one in enumerate(self.years):
            for other in self.years[number + 1 :]:
                if set(one.marks) & set(other.marks) and one.from_ <= other.to and other.from_ <= one.to:
                    raise ValueError(f"years {max(one.from_, other.from_)} of one mark belong to two centuries")
        return self


class BirthDate(Strict):
    """Where a number has the date of birth: day and month of two digits each, and the year."""

    day: Place
    month: Place
    year: Place
    year_digits: Literal[2, 4] = 2
    century: Century | None = Field(default=None, description="where the year has two digits, and only there")

    @model_validator(mode="after")
    def _whole_year(self) -> BirthDate:
        if (self.year_digits == 2) != (self.century is not None):
            raise ValueError("a year of two digits needs its century, one of four digits has it")
        return self

    @property
    def last_place(self) -> int:
        """The last place that is read."""
        ends = [self.day + 1, self.month + 1, self.year + self.year_digits - 1]
        return max([*ends, self.century.place] if self.century is not None else ends)


class CheckDigits(Strict):
    """The weighted sum of the first digits leaves a remainder."""

    weights: tuple[int, ...] = Field(min_length=1, description="of the first digit, the second, …; 0 for one that does not count")
    modulus: int = Field(gt=1)
    remainder: int = Field(default=0, ge=0)
    without_exception: bool = Field(
        default=False, description="every person's number has them; only then may a rule set a row aside that lacks them"
    )

    @model_validator(mode="after")
    def _can_be_left(self) -> CheckDigits:
        if self.remainder >= self.modulus:
            raise ValueError(f"modulus {self.modulus} never leaves {self.remainder}")
        return self


class PersonalNumber(Strict):
    """One kind of number that identifies a person. It is judged when it is received, and kept as a keyed pseudonym only."""

    title: dict[str, str] = Field(description="by language")
    pattern: Pattern = Field(description="regular expression of the whole number without its separator")
    separator: Separator | None = None
    birth_date: BirthDate | None = None
    check_digits: CheckDigits | None = None
    not_real: tuple[Pattern, ...] = Field(
        default=(), description="regular expressions of numbers that are no person's own: given for a test, or until somebody has one"
    )
    in_text: Pattern | None = Field(
        default=None,
        description="regular expression that finds a number inside a text, as it may be written there; what it matches is masked",
    )

    @property
    def shortest(self) -> int:
        """Characters that a number has at least, as far as its description tells."""
        places = [self.birth_date.last_place] if self.birth_date is not None else [1]
        return max([*places, len(self.check_digits.weights)] if self.check_digits is not None else places)
