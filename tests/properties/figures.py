"""Random key figures over a world's facts, and random requests for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from tests.oracle.days import Span
from tests.oracle.world import World
from tests.properties.happenings import of_level

REFERENCES = [
    {"first_of": "year"},
    {"first_of": "school_year"},
    {"month_day": "07-01"},
    {"month_day": "12-31"},
    {"latest_known": {"max_age": {"months": 3}}},
    {"latest_known": {"max_age": {"years": 1}}},
    "first_of_period",
    "end_of_period",
    "average_of_period",
]
WINDOWS = [
    {"rolling": {"months": 1}},
    {"rolling": {"months": 3}},
    {"rolling": {"months": 12}},
    {"to_date": "year"},
    {"to_date": "school_year"},
]
DAYS = [{"rolling": {"days": days}} for days in (1, 7, 10, 30, 365)]
OFFSETS = [{"years": 1}, {"years": 1}, {"periods": 1}, {"periods": 3}]


@dataclass
class Asked:
    """A request: what `ask` of the package and `expected_rows` of the oracle are given."""

    figure: str
    levels: list[str]
    grain: str
    periods: list[Span]
    by: list[str] = field(default_factory=list)
    areas: dict[str, tuple[str, ...]] = field(default_factory=dict)
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)


def random_component(random: Random, world: World, *, broadcast: bool, weight: bool = False) -> dict[str, Any]:
    """A measure with a random place in time. Only a weight may divide by zero."""
    facts = world.domains["d"]["facts"]
    name = random.choice(sorted(facts))
    fact = facts[name]
    measure = random.choice(sorted(measure for measure in fact["measures"] if weight or "rate" not in measure))
    written: dict[str, Any] = {"measure": f"{name}.{measure}"}
    over_time = fact["measures"][measure]["over_time"]
    adds = fact["measures"][measure].get("aggregate", "sum") in ("sum", "count")
    for word in ("vintage", "version"):
        if f"{word}s" in fact:
            written[word] = random.choice(sorted(fact[f"{word}s"]))
    if fact["kind"] in ("snapshot", "spell") and "in_force" not in fact and random.random() < 0.35:
        written["reference_date"] = random.choice(references(fact["kind"], adds=adds))
    elif windows(world, fact, over_time) and random.random() < 0.35:
        written["window"] = random.choice(windows(world, fact, over_time))
    if random.random() < 0.25:
        written["offset"] = random.choice(OFFSETS)
    for dimension in fact["dimensions"]:
        if random.random() < 0.15:
            level = random.choice(world.levels(dimension))
            written["filter"] = {level: random.sample(codes_of(world, level), 2)}
    lacking = [dimension for name in world.dimensions if name not in fact["dimensions"] for dimension in world.levels(name)]
    return {**written, "broadcast": lacking} if broadcast and lacking else written


def references(kind: str, *, adds: bool) -> list[Any]:
    """Reference dates that a measure may have: of spells every day is known, and what does not add up has no mean of days."""
    known = [reference for reference in REFERENCES if kind == "snapshot" or "latest_known" not in reference]
    return known if adds else [reference for reference in known if reference != "average_of_period"]


def windows(world: World, fact: dict[str, Any], over_time: str) -> list[dict[str, Any]]:
    """Windows that a measure of a fact may have."""
    if "in_force" in fact or (fact["kind"] == "published" and over_time in ("first", "last", "recompute")):
        return []
    named = next(iter(fact.get("vintages", {}).values()), fact.get("sources", []))
    by_day = fact["kind"] in ("snapshot", "spell") or "date" in fact or world.contracts[named[0]]["base_period"] == "day"
    return [*WINDOWS, *DAYS] if by_day else WINDOWS


def codes_of(world: World, level: str) -> list[str]:
    """Codes of a dimension, or of one level of a hierarchy."""
    dimension, place = world.level(level)
    return of_level(world.dimensions[dimension], place)


def random_side(random: Random, world: World, *, broadcast: bool) -> dict[str, Any]:
    """One component, or a signed sum."""
    if random.random() < 0.5:
        return random_component(random, world, broadcast=broadcast)
    parts = [random_component(random, world, broadcast=broadcast) for _ in range(random.choice([1, 2, 3]))]
    split = random.randint(0, len(parts))
    return {name: some for name, some in (("plus", parts[:split]), ("minus", parts[split:])) if some}


def random_figure(random: Random, world: World, number: int) -> dict[str, Any]:
    """A key figure of any shape that the loader accepts."""
    broadcast = random.random() < 0.6
    written: dict[str, Any] = {
        "title": {"da": f"Nøgletal {number}", "en": f"Figure {number}"},
        "description": {"da": "Tekst", "en": "Text"},
        "numerator": random_side(random, world, broadcast=broadcast),
        "unit": random.choice(["persons", "percent"]),
        "direction": "up",
        "publisher": "P",
    }
    rule = random.choice(["ratio_of_sums", "ratio_of_sums", "mean_of_members", "weighted_by", "none"])
    if rule == "weighted_by":
        written["group_value"] = {"weighted_by": random_component(random, world, broadcast=broadcast, weight=True)}
    elif rule != "ratio_of_sums":
        written["group_value"] = rule
    if rule != "weighted_by" and random.random() < 0.6:
        written["denominator"] = random_side(random, world, broadcast=broadcast)
    if random.random() < 0.2:
        written["min_share"] = 0.6
    if random.random() < 0.4:
        written["country_members"] = world.vocabulary["reporting_unit"]["members"] + 1
    if random.random() < 0.3:
        breaks = sorted({f"{random.randint(2020, 2022)}-{random.randint(1, 12):02}-01" for _ in range(2)})
        written["series_breaks"] = [{"date": day, "reason": {"da": "Tekst", "en": "Text"}} for day in breaks]
    if random.random() < 0.3 and (cuts := some_cuts(random, world, written)):
        written["published_cuts"] = cuts
    return written | limits(written)


def limits(written: dict[str, Any]) -> dict[str, Any]:
    """Now and then the values that a figure is published with. Drawn from the figure, so that the world's own draws stay as they are."""
    own = Random(repr(written))  # noqa: S311 - a sample, not a secret
    if own.random() < 0.7:
        return {}
    low, high = sorted(own.choice([-20, -1, 0, 0.5, 1, 3, 10, 40, 100, 250]) for _ in range(2))
    return {"publish_if": own.choice([{"at_least": low}, {"at_most": high}, {"at_least": low, "at_most": high}])}


