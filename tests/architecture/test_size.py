"""Small files, small functions, and every public name says what it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, Function, modules, name, public, tree

FILE_LINES = 400
FUNCTION_LINES = 60
ALL = [*modules(), *modules(ROOT / "tests"), *modules(ROOT / "benchmarks")]


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_file_is_at_most_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_function_is_at_most_60_lines(path: Path) -> None:
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, Function)]
    lengths = {node.name: (node.end_lineno or node.lineno) - node.lineno + 1 for node in functions}
    assert not {function: lines for function, lines in lengths.items() if lines > FUNCTION_LINES}


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_public_name_has_a_docstring(path: Path) -> None:
    module = tree(path)
    missing = [node.name for node in public(module) if not ast.get_docstring(node)]
    if module.body and not ast.get_docstring(module):
        missing.insert(0, "the module itself")
    assert not missing
