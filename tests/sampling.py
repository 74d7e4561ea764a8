"""How much a test run proves: samples every day, everything when FLIS_PROVE=1 is set (`make prove`)."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")

PROVE = os.environ.get("FLIS_PROVE") == "1"
SEED = 20_260_822


def sample(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of the items, always the same ones and in their order; all of them when proving."""
    if PROVE or count >= len(items):
        return list(items)
    chosen = random.Random(SEED).sample(range(len(items)), count)  # noqa: S311 - a sample, not a secret
    return [items[index] for index in sorted(chosen)]


def many(every_day: int, proving: int) -> int:
    """How many examples to try: the first number every day, the second when proving."""
    return proving if PROVE else every_day
