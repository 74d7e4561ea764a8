"""What quality says of one unit: what is needed from it, its rows beside everybody's, its rules, suppliers, calendar, deliveries."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flis_semantic import warehouse
from flis_semantic.contracts.deadline import due_periods
from flis_semantic.ledger import Ledger
from flis_semantic.quality.coverage import missing_rows
from flis_semantic.quality.deadlines import expected_rows
from flis_semantic.quality.figures import Cell, Counted, counted, figure_rows, rule_rows, title_of, totals
from flis_semantic.workspace import Project

_rows = list[dict[str, Any]]
_MOST_DELIVERIES = 24
NEED_COLUMNS = ("kind", "source", "from", "to", "periods", "due_date", "days_late", "rule", "rows", "reason")


@dataclass(frozen=True)
class UnitReport:
    """One unit on one day. Titles and names are by language; `everybody` is all units together, to compare with.

    `needs` (NEED_COLUMNS): what the unit is asked for, by kind: `overdue` deliveries in runs of periods, `held` numbers, `correct`
    rows that are set aside in what is in force, `gap` numbers that lack in its deltas, `check` rows that rules warn of.
    """

    unit: str
    names: dict[str, str]
    on: date
    version: str | None
    own: dict[str, Any]
    everybody: dict[str, Any]
    needs: list[dict[str, Any]] = field(default_factory=_rows)
    sources: list[dict[str, Any]] = field(default_factory=_rows)
    suppliers: list[dict[str, Any]] = field(default_factory=_rows)
    months: list[dict[str, Any]] = field(default_factory=_rows)
    rules: list[dict[str, Any]] = field(default_factory=_rows)
    calendar: list[dict[str, Any]] = field(default_factory=_rows)
    deliveries: list[dict[str, Any]] = field(default_factory=_rows)
    titles: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


def unit_reports(project: Project, units: Sequence[str], on: date, gaps: Sequence[Mapping[str, Any]] = ()) -> list[UnitReport]:
    """A report for each unit, in the order given. `gaps`: of the quality report. Raises as `expected_rows` and `counted` do."""
    found = counted(project)
    expected: dict[str, _rows] = {unit: [] for unit in units}
    for row in expected_rows(project, on, units=list(units)):
        expected[row["unit"]].append(row)
    in_force = _in_force(project, found)
    current = warehouse.current_version(project.versions, project.pointer)
    held: dict[str, _rows] = {}
    if current is not None:
        columns, rows = missing_rows(project)
        for row in (dict(zip(columns, values, strict=True)) for values in rows):
            if row["state"] == "held":
                held.setdefault(row["unit"], []).append(row)
    names, everybody = unit_names(project), totals(found.cells)
    shares = {row["source"]: row["set_aside_pct"] for row in figure_rows(found.cells, ("source",))}
    by_unit: dict[str, list[Cell]] = {}
    for cell in found.cells:
        by_unit.setdefault(cell.unit, []).append(cell)
    reports: list[UnitReport] = []
    for unit in units:
        cells = by_unit.get(unit, [])
        standing = [cell for cell in cells if (unit, cell.delivery) in in_force]
        needs = _overdue(project, expected[unit]) + _held(project, held.get(unit, [])) + _to_correct(project, standing, "correct")
        needs += _gaps(unit, gaps) + _to_correct(project, standing, "check")
        sources = [{**row, "everybody_set_aside_pct": shares[row["source"]]} for row in figure_rows(cells, ("source",))]
        rules = rule_rows(project, cells, ("source",), project.vocabulary.languages[0])
        reports.append(
            UnitReport(
                unit=unit,
                names=names.get(unit, {}),
                on=on,
                version=current.name if current is not None else None,
                own=totals(cells),
                everybody=everybody,
                needs=needs,
                sources=sources,
                suppliers=figure_rows(cells, ("source", "supplier")),
                months=figure_rows(cells, ("month",)),
                rules=rules,
                calendar=expected[unit],
                deliveries=_deliveries(found, cells),
                titles=_titles(project, sources, needs, expected[unit]),
            )
        )
    return reports


def unit_names(project: Project) -> dict[str, dict[str, str]]:
    """Code → name by language of every unit whose seed has it."""
    unit = project.vocabulary.reporting_unit
    path = project.root / "seeds" / f"{unit.seed}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = dict(unit.base.name or {})
    return {row[unit.seed_code]: {language: row[name] for language, name in columns.items() if name in row} for row in rows}


def _in_force(project: Project, found: Counted) -> set[tuple[str, int]]:
    """Unit and delivery, where the delivery still counts: in force in full, a delta, or refused and not delivered anew."""
    kept: set[tuple[str, int]] = set()
    if not project.ledger_path.is_file():
        return kept
    with Ledger(project.ledger_path) as ledger:
        for table in project.contracts:
            kept |= {(part.unit_code, part.delivery_id) for part in ledger.active_partitions(table)}
            kept |= {(unit, delta.delivery_id) for delta in ledger.deltas(table) for unit, _, _ in delta.partitions}
    latest: dict[tuple[str, str], int] = {}
    for cell in found.cells:
        if not cell.is_refused:
            latest[cell.unit, cell.source] = max(cell.delivery, latest.get((cell.unit, cell.source), 0))
    return kept | {
        (cell.unit, cell.delivery) for cell in found.cells if cell.is_refused and latest.get((cell.unit, cell.source), 0) < cell.delivery
    }


def _overdue(project: Project, rows: _rows) -> _rows:
    """Overdue deliveries, periods that follow each other together."""
    place = {
        (table, period.label): n
        for table in {row["source"] for row in rows}
        for n, (period, _) in enumerate(due_periods(project.contracts[table], project.calendar))
    }
    runs: _rows = []
    before: tuple[str, int] = ("", -2)
    for row in rows:
        if row["status"] != "overdue":
            continue
        here = (row["source"], place[row["source"], row["period"]])
        if here == (before[0], before[1] + 1):
            runs[-1] |= {"to": row["period"], "periods": runs[-1]["periods"] + 1}
        else:
            runs.append(_need("overdue", row["source"], **{"from": row["period"], "to": row["period"]}, periods=1))
            runs[-1] |= {"due_date": row["due_date"], "days_late": row["days_late"]}
        before = here
    return runs


def _held(project: Project, rows: _rows) -> _rows:
    """Held periods; the reason is a rule's id where a rule holds them."""
    found: _rows = []
    for row in rows:
        need = _need("held", row["source"], **{"from": row["period"], "to": row["period"]}, periods=1, reason=row["reason"])
        rules = {rule.id for rule in project.contracts[row["source"]].rules}
        found.append(need | {"rule": row["reason"] if row["reason"] in rules else None})
    return found


