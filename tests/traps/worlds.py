"""What the traps' tests share: rows as Jobindsats and Statistics Denmark deliver them, in as few words as possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.planting import Planting


def persons(period: str, values: Mapping[str, int | None]) -> list[dict[str, Any]]:
    """Population by unit on a quarter's first day, as in `2020Q1`."""
    return [{"unit": unit, "period": period, "value": value} for unit, value in values.items()]


def jobs(series: str, period: str, values: Mapping[str, Any], category: str | None = None) -> list[dict[str, Any]]:
    """One series of Jobindsats by unit in a month, as in `2026M07`."""
    return [{"unit": unit, "period": period, "series": series, "category": category, "value": value} for unit, value in values.items()]


def months(year: int, first: int = 1, last: int = 12) -> list[str]:
    """Months as Jobindsats labels them."""
    return [f"{year}M{month:02}" for month in range(first, last + 1)]


def naive(world: Planting, sql: str) -> Any:
    """What a straightforward query over the marts says: its one value, or its rows."""
    rows: Sequence[tuple[Any, ...]] = world.connect().execute(sql).fetchall()
    return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows
