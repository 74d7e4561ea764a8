"""What `flis catalogue show` says in words, and where it points when there is nothing to show."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.cli import catalogue
from flis_semantic.errors import RequestError
from tests.projects import copy_project

FIGURE = "employment.gross_unemployed_per_latest_inhabitant_published"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        ("years: 3", "on latest known, at most 3 years old"),
        ("years: 1, months: 6", "on latest known, at most 1 year and 6 months old"),
        ("months: 1", "on latest known, at most 1 month old"),
    ],
)
def test_the_age_of_the_latest_known_is_said_without_its_zero_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], age: str, words: str
) -> None:
    path = copy_project(tmp_path) / "catalogue" / f"{FIGURE.replace('.', '/')}.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("max_age: {years: 3}", f"max_age: {{{age}}}"), encoding="utf-8")
    catalogue.show(FIGURE, project=tmp_path)
    assert words in capsys.readouterr().out


def test_a_key_figure_that_is_not_there_points_to_the_list(root: Path) -> None:
    with pytest.raises(RequestError) as raised:
        catalogue.show("nope", project=root)
    assert raised.value.hint.endswith("`flis catalogue list` shows all of them.")
