"""The rows that were set aside: which rule, which line, why, and the row as it was delivered."""

from __future__ import annotations

from typing import Any

from flis_semantic import warehouse
from flis_semantic.ledger import Ledger
from flis_semantic.workspace import Project

COLUMNS = ("delivery_id", "contract", "file", "line_number", "rule_ids", "reason", "raw_row")


def set_aside_rows(project: Project, contract: str | None = None) -> list[dict[str, Any]]:
    """Rows set aside, of one contract or of all, by delivery and line; keys as in COLUMNS.

    Raises:
        WarehouseError: ledger or landing zone cannot be read.
    """
    if not project.ledger_path.is_file():
        return []
    with Ledger(project.ledger_path) as ledger:
        batches = ledger.batches(contract)
        deliveries = {delivery.delivery_id: delivery for delivery in ledger.deliveries(contract)}
    files = [str(project.landing / batch.contract / batch.set_aside_file) for batch in batches if batch.set_aside_file]
    if not files:
        return []
    connection = warehouse.connect()
    try:
        sql = "SELECT delivery_id, line_number, rule_ids, reason, raw_row FROM read_parquet($files) ORDER BY delivery_id, line_number"
        found = connection.sql(sql, params={"files": files}).fetchall()
    finally:
        connection.close()
    return [
        {
            "delivery_id": delivery_id,
            "contract": deliveries[delivery_id].contract,
            "file": deliveries[delivery_id].file_name,
            "line_number": line,
            "rule_ids": list(rule_ids),
            "reason": reason,
            "raw_row": raw_row,
        }
        for delivery_id, line, rule_ids, reason, raw_row in found
        if delivery_id in deliveries
    ]
