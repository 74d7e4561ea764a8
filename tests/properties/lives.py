"""Facts of random worlds in which persons are told apart: spells, and what is counted or ordered person by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.oracle.days import ONE_DAY, Days, Span
from tests.oracle.project import TITLE
from tests.oracle.world import Code, Row, Unit

AGES = range(18, 24)
BIRTHS = [date(2000, 2, 29), date(2000, 3, 1), date(2004, 2, 29), date(1999, 12, 31), date(2001, 6, 15), date(2000, 2, 28), None]
AS_OF = ["event", "each_day", "period_start", "period_end", "year_end"]
PERSONS = 5
TAKEN_AGAIN = {
    "persons": {"aggregate": "count_distinct"},
    "distinct_x": {"aggregate": "count_distinct", "expression": "x"},
    "median_x": {"aggregate": "median", "expression": "x"},
    "decile_y": {"aggregate": "percentile", "percentile": 90, "expression": "y"},
    "mean_x": {"aggregate": "average", "expression": "x", "weight": "y"},
    "mean_y": {"aggregate": "average", "expression": "y"},
    "least_y": {"aggregate": "min", "expression": "y"},
    "most_x": {"aggregate": "max", "expression": "x", "filter": "x > 3"},
}
"""Measures of events and states whose values do not add up."""


def taken_again(kind: str) -> dict[str, Any]:
    """These measures of a fact of that kind."""
    times = {"event": ["recompute"], "snapshot": ["first", "last"]}[kind]
    return {
        f"{over_time}_{name}": {"title": TITLE, "over_time": over_time, "unit": "persons", **measure}
        for over_time in times
        for name, measure in TAKEN_AGAIN.items()
    }


def age_dimension() -> dict[str, Any]:
    """Ages as the vocabulary has them."""
    return {"title": TITLE, "model": "dim_age", "key": "age_key", "code": "age_code", "valid_from": "valid_from", "valid_to": "valid_to"}


def ages() -> list[Code]:
    """Ages of one year each; who is younger or older is of none."""
    return [Code(str(age), key=age) for age in AGES]


def spell_measures(*, with_person: bool, pieces: bool) -> dict[str, Any]:
    """Every over_time and aggregate that a spell may have."""
    found: dict[str, Any] = {}

    def add(name: str, over_time: str, overlaps: str, **more: Any) -> None:
        found[name] = {"title": TITLE, "unit": "persons", "over_time": over_time, "overlaps": overlaps, **more}

    for overlaps in ("count", "merge") if with_person else ("count",):
        for over_time in ("sum", "first", "last", "average", "started", "ended", "any"):
            if over_time != "any" or overlaps == "merge" or with_person or not pieces:
                add(f"{over_time}_{overlaps}", over_time, overlaps, aggregate="count")
            if over_time in ("sum", "first", "last", "average") or (over_time in ("started", "ended") and overlaps == "count"):
                add(f"{over_time}_{overlaps}_x", over_time, overlaps, expression="x")
                add(f"{over_time}_{overlaps}_large", over_time, overlaps, expression="x", filter="x > 0.3")
    for over_time in ("first", "last", "started", "ended", "any"):
        if with_person:
            add(f"persons_{over_time}", over_time, "count", aggregate="count_distinct")
        add(f"distinct_{over_time}", over_time, "count", aggregate="count_distinct", expression="x")
        add(f"most_{over_time}", over_time, "count", aggregate="max", expression="y")
        if over_time != "any" or not pieces:
            add(f"median_{over_time}", over_time, "count", aggregate="median", expression="y")
            add(f"mean_{over_time}", over_time, "count", aggregate="average", expression="y", weight="x")
    return found


def spell_columns(*, with_person: bool, pieces: bool) -> dict[str, str]:
    """Columns of such a fact, but for its unit and its dimensions."""
    return {
        "x": "DECIMAL(9,2)",
        "y": "DECIMAL(18,2)",
        "since": "DATE",
        "until": "DATE",
        "born": "DATE",
        **({"person": "BIGINT"} if with_person else {}),
        **({"whole_since": "DATE", "whole_until": "DATE"} if pieces else {}),
    }


def spell_fields(random: Random, *, with_person: bool, pieces: bool) -> dict[str, Any]:
    """What the fact says beside its measures; `dimensions` holds the age."""
    return {
        "lasts": {"from": "since", "to": "until"},
        **({"pieces_of": {"from": "whole_since", "to": "whole_until"}} if pieces else {}),
        **({"person": "person"} if with_person else {}),
        "dimensions": {"age": {"born": "born", "as_of": random.choice(AS_OF)}},
    }


def spell_rows(
    random: Random,
    days: Days,
    base: str,
    ends: tuple[Span, Span],
    units: Sequence[Unit],
    codes: Mapping[str, int],
    *,
    pieces: bool,
    blanks: float,
) -> list[Row]:
    """Spells of some persons: overlapping, adjacent, open, ending before they start, in several units."""
    first, last = ends[0].first - timedelta(days=40), ends[1].last + timedelta(days=20)
    found: list[Row] = []
    before: date | None = None
    for _ in range(random.choice([1, 6, 14, 24])):
        start = first + timedelta(days=random.randrange((last - first).days))
        if before is not None and random.random() < 0.4:
            start = before + timedelta(days=random.choice([-3, 0, 1, 1, 2]))
        end = None if random.random() < 0.2 else start + timedelta(days=random.choice([0, 1, 5, 30, 60, 200, 500]))
        if random.random() < 0.05:
            end = start - ONE_DAY
        before = end or before
        born = random.choice(BIRTHS)
        row: dict[str, Any] = {
            "person": None if random.random() < blanks else random.randint(1, PERSONS),
            "x": None if random.random() < blanks else Decimal(random.choice(["0.25", "0.50", "1.00", "1.00"])),
            "y": None if random.random() < blanks else Decimal(random.randint(1, 400)) / 100,
            "born": born,
            **{
                f"{name}_key": random.choice([None, 99]) if random.random() < 0.05 else random.randint(1, count)
                for name, count in codes.items()
            },
        }
        stays = [(random.choice(units), start)]
        if random.random() < 0.4:
            stays.append((random.choice(units), start + timedelta(days=random.choice([1, 10, 40]))))
        if not pieces:
            found.append({"municipality_key": stays[0][0].key, "since": start, "until": end, **row})
        elif end is None or end >= start:
            found += _pieces(days, base, ends[1], start, end, stays, row)
    return found


def _pieces(
    days: Days, base: str, newest: Span, start: date, end: date | None, stays: Sequence[tuple[Unit, date]], row: Mapping[str, Any]
) -> list[Row]:
    """A row for each base period, and each unit in it, up to the newest one delivered."""
    found: list[Row] = []
    day = start
    while day <= min(end or newest.last, newest.last):
        span = days.holding(base, day)
        moved = [at for _, at in stays[1:] if day < at <= span.last]
        last = min([span.last, *(at - ONE_DAY for at in moved), *([end] if end else [])])
        unit = [unit for unit, at in stays if at <= day][-1]
        going_on = end is None and span == newest and last == span.last
        piece = {"municipality_key": unit.key, base: span.label, "since": day, "until": None if going_on else last}
        found.append({**piece, "whole_since": start, "whole_until": end, **row})
        day = last + ONE_DAY
    return found
