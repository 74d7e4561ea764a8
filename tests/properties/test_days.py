"""The package's calendar beside days that are walked one by one."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from flis_semantic.vocabulary.calendar import Calendar, Period
from flis_semantic.vocabulary.model import Vocabulary
from tests.oracle.days import Span, days_of
from tests.oracle.project import TITLE, vocabulary

STARTS = {"school_year": "08-01", "odd_year": "04-15"}
CALENDAR = Calendar(
    Vocabulary.model_validate(vocabulary(1, 1999, 2041, calendars={n: {"title": TITLE, "starts": s} for n, s in STARTS.items()}))
)
DAYS = days_of((("school_year", (8, 1)), ("odd_year", (4, 15))), date(1998, 1, 1), date(2041, 12, 31))
GRAINS = st.sampled_from(DAYS.grains)
DATES = st.dates(date(2004, 1, 1), date(2038, 12, 31))


def same(span: Span | None, period: Period | None) -> bool:
    """Whether both are the same period, or there is none in both."""
    if span is None or period is None:
        return span is period
    return (span.label, span.first, span.last) == (period.label, period.start, period.end)


@given(GRAINS, DATES)
def test_a_day_lies_in_the_same_period(grain: str, day: date) -> None:
    assert same(DAYS.holding(grain, day), CALENDAR.containing(grain, day))


@given(GRAINS, DATES, st.integers(1, 5))
def test_the_same_label_years_earlier_is_the_same_period_or_none(grain: str, day: date, years: int) -> None:
    assert same(
        DAYS.years_before(DAYS.holding(grain, day), years), CALENDAR.same_label_years_earlier(CALENDAR.containing(grain, day), years)
    )


@given(GRAINS, DATES, st.integers(1, 60))
def test_so_many_periods_earlier_is_so_many_keys_earlier(grain: str, day: date, count: int) -> None:
    if grain == "quarter":
        count %= 20
    if grain in ("year", *STARTS):
        count %= 5
    period = CALENDAR.containing(grain, day)
    assert same(DAYS.before(DAYS.holding(grain, day), count), CALENDAR.period(grain, period.key - count))


@given(GRAINS, DATES)
def test_a_label_names_its_period(grain: str, day: date) -> None:
    span = DAYS.holding(grain, day)
    found = CALENDAR.parse(span.label)
    # Two declared calendars with one form of label cannot be told apart by it; the first one is taken.
    assert found is not None and (found.grain != grain or same(span, found))
