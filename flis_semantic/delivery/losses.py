"""Series that a delivery drops from the parts it takes over: a part is replaced whole, so what the new file leaves out is gone."""

# ruff: noqa: S608 - names and literals are the contract's own, quoted; values are bound
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flis_semantic.contracts.landing import RESERVED_COLUMNS, no_rows
from flis_semantic.contracts.model import NO_SERIES, Contract
from flis_semantic.delivery.history import InForce
from flis_semantic.delivery.rules import is_accepted
from flis_semantic.delivery.sql import in_list, quoted, table_of
from flis_semantic.warehouse import Connection

_PLACE = "unit_code, base_period_key, slot"


@dataclass(frozen=True)
class Lost:
    """How many parts lose series, and which series, by name."""

    parts: int = 0
    series: tuple[str, ...] = ()


def lost_series(
    connection: Connection,
    contract: Contract,
    files: Sequence[Path],
    delivery_ids: Mapping[int, int],
    in_force: Mapping[int, InForce],
) -> dict[int, Lost]:
    """What each file (by its number) drops, compared with the deliveries whose parts it takes over.

    `files` are the landing files in force before this receive; `delivery_ids` are the ids of the judged files, which may
    replace each other. A series that the contract has no more is not missed.
    """
    replaced = [(d, *part, before) for d, taken in in_force.items() for part, before in taken.replaced.items()]
    if not contract.series or not replaced:
        return {}
    columns = {"d": "INTEGER", "unit_code": "VARCHAR", "base_period_key": "INTEGER", "slot": "VARCHAR", "delivery_id": "INTEGER"}
    table_of(connection, "replaced", {name: (kind, [row[n] for row in replaced]) for n, (name, kind) in enumerate(columns.items())})
    table_of(
        connection,
        "numbered",
        {"d": ("INTEGER", list(delivery_ids)), "delivery_id": ("INTEGER", list(delivery_ids.values()))},
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE now_there AS SELECT DISTINCT d, {_PLACE}, coalesce(series, {quoted(NO_SERIES)}) AS series "
        f"FROM pass.judged WHERE {is_accepted(contract)}"
    )
    there = f"SELECT delivery_id, {_PLACE}, series FROM now_there JOIN numbered USING (d)"
    if files:
        landed = no_rows({name: RESERVED_COLUMNS[name] for name in ("delivery_id", "unit_code", "base_period_key", "slot", "series")})
        landed += f" UNION ALL BY NAME FROM read_parquet({_list(files)}, union_by_name = true)"
        # Files that were written before there were slots have no such column.
        there += f" UNION ALL SELECT DISTINCT delivery_id, unit_code, base_period_key, coalesce(slot, ''), series FROM ({landed})"
    expected = f" AND series IN {in_list(contract.series_starts)}" if contract.series_starts else ""
    rows = connection.execute(
        f"SELECT d, count(DISTINCT ROW({_PLACE})), list_sort(list(DISTINCT series)) "
        f"FROM (SELECT r.d, {_PLACE}, series FROM replaced r JOIN ({there}) USING (delivery_id, {_PLACE})) "
        f"ANTI JOIN now_there USING (d, {_PLACE}, series) WHERE series <> {quoted(NO_SERIES)}{expected} GROUP BY d"
    )
    return {d: Lost(parts, tuple(series)) for d, parts, series in rows.fetchall()}


def _list(files: Sequence[Path]) -> str:
    return f"[{', '.join(quoted(str(file)) for file in files)}]"
