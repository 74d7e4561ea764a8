"""Pieces of SQL text that receive puts together. Names and literals are the contract's own, always quoted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flis_semantic.warehouse import Connection, quoted

__all__ = ["identifier", "in_list", "quoted", "scalar", "table_of"]


def identifier(name: str) -> str:
    """A name of SQL."""
    return '"' + name.replace('"', '""') + '"'


def in_list(values: Iterable[str]) -> str:
    """`('a', 'b')`."""
    return f"({', '.join(quoted(value) for value in values)})"


def table_of(connection: Connection, name: str, columns: Mapping[str, tuple[str, Sequence[Any]]]) -> None:
    """A temporary table from equally long lists: column → (type, values)."""
    parts = ", ".join(f"unnest(CAST(? AS {kind}[])) AS {identifier(column)}" for column, (kind, _) in columns.items())
    values = [list(items) for _, items in columns.values()]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS SELECT {parts}", values)


def scalar(connection: Connection, sql: str) -> Any:
    """The one value of a query."""
    row = connection.execute(sql).fetchone()
    return row[0] if row is not None else None
