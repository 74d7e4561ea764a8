"""The landing zone's columns, written from the contract: one place that receive and build agree on. Pure text, no engine."""

from __future__ import annotations

from flis_semantic.contracts.model import Column, Contract, Pseudonym

SCHEMA_FILE = "_schema.parquet"
"""A zero-row file that stands first in every list of a contract's landing files, so that no list is ever empty."""

SET_ASIDE_FOLDER = "set_aside"

RESERVED_COLUMNS = {
    "delivery_id": "INTEGER",
    "line_number": "BIGINT",
    "unit_code": "VARCHAR",
    "base_period_key": "INTEGER",
    "series": "VARCHAR",
    "is_control": "BOOLEAN",
    "slot": "VARCHAR",
    "is_deleted": "BOOLEAN",
}
"""Columns that every landing file has beside the contract's own. `slot` is '' but for side periods, `is_deleted` false but in deltas."""

SET_ASIDE_COLUMNS = {
    "delivery_id": "INTEGER",
    "line_number": "BIGINT",
    "rule_ids": "VARCHAR[]",
    "reason": "VARCHAR",
    "raw_row": "VARCHAR",
    "unit_code": "VARCHAR",
    "base_period_key": "INTEGER",
    "series": "VARCHAR",
    "is_control": "BOOLEAN",
    "slot": "VARCHAR",
    "header": "VARCHAR[]",
}
"""Columns of a set-aside file: which rules the row failed, why in words, the row as it was delivered, and what its columns are called."""

PSEUDONYM_TYPE = "BIGINT"
"""The landing type of what stands in a personal number's place."""

_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "period": "DATE",
    "unit_code": "VARCHAR",
    "boolean": "BOOLEAN",
}


def column_type(column: Column) -> str:
    """The landing type of a contract's column, in DuckDB's words."""
    return f"DECIMAL(18,{column.scale})" if column.type == "decimal" else _TYPES[column.type]


def landing_columns(contract: Contract) -> dict[str, str]:
    """Column → type of the contract's landing files, in order; of personal columns only pseudonyms are in them."""
    own: dict[str, str] = {}
    for name, column in contract.columns.items():
        if isinstance(column.personal, Pseudonym):
            own[column.personal.key] = PSEUDONYM_TYPE
        elif not column.personal:
            own[name] = column_type(column)
    return {**own, **RESERVED_COLUMNS}


def no_rows(columns: dict[str, str]) -> str:
    """SELECT of no rows with these columns: what the schema file holds and what an empty union starts with."""
    return "SELECT " + ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items()) + " WHERE false"
