"""YAML that bends nothing, and errors that say where, what was expected and what was meant, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from flis_semantic import strict_yaml
from flis_semantic.errors import DefinitionError
from flis_semantic.vocabulary.model import Identifier, MonthDay


class Part(BaseModel):
    """A part of the sample model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: str
    filter: dict[str, str] = Field(default_factory=dict)


class Definition(BaseModel):
    """The sample model."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: dict[str, str]
    direction: Literal["up", "down", "neutral"] = "neutral"
    numerator: Part
    parts: tuple[Part, ...] = ()
    decimals: int = 0

    @field_validator("decimals")
    @classmethod
    def _few(cls, value: int) -> int:
        if value > 6:
            raise ValueError("at most 6 decimals")
        return value


def read(tmp_path: Path, text: str) -> tuple[strict_yaml.Document | None, list[DefinitionError]]:
    """Write a file and read it as `catalogue/sample.yml`."""
    path = tmp_path / "sample.yml"
    path.write_text(text, encoding="utf-8")
    return strict_yaml.read(path, "catalogue/sample.yml")


def data(tmp_path: Path, text: str) -> Any:
    """What the file holds; it must be without errors."""
    document, errors = read(tmp_path, text)
    assert not errors
    assert document is not None
    return document.data


@pytest.mark.parametrize(
    "scalar",
    ["0101", "no", "No", "NO", "yes", "on", "off", "y", "n", "12:30", "1:20:30", "1_000", "0x1F", "0o17", "0b11", "007", "-012", "+08"],
)
def test_what_yaml_readers_bend_must_be_quoted(tmp_path: Path, scalar: str) -> None:
    document, errors = read(tmp_path, f"# a comment\ncode: {scalar}\n")
    assert [str(error) for error in errors] == [
        f"catalogue/sample.yml:2: {scalar} without quotes is read differently by different YAML readers."
        f' Write "{scalar}" for the text, or true/false for a yes or no.'
    ]
    assert document is not None
    assert document.data == {"code": scalar}


@pytest.mark.parametrize("scalar", ["0101", "no", "12:30", "1_000", "0x1F"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_quoted_it_is_the_text(tmp_path: Path, scalar: str, quote: str) -> None:
    assert data(tmp_path, f"code: {quote}{scalar}{quote}") == {"code": scalar}


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("0", 0),
        ("98", 98),
        ("-1", -1),
        ("0.5", 0.5),
        ("-12.25", -12.25),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        # Text, where plain YAML makes dates, floats and infinities of it.
        ("2025-07-01", "2025-07-01"),
        ("2026-W53", "2026-W53"),
        ("1e3", "1e3"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("True", "True"),
        ("norway", "norway"),
        ("2025/26", "2025/26"),
    ],
)
def test_a_plain_scalar_is_what_it_looks_like(tmp_path: Path, scalar: str, value: object) -> None:
    found = data(tmp_path, f"key: {scalar}")["key"]
    assert (found, type(found)) == (value, type(value))


def test_a_key_that_is_there_twice_is_an_error_on_the_second_line(tmp_path: Path) -> None:
    document, errors = read(tmp_path, "unit: percent\ntitle:\n  da: Folketal\n  da: Indbyggere\nunit: persons\n")
    assert [str(error) for error in errors] == [
        "catalogue/sample.yml:4: The key 'da' is there twice. Keep one of them.",
        "catalogue/sample.yml:5: The key 'unit' is there twice. Keep one of them.",
    ]
    assert document is not None
    assert document.data == {"unit": "percent", "title": {"da": "Folketal"}}


def test_a_key_is_text_also_when_it_looks_like_a_number(tmp_path: Path) -> None:
    assert data(tmp_path, "0101: København\n98: x\n") == {"0101": "København", "98": "x"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "catalogue/sample.yml:1: The file is empty."),
        ("# only a comment\n", "catalogue/sample.yml:1: The file is empty."),
        ("a: [1, 2\n", "catalogue/sample.yml:2: The file is not YAML: "),
        ("a: 1\n\tb: 2\n", "catalogue/sample.yml:2: The file is not YAML: "),
        ("a: 'x\n", "catalogue/sample.yml:2: The file is not YAML: "),
    ],
)
def test_what_is_no_definition_is_one_error(tmp_path: Path, text: str, message: str) -> None:
    document, errors = read(tmp_path, text)
    assert document is None
    assert len(errors) == 1
    assert str(errors[0]).startswith(message)


def test_a_file_in_another_encoding_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "sample.yml"
    path.write_bytes("title: {da: Ærø}\n".encode("windows-1252"))
    document, errors = strict_yaml.read(path, "catalogue/sample.yml")
    assert document is None
    assert [str(error) for error in errors] == ["catalogue/sample.yml: The file is not UTF-8. Byte 12 cannot be read; save it as UTF-8."]


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    assert data(tmp_path, "\ufefftitle: x\n") == {"title": "x"}


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "title:\n  da: Folketal\nparts:\n  - measure: a\n  - measure: b\n    filter:\n      age: x\n")
    assert document is not None
    assert document.where(("title", "da")) == "catalogue/sample.yml:2"
    assert document.where(("parts", 1)) == "catalogue/sample.yml:5"
    assert document.where(("parts", 1, "filter", "age")) == "catalogue/sample.yml:7"
    assert document.where(("parts", 1, "filter", "absent", "deeper")) == "catalogue/sample.yml:6"
    assert document.where(("nowhere",)) == "catalogue/sample.yml:1"


def test_five_errors_are_five_errors(tmp_path: Path) -> None:
    text = "titel: {da: x}\ndirection: sideways\nnumerator:\n  mesure: a\ndecimals: 9\nparts:\n  - measure: b\n    filters: {}\n"
    document, errors = read(tmp_path, text)
    assert document is not None
    assert not errors
    model, errors = strict_yaml.parse(Definition, document)
    assert model is None
    assert sorted(str(error) for error in errors) == [
        "catalogue/sample.yml:1: titel is not a field that exists here. Did you mean 'title'?",
        "catalogue/sample.yml:1: title is missing. Add it; `flis catalogue schema` describes it.",
        "catalogue/sample.yml:2: direction is 'sideways', expected 'up', 'down' or 'neutral'.",
        "catalogue/sample.yml:3: numerator.measure is missing. Add it; `flis catalogue schema` describes it.",
        "catalogue/sample.yml:4: numerator.mesure is not a field that exists here. Did you mean 'measure'?",
        "catalogue/sample.yml:5: decimals is 9: at most 6 decimals.",
        "catalogue/sample.yml:8: parts.0.filters is not a field that exists here. Did you mean 'filter'?",
    ]


def test_what_the_model_accepts_is_the_model(tmp_path: Path) -> None:
    document, errors = read(tmp_path, "title: {da: x}\nnumerator: {measure: a}\n")
    assert document is not None
    model, more = strict_yaml.parse(Definition, document)
    assert not [*errors, *more]
    assert model == Definition(title={"da": "x"}, numerator=Part(measure="a"))


class Sized(BaseModel):
    """One field for each way in which a value can be wrong."""

    name: Identifier = "a"
    month_day: MonthDay = "01-01"
    title: dict[str, str] = Field(default_factory=dict)
    count: int = Field(default=1, gt=0)
    share: float = 0.0
    open: bool = True
    part: Part | None = None
    codes: tuple[str, ...] = Field(default=("a",), min_length=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: Børn", "name: 'Børn' is not of the form of an id: lower-case a-z, digits and _, starting with a letter."),
        ('month_day: "02-31x"', "month_day: '02-31x' is no day of the year (MM-DD)."),
        ("title: {da: 5}", 'title.da is 5, expected text. Write "5" for the text.'),
        ("title: {da: true}", 'title.da is true, expected text. Write "true" for the text.'),
        ("title: {da: [a]}", "title.da is a list, expected text."),
        ("title:\n  da:", "title.da is empty, expected text."),
        ("title: x", "title is 'x', expected a mapping: {field: value}."),
        ("count: many", "count is 'many', expected a whole number."),
        ("count: 0", "count is 0, expected greater than 0."),
        ("share: much", "share is 'much', expected a number."),
        ("open: maybe", "open is 'maybe', expected true or false."),
        ("part: 3", "part is 3, expected a mapping: {field: value}."),
        ("codes: a", "codes is 'a', expected a list: [...]."),
        ("codes: []", "codes has 0 items, expected at least 1 item."),
    ],
)
def test_a_wrong_value_is_shown_beside_what_was_expected(tmp_path: Path, text: str, message: str) -> None:
    document, _ = read(tmp_path, text)
    assert document is not None
    model, errors = strict_yaml.parse(Sized, document)
    assert model is None
    assert [f"{error.message} {error.hint}".strip() for error in errors] == [message]


@pytest.mark.parametrize("text", ["title: {da: a, b}\n", "title: {da: a, b, en: c}\n", "title:\n  {da: a, b}\n"])
def test_a_text_that_a_comma_ended_is_to_be_quoted(tmp_path: Path, text: str) -> None:
    document, _ = read(tmp_path, text + "numerator: {measure: a}\n")
    assert document is not None
    _, errors = strict_yaml.parse(Definition, document)
    assert [f"{error.message} {error.hint}" for error in errors] == [
        "title.b has no value. If it belongs to the text before it, quote the text: a comma ends it."
    ]


def test_the_form_of_an_id_is_the_vocabulary_s() -> None:
    assert Sized.model_fields["name"].metadata[0].pattern == strict_yaml.IDENTIFIER


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
VALUES = st.recursive(TEXTS, lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXTS, children, max_size=4), max_leaves=12)


@given(value=st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_in_quotes_comes_back_as_it_was(tmp_path: Path, value: dict[str, object]) -> None:
    assert data(tmp_path, yaml.safe_dump(value, allow_unicode=True, default_style='"', width=10_000)) == value


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: &x [*x]\n", "a: {b: 1}\nc: {<<: {d: 1}}\n", "a: !!str 1\n", "? [a, b]\n: 1\n"])
def test_shortcuts_of_yaml_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    _, errors = strict_yaml.read(path, "file.yml")
    assert errors
    assert all(error.where.startswith("file.yml:") for error in errors)
