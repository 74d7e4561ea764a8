"""Reporting units as a delivery writes their codes."""

from __future__ import annotations

from typing import Any

from flis_semantic.contracts.model import Contract
from flis_semantic.workspace import Project


def unit_code(label: str, width: int | None) -> str:
    """A code as delivered, padded with zeros where the vocabulary has a width."""
    return label.zfill(width) if width is not None and label.isascii() and label.isdigit() else label


def unit_spellings(project: Project, contract: Contract) -> dict[str, tuple[str, list[Any]]]:
    """Columns of a table with every way to write a known code: the code, its kind, and whether it is a published total."""
    width = project.vocabulary.reporting_unit.code_width
    controls = {unit_code(label, width) for label in contract.controls}
    kinds: dict[str, str | None] = {**project.units, **dict.fromkeys(controls)}
    spelled = [(spelling, code) for code in kinds for spelling in _spellings(code, width)]
    return {
        "label": ("VARCHAR", [label for label, _ in spelled]),
        "unit_code": ("VARCHAR", [code for _, code in spelled]),
        "unit_kind": ("VARCHAR", [kinds[code] for _, code in spelled]),
        "is_control": ("BOOLEAN", [code in controls for _, code in spelled]),
    }


def _spellings(code: str, width: int | None) -> list[str]:
    """The code with all its leading zeros, and with fewer."""
    if width is None or len(code) != width or not (code.isascii() and code.isdigit()):
        return [code]
    zeros = min(len(code) - len(code.lstrip("0")), len(code) - 1)
    return [code[left:] for left in range(zeros + 1)]
