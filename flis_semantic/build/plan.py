"""Which nodes a build runs: all of them, or those that something changed for; and what the partitioned ones are told by.

Definitions decide first: a model, seed or macro that changed is rebuilt as a whole, and so is everything below it. Changed
deliveries and decisions reach the models that read them; a partitioned model rewrites what is touched, any other one
is rebuilt. Which partitions are touched is found when the model's turn comes, because only then is it known what changed in what it reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from dataclasses import dataclass

from flis_semantic.build.graph import PARTITIONED, Graph, Node
from flis_semantic.build.partition import Partition, Read, figures_query, reach_query, spans_read, touched_query
from flis_semantic.warehouse import Connection, append

Told = Mapping[str, tuple[str, str]]
"""Node id → fingerprint and relation, as a version tells of what it was built by."""

_TABLES = """
CREATE OR REPLACE TABLE landing.build_plan (node VARCHAR, place VARCHAR, touched VARCHAR, reach VARCHAR, figures VARCHAR, box VARCHAR);
CREATE OR REPLACE TABLE landing.build_reads (
  node VARCHAR, read VARCHAR, part VARCHAR, days VARCHAR, figures VARCHAR[], follows BOOLEAN, own_unit BOOLEAN);
CREATE OR REPLACE TABLE landing.build_spans (
  days VARCHAR, period_key INTEGER, first_day DATE, last_day DATE, from_day DATE, to_day DATE);
CREATE OR REPLACE TABLE landing.build_periods (node VARCHAR, period_key INTEGER);
CREATE OR REPLACE TABLE landing.built_rows (
  node VARCHAR, is_whole BOOLEAN, partitions BIGINT, rows_removed BIGINT, rows_written BIGINT);
