"""A compiled query in another engine's SQL: PostgreSQL, Spark, T-SQL.

By whitelist: every kind of node and every argument of it is either known to mean the same there, rewritten into what does, or
refused by name. Nothing is printed on faith, since a printer of SQL writes what it does not know as it stands. The texts are
made to be read and adapted; nothing here runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

import sqlglot
from sqlglot import exp

from flis_semantic.compiler.rewrites import PLAIN_DIALECTS, Rewriter
from flis_semantic.compiler.tsql import TSqlRewriter
from flis_semantic.compiler.whitelist import NotSayable
from flis_semantic.errors import RequestError, suggestion

DUCKDB = "duckdb"


@dataclass(frozen=True)
class Dialect:
    """An engine whose SQL can be written: its name, the oldest version that understands the text, how parameters are bound."""

    id: str
    name: str
    version: str
    binding: str


DIALECTS: Mapping[str, Dialect] = {
    "postgres": Dialect("postgres", "PostgreSQL", "PostgreSQL 12", "%(name)s (psycopg)"),
    "spark": Dialect("spark", "Spark", "Spark 3.4", ":name (spark.sql)"),
    "tsql": Dialect("tsql", "T-SQL", "SQL Server 2022", "@name (sp_executesql)"),
}
"""Other dialects than the product's own."""


def known_dialects() -> tuple[str, ...]:
    """Ids of every dialect in which a query can be written; the product's own first."""
    return (DUCKDB, *DIALECTS)


def translate(sql: str, dialect: str) -> str:
    """DuckDB text with $parameters as text of another dialect, its parameters as that dialect's drivers take them.

    Raises:
        RequestError: there is no such dialect, or the query holds something that it cannot say in the same meaning.
    """
    if dialect == DUCKDB:
        return sql
    if dialect not in DIALECTS:
        raise RequestError(
            f"There is no dialect '{dialect}'.", where="dialect", hint=suggestion(dialect, known_dialects()), code="unknown_dialect"
        )
    tree = sqlglot.parse_one(sql, dialect=DUCKDB)
    has_parameters = tree.find(exp.Placeholder) is not None
    rewriter = TSqlRewriter() if dialect == "tsql" else Rewriter(PLAIN_DIALECTS[dialect], has_parameters=has_parameters)
    try:
        translated = rewriter.query(tree)
    except NotSayable as refusal:
        _refuse(refusal, DIALECTS[dialect])
    return translated.sql(dialect=dialect, pretty=True, copy=False)


def _refuse(refusal: NotSayable, dialect: Dialect) -> NoReturn:
    raise RequestError(
        f"This query holds {refusal.construct}, which has no known equal in {dialect.name}.",
        where="dialect",
        hint="Without a dialect the SQL is DuckDB's.",
        code="not_in_dialect",
    ) from refusal


__all__ = ["DIALECTS", "DUCKDB", "Dialect", "known_dialects", "translate"]
