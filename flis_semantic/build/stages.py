"""Running a plan: first what the deliveries reach, then the key-figure tables that this turned out to reach.

Most changes leave most of these tables as they are, and asking that of all of them at once costs less than starting each.
"""

from __future__ import annotations

from collections.abc import Iterable

from flis_semantic.build.dbt_command import Dbt, NodeResult
from flis_semantic.build.graph import Graph
from flis_semantic.build.plan import Plan
from flis_semantic.warehouse import Connection, open_for_build
from flis_semantic.workspace import Project

_THREADS = "2"
"""What a change touches is little, so that two models at a time share the memory; what is rebuilt as a whole has it alone."""

_TOUCHED = "SELECT touched FROM landing.build_plan WHERE node = ?"
_WIDEN = """
UPDATE landing.build_plan SET box = NULL, touched = CASE WHEN node = $node THEN
  'SELECT DISTINCT part, NULL AS unit_key, period_key, first_day, last_day FROM (' || touched || ')' ELSE touched END
WHERE list_contains($again, node)
"""


def run_plan(project: Project, dbt: Dbt, graph: Graph, plan: Plan) -> tuple[bool, list[NodeResult]]:
    """Run what a plan says, one stage after the other; what is after a failure is skipped. True when nothing failed."""
    run = list(plan.run or ())
    spanned = {name for name in run if _has_spans(graph, name)}
    late = spanned | (graph.below(spanned) & set(run))
    late |= {name for name in run if graph.nodes[name].kind == "test" and late.intersection(graph.nodes[name].reads)}
    passed, results = _run(dbt, graph, plan, [name for name in run if name not in late])
    if not passed:
        return False, [*results, *(_skipped(graph, name) for name in run if name in late)]
    with open_for_build(project.build_file) as connection:
        untouched = {name for name in spanned - plan.rebuilt if not _is_touched(connection, name)}
        narrow = {name for name in spanned - plan.rebuilt - untouched if not _widened(connection, graph, name, (name,))}
    later = [name for name in run if name in late - untouched and (name in spanned or _reads_any(graph, name, late - untouched))]
    passed, more = _run(dbt, graph, plan, later)
    results += more
    if passed:
        # Where a row of all units came into being, the units that were left out have it too.
        with open_for_build(project.build_file) as connection:
            again = [name for name in sorted(narrow) if _widened(connection, graph, name, [name, *_tests(graph, name)])]
        passed, more = _run(dbt, graph, plan, [node for name in again for node in (name, *_tests(graph, name))])
        results += more
    return passed, results


def _run(dbt: Dbt, graph: Graph, plan: Plan, names: list[str]) -> tuple[bool, list[NodeResult]]:
    if not names:
        return True, []
    selected = [f"fqn:{graph.nodes[name].path}" for name in names]
    is_whole = any(name in plan.rebuilt and graph.nodes[name].kind == "model" and not graph.nodes[name].passes for name in names)
    threads = [] if is_whole else ["--threads", _THREADS]
    return dbt.run([*threads, "--indirect-selection", "empty", "--select", *selected])


def _has_spans(graph: Graph, name: str) -> bool:
    partition = graph.nodes[name].partition
    return partition is not None and bool(partition.spans)


def _reads_any(graph: Graph, name: str, names: set[str]) -> bool:
    return bool(names.intersection(graph.nodes[name].reads))


def _tests(graph: Graph, name: str) -> list[str]:
    return [reader for reader in graph.readers.get(name, ()) if graph.nodes[reader].kind == "test"]


def _is_touched(connection: Connection, node: str) -> bool:
    (touched,) = connection.execute(_TOUCHED, [node]).fetchall()[0]
    return bool(connection.execute(f"FROM ({touched}) LIMIT 1").fetchall())


def _widened(connection: Connection, graph: Graph, node: str, again: Iterable[str]) -> bool:
    """Whether a touched period has a row of all units, so that all of them are computed; `again` are asked anew what is touched."""
    partition = graph.nodes[node].partition
    if partition is None or partition.shared is None:
        return False
    (touched,) = connection.execute(_TOUCHED, [node]).fetchall()[0]
    relations = {other.name: other.relation for other in graph.nodes.values()}
    has = partition.shared.condition(str(partition.grain), str(partition.period), relations)
    sql = (
        f'SELECT 1 FROM {graph.nodes[node].relation} AS t WHERE ({has}) AND t."{partition.period}" IN '  # noqa: S608 - our own names
        f"(SELECT period_key FROM ({touched}) WHERE unit_key IS NOT NULL) LIMIT 1"
    )
    if not connection.execute(sql).fetchall():
        return False
    connection.execute(_WIDEN, {"node": node, "again": list(again)})
    return True


def _skipped(graph: Graph, name: str) -> NodeResult:
    node = graph.nodes[name]
    return NodeResult(name, node.kind, node.name, "skipped", "", 0.0, None, "")
