"""Random worlds, loaded and written into a database, a request at a time."""

from __future__ import annotations

import atexit
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

import duckdb

from flis_semantic.catalogue.grains import refusal
from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.errors import DefinitionErrors
from flis_semantic.vocabulary.model import RANGE_GRAIN
from tests.oracle.compare import differences, expected_rows
from tests.oracle.project import ask, load, write_periods, write_warehouse
from tests.oracle.world import World
from tests.properties.figures import Asked, random_request
from tests.properties.worlds import random_world


@dataclass(frozen=True)
class Bench:
    """A world, its definitions as the package reads them, and a database of it."""

    seed: int
    world: World
    catalogue: Catalogue
    connection: duckdb.DuckDBPyConnection

    def requests(self) -> list[Asked]:
        """A request for every key figure and grain, the same ones for the same seed."""
        random = Random(self.seed + 1_000_000)  # noqa: S311 - a sample, not a secret
        asked = [
            random_request(random, self.world, name, grain, figure.dimensions)
            for name, figure in self.catalogue.figures.items()
            for grain in (*figure.grains, *([RANGE_GRAIN] if self.has_range(name) else []))
        ]
        return [one for one in asked if one.periods]

    def has_range(self, name: str) -> bool:
        """Whether a key figure can be asked for free days: no offset by periods, of which a range has none."""
        components = self.catalogue.figures[name].components
        counted = any(component.offset and component.offset.periods for component in components)
        return not counted and refusal(components, None, RANGE_GRAIN, self.catalogue.calendar) is None

    def rows(self, asked: Asked) -> list[dict[str, Any]]:
        """The package's answer."""
        first, last = asked.periods[0], asked.periods[-1]
        ends = (first.first.isoformat(), first.last.isoformat()) if asked.grain == RANGE_GRAIN else (first.label, last.label)
        return ask(
            self.connection,
            self.catalogue,
            [asked.figure],
            asked.levels,
            asked.grain,
            *ends,
            by=asked.by,
            areas=asked.areas,
            where=asked.where,
        )

    def wrong(self, asked: Asked) -> list[str]:
        """Cells in which the package and the oracle differ."""
        expected = expected_rows(self.world, asked.figure, asked.levels, asked.periods, asked.by, asked.areas, asked.where)
        return differences(self.rows(asked), expected, asked.by)

    def explain(self, asked: Asked, wrong: list[str]) -> str:
        """What a failing test prints."""
        file = {
            name: value for name, value in self.world.figures[asked.figure].items() if name not in ("title", "description", "publisher")
        }
        periods = [period.label for period in asked.periods]
        lines = "\n".join(wrong[:12])
        return f"seed {self.seed}: {asked.figure} by {asked.levels} {asked.by}, {asked.grain} {periods}, {asked.areas} {asked.where}\n{file}\n{lines}"


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    # Left open, it is reported as leaked when the interpreter ends.
    atexit.register(connection.close)
    return connection


def _read(world: World) -> Catalogue:
    """The definitions as the package reads them. A random figure whose components share no grain is refused, and left out."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return load(world, Path(folder))
        except DefinitionErrors as refused:
            for error in refused.errors:
                assert "has no value at any grain" in str(error)
                del world.figures[f"d.{Path(error.where.split(':')[0]).stem}"]
    return _read(world)


@lru_cache(maxsize=1)
def bench(seed: int) -> Bench:
    """The world of a seed. One at a time: they share a database."""
    world = random_world(Random(seed))  # noqa: S311 - a sample, not a secret
    catalogue = _read(world)
    connection = _database()
    if not connection.execute("FROM duckdb_tables() WHERE table_name = 'dim_period'").fetchall():
        write_periods(connection, catalogue.calendar)
    write_warehouse(connection, world, catalogue.calendar)
    return Bench(seed, world, catalogue, connection)
