"""Random small worlds: units of which one moves, facts of every rhythm, deliveries with holes, key figures of every shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import product
from random import Random
from typing import Any

from tests.oracle.days import days_of
from tests.oracle.project import TITLE, contract, vocabulary
from tests.oracle.world import Code, Row, Unit, World
from tests.properties.figures import random_figure
from tests.properties.happenings import (
    CONDITIONS,
    account_dimension,
    accounts,
    amount_measures,
    amount_rows,
    event_measures,
    event_rows,
)
from tests.properties.happenings import PYTHON as CONDITIONED
from tests.properties.lives import PERSONS, age_dimension, ages, spell_columns, spell_fields, spell_measures, spell_rows, taken_again
from tests.properties.roles import second_role

FIRST_YEAR, LAST_YEAR = 2013, 2024
CALENDARS = {"school_year": "08-01", "odd_year": "04-15"}
# How many base periods a fact has.
LENGTHS = {"day": 40, "week": 26, "month": 22, "quarter": 10, "year": 5}
AMOUNT_BASES = ["year", "year", "year", "quarter", "month"]
EVER = date(2000, 1, 1)
SHARED = {
    "kind": [Code("a", EVER), Code("b", EVER), Code("c", date(2020, 6, 1))],
    "place": [Code("x", EVER), Code("y", EVER, date(2022, 3, 31))],
}
PYTHON = {
    "x * 100 / nullif(y, 0)": lambda row: None if row["x"] is None or not row["y"] else Decimal(row["x"]) * 100 / row["y"],
    "x - y": lambda row: None if row["x"] is None or row["y"] is None else row["x"] - row["y"],
    "x > 3": lambda row: row["x"] is not None and row["x"] > 3,
    "x > 0.3": lambda row: row["x"] is not None and row["x"] > Decimal("0.3"),
    "x > 15": lambda row: row["x"] is not None and row["x"] > 15,
    **CONDITIONED,
}
KINDS = ["snapshot", "snapshot", "published", "published", "event", "event", "event", "amount", "amount", *["spell"] * 5]


@dataclass
class Shape:
    """What is decided once per world: how many holes its deliveries have, and where in time it lies."""

    holes: float
    blanks: float
    zeros: float
    unknowns: bool
    now: date
    sparse: bool


def random_world(random: Random) -> World:
    """A world with two or three facts and some key figures. The same random numbers give the same world."""
    shape = Shape(
        holes=random.choice([0, 0.02, 0.1]),
        blanks=random.choice([0, 0.02, 0.08]),
        zeros=random.choice([0, 0.15]),
        unknowns=random.random() < 0.3,
        now=date(2020, 6, 1) + timedelta(days=random.randrange(1250)),
        sparse=random.random() < 0.5,
    )
    units = random_units(random)
    calendars = {name: {"title": TITLE, "starts": starts} for name, starts in CALENDARS.items()}
    dimensions = {
        name: {
            "title": TITLE,
            "model": f"dim_{name}",
            "key": f"{name}_key",
            "code": f"{name}_code",
            "valid_from": "valid_from",
            "valid_to": "valid_to",
        }
        for name in SHARED
    }
    dimensions |= {"account": account_dimension(), "age": age_dimension()}
    members = sum(unit.kind == "member" for unit in units)
    world = World(
        vocabulary=vocabulary(members, FIRST_YEAR, LAST_YEAR, calendars=calendars, dimensions=dimensions),
        contracts={},
        domains={},
        figures={},
        units=units,
        rows={},
        columns={},
        coverage={},
        reach={},
        dimensions={**SHARED, "account": accounts(random), "age": ages()},
        python=PYTHON,
    )
    facts: dict[str, Any] = {}
    for number in range(random.choice([2, 2, 3])):
        facts[f"fact{number}"] = random_fact(random, world, shape, random.choice(KINDS), f"table{number}")
    text = {"da": "Tekst", "en": "Text"}
    grains = ["day", "week", "month", "quarter", "year"]
    world.domains["d"] = {"title": text, "owner": "O", "publish_grains": grains, "conditions": CONDITIONS, "facts": facts}
    for number in range(6):
        world.figures[f"d.figure{number}"] = random_figure(random, world, number)
    older_extracts(random, world)
    for fact in facts.values():
        if random.random() < 0.3:
            second_role(random, world, fact)
    return world


def random_units(random: Random) -> list[Unit]:
    """Four members, of which one moves to the other region on some day and one may cease, and one unit that is no member."""
    moves = date(2019, 1, 1) + timedelta(days=random.randrange(1800))
    ceases = date(2021, 1, 1) + timedelta(days=random.randrange(900)) if random.random() < 0.3 else None
    start = date(2000, 1, 1)
    return [
        Unit("0101", "member", (("north", start, None),)),
        Unit("0102", "member", (("north", start, moves), ("south", moves + timedelta(days=1), None))),
        Unit("0103", "member", (("south", start, None),)),
        Unit("0104", "member", (("south", start, ceases),)),
        Unit("0411", "non_member", (("north", start, None),)),
    ]


def random_fact(random: Random, world: World, shape: Shape, kind: str, table: str) -> dict[str, Any]:
    """A fact with its contract, deliveries and rows, all written into the world."""
    if kind == "spell":
        return random_spells(random, world, shape, table)
    base = random.choice(["day", "week", "month", "month", "month", "quarter", "quarter", "year"] if kind != "amount" else AMOUNT_BASES)
    series = {"s.x": [], "s.y": []} if kind == "published" and random.random() < 0.7 else {"": []}
    vintages = kind in ("snapshot", "amount") and random.random() < (0.7 if kind == "amount" else 0.4)
    apart = vintages and random.random() < (0.3 if kind == "amount" else 1)
    tables = [f"{table}_frozen", f"{table}_current"] if apart else [table]
    more = random_meaning(random, kind)
    for name in tables:
        reach = {line: random_reach(random, shape, base) for line in series}
        starts: Any = reach[""][0] if "" in reach else {line: ends[0] for line, ends in reach.items()}
        world.contracts[name] = contract(name, base, starts, **more)
        world.reach |= {(name, line): ends for line, ends in reach.items()}
        world.data_to |= {(name, line): extract(random, world, base, ends[1]) for line, ends in reach.items() if random.random() < 0.5}
        deliver(random, world, shape, name)
    dimensions = [name for name in world.dimensions if name != "age" and random.random() < 0.5]
    dated = kind == "event" and random.random() < 0.7
    model = f"fct_{table}"
    world.columns[model] = {
        "municipality_key": "INTEGER",
        "x": "BIGINT",
        "y": "DECIMAL(18,2)",
        "person": "BIGINT",
        **{f"{name}_key": "INTEGER" for name in dimensions},
        **({"slot": "VARCHAR"} if kind == "event" else {}),
        **({"happened_on": "DATE"} if dated else {}),
        **({"valid_from": "DATE", "valid_to": "DATE"} if kind == "amount" else {}),
    }
    word = "version" if kind == "amount" else "vintage"
    if vintages:
        world.columns[model][word] = "VARCHAR"
    labels = {"frozen": tables[0], "current": tables[-1]} if vintages else {None: table}
    world.rows[model] = [
        row
        for vintage, name in labels.items()
        for row in random_rows(random, world, shape, name, dimensions, {word: vintage} if vintage else {}, kind, dated=dated)
    ]
    fact: dict[str, Any] = {
        "title": TITLE,
        "kind": "snapshot" if kind == "amount" else kind,
        "model": model,
        "roles": {"residence": "municipality_key"},
        "default_role": "residence",
    }
    fed = {f"{word}_column": word, f"{word}s": {"frozen": [tables[0]], "current": [tables[-1]]}}
    fact |= fed if vintages else {"sources": [table]}
    fact |= {"date": "happened_on"} if dated else {}
    fact |= {"in_force": {"from": "valid_from", "to": "valid_to"}} if kind == "amount" else {}
    by_person = kind in ("event", "snapshot") and more["absent"] == "zero"
    fact |= {"person": "person"} if by_person else {}
    written = measures(kind, series) | (taken_again(kind) if by_person else {})
    return {**fact, "dimensions": {name: {} for name in dimensions}, "measures": written}


def random_meaning(random: Random, kind: str) -> dict[str, Any]:
    """What a contract says of rows that are not there, of blanks, and of its states' dates."""
    more = {
        "absent": random.choice(["missing", "zero", "suppressed"]),
        "blank": random.choice(["suppressed", "missing"]),
        "units": random.choice(["members", "all"]),
    }
    if kind == "event":
        more["absent"] = "zero"
    if kind in ("snapshot", "amount"):
        more["status_date"] = random.choice(["opening", "closing"])
    return more


