"""Rows delivered, accepted and set aside, and what rules hit: by domain, source, unit, supplier, delivery, rule, and by month.

Every delivery counts once, with its newest verdict. Findings of rules across tables come from the current version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flis_semantic import warehouse
from flis_semantic.delivery.report import FILE_RULES
from flis_semantic.delivery.reprocess import standing_verdicts
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Delivery, UnitCount
from flis_semantic.quality.built import cross_hits
from flis_semantic.workspace import Project

Key = str
"""One of KEYS."""

KEYS: tuple[Key, ...] = ("domain", "source", "unit", "supplier", "delivery", "rule", "month")
ROW_COLUMNS = ("deliveries", "refused", "delivered", "accepted", "set_aside", "set_aside_pct", "warned", "flagged")
RULE_COLUMNS = ("stage", "action", "deliveries", "rows", "rows_pct", "title")


@dataclass(frozen=True)
class Hit:
    """Rows that one rule hit. `action` of a row rule is set_aside or warn; of a file rule file; of a cross rule its own."""

    rule: str
    stage: str
    action: str
    rows: int


@dataclass(frozen=True)
class Cell:
    """Rows of one unit and one supplier in one delivery, and the hits on them. The smallest part that quality is added up from."""

    domain: str
    source: str
    unit: str
    supplier: str
    delivery: int
    month: str
    is_refused: bool
    accepted: int
    set_aside: int
    hits: tuple[Hit, ...] = ()

    @property
    def delivered(self) -> int:
        """Rows that came."""
        return self.accepted + self.set_aside


@dataclass(frozen=True)
class Counted:
    """Everything that quality is added up from: the cells, and the deliveries that they are of, by id."""

    cells: tuple[Cell, ...] = ()
    deliveries: Mapping[int, Delivery] = field(default_factory=dict[int, Delivery])


def counted(project: Project) -> Counted:
    """What the ledger and the current version say. Raises WarehouseError when one cannot be read."""
    if not project.ledger_path.is_file():
        return Counted()
    with Ledger(project.ledger_path) as ledger:
        everything = ledger.deliveries()
        counts, hits = ledger.unit_counts(), ledger.rule_counts()
    came = {delivery.delivery_id: delivery.received_at for delivery in everything}
    deliveries = standing_verdicts(everything)
    across = cross_hits(project) if warehouse.current_version(project.versions, project.pointer) is not None else []
    found: dict[tuple[int, str], list[Hit]] = {}
    for row in across:
        hit = Hit(row["rule_id"], "cross", row["action"], row["rows"])
        found.setdefault((row["delivery_id"], row["unit"] or ""), []).append(hit)
    domains = domains_of(project)
    cells: list[Cell] = []
    for delivery in deliveries:
        cells += _cells(project, delivery, counts.get(delivery.delivery_id, []), hits.get(delivery.delivery_id, {}), came, domains, found)
    return Counted(tuple(cells), {delivery.delivery_id: delivery for delivery in deliveries})


def figure_rows(cells: Iterable[Cell], keys: Sequence[Key]) -> list[dict[str, Any]]:
    """A row per combination of the keys that occurs, in order: the keys, then ROW_COLUMNS. Not for the key `rule`.

    `set_aside_pct` is of the rows delivered, None where there are none. `set_aside` and `warned` are by rules
    about rows; `flagged` are findings of rules across tables, whatever they do.
    """
    groups: dict[tuple[Any, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(getattr(cell, key) for key in keys), []).append(cell)
    return [{**dict(zip(keys, place, strict=True)), **totals(groups[place])} for place in sorted(groups)]


def totals(cells: Sequence[Cell]) -> dict[str, Any]:
    """The ROW_COLUMNS of these cells together."""
    delivered, set_aside = sum(cell.delivered for cell in cells), sum(cell.set_aside for cell in cells)
    return {
        "deliveries": len({cell.delivery for cell in cells}),
        "refused": len({cell.delivery for cell in cells if cell.is_refused}),
        "delivered": delivered,
        "accepted": sum(cell.accepted for cell in cells),
        "set_aside": set_aside,
        "set_aside_pct": _percent(set_aside, delivered),
        "warned": sum(hit.rows for cell in cells for hit in cell.hits if hit.stage == "row" and hit.action == "warn"),
        "flagged": sum(hit.rows for cell in cells for hit in cell.hits if hit.stage == "cross"),
    }


def rule_rows(project: Project, cells: Sequence[Cell], keys: Sequence[Key], language: str) -> list[dict[str, Any]]:
    """A row per rule that hit something, by source and the other keys: the keys, source and rule, then RULE_COLUMNS.

    `rows_pct` is of the rows that were delivered under the same keys and source; None for findings about whole files.
    """
    places: list[Key] = [*dict.fromkeys([*(key for key in keys if key != "rule"), "source"])]
    delivered: dict[tuple[Any, ...], int] = {}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    seen: dict[tuple[Any, ...], set[int]] = {}
    for cell in cells:
        place = tuple(getattr(cell, key) for key in places)
        delivered[place] = delivered.get(place, 0) + cell.delivered
        for hit in cell.hits:
            key = (*place, hit.rule, hit.stage, hit.action)
            row = found.setdefault(
                key, {**dict(zip(places, place, strict=True)), "rule": hit.rule, "stage": hit.stage, "action": hit.action}
            )
            row["rows"] = row.get("rows", 0) + hit.rows
            seen.setdefault(key, set()).add(cell.delivery)
    for key, row in found.items():
        row["deliveries"] = len(seen[key])
        row["rows_pct"] = None if row["stage"] == "file" else _percent(row["rows"], delivered[key[: len(places)]])
        row["title"] = title_of(project, row["source"], row["rule"], language)
    return [found[key] for key in sorted(found)]


def title_of(project: Project, source: str, rule: str, language: str) -> str:
    """What a rule says, in a language or else in one that it has."""
    contract = project.contracts.get(source)
    titles: Mapping[str, str] = FILE_RULES.get(rule, {})
    if contract is not None:
        titles = next((found.title for found in contract.rules if found.id == rule), titles)
    return titles.get(language) or next(iter(titles.values()), "")


def domains_of(project: Project) -> dict[str, str]:
    """Source → the domain whose facts read it, the first one where several do."""
    found: dict[str, str] = {}
    for fact in project.catalogue.facts.values():
        editions = fact.definition.editions.values()
        for source in (*fact.definition.sources, *(source for sources in editions for source in sources)):
            found.setdefault(source, fact.domain)
    return found


def _cells(  # noqa: PLR0913, PLR0917 - what a delivery's cells are made of
    project: Project,
    delivery: Delivery,
    counts: Sequence[UnitCount],
    hits: Mapping[str, int],
    came: Mapping[int, datetime],
    domains: Mapping[str, str],
    across: Mapping[tuple[int, str], list[Hit]],
) -> Iterator[Cell]:
    contract = project.contracts.get(delivery.contract)
    actions = {rule.id: rule.action for rule in contract.rules} if contract is not None else {}
    of_files = tuple(Hit(rule, "file", "file", rows) for rule, rows in sorted(hits.items()) if rule in FILE_RULES)
    # What was received before rows were counted by unit is counted under none.
    of_rows = {rule: rows for rule, rows in hits.items() if rule not in FILE_RULES}
    whole = UnitCount("", "", delivery.rows_accepted, delivery.rows_set_aside, of_rows)
    counts = list(counts) or [whole]
    units = [count.unit_code for count in counts]
    for n, count in enumerate(counts):
        own = tuple(Hit(rule, "row", actions.get(rule, "set_aside"), rows) for rule, rows in sorted(count.hits.items()))
        # Findings across tables know the unit, not the supplier: they stand with the unit's first.
        more = tuple(across.get((delivery.delivery_id, count.unit_code), ())) if units.index(count.unit_code) == n else ()
        yield Cell(
            domain=domains.get(delivery.contract, ""),
            source=delivery.contract,
            unit=count.unit_code,
            supplier=count.supplier,
            delivery=delivery.delivery_id,
            month=f"{came[delivery.rejudges or delivery.delivery_id]:%Y-%m}",
            is_refused=not delivery.admitted,
            accepted=count.rows_accepted,
            set_aside=count.rows_set_aside,
            hits=(*own, *more, *(of_files if n == 0 else ())),
        )
    known = set(units)
    lost = [unit for number, unit in across if number == delivery.delivery_id and unit not in known]
    for unit in lost:
        yield Cell(
            domains.get(delivery.contract, ""),
            delivery.contract,
            unit,
            "",
            delivery.delivery_id,
            f"{came[delivery.rejudges or delivery.delivery_id]:%Y-%m}",
            not delivery.admitted,
            0,
            0,
            tuple(across[delivery.delivery_id, unit]),
        )


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 3) if whole else None
