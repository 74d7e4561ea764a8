"""A source that comes in full and by deltas: random deliveries of it, and what is in force, computed in plain Python."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flis_semantic.build.known import read_inputs
from flis_semantic.build.landing import write_landing
from flis_semantic.build.received import read_received
from flis_semantic.ledger import Ledger
from flis_semantic.warehouse import Connection, open_for_build
from flis_semantic.workspace import Project
from tests.integration.landed import REPOSITORY, Landing

SHOPS = Path(__file__).with_name("shops")
UNITS = ("0001", "0002")
JANUARY = 2020 * 12
START = datetime(2020, 2, 1)

Part = tuple[str, int, str]


@dataclass(frozen=True)
class Row:
    """A row of the source; its key is unit and number, in whatever period it stands."""

    part: Part
    number: int
    value: int | None
    is_deleted: bool = False

    @property
    def key(self) -> tuple[str, int]:
        return self.part[0], self.number


@dataclass(frozen=True)
class Sent:
    """A delivery as it was received; `sequence` and `stream` are a delta's, and may stand in a full one's manifest."""

    number: int
    mode: str
    rows: tuple[Row, ...]
    extracted_at: datetime
    received_at: datetime
    sequence: int | None = None
    stream: str = ""
    named: tuple[Part, ...] = ()

    @property
    def rank(self) -> tuple[datetime, int, int]:
        return self.extracted_at, -1 if self.sequence is None else self.sequence, self.number

    @property
    def parts(self) -> set[Part]:
        return {row.part for row in self.rows} | set(self.named)


@dataclass
class InForce:
    """What counts: rows with the delivery they come from; what became of all rows; deltas that wait, with the first number lacking."""

    rows: set[tuple[int, int, Row]] = field(default_factory=set)
    outcomes: dict[tuple[int, str], int] = field(default_factory=dict)
    waiting: set[tuple[int, Part, int]] = field(default_factory=set)
    unmatched: set[tuple[int, int]] = field(default_factory=set)

    def count(self, delivery: Sent, outcome: str) -> None:
        self.outcomes[delivery.number, outcome] = self.outcomes.get((delivery.number, outcome), 0) + 1


_Alive = tuple[Sent, int, Row]


def in_force(sent: Iterable[Sent], known_on: datetime) -> InForce:
    """The rules for deltas, word by word and row by row."""
    known = [delivery for delivery in sent if delivery.received_at <= known_on]
    fulls: dict[Part, Sent] = {}
    for delivery in known:
        for part in delivery.parts if delivery.mode == "full" else ():
            if part not in fulls or delivery.rank > fulls[part].rank:
                fulls[part] = delivery
    deltas = [delivery for delivery in known if delivery.mode == "delta"]
    found = InForce()
    alive: dict[tuple[str, int], list[_Alive]] = {}
    for delivery in known:
        for line, row in enumerate(delivery.rows, start=2):
            if delivery.mode == "delta":
                state = _delta_state(delivery, row.part, fulls.get(row.part), deltas, found)
            else:
                state = "in force" if fulls[row.part] is delivery else "superseded"
            if state == "in force":
                alive.setdefault(row.key, []).append((delivery, line, row))
            else:
                found.count(delivery, state)
    for items in alive.values():
        _newest_of_a_key(sorted(items, key=lambda item: (*item[0].rank, item[1])), found)
    return found


def _newest_of_a_key(items: list[_Alive], found: InForce) -> None:
    """Oldest first. Rows that no delta names stay as they are, however many full deliveries have the key."""
    touched = any(delivery.mode == "delta" for delivery, _, _ in items)
    for place, (delivery, line, row) in enumerate(items):
        if row.is_deleted and (place == 0 or items[place - 1][2].is_deleted):
            found.unmatched.add((delivery.number, line))
        if touched and place < len(items) - 1:
            found.count(delivery, "superseded")
        elif row.is_deleted:
            found.count(delivery, "deleted")
        else:
            found.count(delivery, "landed")
            found.rows.add((delivery.number, line, row))


def _delta_state(delta: Sent, part: Part, full: Sent | None, deltas: list[Sent], found: InForce) -> str:
    stream = [other for other in deltas if other.stream == delta.stream]
    if any(other.sequence == delta.sequence and other.rank > delta.rank for other in stream):
        return "superseded"
    if full is not None and delta.rank < full.rank:
        return "superseded"
    numbers = {other.sequence or 0 for other in stream}
    before = [other.sequence or 0 for other in stream if full is not None and other.extracted_at <= full.extracted_at]
    base = min(numbers) - 1
    if full is not None and full.sequence is not None:
        base = full.sequence
    elif before:
        base = max(before)
    lacking = [number for number in range(base + 1, (delta.sequence or 0) + 1) if number not in numbers]
    if lacking:
        found.waiting.add((delta.number, part, lacking[0]))
        return "waiting"
    return "in force"


def make_project(folder: Path) -> Project:
    """The project of shops, without any state."""
    shutil.copytree(SHOPS, folder, dirs_exist_ok=True)
    package = REPOSITORY / "flis_semantic" / "project"
    (folder / "packages.yml").write_text(f"packages:\n  - local: {package}\n", encoding="utf-8")
    return Project(folder)


def receive(project: Project, sent: Iterable[Sent]) -> None:
    """Put the deliveries into landing zone and ledger, in the order of their numbers."""
    for delivery in sorted(sent, key=lambda delivery: delivery.number):
        values = ", ".join(
            f"({line}, '{row.part[0]}', {row.part[1]}, '{row.part[2]}', {row.number}, {'NULL' if row.value is None else row.value}, "
            f"{row.is_deleted})"
            for line, row in enumerate(delivery.rows, start=2)
        )
        select = (
            "SELECT 0 AS delivery_id, line AS line_number, unit AS unit_code, key AS base_period_key, s AS slot, '' AS series, "
            "false AS is_control, gone AS is_deleted, unit AS shop, make_date(key // 12, key % 12 + 1, 1) AS month, n AS number, "
            "CAST(v AS BIGINT) AS amount "
            f"FROM (VALUES {values or '(0, NULL, 0, NULL, 0, 0, false)'}) AS t (line, unit, key, s, n, v, gone) WHERE line > 0"
        )
        landed = Landing(project).land(
            "ledger",
            select,
            extracted_at=delivery.extracted_at,
            named=delivery.named,
            mode=delivery.mode,
            stream=delivery.stream,
            sequence=delivery.sequence,
            received_at=delivery.received_at,
        )
        assert landed == delivery.number


def landed(project: Project, known_on: datetime | None = None) -> Connection:
    """A build file with the schema `landing` written as of a time; the caller closes it."""
    with Ledger(project.ledger_path) as ledger:
        received = read_received(ledger, project.contracts, known_on)
    project.build_file.unlink(missing_ok=True)
    connection = open_for_build(project.build_file)
    write_landing(connection, project, received, read_inputs(project, received))
    return connection


def found_in(connection: Connection) -> InForce:
    """What the build says, in the same words."""
    rows = connection.execute(
        "SELECT delivery_id, line_number, unit_code, base_period_key, slot, number, amount FROM landing.ledger"
    ).fetchall()
    outcomes = connection.execute(
        "SELECT delivery_id, outcome, CAST(sum(row_count) AS BIGINT) FROM landing.row_outcomes GROUP BY ALL HAVING sum(row_count) <> 0"
    ).fetchall()
    waiting = connection.execute(
        "SELECT delivery_id, unit_code, base_period_key, slot, missing_from FROM landing.waiting_deltas"
    ).fetchall()
    unmatched = connection.execute("SELECT delivery_id, line_number FROM landing.unmatched_deletes").fetchall()
    return InForce(
        {(delivery, line, Row((unit, key, slot), number, value)) for delivery, line, unit, key, slot, number, value in rows},
        {(delivery, outcome): count for delivery, outcome, count in outcomes},
        {(delivery, (unit, key, slot), lacking) for delivery, unit, key, slot, lacking in waiting},
        set(unmatched),
    )


def random_deliveries(seed: int) -> list[Sent]:
    """Fulls and deltas of two units in no order: gaps, resends, moves between periods, side periods, deletes of nothing."""
    dice = random.Random(seed)  # noqa: S311 - a test's deliveries
    by_unit = dice.random() < 0.5
    parts = [(unit, key, slot) for unit in UNITS for key, slot in ((JANUARY, ""), (JANUARY + 1, ""), (JANUARY + 11, "13"))]
    made: list[dict[str, Any]] = []
    for _ in range(dice.randint(1, 3)):
        chosen = dice.sample(parts, dice.randint(1, 4))
        rows = [Row(part, number, dice.randint(1, 99)) for part in chosen for number in dice.sample(range(6), dice.randint(0, 3))]
        full: dict[str, Any] = {"mode": "full", "rows": tuple({row.key: row for row in rows}.values()), "named": tuple(chosen)}
        if dice.random() < 0.3:
            full |= {"sequence": dice.randint(0, 4), "stream": dice.choice(UNITS) if by_unit else ""}
        made.append(full)
    for _ in range(dice.randint(1, 7)):
        unit = dice.choice(UNITS)
        rows = []
        for number in dice.sample(range(6), dice.randint(1, 3)):
            gone = dice.random() < 0.3
            part = dice.choice([part for part in parts if part[0] == unit or not by_unit])
            rows.append(Row(part, number, None if gone else dice.randint(1, 99), gone))
        made.append({
            "mode": "delta", "rows": tuple({row.key: row for row in rows}.values()), "sequence": dice.randint(1, 5),
            "stream": unit if by_unit else "",
        })  # fmt: skip
    dice.shuffle(made)
    # Several may be extracted at the same time: then the number decides, then the receipt.
    hours = [dice.randint(0, len(made) // 2 + 1) for _ in made]
    if dice.random() < 0.5:
        # As from a sender that counts in time: the higher number is the later extract.
        order = sorted(range(len(made)), key=lambda n: (made[n].get("sequence") or 0, n))
        hours = [order.index(n) for n in range(len(made))]
    return [
        Sent(number, **fields, extracted_at=START + timedelta(hours=hours[number - 1]), received_at=START + timedelta(days=number))
        for number, fields in enumerate(made, start=1)
    ]