def random_spells(random: Random, world: World, shape: Shape, table: str) -> dict[str, Any]:
    """A fact of spells with its contract, deliveries and rows."""
    base = random.choice(["week", "month", "month", "month", "quarter"])
    pieces, with_person = random.random() < 0.5, random.random() < 0.8
    ends = random_reach(random, shape, base)
    more = {"absent": "zero", "blank": random.choice(["suppressed", "missing"]), "units": random.choice(["members", "all"])}
    world.contracts[table] = contract(table, base, ends[0], **more)
    world.reach[table, ""] = ends
    if random.random() < 0.5:
        world.data_to[table, ""] = extract(random, world, base, ends[1])
    deliver(random, world, shape, table)
    dimensions = [name for name in ("kind", "place", "account") if random.random() < 0.4]
    model = f"fct_{table}"
    columns = spell_columns(with_person=with_person, pieces=pieces)
    world.columns[model] = {"municipality_key": "INTEGER", **columns, **{f"{name}_key": "INTEGER" for name in dimensions}}
    first, last = (world.days.named(base, label) for label in ends)
    assert first is not None and last is not None
    counts = {name: len(world.dimensions[name]) for name in dimensions}
    world.rows[model] = spell_rows(random, world.days, base, (first, last), world.units, counts, pieces=pieces, blanks=shape.blanks / 4)
    fields = spell_fields(random, with_person=with_person, pieces=pieces)
    return {
        "title": TITLE,
        "kind": "spell",
        "model": model,
        "sources": [table],
        "roles": {"residence": "municipality_key"},
        "default_role": "residence",
        **fields,
        "dimensions": {**{name: {} for name in dimensions}, **fields["dimensions"]},
        "measures": spell_measures(with_person=with_person, pieces=pieces),
    }


