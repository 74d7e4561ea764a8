"""One tree of errors: a sentence, where, what to do, and the code that the command line ends with."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from flis_semantic import errors
from flis_semantic.errors import (
    ArgumentError,
    BuildError,
    DefinitionError,
    DefinitionErrors,
    DeliveryError,
    FlisError,
    RequestError,
    WarehouseError,
    nearest,
    suggestion,
)

KINDS = [FlisError, DefinitionError, RequestError, ArgumentError, DeliveryError, BuildError, WarehouseError]
NAMES = ["citizens.population", "citizens.live_births", "employment.activation_rate", "schools.class_size"]


def test_an_error_reads_where_what_and_what_to_do() -> None:
    error = DefinitionError("unit is 'pct'.", where="catalogue/a/b.yml:7", hint="Did you mean 'percent'?")
    assert str(error) == "catalogue/a/b.yml:7: unit is 'pct'. Did you mean 'percent'?"


def test_without_place_and_hint_it_is_the_sentence_alone() -> None:
    assert str(BuildError("The build failed.")) == "The build failed."


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_code_of_its_own(kind: type[FlisError]) -> None:
    assert kind("x").code
    assert sum(other.default_code == kind.default_code for other in KINDS) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_only_wrong_requests_and_arguments_end_with_2(kind: type[FlisError]) -> None:
    assert kind("x").exit_code == (2 if kind in (RequestError, ArgumentError) else 1)


def test_a_code_can_be_more_exact() -> None:
    assert RequestError("x", code="not_additive_over_areas").code == "not_additive_over_areas"
    assert RequestError("x").code == "request_error"


def test_several_errors_are_all_shown_one_a_line() -> None:
    several = DefinitionErrors([DefinitionError(f"Error {number}.", where=f"a.yml:{number}") for number in range(1, 6)])
    assert str(several).splitlines() == [f"a.yml:{number}: Error {number}." for number in range(1, 6)]
    assert len(several.errors) == 5
    assert several.exit_code == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("citizens.populaton", "citizens.population"),
        ("CITIZENS.POPULATION", "citizens.population"),
        ("class_size", "schools.class_size"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_name_that_was_meant(name: str, meant: str | None) -> None:
    assert nearest(name, NAMES) == meant


def test_a_last_part_that_two_names_share_suggests_neither() -> None:
    assert nearest("size", ["aaaaaaaaaaaa.size", "bbbbbbbbbbbb.size"]) is None


def test_a_suggestion_names_the_nearest_or_what_there_is() -> None:
    assert suggestion("citizens.populaton", NAMES) == "Did you mean 'citizens.population'?"
    assert suggestion("xyzzy", ["b", "a"]) == "Known: a, b."
    assert suggestion("xyzzy", [f"name_{number:02}" for number in range(20)], listed=2) == "Known: name_00, name_01 and 18 more."
    assert suggestion("xyzzy", []) == ""


def test_the_module_imports_nothing_of_the_package() -> None:
    module = ast.parse(Path(errors.__file__).read_text(encoding="utf-8"))
    imported = [node.module or "" for node in ast.walk(module) if isinstance(node, ast.ImportFrom)]
    assert not [name for name in imported if name.startswith("flis_semantic")]
