"""The words of one project: what the vocabulary file may say, and that the package takes any country's."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flis_semantic.errors import DefinitionErrors
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.vocabulary.model import Vocabulary

ROOT = Path(__file__).resolve().parents[2]

# Another country, made up: other units and codes, another language, a year that starts in April.
FOREIGN: dict[str, Any] = {
    "languages": ["nl"],
    "reporting_unit": {
        "model": "dim_canton",
        "key": "canton_key",
        "code_format": "[A-Z]{2}",
        "seed": "cantons",
        "seed_code": "canton_code",
        "seed_kind": "kind",
        "kind": "kind",
        "member_kind": "canton",
        "members": 3,
        "valid_from": "valid_from",
        "valid_to": "valid_to",
        "levels": [
            {"id": "canton", "title": {"nl": "Kanton"}, "code": "canton_code"},
            {"id": "realm", "title": {"nl": "Rijk"}, "constant": "XX", "constant_name": {"nl": "Rijk"}},
        ],
    },
    "calendar": {"first_year": 2020, "last_year": 2024},
    "calendars": {"budget_year": {"title": {"nl": "Begrotingsjaar"}, "starts": "04-01", "label": "{start}-{end}"}},
    "units": {"percent": {"title": {"nl": "procent"}, "factor": 100}},
}


def foreign(**changes: Any) -> dict[str, Any]:
    """The made-up vocabulary with changes by dotted path (`__` for the dot)."""
    data = copy.deepcopy(FOREIGN)
    for path, value in changes.items():
        *parents, last = path.split("__")
        here: Any = data
        for part in parents:
            here = here[int(part) if part.isdigit() else part]
        here[last] = value
    return data


def write(tmp_path: Path, data: object) -> Path:
    """A catalogue folder with this vocabulary."""
    folder = tmp_path / "catalogue"
    folder.mkdir()
    (folder / "_vocabulary.yml").write_text(yaml.safe_dump(data, allow_unicode=True, default_style=None, sort_keys=False), encoding="utf-8")
    return folder


def test_ours_has_98_members_in_three_levels() -> None:
    unit = load_vocabulary(ROOT / "catalogue").reporting_unit
    assert unit.members == 98
    assert unit.code_width == 4
    assert [level.id for level in unit.levels] == ["municipality", "region", "country"]
    assert (unit.base.id, unit.top.id, unit.top.constant) == ("municipality", "country", "DK")
    assert unit.level("region") == unit.levels[1]
    assert unit.level("county") is None


def test_ours_has_danish_and_english_titles_everywhere() -> None:
    vocabulary = load_vocabulary(ROOT / "catalogue")
    titled = [*vocabulary.reporting_unit.levels, *vocabulary.calendars.values(), *vocabulary.units.values()]
    titled += [*vocabulary.dimensions.values(), *vocabulary.holidays]
    assert all(thing.title.get("da") and thing.title.get("en") for thing in titled)


def test_another_country_needs_only_another_file(tmp_path: Path) -> None:
    vocabulary = load_vocabulary(write(tmp_path, FOREIGN))
    calendar = Calendar(vocabulary)
    assert calendar.grains == ("day", "week", "month", "quarter", "year", "budget_year")
    period = calendar.parse("2021-2022")
    assert period is not None
    assert (period.grain, period.start.isoformat(), period.end.isoformat()) == ("budget_year", "2021-04-01", "2022-03-31")
    assert calendar.nests("quarter", "budget_year")
    assert vocabulary.dimensions == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reporting_unit__levels__0__constant": "XX"}, "level 'canton' needs either code (a column) or constant (one area)"),
        ({"reporting_unit__levels__1__constant": None}, "level 'realm' needs either code (a column) or constant (one area)"),
        ({"reporting_unit__code_format": "[A-Z"}, "code_format is no regular expression"),
        ({"reporting_unit__levels": []}, "at least 1 item"),
        ({"calendars": {"year": FOREIGN["calendars"]["budget_year"]}}, "calendar 'year' has the name of a built-in grain"),
        ({"calendars": {"range": FOREIGN["calendars"]["budget_year"]}}, "calendar 'range' has the name of a built-in grain"),
        ({"calendars__budget_year__starts": "13-01"}, "starts"),
        ({"calendars__budget_year__label": "{start}"}, "label"),
        ({"calendars__budget_year__starts": "02-30"}, "'02-30' is no day of the year (MM-DD)"),
        ({"calendars__budget_year__starts": "02-29"}, "02-29 is not a day of every year"),
        ({"holidays": [{"title": {"nl": "x"}, "month_day": "04-31"}]}, "'04-31' is no day of the year (MM-DD)"),
        ({"holidays": [{"title": {"nl": "x"}, "month_day": "02-29"}]}, "02-29 is not a day of every year"),
        ({"calendar": {"first_year": 2024, "last_year": 2020}}, "the calendar ends (2020) before it begins (2024)"),
        *(
            ({"dimensions": {name: {"title": {"nl": "x"}, "model": "m", "key": "k", "code": "c"}}}, "has the name of a column")
            for name in ("status", "reason", "value", "area", "period_key", "c1", "sex_label", "canton_key")
        ),
        ({"dimensions": {"canton": {"title": {"nl": "x"}, "model": "m", "key": "k", "code": "c"}}}, "name of an area level or a grain"),
        ({"holidays": [{"title": {"nl": "x"}}]}, "a holiday needs either month_day or easter"),
        ({"holidays": [{"title": {"nl": "x"}, "easter": 1, "month_day": "01-01"}]}, "a holiday needs either month_day or easter"),
        ({"units__percent__factor": 0}, "greater than 0"),
        ({"languages": []}, "at least 1 item"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DefinitionErrors) as raised:
        load_vocabulary(write(tmp_path, foreign(**changes)))
    assert message in str(raised.value)
    assert "catalogue/_vocabulary.yml:" in str(raised.value)


def test_all_errors_come_at_once_with_their_lines(tmp_path: Path) -> None:
    folder = tmp_path / "catalogue"
    folder.mkdir()
    text = "languages: [nl]\nlanguages: [da]\nreporting_units: {}\ncalendar: {first_year: 0900, last_year: 2024}\nunits: {}\n"
    (folder / "_vocabulary.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionErrors) as raised:
        load_vocabulary(folder)
    lines = str(raised.value).splitlines()
    assert [line for line in lines if "The key 'languages' is there twice." in line and ":2:" in line]
    assert [line for line in lines if "Did you mean 'reporting_unit'?" in line and ":3:" in line]
    assert [line for line in lines if "0900 without quotes" in line and ":4:" in line]
    assert [line for line in lines if "reporting_unit is missing" in line]


def test_a_folder_without_vocabulary_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(DefinitionErrors) as raised:
        load_vocabulary(tmp_path)
    assert "There is no vocabulary." in str(raised.value)
    assert "--project DIR" in str(raised.value)


def test_a_vocabulary_cannot_be_changed_after_loading() -> None:
    vocabulary = Vocabulary.model_validate(FOREIGN)
    with pytest.raises(ValidationError):
        vocabulary.languages = ("da",)


# Another country's number, made up: a letter, then year, month and day, and a check digit.
NUMBER: dict[str, Any] = {
    "title": {"nl": "Burgernummer"},
    "pattern": "[A-Z][0-9]{8}",
    "birth_date": {"year": 2, "month": 4, "day": 6, "century": {"place": 1, "years": [{"marks": "A", "century": 1900}, {"marks": "B", "century": 2000}]}},
    "check_digits": {"weights": [0, 2, 3, 4, 5, 6, 7, 0, 1], "modulus": 11, "remainder": 3, "without_exception": True},
    "in_text": "[A-Z][0-9]{8}",
}  # fmt: skip


def test_personal_numbers_are_the_vocabularys(tmp_path: Path) -> None:
    number = load_vocabulary(write(tmp_path, foreign(personal_numbers={"burger": NUMBER}))).personal_numbers["burger"]
    assert (number.separator, number.not_real, number.shortest) == (None, (), 9)
    assert load_vocabulary(ROOT / "catalogue").personal_numbers["cpr"].shortest == 10


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("pattern", "[A-Z", "is no regular expression"),
        ("pattern", "(?=A)[0-9]+", "is not known where rows are judged"),
        ("in_text", r"([0-9])\1{9}", "is not known where rows are judged"),
        ("not_real", ["(?<!A)1"], "is not known where rows are judged"),
        ("birth_date__year_digits", 4, "a year of two digits needs its century, one of four digits has it"),
        ("birth_date__century", None, "a year of two digits needs its century, one of four digits has it"),
        ("birth_date__day", 0, "greater than 0"),
        ("birth_date__century__years__0__to", 100, "less than or equal to 99"),
        ("birth_date__century__years__0__from", 50, "the years end (40) before they begin (50)"),
        ("birth_date__century__years__1__marks", "AB", "years 0 of one mark belong to two centuries"),
        ("birth_date__century__years__0__century", 1950, "multiple of 100"),
        ("check_digits__modulus", 1, "greater than 1"),
        ("check_digits__remainder", 11, "modulus 11 never leaves 11"),
        ("check_digits__weights", [], "at least 1 item"),
        ("separator", {"after": 6, "marks": ["--"]}, "at most 1 character"),
        ("separater", "-", "Did you mean 'separator'?"),
    ],
)
def test_a_personal_number_that_cannot_be_meant_is_refused(tmp_path: Path, path: str, value: object, message: str) -> None:
    data = foreign(personal_numbers={"burger": copy.deepcopy(NUMBER)})
    if path.endswith("from"):
        data["personal_numbers"]["burger"]["birth_date"]["century"]["years"][0] |= {"from": 50, "to": 40}
    else:
        data = _set(data, f"personal_numbers__burger__{path}", value)
    with pytest.raises(DefinitionErrors) as raised:
        load_vocabulary(write(tmp_path, data))
    assert message in str(raised.value), str(raised.value)


def _set(data: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    *parents, last = path.split("__")
    here: Any = data
    for part in parents:
        here = here[int(part) if part.isdigit() else part]
    here[last] = value
    return data
