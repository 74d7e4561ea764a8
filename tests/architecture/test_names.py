"""Definitions are data: the package knows no domain, key figure, area level, calendar or personal number by name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.architecture.sources import PACKAGE, ROOT, docstrings, modules, name, tree

# Never, not even inside a longer name: `municipality_key` in the package would be a municipality in the package.
NEVER = ("municipality", "kommune", "cpr", "school_year")
DOMAINS = {"economy", "personnel", "citizens", "schools", "vulnerable_children", "disability", "elderly", "employment", "health"}
# Words that another's protocol or grammar demands: (file, word): reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def key_figures() -> dict[str, str]:
    """Every key figure's full id by its own name."""
    files = [path for path in (ROOT / "catalogue").glob("*/*.yml") if not path.name.startswith("_")]
    return {path.stem: f"{path.parent.name}.{path.stem}" for path in files}


def vocabulary_names() -> set[str]:
    """Names of area levels, calendars and shared dimensions in the vocabulary file."""
    path = ROOT / "catalogue/_vocabulary.yml"
    vocabulary = yaml.safe_load(path.read_text(encoding="utf-8"))
    levels = {level["id"] for level in vocabulary["reporting_unit"]["levels"]}
    return levels | set(vocabulary.get("calendars", {})) | set(vocabulary.get("dimensions", {}))


def words(module: ast.Module) -> Iterator[tuple[int, str, bool]]:
    """Every identifier and string literal with its line; True for a docstring."""
    explained = docstrings(module)
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(text)):
                yield node.lineno, text, node in explained
            case ast.Name(id=text) | ast.Attribute(attr=text) | ast.arg(arg=text) | ast.keyword(arg=str(text)):
                yield node.lineno, text, False
            case ast.FunctionDef(name=text) | ast.AsyncFunctionDef(name=text) | ast.ClassDef(name=text):
                yield node.lineno, text, False
            case ast.alias(name=text, asname=other):
                yield node.lineno, other or text, False
            case _:
                pass


def leaks(module: ast.Module, names: set[str], ids: set[str]) -> Iterator[tuple[int, str]]:
    """Line and name of every vocabulary word that stands in a module as identifier or literal."""
    never = re.compile(rf"(?<![a-z])({'|'.join(NEVER)})(?![a-z])", re.IGNORECASE)
    for line, text, explains in words(module):
        yield from ((line, figure) for figure in ids if re.search(rf"\b{re.escape(figure)}\b", text))
        if explains:
            continue
        if text in names:
            yield line, text
        elif match := never.search(text):
            yield line, match.group(1).lower()


@pytest.mark.parametrize("path", modules(), ids=name)
def test_the_package_holds_no_word_of_the_vocabulary(path: Path) -> None:
    figures = key_figures()
    names = DOMAINS | set(figures) | vocabulary_names() | set(NEVER)
    found = {(line, word) for line, word in leaks(tree(path), names, set(figures.values())) if (name(path), word) not in EXCEPTIONS}
    assert not found, f"{name(path)}: {sorted(found)} belong in catalogue/ or contracts/"


@pytest.mark.parametrize(
    "text",
    [
        "municipality = 1",
        "x = 'municipality_key'",
        "def f(kommune): ...",
        "x.school_year",
        "x = f'where {y} = cpr'",
        "x = 'demo_domain'",
        "f(demo_figure=1)",
        "'''Explains demo_domain.demo_figure.'''",
        "x = 'select demo_domain.demo_figure from y'",
        "from x import demo_figure",
    ],
)
def test_the_search_finds_a_planted_word(text: str) -> None:
    assert list(leaks(ast.parse(text), {"demo_domain", "demo_figure", *NEVER}, {"demo_domain.demo_figure"}))


def test_the_search_lets_other_words_pass() -> None:
    allowed = "'''A municipality in prose.'''\nx = 'unit_code'\ndemo_figures = 'demo_domain is not the whole literal'"
    assert not list(leaks(ast.parse(allowed), {"demo_domain", "demo_figure", *NEVER}, {"demo_domain.demo_figure"}))


def test_every_exception_is_still_needed() -> None:
    texts = {key: [text for _, text, _ in words(tree(ROOT / key[0]))] for key in EXCEPTIONS}
    assert not [key for key, found in texts.items() if not any(key[1] in text for text in found)]


def test_the_shipped_dbt_package_holds_none_of_the_fixed_words() -> None:
    never = re.compile("|".join(NEVER), re.IGNORECASE)
    files = [path for path in (PACKAGE / "project").rglob("*") if path.suffix in (".sql", ".yml", ".md")]
    assert files
    assert not [name(path) for path in files if never.search(path.read_text(encoding="utf-8"))]