def some_cuts(random: Random, world: World, figure: dict[str, Any]) -> list[list[str]]:
    """One or two cuts of one or two dimensions that some component has, and every other has or is repeated over."""
    written = [figure["numerator"], figure.get("denominator") or {}, {"plus": [figure.get("group_value", {})]}]
    parts = [part for side in written for part in (side.get("plus", []) + side.get("minus", []) if "measure" not in side else [side])]
    parts = [part["weighted_by"] if "weighted_by" in part else part for part in parts if part and not isinstance(part, str)]
    facts = world.domains["d"]["facts"]
    owns = [{cut for name in facts[part["measure"].split(".")[0]]["dimensions"] for cut in world.levels(name)} for part in parts]
    has = [own | set(part.get("broadcast", ())) for own, part in zip(owns, parts, strict=True)]
    # By what everything is repeated over, nothing is cut.
    common = sorted(set.intersection(*has) & set.union(*owns))
    if not common:
        return []
    chosen = {tuple(random.sample(common, min(len(common), random.choice([1, 1, 2])))) for _ in range(random.choice([1, 2]))}
    return [list(cut) for cut in sorted(chosen)]


def random_request(random: Random, world: World, figure: str, grain: str, dimensions: tuple[str, ...]) -> Asked:
    """Some periods around the world's data, at one to three levels, with some cuts and filters."""
    periods = _some_periods(random, world, grain)
    levels = random.choice([["municipality"], ["region"], ["country"], ["municipality", "region", "country"]])
    asked = Asked(figure, levels, grain, periods)
    if dimensions and random.random() < 0.6:
        asked.by = random.sample(list(dimensions), random.randint(1, len(dimensions)))
    for dimension in dimensions:
        if random.random() < 0.25:
            codes = [*codes_of(world, dimension), "unknown"]
            asked.where[dimension] = tuple(random.sample(codes, random.randint(1, 2)))
    if random.random() < 0.2:
        asked.areas["municipality"] = ("0101", "0103")
    elif random.random() < 0.15:
        asked.areas["region"] = ("north",)
    return asked


def _some_periods(random: Random, world: World, grain: str) -> list[Span]:
    ends = [world.days.named(world.contracts[table]["base_period"], due) for (table, _), (_, due) in world.reach.items()]
    last = max(span.last for span in ends if span is not None)
    if grain == "range":
        end = last - timedelta(days=random.choice([0, 1, 40, 200]))
        start = end - timedelta(days=random.choice([0, 10, 90, 400]))
        return [Span("range", f"{start.isoformat()}/{end.isoformat()}", start, end)]
    spans = world.days.in_order[grain]
    place = world.days.place[world.days.holding(grain, last)] + random.choice([1, 0, 0, -1, -6])
    chosen = spans[max(0, place - random.choice([0, 2, 5])) : place + 1]
    # The longest offset and window must find their days in the period table.
    calendar = world.vocabulary["calendar"]
    return [span for span in chosen if calendar["first_year"] + 4 <= span.first.year and span.last.year <= calendar["last_year"]]