def random_reach(random: Random, shape: Shape, base: str) -> tuple[str, str]:
    """First and last base period due."""
    days = days_of(
        tuple((name, tuple(map(int, starts.split("-")))) for name, starts in CALENDARS.items()),
        date(FIRST_YEAR - 4, 1, 1),
        date(LAST_YEAR + 1, 12, 31),
    )
    due = days.before(days.holding(base, shape.now), random.choice([0, 0, 1, 2]))
    assert due is not None
    starts = days.before(due, LENGTHS[base] - random.choice([0, 1, 3]))
    assert starts is not None
    return starts.label, due.label


def extract(random: Random, world: World, base: str, due: str) -> date:
    """A day from which on nothing is known: within the last base period due, or before it where that was delivered ahead."""
    span = world.days.named(base, due)
    assert span is not None
    ahead = world.days.before(span, random.choice([0, 0, 0, 1, 2]))
    assert ahead is not None
    return random.choice([*ahead.days()[1:], ahead.last + timedelta(days=1)])


def older_extracts(random: Random, world: World) -> None:
    """One unit whose extract of a source is older than the others'."""
    for (table, line), (_, due) in world.reach.items():
        if random.random() < 0.3:
            base = world.contracts[table]["base_period"]
            world.unit_data_to[table, line, random.choice(world.units).key] = extract(random, world, base, due)


def labels_between(world: World, base: str, ends: tuple[str, str]) -> list[str]:
    """Labels of the base periods from the first to the last."""
    labels = [span.label for span in world.days.in_order[base]]
    return labels[labels.index(ends[0]) : labels.index(ends[1]) + 1]


def deliver(random: Random, world: World, shape: Shape, table: str) -> None:
    """A state of every expected unit, base period and series."""
    written = world.contracts[table]
    for (name, line), ends in world.reach.items():
        if name != table:
            continue
        for unit in world.units:
            if unit.kind != "member" and written["units"] != "all":
                continue
            for label in labels_between(world, written["base_period"], ends):
                state = "delivered"
                if random.random() < shape.holes:
                    state = random.choice(["missing", "missing", "exempt", "held", "reported_by_other"])
                elif random.random() < 0.3:
                    state = random.choice(["approved", "approved", "provisional"])
                world.coverage[table, line, unit.key, label] = state


