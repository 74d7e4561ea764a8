"""The quality report: the chain of every delivery, hits by rule, gaps between deltas, what is late, published controls.

The ledger knows what was received; the current version knows what became of it. Its models `quality_chain` (contract,
delivery_id, stage, rows), `quality_controls` and `quality_<table>` (findings of cross rules) are the project's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from flis_semantic import warehouse
from flis_semantic.delivery.report import FILE_RULES
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Delivery
from flis_semantic.quality.built import Built, read_built
from flis_semantic.quality.deadlines import late_rows
from flis_semantic.workspace import Project

CHAIN_COLUMNS = (
    *("delivery_id", "contract", "file", "extracted_at", "extracted_from", "control_totals", "verdict", "synthetic"),
    *("delivered", "set_aside", "accepted"),
    *("superseded", "waiting", "deleted", "landed", "control", "staged", "left_out", "unmapped", "mart", "adds_up", "message"),
)
RULE_COLUMNS = ("delivery_id", "contract", "stage", "rule_id", "action", "rows", "title")
FILE_COLUMNS = ("delivery_id", "contract", "rule_id", "rows", "title")
GAP_COLUMNS = ("contract", "stream", "missing_from", "missing_to", "waiting_deltas", "waiting_rows")
DELETE_COLUMNS = ("delivery_id", "contract", "file", "line_number", "unit")
_rows = list[dict[str, Any]]
_BUILT_STAGES = ("superseded", "waiting", "deleted", "landed", "control", "staged", "left_out", "unmapped", "mart")


@dataclass(frozen=True)
class QualityReport:
    """Rows of the parts, as dictionaries. `version` is the warehouse they were read from, None before a build.

    `deliveries`: the chain of each, and where its extract time and control totals come from. `rules`: hits by delivery and rule,
    with what was done about them. `files`: findings about files as a whole. `gaps`: numbers that lack in a stream of deltas, and
    what waits for them. `deletes`: deltas' rows that delete what is not there. `deadlines`: what came late or has not come.
    `controls`: published totals beside computed ones. `notes`: what was not checked.
    """

    version: str | None
    deliveries: list[dict[str, Any]] = field(default_factory=_rows)
    rules: list[dict[str, Any]] = field(default_factory=_rows)
    files: list[dict[str, Any]] = field(default_factory=_rows)
    gaps: list[dict[str, Any]] = field(default_factory=_rows)
    deletes: list[dict[str, Any]] = field(default_factory=_rows)
    deadlines: list[dict[str, Any]] = field(default_factory=_rows)
    controls: list[dict[str, Any]] = field(default_factory=_rows)
    notes: list[str] = field(default_factory=list[str])

    @property
    def adds_up(self) -> bool:
        """Whether the chain closes for every delivery that is in the current version."""
        return all(row["adds_up"] is not False for row in self.deliveries)


def quality_report(project: Project, language: str | None = None, on: date | None = None) -> QualityReport:
    """The report on everything in the ledger; `on` (default: today, UTC) is the day that deadlines are compared with.

    Raises:
        WarehouseError: ledger or warehouse cannot be read.
    """
    words = language or project.vocabulary.languages[0]
    deadlines = late_rows(project, on or datetime.now(UTC).date())
    if not project.ledger_path.is_file():
        return QualityReport(None, deadlines=deadlines, notes=["Nothing was received yet."])
    with Ledger(project.ledger_path) as ledger:
        deliveries = ledger.deliveries()
        counts = ledger.rule_counts()
    current = warehouse.current_version(project.versions, project.pointer)
    built = Built() if current is None else read_built(project)
    notes = built.notes + _without_controls(deliveries)
    if current is None:
        notes.append("Nothing was built yet; `flis build` makes a version from what was received.")
    names = {delivery.delivery_id: delivery.file_name for delivery in deliveries}
    rules = _findings(project, deliveries, counts, words, of_files=False)
    return QualityReport(
        version=current.name if current is not None else None,
        deliveries=[_chain(delivery, built.stages.get(delivery.delivery_id)) for delivery in deliveries],
        rules=rules + [row | {"title": _title(project, row["contract"], row["rule_id"], words)} for row in built.cross],
        files=_findings(project, deliveries, counts, words, of_files=True),
        gaps=built.gaps,
        deletes=[{**row, "file": names.get(row["delivery_id"], "")} for row in built.deletes],
        deadlines=deadlines,
        controls=built.controls,
        notes=notes,
    )


def _without_controls(deliveries: Sequence[Delivery]) -> list[str]:
    """One note on the deliveries whose rows and sums nobody vouched for."""
    lacking: dict[str, int] = {}
    for delivery in deliveries:
        if delivery.admitted and not delivery.has_manifest:
            lacking[delivery.contract] = lacking.get(delivery.contract, 0) + 1
    listed = ", ".join(f"{contract} {count}" for contract, count in sorted(lacking.items()))
    return [f"No control totals came with {sum(lacking.values())} accepted deliveries ({listed})."] if lacking else []


def _chain(delivery: Delivery, built: Mapping[str, int] | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "delivery_id": delivery.delivery_id,
        "contract": delivery.contract,
        "file": delivery.file_name,
        "extracted_at": delivery.extracted_at,
        "extracted_from": delivery.extracted_from,
        "control_totals": delivery.has_manifest,
        "verdict": delivery.verdict,
        "synthetic": delivery.synthetic,
        "delivered": delivery.rows_delivered,
        "set_aside": delivery.rows_set_aside,
        "accepted": delivery.rows_accepted,
    }
    row |= {stage: built.get(stage, 0) if built is not None else None for stage in _BUILT_STAGES}
    row["adds_up"] = _adds_up(row) if built is not None else None
    row["message"] = delivery.message
    return row


def _adds_up(row: Mapping[str, Any]) -> bool:
    """Every hop of the chain: what went in came out, or is counted where it left."""
    return (
        row["delivered"] == row["accepted"] + row["set_aside"]
        and row["accepted"] == row["landed"] + row["superseded"] + row["waiting"] + row["deleted"]
        and row["landed"] == row["staged"] + row["control"]
        and row["staged"] == row["mart"] + row["left_out"] + row["unmapped"]
    )


def _findings(
    project: Project, deliveries: Sequence[Delivery], counts: Mapping[int, Mapping[str, int]], language: str, *, of_files: bool
) -> list[dict[str, Any]]:
    """Hits by delivery and rule: of rules about rows, or of the fixed ones about whole files."""
    actions = {(table, rule.id): rule.action for table, contract in project.contracts.items() for rule in contract.rules}
    found: list[dict[str, Any]] = []
    for delivery in deliveries:
        for rule_id, rows in sorted(counts.get(delivery.delivery_id, {}).items()):
            if rows and (rule_id in FILE_RULES) == of_files:
                row: dict[str, Any] = {"delivery_id": delivery.delivery_id, "contract": delivery.contract}
                if not of_files:
                    row |= {"stage": "row", "action": actions.get((delivery.contract, rule_id), "set_aside")}
                fixed = FILE_RULES.get(rule_id, {})
                title = _title(project, delivery.contract, rule_id, language) or fixed.get(language) or fixed.get("en", "")
                found.append(row | {"rule_id": rule_id, "rows": rows, "title": title})
    return found


def _title(project: Project, table: str, rule_id: str, language: str) -> str:
    contract = project.contracts.get(table)
    rules = contract.rules if contract is not None else ()
    return next((rule.title.get(language, rule.id) for rule in rules if rule.id == rule_id), "")
