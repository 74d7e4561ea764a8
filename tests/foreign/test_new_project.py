"""`flis new project`: a folder that works at once, or one sentence and nothing written."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

import flis_semantic
from flis_semantic.cli import new
from flis_semantic.cli.new import new_project, project_name
from flis_semantic.errors import ArgumentError
from flis_semantic.workspace import Project
from tests.foreign.norland import flis

PACKAGE = Path(flis_semantic.__file__).parent


def test_the_project_goes_through_the_line_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "My Figures 2"
    made = flis("new", "project", str(folder), "--lang", "en,fr", folder=tmp_path)
    assert made.code == 0, made.err
    assert not made.out
    for command in (["catalogue", "check"], ["generate", "--check"], ["receive", "deliveries"], ["build"]):
        ran = flis(*command, folder=folder)
        assert ran.code == 0, ran.err
    ran = flis("query", "libraries.visits", "--by", "part", "--grain", "year", "--format", "csv", folder=folder)
    # The delivered file itself, added up apart from the program.
    lines = [line.split(",") for line in (folder / "deliveries/visits_2025-01-15.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert len(lines) == 4 * 12
    north = sum(int(visits) for district, _, visits in lines if district.startswith("A"))
    assert f"libraries.visits,part,N,year,2024,{float(north)}," in ran.out
    assert "Synthetic data" in ran.err
    assert flis("quality", folder=folder).code == 0


def test_a_danish_one_speaks_danish(tmp_path: Path) -> None:
    new_project(tmp_path / "tal", ["da", "en"])
    project = Project(tmp_path / "tal")
    assert project.catalogue.figures["libraries.visits"].file.title == {"da": "Besøg på biblioteker", "en": "Visits to libraries"}
    assert project.vocabulary.languages == ("da", "en")


def test_an_empty_folder_is_taken_and_a_full_one_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    new_project(tmp_path / "empty", ["en"])
    before = sorted(tmp_path.rglob("*"))
    ran = flis("new", "project", "empty", folder=tmp_path)
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "is not empty" in ran.err
    assert sorted(tmp_path.rglob("*")) == before
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ArgumentError, match="is a file"):
        new_project(tmp_path / "file", ["en"])


@pytest.mark.parametrize("languages", [["english"], ["EN"], ["en", "en"], ["../x"]])
def test_what_is_no_language_is_refused_before_anything_is_written(tmp_path: Path, languages: list[str]) -> None:
    with pytest.raises(ArgumentError, match="no language code"):
        new_project(tmp_path / "new", languages)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_filled_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    many = new._templates()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(new, "_templates", lambda: {**many, "catalogue/_vocabulary.yml/impossible": "x"})
    for name in ("here", "there"):
        with pytest.raises(OSError):
            new_project(tmp_path / name, ["en"])
    assert list(tmp_path.rglob("*")) == [tmp_path / "here"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("figures", "figures"),
        ("My Figures-2", "my_figures_2"),
        ("2026", "project_2026"),
        ("flis_project", "project_flis_project"),
        ("ÆØ", "project"),
    ],
)
def test_the_folders_name_becomes_a_name_that_dbt_takes(folder: str, name: str) -> None:
    assert project_name(folder) == name


def test_no_mark_of_a_template_is_left(tmp_path: Path) -> None:
    new_project(tmp_path / "figures", ["en", "fr", "de"])
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "figures").rglob("*") if path.is_file()]
    assert not [text for text in texts if "<<" in text or "[[" in text]
    vocabulary = (tmp_path / "figures/catalogue/_vocabulary.yml").read_text(encoding="utf-8")
    assert "languages: [en, fr, de]" in vocabulary


def test_templates_and_dbt_package_are_data_of_the_wheel() -> None:
    patterns = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"][
        "flis_semantic"
    ]
    shipped = [path.relative_to(PACKAGE) for name in ("templates", "project") for path in (PACKAGE / name).rglob("*") if path.is_file()]
    assert len(shipped) > 30
    # setuptools passes over hidden files.
    assert not [path for path in shipped if any(part.startswith(".") for part in path.parts)]
    assert not [path for path in shipped if not any(fnmatch(path.as_posix(), pattern.replace("**/*", "*")) for pattern in patterns)]
