"""How sources write periods, and dates in file names."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flis_semantic.contracts.labels import date_in_name, label_format, labels, read_label, values_in_name
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary


@pytest.fixture(scope="module")
def calendar(root: Path) -> Calendar:
    return Calendar(load_vocabulary(root / "catalogue"))


@pytest.mark.parametrize(
    ("notation", "label", "grain", "first_day"),
    [
        ("{year}", "2026", "year", date(2026, 1, 1)),
        ("{year}Q{quarter}", "2020Q3", "quarter", date(2020, 7, 1)),
        ("{year}M{month}", "2026M07", "month", date(2026, 7, 1)),
        ("{month}/{year}", "07/2026", "month", date(2026, 7, 1)),
        ("{year}{month}{day}", "20240229", "day", date(2024, 2, 29)),
        ("uge {week}, {year}", "uge 53, 2026", "week", date(2026, 12, 28)),
    ],
)
def test_a_label_is_read_in_its_notation(calendar: Calendar, notation: str, label: str, grain: str, first_day: date):
    found = label_format(notation)
    assert found is not None
    period = found.read(label, calendar)
    assert period is not None and (period.grain, period.start) == (grain, first_day)


@pytest.mark.parametrize(
    ("notation", "label"),
    [
        ("{year}", "26"),
        ("{year}Q{quarter}", "2020Q5"),
        ("{year}M{month}", "2026M13"),
        ("{year}M{month}", "2026M7"),
        ("{year}M{month}", "2026M07 "),
        ("{year}M{month}", "٢026M07"),
        ("{year}{month}{day}", "20230229"),
        ("{year}-W{week}", "2025-W53"),
        ("{year}.{month}", "2026x07"),
    ],
)
def test_what_is_no_period_is_none(calendar: Calendar, notation: str, label: str):
    found = label_format(notation)
    assert found is not None
    assert found.read(label, calendar) is None


def test_the_first_notation_that_fits_is_taken_inside_the_calendar(calendar: Calendar):
    formats = tuple(found for text in ("{year}Q{quarter}", "{year}") if (found := label_format(text)) is not None)
    assert [
        placed.period.grain if (placed := read_label(label, formats, calendar)) else None for label in ("2020Q1", "2020", "1920", "2120Q1")
    ] == [
        "quarter",
        "year",
        None,
        None,
    ]


@pytest.mark.parametrize("notation", ["{month}", "{year}{year}", "{year}{mnth}", "2020", "{quarter}/{month}/{year}"])
def test_what_does_not_name_a_period_is_no_notation(notation: str):
    assert label_format(notation) is None


@pytest.mark.parametrize(
    ("stem", "pattern", "found"),
    [
        ("jobindsats_2026-08-22", "jobindsats_{date}", date(2026, 8, 22)),
        ("jobindsats_20260822", "jobindsats_{date}", date(2026, 8, 22)),
        ("a_2026-08-22_final", "*_{date}_*", date(2026, 8, 22)),
        ("jobindsats_2026-13-22", "jobindsats_{date}", None),
        ("jobindsats", "jobindsats_{date}", None),
        ("jobindsats_2026-08-22_v2", "jobindsats_{date}", None),
    ],
)
def test_a_date_stands_in_a_file_name(stem: str, pattern: str, found: date | None):
    assert date_in_name(stem, pattern) == found


@pytest.mark.parametrize(
    ("notation", "label", "place"),
    [
        ("{year}-{month}", "2019-13", ("2019-12", "13")),
        ("{year}-{month}", "2019-00", ("2019-01", "0")),
        ("{year}-{month_number}", "2019-0", ("2019-01", "0")),
        ("{year}-{month_number}", "2019-3", ("2019-03", "")),
        ("{year}-{month_number}", "2019-03", ("2019-03", "")),
        ("{month_number}/{year}", "13/2019", ("2019-12", "13")),
        ("{year}-{month}", "2019-14", None),
        ("{year}-{month_number}", "2019-130", None),
    ],
)
def test_a_side_period_stands_in_the_place_of_an_ordinary_one(calendar: Calendar, notation: str, label: str, place: tuple[str, str] | None):
    found = label_format(notation)
    assert found is not None
    placed = found.place(label, calendar, "month", {"13": 12, "0": 1})
    assert (placed and (placed.period.label, placed.slot)) == place


def test_side_periods_of_another_grain(calendar: Calendar):
    quarter, week = label_format("{year}Q{quarter}"), label_format("{year}W{week}")
    assert quarter is not None and week is not None
    placed = quarter.place("2019Q5", calendar, "quarter", {"5": 4})
    assert placed is not None and (placed.period.label, placed.slot) == ("2019-Q4", "5")
    assert quarter.place("2019Q5", calendar, "month", {"5": 4}) is None
    placed = week.place("2019W60", calendar, "week", {"60": 52})
    assert placed is not None and (placed.period.label, placed.slot) == ("2019-W52", "60")


def test_a_label_in_a_file_name_may_leave_its_separators_out(calendar: Calendar):
    found = label_format("{year}-{month}")
    assert found is not None
    period = found.without_separators().read("201903", calendar)
    assert period is not None and period.label == "2019-03"


@pytest.mark.parametrize("base_period", ["month", "quarter", "week", "day", "year"])
@pytest.mark.parametrize(
    "notation",
    [
        "{year}",
        "{year}Q{quarter}",
        "{year}-{month}",
        "{month_number}/{year}",
        "{year}W{week}",
        "{year}w{week_number}",
        "{day}.{month}.{year}",
    ],
)
def test_all_labels_at_once_are_those_that_are_read_one_by_one(calendar: Calendar, notation: str, base_period: str):
    found = label_format(notation)
    assert found is not None
    sides = {"month": {"13": 12, "0": 1}, "quarter": {"5": 4}, "week": {"60": 1}}.get(base_period, {})
    together = labels((found,), calendar, base_period, sides)
    texts = [
        found.text.format(
            year=year,
            quarter=n % 10,
            month=f"{n:02}",
            month_number=width.format(n),
            week=f"{n:02}",
            week_number=width.format(n),
            day=f"{day:02}",
        )
        for year in (2004, 2005, 2020, 2035, 2036)
        for n in range(62)
        for width in ("{}", "{:02}")
        for day in (0, 1, 29, 30, 31, 32)
    ]
    read = {text: placed for text in texts if (placed := read_label(text, (found,), calendar, base_period, sides))}
    assert {text: placed for text, placed in together.items() if text in texts} == read and read


@pytest.mark.parametrize(
    ("stem", "pattern", "values"),
    [
        ("oko_0101_2019-03", "oko_{unit}_{period}", {"unit": "0101", "period": "2019-03"}),
        ("oko_0101_201903_late", "oko_{unit}_{period}_*", {"unit": "0101", "period": "201903"}),
        ("d_0101_2019-03-02_17", "d_{unit}_{date}_{sequence}", {"unit": "0101", "date": "2019-03-02", "sequence": "17"}),
        ("d_x_17", "*_{sequence}", {"sequence": "17"}),
        ("d_x_17b", "*_{sequence}", None),
        ("oko_01 01_2019", "oko_{unit}_{period}", None),
    ],
)
def test_values_stand_at_their_places_in_a_name(stem: str, pattern: str, values: dict[str, str] | None):
    assert values_in_name(stem, pattern) == values
