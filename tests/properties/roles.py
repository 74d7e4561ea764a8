"""Facts of random worlds that are about one unit and delivered by another."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from tests.oracle.world import World


def second_role(random: Random, world: World, fact: dict[str, Any]) -> None:
    """Rows of a fact get a second unit, sometimes that of the delivery, and key figures sometimes ask for it."""
    world.columns[fact["model"]]["acting_key"] = "INTEGER"
    for row in world.rows[fact["model"]]:
        row["acting_key"] = random.choice([row["municipality_key"]] * 3 + [unit.key for unit in world.units])
    fact["roles"] = {**fact["roles"], "acting": "acting_key"}
    if random.random() < 0.5:
        fact["delivered_as"] = "acting"
    for figure in world.figures.values():
        for component in components(figure):
            if world.fact(component["measure"], "d")[0] is fact and random.random() < 0.5:
                component["role"] = "acting"


def components(figure: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The components of a key figure as written, those of a weight among them."""
    sides = [figure["numerator"], figure.get("denominator") or {}]
    found = [part for side in sides for part in ([side] if "measure" in side else [*side.get("plus", ()), *side.get("minus", ())])]
    weight = figure.get("group_value")
    return [*found, weight["weighted_by"]] if isinstance(weight, dict) and isinstance(weight["weighted_by"], dict) else found