def random_rows(
    random: Random,
    world: World,
    shape: Shape,
    table: str,
    dimensions: list[str],
    edition: dict[str, str],
    kind: str,
    *,
    dated: bool,
) -> list[Row]:
    """Rows of a mart: some where nothing counts as delivered, some absent where something does."""
    rows: list[Mapping[str, Any]] = []
    base = world.contracts[table]["base_period"]
    lines = [line for name, line in world.reach if name == table]
    for unit in world.units:
        for label in {label: None for line in lines for label in labels_between(world, base, world.reach[table, line])}:
            states = {world.coverage.get((table, line, unit.key, label)) for line in lines}
            if random.random() < (0.05 * shape.sparse if states & {"delivered", "approved", "provisional", "reported_by_other"} else 0.7):
                continue
            counts = {name: len(world.dimensions[name]) for name in dimensions}
            if kind in ("event", "amount"):
                span = world.days.named(base, label)
                assert span is not None
                found = (
                    event_rows(random, span, counts, partial(number, random, shape), dated=dated, unknowns=shape.unknowns)
                    if kind == "event"
                    else amount_rows(random, span, counts, partial(number, random, shape), unknowns=shape.unknowns)
                )
                rows += [{"municipality_key": unit.key, base: label, "person": person(random, shape), **row, **edition} for row in found]
                continue
            combinations = [
                dict(zip(dimensions, keys, strict=True)) for keys in product(*(range(1, count + 1) for count in counts.values()))
            ]
            for keys in combinations:
                if shape.sparse and len(combinations) > 1 and random.random() < 0.4:
                    continue
                row: dict[str, Any] = {
                    "municipality_key": unit.key,
                    base: label,
                    "x": number(random, shape),
                    "y": number(random, shape, cents=True),
                    "person": person(random, shape),
                }
                for name in dimensions:
                    row[f"{name}_key"] = keys[name]
                if shape.unknowns and dimensions and random.random() < 0.1:
                    rows.append({**row, f"{dimensions[0]}_key": random.choice([None, 99]), **edition})
                rows.append({**row, **edition})
    return rows


def person(random: Random, shape: Shape) -> int | None:
    """One of a few persons, so that several rows are often the same one's."""
    return None if random.random() < shape.blanks / 2 else random.randint(1, PERSONS)


def number(random: Random, shape: Shape, *, cents: bool = False) -> Any:
    """A value, sometimes zero, sometimes blank."""
    if random.random() < shape.blanks:
        return None
    if random.random() < shape.zeros:
        return Decimal("0.00") if cents else 0
    return Decimal(random.randint(1, 4000)) / 100 if cents else random.randint(1, 20)


def measures(kind: str, series: Mapping[str, Any]) -> dict[str, Any]:
    """Measures of every kind over the columns x and y."""

    def measure(over_time: str, lines: list[str], **more: Any) -> dict[str, Any]:
        named = {"series": lines} if "" not in series else {}
        return {"title": TITLE, "over_time": over_time, "unit": "persons", **named, **more}

    if kind in ("event", "amount"):
        return event_measures() if kind == "event" else amount_measures()
    if kind == "snapshot":
        return {
            "first_x": measure("first", [], expression="x"),
            "last_x": measure("last", [], expression="x"),
            "average_y": measure("average", [], expression="y"),
            "average_difference": measure("average", [], expression="x - y"),
            "last_count": measure("last", [], aggregate="count", filter="x > 3"),
            "last_large": measure("last", [], expression="x", filter="x > 15"),
            "average_large": measure("average", [], expression="y", filter="x > 15"),
        }
    return {
        "sum_x": measure("sum", ["s.x"], expression="x"),
        "average_y": measure("average", ["s.y"], expression="y"),
        "average_rate": measure("average", ["s.x", "s.y"], expression="x * 100 / nullif(y, 0)"),
        "recomputed_x": measure("recompute", ["s.x"], expression="x"),
        "last_y": measure("last", ["s.y"], expression="y"),
        "sum_count": measure("sum", ["s.x"], aggregate="count", filter="x > 3"),
        "sum_large": measure("sum", ["s.x"], expression="x", filter="x > 15"),
    }
