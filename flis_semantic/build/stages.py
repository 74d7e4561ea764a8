"""Running a plan: first what the deliveries reach, then the key-figure tables that this turned out to reach, then the tests of both.

Most changes leave most of these tables as they are, and what the tests look at, too. Asking that of all of them at once costs less
than starting each. Models share the memory, as many at a time as the profile says; what does not fit beside another has it alone.
"""

from __future__ import annotations

from flis_semantic.build.dbt_command import Dbt, NodeResult
from flis_semantic.build.graph import Graph
from flis_semantic.build.plan import Plan
from flis_semantic.warehouse import Connection, open_for_build
from flis_semantic.workspace import Project

_NO_MEMORY = "Out of Memory Error"
"""How the engine says that a model does not fit beside another."""

_TOUCHED = "SELECT touched FROM landing.build_plan WHERE node = ?"
_WIDEN = """
UPDATE landing.build_plan SET box = NULL,
  touched = 'SELECT DISTINCT part, NULL AS unit_key, period_key, first_day, last_day FROM (' || touched || ')'
WHERE node = ?
"""


def run_plan(project: Project, dbt: Dbt, graph: Graph, plan: Plan) -> tuple[bool, list[NodeResult]]:
    """Run what a plan says, one stage after the other; what is after a failure is skipped. True when nothing failed."""
    with open_for_build(project.build_file) as connection:
        run = _reached(connection, graph, plan)
    models = [name for name in run if graph.nodes[name].kind != "test"]
    spanned = {name for name in models if _has_spans(graph, name)}
    late = spanned | (graph.below(spanned) & set(models))
    passed, results = _run(dbt, graph, [name for name in models if name not in late])
    if passed and late:
        passed, more = _run_late(project, dbt, graph, plan, [name for name in models if name in late])
        results += more
    if not passed:
        there = {result.unique_id for result in results}
        return False, [*results, *(_skipped(graph, name) for name in run if name not in there)]
    with open_for_build(project.build_file) as connection:
        # Of what is the same, the build before has found that it passes.
        tests = [name for name in run if graph.nodes[name].kind == "test" and _is_touched(connection, name)]
    views = graph.views_of(tests) - set(models)
    passed, more = _run(dbt, graph, [name for name in plan.run or () if name in views or name in tests])
    return passed, [*results, *more]


def _reached(connection: Connection, graph: Graph, plan: Plan) -> list[str]:
    """What is left of a plan without the models of which it is certain beforehand that nothing touches them, and their views.

    That is so where all that they read is of the landing zone, or left out itself. Views read by tests alone wait for these.
    """
    run, left_out = plan.run or (), set[str]()
    for name in run:
        node = graph.nodes[name]
        # One that inherits what is touched has also rows that are about no day.
        if node.partition is None or node.kind == "test" or node.partition.whole == "inherited" or name in plan.rebuilt:
            continue
        shown = {shown for read in node.reads for shown in graph.shown(read)}
        if not (shown & set(run)) - left_out and not _is_touched(connection, name):
            left_out.add(name)
    kept = [name for name in run if name not in left_out and (not graph.nodes[name].passes or name in plan.redefined)]
    views = graph.views_of(name for name in kept if graph.nodes[name].kind != "test")
    return [name for name in run if name in views or name in kept]


def _run_late(project: Project, dbt: Dbt, graph: Graph, plan: Plan, late: list[str]) -> tuple[bool, list[NodeResult]]:
    """Key-figure tables that something changed for, and what is below them."""
    spanned = {name for name in late if _has_spans(graph, name)}
    with open_for_build(project.build_file) as connection:
        untouched = {name for name in spanned - plan.rebuilt if not _is_touched(connection, name)}
        narrow = {name for name in spanned - plan.rebuilt - untouched if not _widened(connection, graph, name)}
    left = set(late) - untouched
    reached = [name for name in late if name in left and (name in spanned or _reads_any(graph, name, left))]
    passed, results = _run(dbt, graph, reached)
    if not passed:
        return False, results
    # Where a row of all units came into being, the units that were left out have it too.
    with open_for_build(project.build_file) as connection:
        again = [name for name in sorted(narrow) if _widened(connection, graph, name)]
    passed, more = _run(dbt, graph, again)
    return passed, [*results, *more]


def run_everything(dbt: Dbt, graph: Graph, selection: list[str]) -> tuple[bool, list[NodeResult]]:
    """Run what a selection selects, of all when it is empty."""
    return _with_memory(dbt, graph, dbt.run(selection))


def _run(dbt: Dbt, graph: Graph, names: list[str]) -> tuple[bool, list[NodeResult]]:
    """Run these nodes."""
    return _with_memory(dbt, graph, dbt.run(_only(graph, names))) if names else (True, [])


def _with_memory(dbt: Dbt, graph: Graph, ran: tuple[bool, list[NodeResult]]) -> tuple[bool, list[NodeResult]]:
    """The same results, where models failed for want of memory alone: with those run again one at a time, and what waited for them."""
    passed, results = ran
    short = {result.unique_id for result in results if result.status == "error" and _NO_MEMORY in result.message}
    again = short | {result.unique_id for result in results if result.status == "skipped"}
    if not short or any(result.status in ("error", "fail") for result in results if result.unique_id not in again):
        return passed, results
    passed, more = dbt.run(["--threads", "1", *_only(graph, sorted(again))])
    return passed, [*(result for result in results if result.unique_id not in again), *more]


def _only(graph: Graph, names: list[str]) -> list[str]:
    return ["--indirect-selection", "empty", "--select", *(f"fqn:{graph.nodes[name].path}" for name in names)]


def _has_spans(graph: Graph, name: str) -> bool:
    partition = graph.nodes[name].partition
    return partition is not None and bool(partition.spans)


def _reads_any(graph: Graph, name: str, names: set[str]) -> bool:
    return bool(names.intersection(graph.nodes[name].reads))


def _is_touched(connection: Connection, node: str) -> bool:
    """Whether anything is touched; of a node that nobody can say it of, everything is."""
    told = connection.execute(_TOUCHED, [node]).fetchall()
    return not told or bool(connection.execute(f"FROM ({told[0][0]}) LIMIT 1").fetchall())


def _widened(connection: Connection, graph: Graph, node: str) -> bool:
    """Whether a touched period has a row of all units, so that all of them are computed."""
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
    connection.execute(_WIDEN, [node])
    return True


def _skipped(graph: Graph, name: str) -> NodeResult:
    node = graph.nodes[name]
    return NodeResult(name, node.kind, node.name, "skipped", "", 0.0, None, "")
