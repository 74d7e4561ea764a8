"""A stand-in for receiving: rows straight into the landing zone and the ledger, as `architecture.md` says receive leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from flis_semantic.contracts.landing import landing_columns
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Batch, Delivery, Entry, Part
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[2]
_SOURCES = ("catalogue", "contracts", "macros", "seeds", "simulation", "tests", "flis_semantic")
_FILES = ("dbt_project.yml", "profiles.yml", "packages.yml")


def project_in(folder: Path) -> Project:
    """A project of its own in `folder`: the repository's definitions (models copied, the rest linked), no state, no key-figure tables."""
    for name in _SOURCES:
        (folder / name).symlink_to(REPOSITORY / name)
    for name in _FILES:
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    for path in (REPOSITORY / "models").rglob("*"):
        copy = folder / path.relative_to(REPOSITORY)
        if path.is_file() and "key_figures" not in path.parts:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    return Project(folder)


@dataclass
class Landing:
    """Lands deliveries of one project, one batch each, numbered as they come."""

    project: Project

    def land(
        self,
        table: str,
        select: str,
        *,
        extracted_at: datetime,
        synthetic: bool = False,
        set_aside: int = 0,
        claimed: int = 0,
        named: Iterable[Part] = (),
        **more: Any,
    ) -> int:
        """Land the rows of a SELECT that gives the contract's landing columns by name (absent ones are NULL). Returns the delivery id.

        `claimed` rows are added to what the ledger says was accepted, so that a broken chain can be made on purpose; `named` are
        partitions that are delivered without a row; `more` are other fields of the delivery.
        """
        contract = self.project.contracts[table]
        folder = self.project.landing / table
        folder.mkdir(parents=True, exist_ok=True)
        with Ledger(self.project.ledger_path) as ledger, duckdb.connect() as connection:
            delivery_id = ledger.next_delivery_id()
            columns = landing_columns(contract)
            nothing = "SELECT " + ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items()) + " WHERE false"
            connection.execute(f"CREATE TABLE landed AS {nothing}")
            connection.execute(f"INSERT INTO landed BY NAME SELECT * REPLACE ({delivery_id} AS delivery_id) FROM ({select})")
            file = f"batch_{delivery_id}.parquet"
            connection.execute(f"COPY (FROM landed ORDER BY unit_code, base_period_key) TO '{folder / file}' (FORMAT parquet)")
            rows = connection.execute("SELECT unit_code, base_period_key, coalesce(slot, ''), count(*) FROM landed GROUP BY ALL").fetchall()
            controls = connection.execute("SELECT count(*) FILTER (WHERE is_control) FROM landed").fetchall()[0][0]
            partitions = dict.fromkeys(named, 0) | {(str(unit), int(key), str(slot)): int(n) for unit, key, slot, n in rows}
            accepted = sum(partitions.values()) + claimed
            delivery = _delivery(delivery_id, table, select, extracted_at, synthetic=synthetic)
            delivery = Delivery(
                **delivery
                | {"rows_delivered": accepted + set_aside, "rows_accepted": accepted, "rows_control": controls, "rows_set_aside": set_aside}
                | more
            )
            ledger.record([Entry(delivery, {}, partitions)], Batch(f"batch_{delivery_id}", table, file, None))
        return delivery_id


def _delivery(delivery_id: int, table: str, select: str, extracted_at: datetime, *, synthetic: bool) -> dict[str, Any]:
    return {
        "delivery_id": delivery_id,
        "contract": table,
        "form": "by_hand",
        "file_name": f"delivery_{delivery_id}.csv",
        "content_sha256": hashlib.sha256(select.encode()).hexdigest(),
        "extracted_at": extracted_at,
        "extracted_from": "manifest",
        "received_at": extracted_at,
        "rank_at": extracted_at,
        "sequence": None,
        "verdict": "accepted",
        "code": "",
        "message": "",
        "encoding": "utf-8",
        "synthetic": synthetic,
        "has_manifest": True,
        "batch": f"batch_{delivery_id}",
    }
