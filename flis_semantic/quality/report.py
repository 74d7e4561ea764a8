"""The quality report: the chain of every delivery, rows set aside by rule, published controls beside computed totals.

The ledger knows what was received; the current version knows what became of it. Its models `quality_chain` (contract,
delivery_id, stage, rows) and `quality_controls` are the project's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flis_semantic import warehouse
from flis_semantic.delivery.report import FILE_RULES
from flis_semantic.ledger import Delivery, Ledger
from flis_semantic.workspace import Project

CHAIN_COLUMNS = (
    *("delivery_id", "contract", "file", "extracted_at", "extracted_from", "control_totals", "verdict", "synthetic"),
    *("delivered", "set_aside", "accepted"),
    *("superseded", "landed", "control", "staged", "unmapped", "mart", "adds_up", "message"),
)
RULE_COLUMNS = ("delivery_id", "contract", "rule_id", "rows", "title")
_BUILT_STAGES = ("superseded", "landed", "control", "staged", "unmapped", "mart")


@dataclass(frozen=True)
class QualityReport:
    """Rows of the parts, as dictionaries. `version` is the warehouse they were read from, None before a build.

    `deliveries`: the chain of each, and where its extract time and control totals come from. `rules`: rows set aside.
    `files`: findings about files as a whole. `controls`: published totals beside computed ones. `notes`: what was not checked.
    """

    version: str | None
    deliveries: list[dict[str, Any]]
    rules: list[dict[str, Any]]
    files: list[dict[str, Any]]
    controls: list[dict[str, Any]]
    notes: list[str]

    @property
    def adds_up(self) -> bool:
        """Whether the chain closes for every delivery that is in the current version."""
        return all(row["adds_up"] is not False for row in self.deliveries)


def quality_report(project: Project, language: str | None = None) -> QualityReport:
    """The report on everything in the ledger.

    Raises:
        WarehouseError: ledger or warehouse cannot be read.
    """
    words = language or project.vocabulary.languages[0]
    if not project.ledger_path.is_file():
        return QualityReport(None, [], [], [], [], ["Nothing was received yet."])
    with Ledger(project.ledger_path) as ledger:
        deliveries = ledger.deliveries()
        counts = ledger.rule_counts()
    current = warehouse.current_version(project.versions, project.pointer)
    stages: dict[int, dict[str, int]] = {}
    controls: list[dict[str, Any]] = []
    notes = [] if current is not None else ["Nothing was built yet; `flis build` makes a version from what was received."]
    if current is not None:
        connection = warehouse.open_current(project.versions, project.pointer)
        try:
            present = {name for (name,) in connection.sql("SELECT table_name FROM information_schema.tables").fetchall()}
            if "quality_chain" in present:
                for delivery_id, stage, rows in connection.sql("SELECT delivery_id, stage, rows FROM quality_chain").fetchall():
                    stages.setdefault(delivery_id, {})[stage] = rows
            else:
                notes.append("The chain from landing to marts was not checked: the project has no model quality_chain.")
            if "quality_controls" in present:
                controls = _controls(connection)
        finally:
            connection.close()
    return QualityReport(
        version=current.name if current is not None else None,
        deliveries=[_chain(delivery, stages.get(delivery.delivery_id)) for delivery in deliveries],
        rules=_findings(project, deliveries, counts, words, of_files=False),
        files=_findings(project, deliveries, counts, words, of_files=True),
        controls=controls,
        notes=notes,
    )


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
        and row["accepted"] == row["landed"] + row["superseded"]
        and row["landed"] == row["staged"] + row["control"]
        and row["staged"] == row["mart"] + row["unmapped"]
    )


def _findings(
    project: Project, deliveries: Sequence[Delivery], counts: Mapping[int, Mapping[str, int]], language: str, *, of_files: bool
) -> list[dict[str, Any]]:
    """Hits by delivery and rule: of rules about rows, or of the fixed ones about whole files."""
    titles = {
        (table, rule.id): rule.title.get(language, rule.id) for table, contract in project.contracts.items() for rule in contract.rules
    }
    found: list[dict[str, Any]] = []
    for delivery in deliveries:
        for rule_id, rows in sorted(counts.get(delivery.delivery_id, {}).items()):
            if rows and (rule_id in FILE_RULES) == of_files:
                fixed = FILE_RULES.get(rule_id, {})
                title = titles.get((delivery.contract, rule_id)) or fixed.get(language) or fixed.get("en", "")
                found.append(
                    {"delivery_id": delivery.delivery_id, "contract": delivery.contract, "rule_id": rule_id, "rows": rows, "title": title}
                )
    return found


def _controls(connection: warehouse.Connection) -> list[dict[str, Any]]:
    relation = connection.sql(
        """
        SELECT c.source, c.series, c.source_category AS category, c.area_level, p.period, c.published_value, c.computed_value,
               c.difference, c.relative_difference_pct, c.member_count, c.is_within_tolerance
        FROM quality_controls AS c
        LEFT JOIN (SELECT DISTINCT source, series, base_grain FROM source_status) AS s ON s.source = c.source AND s.series = c.series
        LEFT JOIN dim_period AS p ON p.grain = s.base_grain AND p.period_key = c.base_period_key
        ORDER BY c.source, c.series, c.source_category, c.base_period_key
        """
    )
    columns = list(relation.columns)
    return [dict(zip(columns, row, strict=True)) for row in relation.fetchall()]
