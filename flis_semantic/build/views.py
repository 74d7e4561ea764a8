"""Views over the landing zone: taken out of a version, which does not hold what they show, and put back into a copy of it.

What they were is remembered in the version itself; that costs a build nothing, where running them again by dbt is a good part of
what a correction takes.
"""

from __future__ import annotations

from flis_semantic.warehouse import Connection, Error, append

_LEFT_OUT = "CREATE OR REPLACE TABLE landing.left_out_views (relation VARCHAR, text VARCHAR)"
_VIEWS = """
SELECT schema_name, '"' || database_name || '"."' || schema_name || '"."' || view_name || '"', sql
FROM duckdb_views() WHERE NOT internal ORDER BY view_oid
"""


def take_out_views(connection: Connection) -> None:
    """Drop the landing zone's views, then every view that no longer has what it reads, and remember the latter."""
    views = connection.execute(_VIEWS).fetchall()
    for schema, view, _ in views:
        if schema == "landing":
            connection.execute(f"DROP VIEW {view}")
    left = {view: text for schema, view, text in views if schema != "landing"}
    out: dict[str, str] = {}
    while broken := [view for view in left if not _can_be_read(connection, view)]:
        for view in broken:
            connection.execute(f"DROP VIEW {view}")
            out[view] = left.pop(view)
    connection.execute(_LEFT_OUT)
    append(connection, "landing.left_out_views", {"relation": list(out), "text": list(out.values())})


def put_back_views(connection: Connection) -> set[str]:
    """Make the views again that the version left out; the relations that are there. One that cannot be made is left to dbt."""
    waiting: dict[str, str] = dict(connection.execute("SELECT relation, text FROM landing.left_out_views").fetchall())
    made: set[str] = set()
    # One may read another.
    while now := {view for view, text in waiting.items() if _is_made(connection, text)}:
        made |= now
        waiting = {view: text for view, text in waiting.items() if view not in now}
    return made


def _is_made(connection: Connection, text: str) -> bool:
    try:
        connection.execute(text)
    except Error:
        return False
    return True


def _can_be_read(connection: Connection, view: str) -> bool:
    try:
        connection.execute(f"SELECT * FROM {view} LIMIT 0")  # noqa: S608 - a quoted name from the engine's own list
    except Error:
        return False
    return True
