"""The package's answer beside the oracle's, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from typing import Any

from tests.oracle.answer import Answer, Figure
from tests.oracle.days import Span
from tests.oracle.world import World

COLUMNS = [field.name for field in fields(Answer)]
Key = tuple[str, ...]


class Expected(dict[Key, Answer]):
    """Rows by area level, area, codes and period. `owed`: those that have to be there although nothing was counted."""

    def __init__(self) -> None:
        super().__init__()
        self.owed: set[Key] = set()


def expected_rows(
    world: World,
    figure_id: str,
    levels: Sequence[str],
    periods: Sequence[Span],
    by: Sequence[str] = (),
    areas: Mapping[str, tuple[str, ...]] | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
) -> Expected:
    """The oracle's rows."""
    figure = Figure(world, figure_id)
    found = Expected()
    # Areas are asked for by their codes of any of the periods.
    asked = {unit.key for period in periods for units in figure.areas(levels[0], period, areas or {}).values() for unit in units}
    for period in periods:
        cells = figure.cells(by, where or {}, period, asked)
        owed = {cell.cuts for cell in figure.cells(by, where or {}, period, ())}
        for level in levels:
            for area, units in figure.areas(level, period, areas or {}).items():
                for cell in cells:
                    key = (level, area, *(code for _, code in cell.cuts), period.label)
                    found[key] = figure.answer(level, units, period, cell)
                    found.owed |= {key} if cell.cuts in owed else set()
    return found


def differences(actual: Sequence[Mapping[str, Any]], expected: Expected, by: Sequence[str] = ()) -> list[str]:
    """A sentence per cell in which the two differ."""
    found: list[str] = []
    seen: dict[Key, Mapping[str, Any]] = {}
    for row in actual:
        key = (row["area_level"], row["area"], *(row[dimension] for dimension in by), row["period"])
        if key in seen:
            found.append(f"{key}: twice")
        seen[key] = row
    # Whether a row of no member that exists makes a cell is a question of rows read, and one that a measure's own filter leaves
    # out may be among them or not; a cell without any member, or with a side in which nothing was counted, says nothing.
    one_sided = {key: seen.get(key) or vars(expected.get(key)) for key in seen.keys() ^ expected.keys()}
    empty = {key for key, row in one_sided.items() if key not in expected.owed and says_nothing(row)}
    found += [f"{key}: only the compiler has it" for key in seen.keys() - expected.keys() - empty]
    found += [f"{key}: only the oracle has it" for key in expected.keys() - seen.keys() - empty]
    for key in seen.keys() & expected.keys():
        for column in COLUMNS:
            got, want = seen[key][column], getattr(expected[key], column)
            if not same(got, want):
                found.append(f"{key}: {column} is {got!r}, the oracle says {want if not isinstance(want, Fraction) else float(want)!r}")
    return sorted(found)


def says_nothing(row: Mapping[str, Any]) -> bool:
    """Whether nobody is in a row, or nothing was counted on one of its sides."""
    return not (row["members"] and row["numerator"]) or row["denominator"] == 0


def same(got: Any, want: Any) -> bool:
    """Whether two values of a column are the same, but for the rounding of one division in double."""
    if got is None or want is None:
        return got is want
    if isinstance(want, Fraction):
        # The package adds members' own values in nine decimals.
        return abs(Fraction(got) - want) <= Fraction(5, 10**9) * max(1, abs(want))
    return bool(got == want)