CREATE TABLE IF NOT EXISTS landing.changes (node VARCHAR, part VARCHAR, unit_key INTEGER, first_day DATE, last_day DATE);
CREATE OR REPLACE TABLE landing.built_by (node VARCHAR, fingerprint VARCHAR, relation VARCHAR);
"""
WORKING_TABLES = ("build_plan", "build_reads", "build_spans", "build_periods", "built_rows", "changes", "unit_keys")
"""Tables of the schema `landing` that only the build itself needs."""

_REPLACED = ("table", "seed", PARTITIONED)
"""Materialisations that give the same rows whether or not the relation was there before."""


@dataclass(frozen=True)
class Plan:
    """What a build runs: `run` in order, None for everything; `rebuilt` as a whole; `dropped` are relations to remove before.

    `redefined` has what is another one by its definition, or by that of one above it.
    """

    run: tuple[str, ...] | None = None
    rebuilt: frozenset[str] = frozenset()
    redefined: frozenset[str] = frozenset()
    dropped: tuple[str, ...] = ()


def partial_plan(graph: Graph, before: Told, changed: set[str], views: Set[str]) -> Plan:
    """What there is to do beside a version that was built by `before`, where these tables of the landing zone changed.

    `views`: relations of the views over the landing zone that are there again.
    """
    nodes = graph.nodes
    redefined = {node.id for node in nodes.values() if before.get(node.id, ("",))[0] != node.fingerprint}
    rebuilt = {name for name in redefined if nodes[name].kind != "test"}
    rebuilt |= graph.below(rebuilt)
    defined = frozenset(rebuilt)
    affected = rebuilt | graph.below(changed | graph.unwatched)
    rebuilt |= {name for name in affected if nodes[name].materialized != PARTITIONED}
    rows = {name for name in affected if not nodes[name].passes}
    tests = {node.id for node in nodes.values() if node.kind == "test" and _is_asked(graph, node, redefined, affected | changed)}
    run = affected | tests | graph.views_of(rows | tests)
    # A view shows whatever is there now; only its text can make it another.
    run -= {name for name in run - defined if nodes[name].passes and nodes[name].relation in views}
    gone = [relation for name, (_, relation) in before.items() if relation and (name not in nodes or nodes[name].relation != relation)]
    gone += [nodes[name].relation for name in defined if nodes[name].relation in views]
    gone += [nodes[name].relation for name in rows if nodes[name].materialized not in _REPLACED]
    return Plan(tuple(name for name in nodes if name in run), frozenset(rebuilt), defined, tuple(dict.fromkeys(gone)))


def write_plan(connection: Connection, graph: Graph, plan: Plan) -> None:
    """Remember by what the version is built, and tell every partitioned model and its tests how to find what is touched."""
    connection.execute(_TABLES)
    nodes = list(graph.nodes.values())
    stored = {"node": [n.id for n in nodes], "fingerprint": [n.fingerprint for n in nodes], "relation": [n.relation for n in nodes]}
    append(connection, "landing.built_by", stored)
    if plan.run is None:
        return
    for relation in plan.dropped:
        _drop(connection, relation)
    append(connection, "landing.changes", {"node": [name for name in sorted(plan.rebuilt) if not graph.nodes[name].passes]})
    rows: dict[str, list[str]] = {"node": [], "place": [], "touched": [], "reach": [], "figures": []}
    for node in (graph.nodes[name] for name in plan.run if name not in plan.rebuilt):
        partition = _partition(graph, node)
        if partition is not None:
            reads = graph.reads(node)
            touched, reach = touched_query(partition, node.id, reads), reach_query(partition, reads)
            values = (node.id, _place(partition), touched, reach, figures_query(partition, node.id))
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
            _write_spans(connection, node, partition, reads)
    append(connection, "landing.build_plan", rows)
    for (days,) in connection.execute("SELECT DISTINCT days FROM landing.build_reads").fetchall():
        connection.execute(
            "INSERT INTO landing.build_spans SELECT $days, period_key, first_day, last_day, from_day, to_day "  # noqa: S608
            f"FROM ({days})",
            {"days": days},
        )


def _write_spans(connection: Connection, node: Node, partition: Partition, reads: list[Read]) -> None:
    """What the periods of a key-figure table read, of those that it has or that it is to have."""
    if not partition.spans:
        return
    read = list(spans_read(partition, reads))
    columns = dict(zip(("read", "part", "days", "figures", "follows", "own_unit"), zip(*read, strict=True), strict=True)) if read else {}
    append(connection, "landing.build_reads", {"node": [node.id] * len(read), **columns})
    known = f'{partition.there} UNION SELECT "{partition.period}" FROM {node.relation}'  # noqa: S608 - our own names
    connection.execute(f"INSERT INTO landing.build_periods SELECT ?, period_key FROM ({known})", [node.id])  # noqa: S608 - likewise


def _is_asked(graph: Graph, test: Node, redefined: set[str], affected: set[str]) -> bool:
    """Whether a test is another one, or what it reads is."""
    return test.id in redefined or any(name in affected for read in test.reads for name in (read, *graph.shown(read)))


def _partition(graph: Graph, node: Node) -> Partition | None:
    """A model's own; of a test that of the model it is attached to, to look where something that it reads changed."""
    tested = graph.nodes.get(node.tested)
    return node.partition if tested is None else tested.partition and tested.partition.plain


def _place(partition: Partition) -> str:
    columns = {"part": partition.part, "unit": partition.unit, "grain": partition.grain, "period": partition.period}
    columns |= {"from": partition.from_, "to": partition.to, "whole": partition.whole}
    return json.dumps({name: column for name, column in columns.items() if column is not None})


def _drop(connection: Connection, relation: str) -> None:
    """Remove a table or a view that no node has any more, if it is there."""
    for kind in ("TABLE", "VIEW"):
        names = f"concat_ws('\".\"', database_name, schema_name, {kind.lower()}_name)"
        there = f"SELECT count(*) FROM duckdb_{kind.lower()}s() WHERE '\"' || {names} || '\"' = ?"  # noqa: S608 - two fixed words
        if connection.execute(there, [relation]).fetchall()[0][0]:
            connection.execute(f"DROP {kind} {relation}")
