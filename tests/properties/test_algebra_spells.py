"""What must hold of spells whatever their days: persons and areas, days and states, beginnings and ends."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.planting import Planting
from tests.sampling import many
from tests.traps.test_spells import THREE, Spell, spells

SEEDS = range(many(2, 100))
MONTHS = ("2020-01", "2020-06")
DAYS = ("2019-12-31", "2020-06-30")


def lives(folder: Path, seed: int) -> Planting:
    """Spells of a few persons over a year and a half; one in ten ends before it starts, one in five goes on."""
    random = Random(seed)  # noqa: S311 - a sample, not a secret
    rows: list[Spell] = []
    for _ in range(40):
        start = date(2019, 6, 1) + timedelta(days=random.randrange(500))
        end = start + timedelta(days=random.choice([-3, 0, 1, 4, 9, 30, 30, 100, 200, 300]))
        until = None if random.random() < 0.2 else end.isoformat()
        rows.append((random.randint(1, 8), random.choice(THREE).code, start.isoformat(), until))
    return spells(folder, rows)


def values(world: Planting, measure: str, level: str, grain: str, ends: tuple[str, str]) -> dict[tuple[str, str], Any]:
    """Values by area and period."""
    figure = world.figure(measure, {"measure": f"s.{measure}"})
    return {(area, period): row["value"] for (area, period), row in world.ask(figure, level, grain, *ends).items()}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("grain", ["month", "year"])
def test_persons_of_the_country_are_at_most_those_of_its_municipalities(tmp_path: Path, seed: int, grain: str) -> None:
    world = lives(tmp_path, seed)
    ends = MONTHS if grain == "month" else ("2020", "2020")
    country, units = (values(world, "persons", level, grain, ends) for level in ("country", "municipality"))
    for (_, period), persons in country.items():
        own = [value for (_, other), value in units.items() if other == period]
        assert max(own) <= persons <= sum(own)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_range_is_the_period_of_the_same_days(tmp_path: Path, seed: int) -> None:
    world = lives(tmp_path, seed)
    for measure in ("persons", "median", "started", "person_days", "full_time", "ongoing"):
        ranged = values(world, measure, "country", "range", ("2020-04-01", "2020-06-30"))
        assert list(ranged.values()) == list(values(world, measure, "country", "quarter", ("2020-Q2", "2020-Q2")).values()), measure


@pytest.mark.parametrize("seed", SEEDS)
def test_days_are_the_daily_states_added(tmp_path: Path, seed: int) -> None:
    world = lives(tmp_path, seed)
    for measure, state in (("days", "ongoing"), ("person_days", "persons")):
        daily = values(world, state, "country", "day", DAYS)
        for (_, month), days in values(world, measure, "country", "month", MONTHS).items():
            assert days == sum(value for (_, day), value in daily.items() if day.startswith(month)), (measure, month)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_of_a_period_is_the_last_of_its_last_day(tmp_path: Path, seed: int) -> None:
    world = lives(tmp_path, seed)
    daily = values(world, "ongoing", "municipality", "day", DAYS)
    for (area, month), state in values(world, "ongoing", "municipality", "month", MONTHS).items():
        assert state == daily[area, max(day for _, day in daily if day.startswith(month))]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_begins_less_what_ends_is_the_change_of_the_state(tmp_path: Path, seed: int) -> None:
    world = lives(tmp_path, seed)
    ongoing, ended = (values(world, measure, "country", "day", DAYS) for measure in ("ongoing", "ended"))
    begun, over = (values(world, measure, "country", "month", MONTHS) for measure in ("spells_started", "ended"))

    def afterwards(month: str) -> int:
        # Whoever ends on a day is in the state on it; when the day is over, no more.
        last = max(key for key in ongoing if key[1].startswith(month))
        return ongoing[last] - ended[last]

    before = afterwards("2019-12")
    for _, month in begun:
        assert afterwards(month) - before == begun["DK", month] - over["DK", month]
        before = afterwards(month)
