"""The package's own files, as architecture tests look at them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "flis_semantic"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """The path as findings show it."""
    return path.relative_to(ROOT).as_posix()


def modules(folder: Path = PACKAGE) -> list[Path]:
    """Python files under a folder, in order."""
    return sorted(path for path in folder.rglob("*.py") if "node_modules" not in path.parts)


def tree(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def public(module: ast.Module) -> Iterator[Function | ast.ClassDef]:
    """Functions, classes and methods that other modules may use."""
    for node in module.body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from (item for item in node.body if isinstance(item, Function) and not item.name.startswith("_"))


def docstrings(module: ast.Module) -> set[ast.Constant]:
    """The literals that are docstrings."""
    found: set[ast.Constant] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Module | ast.ClassDef | Function) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
                found.add(first.value)
    return found


def documents() -> list[Path]:
    """Every Markdown page of the repository."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
