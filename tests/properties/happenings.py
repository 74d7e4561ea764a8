"""Facts of random worlds beside states and published values: what happened, amounts in force, and accounts that lie inside others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.oracle.days import Span
from tests.oracle.project import TITLE
from tests.oracle.world import Code, Row

EVER = date(2000, 1, 1)
LEVELS = ["main", "group", "function"]
# Some accounts; a code of the lowest level stands under two groups.
ACCOUNTS = [("1", "1.1", "01"), ("1", "1.1", "02"), ("1", "1.2", "01"), ("2", "2.1", "03"), ("2", "2.1", "04"), ("3", "3.1", "05")]
Number = Callable[..., Any]


def _large(row: Row) -> bool:
    return (row["x"] is not None and row["x"] > 15) or (row["y"] is not None and row["y"] > 30)


CONDITIONS = {"large": "x > 15 or y > 30", "ordinary": "slot = ''"}
PYTHON: dict[str, Callable[[Row], Any]] = {
    "{large}": _large,
    "{large} and x < 18": lambda row: _large(row) and row["x"] is not None and row["x"] < 18,
    "x > 15 or slot = ''": lambda row: row["slot"] == "" or (row["x"] is not None and row["x"] > 15),
    "not {ordinary} or x > 3": lambda row: row["slot"] != "" or (row["x"] is not None and row["x"] > 3),
}


def accounts(random: Random) -> list[Code]:
    """Members of a hierarchy: for ever, ended, begun, or with a row for every year."""
    found: list[Code] = []
    for main, group, function in ACCOUNTS:
        day = date(2020, 1, 1) + timedelta(days=random.randrange(1250))
        years = [year for year in range(2010, 2025) if random.random() < 0.95]
        stays: list[list[tuple[Any, ...]]] = [
            [(EVER, None)],
            [(EVER, day)],
            [(day, None)],
            [(date(year, 1, 1), date(year, 12, 31)) for year in years],
            [(EVER, day - timedelta(days=40)), (day, None)],
            *([(EVER, day - timedelta(days=1)), (day, None, to)] for to in ((main, f"{main}.9"), ("2", "2.1"))),
        ]
        (first, last), *again = random.choice(stays)
        found.append(Code(function, first, last, (main, group), tuple(again)))
    return found


def account_dimension() -> dict[str, Any]:
    """The hierarchy as the vocabulary has it."""
    levels = [{"id": level, "title": TITLE, "code": f"{level}_code"} for level in LEVELS]
    dated = {"valid_from": "valid_from", "valid_to": "valid_to"}
    return {"title": TITLE, "model": "dim_account", "key": "account_key", **dated, "levels": levels}


def event_measures() -> dict[str, Any]:
    """Sums and counts, with conditions of the domain."""

    def measure(**more: Any) -> dict[str, Any]:
        return {"title": TITLE, "over_time": "sum", "unit": "persons", **more}

    return {
        "sum_x": measure(expression="x"),
        "sum_y": measure(expression="y"),
        "large_y": measure(expression="y", filter="{large}"),
        "rows": measure(aggregate="count"),
        "some": measure(aggregate="count", filter="{large} and x < 18"),
        "either_y": measure(expression="y", filter="x > 15 or slot = ''"),
        "odd": measure(aggregate="count", filter="not {ordinary} or x > 3"),
    }


def amount_measures() -> dict[str, Any]:
    """What is in force on the last day."""
    return {
        "last_x": {"title": TITLE, "over_time": "last", "unit": "persons", "expression": "x"},
        "last_count": {"title": TITLE, "over_time": "last", "unit": "persons", "aggregate": "count", "filter": "x > 3"},
    }


def keys(random: Random, dimensions: Mapping[str, int], *, unknowns: bool) -> dict[str, int | None]:
    """A member's key of each dimension, now and then of none."""
    lost = [None, 99]
    return {
        f"{name}_key": random.choice(lost) if unknowns and random.random() < 0.1 else random.randint(1, count)
        for name, count in dimensions.items()
    }


def event_rows(
    random: Random, base: Span, dimensions: Mapping[str, int], number: Number, *, dated: bool, unknowns: bool
) -> list[dict[str, Any]]:
    """What happened to one unit in a base period: nothing, or several things on some of its days; some are late entries."""
    rows: list[dict[str, Any]] = []
    for _ in range(random.choice([0, 0, 1, 1, 2, 3, 6])):
        row = {"x": number(), "y": number(cents=True), "slot": random.choice(["", "", "", "", "13"])}
        if dated:
            row["happened_on"] = random.choice(base.days())
        rows.append({**row, **keys(random, dimensions, unknowns=unknowns)})
    return rows


def amount_rows(random: Random, base: Span, dimensions: Mapping[str, int], number: Number, *, unknowns: bool) -> list[dict[str, Any]]:
    """Amounts of a base period with the days on which they are in force, which may start before it and end after it."""
    rows: list[dict[str, Any]] = []
    length = len(base.days())
    for _ in range(random.choice([0, 1, 1, 2, 3])):
        codes = keys(random, dimensions, unknowns=unknowns)
        first: date = base.first + timedelta(days=random.choice([0, 0, -60, length // 3]))
        for _ in range(random.choice([1, 1, 2, 3])):
            last: date | None = random.choice([None, base.last, first + timedelta(days=random.randrange(max(2, length)))])
            rows.append({"x": number(), "y": Decimal(0), "valid_from": first, "valid_to": last, **codes})
            if last is None or last >= base.last:
                break
            first = last + timedelta(days=random.choice([1, 1, 1, 0, 9]))
    return rows


def of_level(codes: Sequence[Code], place: int) -> list[str]:
    """Codes of a level, each once."""
    return list(dict.fromkeys(own[place] for code in codes for _, _, own in code.stays))