def _to_correct(project: Project, cells: Sequence[Cell], kind: str) -> _rows:
    """Rows by rule: set aside by a rule about rows or across tables (`correct`), or kept and told (`check`)."""
    correct = kind == "correct"
    found = [
        _need(kind, row["source"], rule=row["rule"], rows=row["rows"])
        for row in rule_rows(project, cells, ("source",), project.vocabulary.languages[0])
        if row["stage"] != "file" and (row["action"] == "set_aside") == correct and row["action"] not in ("hold", "repair")
    ]
    return sorted(found, key=lambda row: (row["source"], -row["rows"], row["rule"]))


def _gaps(unit: str, gaps: Sequence[Mapping[str, Any]]) -> _rows:
    return [
        _need("gap", row["contract"], **{"from": str(row["missing_from"]), "to": str(row["missing_to"])}, rows=row["waiting_rows"])
        for row in gaps
        if row["stream"] == unit
    ]


def _need(kind: str, source: str, **values: Any) -> dict[str, Any]:
    return dict.fromkeys(NEED_COLUMNS) | {"kind": kind, "source": source} | values


def _deliveries(found: Counted, cells: Sequence[Cell]) -> _rows:
    """The newest deliveries that hold rows of the unit, with the unit's own counts."""
    ids = sorted({cell.delivery for cell in cells}, reverse=True)[:_MOST_DELIVERIES]
    rows: _rows = []
    for delivery_id in ids:
        delivery = found.deliveries[delivery_id]
        own = totals([cell for cell in cells if cell.delivery == delivery_id])
        rows.append(
            {
                "delivery_id": delivery_id,
                "source": delivery.contract,
                "file": delivery.file_name,
                "received_at": delivery.received_at,
                "extracted_at": delivery.extracted_at,
                "verdict": delivery.verdict,
                "rejudges": delivery.rejudges,
                **{name: own[name] for name in ("delivered", "accepted", "set_aside")},
                "synthetic": delivery.synthetic,
            }
        )
    return rows


def _titles(project: Project, *parts: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Titles of every source and rule that the parts name, by language; a rule's key is `source rule`."""
    found: dict[str, dict[str, str]] = {}
    for row in (row for rows in parts for row in rows):
        contract = project.contracts.get(row["source"])
        found[row["source"]] = dict(contract.title) if contract is not None else {}
        if row.get("rule"):
            languages = project.vocabulary.languages
            found[f"{row['source']} {row['rule']}"] = {name: title_of(project, row["source"], row["rule"], name) for name in languages}
    return found
