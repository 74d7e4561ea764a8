"""Figures that are published with some values only: above and below they are shown as missing, and say why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.errors import DefinitionErrors
from tests.oracle.planting import AARHUS, COPENHAGEN, FREDERIKSBERG, Planting, small

WITHHELD = (None, "missing", "outside_publication_limits")
MONEY = {"part": "DECIMAL(18,2)", "whole": "DECIMAL(18,2)", "kind_key": "INTEGER"}


def world_of(folder: Path, **more: Any) -> Planting:
    """A published monthly fact with a part and a whole, in which an absent row is zero."""
    world = small(folder, (COPENHAGEN, FREDERIKSBERG, AARHUS))
    world.source("t", "month", "2020-01", "2020-03", absent="zero", **more)
    measures = {name: {"over_time": "sum", "expression": name} for name in ("part", "whole")}
    world.fact("m", "published", "t", measures, MONEY, dimensions={"kind": {}})
    return world


def put(world: Planting, unit: str, part: str, whole: str, kind: int = 1) -> None:
    world.put("m", "2020-01", {unit: Decimal(part)}, column="part", whole=Decimal(whole), kind_key=kind)


def share(world: Planting, **more: Any) -> str:
    return world.figure("share", {"measure": "m.part"}, denominator={"measure": "m.whole"}, unit="percent", **more)


def shown(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["value"], row["status"], row["reason"]


def test_an_indicator_above_100_is_missing_and_100_is_published(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    for unit, part, whole in (("0101", "104", "100"), ("0147", "100", "100"), ("0751", "99.99", "100")):
        put(world, unit, part, whole)
    rows = world.checked(share(world, publish_if={"at_most": 100}), "municipality", "month", "2020-01")
    assert [shown(row) for row in rows.values()] == [WITHHELD, (100, "validated", None), (99.99, "validated", None)]
    # What it was made of stays; only the value is not for publication.
    above = rows["0101", "2020-01"]
    assert (above["numerator"], above["denominator"], above["members"], above["complete"]) == (104, 100, 1, True)


def test_a_division_that_comes_to_the_limit_is_inside_it(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    assert 100 * 0.69 / 0.69 > 100
    put(world, "0101", "0.69", "0.69")
    put(world, "0147", "-0.69", "0.69")
    put(world, "0751", "0.70", "0.69")
    figure = share(world, publish_if={"at_least": -100, "at_most": 100})
    rows = world.checked(figure, "municipality", "month", "2020-01")
    assert [row["value"] for row in rows.values()] == [pytest.approx(100), pytest.approx(-100), None]


def test_a_group_is_judged_by_its_own_value_and_not_by_its_members(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    # 0101 alone is above; with 0147 its region is below. In the country the third makes it too much again.
    for unit, part, whole in (("0101", "150", "100"), ("0147", "20", "100"), ("0751", "900", "300")):
        put(world, unit, part, whole)
    figure = share(world, publish_if={"at_most": 100})
    single = world.checked(figure, "municipality", "month", "2020-01")
    assert [row["value"] for row in single.values()] == [None, 20, None]
    regions = world.checked(figure, "region", "month", "2020-01")
    assert shown(regions["1084", "2020-01"]) == (85, "validated", None)
    assert regions["1084", "2020-01"]["members"] == 2
    assert shown(world.one(figure, "country", "month", "2020-01")) == WITHHELD


@pytest.mark.parametrize(("rule", "value"), [("mean_of_members", 85), ({"weighted_by": "m.whole"}, 85)])
def test_a_mean_of_members_takes_the_value_of_one_that_is_not_published(tmp_path: Path, rule: Any, value: float) -> None:
    world = world_of(tmp_path)
    for unit, part, whole in (("0101", "150", "1"), ("0147", "20", "1"), ("0751", "300", "1")):
        put(world, unit, part, whole)
    figure = world.figure("mean", {"measure": "m.part"}, group_value=rule, publish_if={"at_most": 100})
    regions = world.checked(figure, "region", "month", "2020-01")
    assert shown(regions["1084", "2020-01"]) == (value, "validated", None)
    assert shown(regions["1082", "2020-01"]) == WITHHELD


def test_every_code_of_a_cut_is_judged_by_its_own_value(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    put(world, "0101", "150", "100", kind=1)
    put(world, "0101", "20", "100", kind=2)
    figure = share(world, publish_if={"at_most": 100})
    only = {"areas": {"municipality": ("0101",)}}
    rows = world.checked(figure, "municipality", "month", "2020-01", by=["kind"], **only)
    assert [rows["0101", kind, "2020-01"]["value"] for kind in ("a", "b")] == [None, 20]
    assert world.one(figure, "municipality", "month", "2020-01", **only)["value"] == 85


def test_the_reason_stands_before_a_member_that_is_missing(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    put(world, "0101", "150", "100")
    world.state("t", "2020-01", "0147", "missing")
    figure = share(world, publish_if={"at_most": 100})
    region = world.checked(figure, "region", "month", "2020-01")["1084", "2020-01"]
    assert (shown(region), region["members"], region["members_expected"]) == (WITHHELD, 1, 2)
    # Nothing delivered is no value outside.
    rows = world.checked(figure, "municipality", "month", "2020-01")
    assert shown(rows["0147", "2020-01"]) == (None, "missing", "base_period_missing")


def test_a_value_that_is_withheld_for_its_members_is_not_outside(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    put(world, "0101", "150", "100")
    world.state("t", "2020-01", "0147", "missing")
    figure = share(world, publish_if={"at_most": 100}, min_share=0.9)
    region = world.checked(figure, "region", "month", "2020-01")["1084", "2020-01"]
    assert shown(region) == (None, "missing", "member_missing")


def test_no_denominator_is_no_value_outside(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    put(world, "0101", "150", "0")
    row = world.one(share(world, publish_if={"at_least": 5}), "municipality", "month", "2020-01", areas={"municipality": ("0101",)})
    assert shown(row) == (None, "validated", "denominator_zero")


def test_an_unfinished_period_outside_is_missing_and_one_inside_is_provisional(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    put(world, "0101", "150", "100")
    put(world, "0147", "50", "100")
    world.world.data_to["t", ""] = date(2020, 1, 20)
    rows = world.checked(share(world, publish_if={"at_most": 100}), "municipality", "month", "2020-01")
    assert shown(rows["0101", "2020-01"]) == WITHHELD
    assert shown(rows["0147", "2020-01"]) == (50, "provisional", "period_unfinished")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({}, "publish_if needs at_least or at_most"),
        ({"at_least": 2, "at_most": 1}, "at_least 2 is above at_most 1, so no value is published"),
        ({"below": 100}, "below"),
        ({"at_most": float("inf")}, "finite"),
    ],
)
def test_limits_that_say_nothing_are_refused(tmp_path: Path, written: dict[str, Any], said: str) -> None:
    world = world_of(tmp_path)
    share(world, publish_if=written)
    with pytest.raises(DefinitionErrors, match=said):
        _ = world.catalogue
