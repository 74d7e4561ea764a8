"""In random worlds the package's SQL and the brute-force oracle give the same row, column by column."""

from __future__ import annotations

import pytest

from tests.oracle.answer import Figure
from tests.oracle.grains import grains_of
from tests.properties.bench import bench
from tests.sampling import many

SEEDS = range(many(10, 600))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cell_is_the_oracles(seed: int) -> None:
    world = bench(seed)
    for asked in world.requests():
        wrong = world.wrong(asked)
        assert not wrong, world.explain(asked, wrong)


@pytest.mark.parametrize("seed", range(1000, 1000 + many(4, 200)))
def test_grains_are_answered_or_refused_as_the_periods_themselves_say(seed: int) -> None:
    world = bench(seed)
    for name, figure in world.catalogue.figures.items():
        # Whole months of a source that is coarser than months are refused even where they happen to fit.
        if any(
            c.window and c.window.rolling and c.fact.base_grain in ("quarter", "year") and c.fact.whole_periods for c in figure.components
        ):
            assert set(figure.grains) <= set(grains_of(Figure(world.world, name)))
        else:
            assert figure.grains == grains_of(Figure(world.world, name)), (seed, name, world.world.figures[name])
