"""A change of deliveries touches every row of the generated tables that it makes another one, whatever they read and how.

Random worlds; in each, facts, coverage or how far a source reaches are changed as a delivery or a decision would. Whatever
differs in a table afterwards has to be among what the build says is touched; and the touched rows, computed alone, have to be those
of the whole table, also where only those figures are computed that the build says are others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import duckdb
import pytest

from flis_semantic.build.graph import PARTITIONED, Graph, Node
from flis_semantic.build.partition import Partition, partition_of
from flis_semantic.build.plan import Plan, write_plan
from flis_semantic.catalogue.resolved import ResolvedFact
from flis_semantic.compiler import GeneratedTable, cut_table, key_figure_tables
from flis_semantic.generate.dbt_models import partition_meta
from tests.properties.bench import Bench, bench
from tests.rendered import plain_sql
from tests.sampling import many

SEEDS = range(6000, 6000 + many(4, 300))
CHANGES_A_WORLD = 4
UNIT = "municipality_key"
BEFORE = "rows_before"
CALENDAR = "period_key INTEGER, first_day DATE, last_day DATE"


@dataclass(frozen=True)
class Changed:
    """What a change says of itself: a node of the build, a source, a unit and base periods; None: all of them."""

    node: str
    source: str | None
    unit: int | None
    grain: str
    first: int
    last: int | None


def tables_of(world: Bench) -> list[GeneratedTable]:
    found: list[GeneratedTable] = []
    for grain in ("week", "month", "quarter", "year"):
        found += key_figure_tables(world.catalogue, "d", grain)
        cuts = cut_table(world.catalogue, "d", grain)
        found += [cuts] if cuts is not None else []
    return found


def graph_of(world: Bench, table: GeneratedTable) -> tuple[Graph, Partition]:
    """The table above what it reads, as dbt would give them."""
    partition = partition_of(partition_meta(world.catalogue, table), world.catalogue.calendar.grains, table.name)
    assert partition is not None
    kept = Partition(unit=UNIT)
    reads = {"coverage": kept, "source_status": None, "dim_period": None, "dim_municipality": None}
    reads |= {dated.model: None for dated in (partition.shared.dated.values() if partition.shared is not None else ())}
    reads |= {model: kept for reach in table.reaches for model in reach.facts}
    nodes = [Node(name, "model", name, name, PARTITIONED, f'"{name}"', (), "", found) for name, found in reads.items()]
    above = Node(table.name, "model", table.name, table.name, PARTITIONED, BEFORE, tuple(reads), "", partition)
    return Graph({node.id: node for node in [*nodes, above]}), partition


def change(world: Bench, random: Random) -> Iterator[Changed]:
    """One change of the world's tables, as a delivery, a decision or the start of a period would make it."""
    run, fact = world.connection, random.choice(sorted(world.catalogue.facts.values(), key=lambda fact: fact.id))
    lines = [line for line in world.catalogue.starts if line in {line for c in components(world) if c.fact is fact for line in c.sources}]
    kind = random.choice(["rows", "rows", "unknown", "state", "reach"] if lines else ["rows"])
    if kind in ("rows", "unknown") and fact.kind == "spell":
        yield from change_spells(world, random, fact)
    elif kind in ("rows", "unknown"):
        base, model = fact.base_key, fact.model
        found = run.execute(f"SELECT DISTINCT {UNIT}, {base} FROM {model} ORDER BY ALL").fetchall()
        for unit, key in random.sample(found, min(len(found), random.choice([1, 1, 2]))):
            where = f"WHERE {UNIT} = {unit} AND {base} = {key}"
            dimensions = sorted(set(fact.dimensions.values()))
            if kind == "unknown" and dimensions:
                run.execute(f"UPDATE {model} SET {random.choice(dimensions)} = NULL {where}")
            elif random.random() < 0.5:
                run.execute(f"DELETE FROM {model} {where}")
            else:
                run.execute(f"INSERT INTO {model} SELECT * FROM {model} {where}")
            yield Changed(model, None, unit, fact.base_grain, key, key)
    elif kind == "state":
        line = random.choice(lines)
        of = f"source = '{line.table}' AND series = '{line.series}'"
        found = run.execute(f"SELECT {UNIT}, base_period_key FROM coverage WHERE {of} ORDER BY ALL").fetchall()
        if found:
            unit, key = random.choice(found)
            state = random.choice(["missing", "held", "exempt", "approved", "delivered"])
            run.execute(f"UPDATE coverage SET state = '{state}' WHERE {of} AND {UNIT} = {unit} AND base_period_key = {key}")
            yield Changed("coverage", line.table, unit, fact.base_grain, key, key)
    else:
        yield from move_reach(world, random, random.choice(lines))


def change_spells(world: Bench, random: Random, fact: ResolvedFact) -> Iterator[Changed]:
    """Spells of some first and last day are gone, are there twice, or end on another day."""
    run, model = world.connection, fact.model
    assert fact.definition.lasts is not None
    since, until = fact.definition.lasts.from_, fact.definition.lasts.to
    found = run.execute(f"SELECT DISTINCT {UNIT}, {since}, {until} FROM {model} ORDER BY ALL").fetchall()
    for unit, first, last in random.sample(found, min(len(found), random.choice([1, 1, 3]))):
        until_last = f"{until} = DATE '{last}'" if last is not None else f"{until} IS NULL"
        where = f"WHERE {UNIT} = {unit} AND {since} = DATE '{first}' AND {until_last}"
        ends = [last]
        if random.random() < 0.3:
            run.execute(f"DELETE FROM {model} {where}")
        elif random.random() < 0.5 or fact.definition.pieces_of is not None:
            run.execute(f"INSERT INTO {model} SELECT * FROM {model} {where}")
        else:
            ends.append(first + timedelta(days=random.randrange(200)))
            run.execute(f"UPDATE {model} SET {until} = DATE '{ends[1]}' {where}")
        yield Changed(model, None, unit, "day", day_key(first), None if None in ends else max(day_key(end) for end in ends))


def day_key(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def components(world: Bench) -> list[Any]:
    return [component for figure in world.catalogue.figures.values() for component in figure.components]


def move_reach(world: Bench, random: Random, line: Any) -> Iterator[Changed]:
    """A source reaches some base periods further or less far than before, and so do its expected deliveries."""
    run, step = world.connection, random.choice([-2, -1, 1, 2])
    of = f"source = '{line.table}' AND series = '{line.series}'"
    reach = f"""
        SELECT s.base_grain, s.due_key, least(s.data_to, p.start_date), greatest(s.data_to, p.end_date)
        FROM source_status AS s JOIN dim_period AS p ON p.grain = s.base_grain AND p.period_key = s.due_key WHERE {of}
    """
    ((grain, due, *before),) = run.execute(reach).fetchall()
    run.execute(
        f"UPDATE source_status AS s SET due_key = due_key + {step}, data_to = (SELECT end_date + 1 FROM dim_period AS p "
        f"WHERE p.grain = '{grain}' AND p.period_key = {due + step}) WHERE {of}"
    )
    ((_, _, *after),) = run.execute(reach).fetchall()
    columns = f"SELECT source, series, {UNIT}, base_period_key + 1, state FROM coverage WHERE {of}"
    for key in range(due, due + step):
        run.execute(f"INSERT INTO coverage {columns} AND base_period_key = {key}")
    run.execute(f"DELETE FROM coverage WHERE {of} AND base_period_key > {due + step}")
    first, last = sorted((due, due + step))
    # The days that it reaches to, which need not be where what is due ends.
    yield Changed("source_status", line.table, None, "day", day_key(min(before[0], after[0])), day_key(max(before[1], after[1])))
    yield Changed("coverage", line.table, None, grain, first + 1, last)


def write_changes(connection: duckdb.DuckDBPyConnection, changes: list[Changed]) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS landing; CREATE OR REPLACE VIEW landing.periods AS FROM dim_period")
    connection.execute("CREATE OR REPLACE VIEW landing.source_status AS FROM main.source_status")
    columns = "node VARCHAR, part VARCHAR, unit_key INTEGER, first_day DATE, last_day DATE"
    connection.execute(f"CREATE OR REPLACE TABLE landing.changes ({columns})")
    for one in changes:
        connection.execute(
            "INSERT INTO landing.changes SELECT $1, $2, $3, min(start_date), CASE WHEN $6 IS NOT NULL THEN max(end_date) END FROM dim_period "
            "WHERE grain = $4 AND period_key BETWEEN $5 AND coalesce($6, $5)",
            [one.node, one.source, one.unit, one.grain, one.first, one.last],
        )


def touched_by(connection: duckdb.DuckDBPyConnection, graph: Graph, table: str) -> tuple[set[tuple[int | None, int]], list[str] | None]:
    """Unit (None: all) and period of what the build says is touched, and the figures (None: all) that are others there."""
    write_plan(connection, graph, Plan((table,)))
    ((sql, figures),) = connection.execute("SELECT touched, figures FROM landing.build_plan").fetchall()
    found = {(unit, period) for _, unit, period, *_ in connection.execute(sql).fetchall()}
    assert (None, None) not in found, "everything is touched"
    ((asked,),) = connection.execute(figures).fetchall()
    return found, asked


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str, name: str) -> str:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")
    return name


@pytest.mark.parametrize("seed", SEEDS)
def test_what_changes_reach_is_touched_and_what_is_touched_can_be_computed_alone(seed: int) -> None:
    world = bench(seed)
    run, random = world.connection, Random(seed)  # noqa: S311 - a sample, not a secret
    tables = tables_of(world)
    for number in range(CHANGES_A_WORLD):
        table = random.choice(tables)
        graph, partition = graph_of(world, table)
        run.execute("BEGIN")
        try:
            before = rows_of(run, plain_sql(table.sql), BEFORE)
            changes = list(change(world, random))
            after = rows_of(run, plain_sql(table.sql), "rows_after")
            write_changes(run, changes)
            touched, figures = touched_by(run, graph, table.name)
            check(run, (seed, number, table.name, changes, figures), table, partition, touched, before, after)
        finally:
            run.execute("ROLLBACK")


def check(  # noqa: PLR0913 - all that a failure has to show
    run: duckdb.DuckDBPyConnection,
    case: tuple[Any, ...],
    table: GeneratedTable,
    partition: Partition,
    touched: set[tuple[int | None, int]],
    before: str,
    after: str,
) -> None:
    unit = UNIT if partition.unit is not None else "NULL"
    differing = run.execute(
        f"SELECT DISTINCT {unit}, period_key FROM ((FROM {before} EXCEPT ALL FROM {after}) UNION ALL (FROM {after} EXCEPT ALL FROM {before}))"
    ).fetchall()
    every = {period for key, period in touched if key is None}
    has_shared = partition.shared is not None and bool(shared_rows(run, partition, before) | shared_rows(run, partition, after))
    if has_shared:
        every |= {period for _, period in touched}
    missed = [(key, period) for key, period in differing if period not in every and (key, period) not in touched]
    assert not missed, (case, missed[:5])
    if not touched:
        return
    units = None if has_shared or any(key is None for key, _ in touched) else {key for key, _ in touched if key is not None}
    periods = {period for _, period in touched}
    alone = rows_of(run, plain_sql(table.sql, periods=periods, units=units, figures=case[-1], this=before), "rows_alone")
    box = f"period_key IN ({', '.join(map(str, periods))})" + (f" AND {UNIT} IN ({', '.join(map(str, units))})" if units else "")
    for left, right in ((alone, f"(FROM {after} WHERE {box})"), (f"(FROM {after} WHERE {box})", alone)):
        other = run.execute(f"SELECT * FROM (FROM {left} EXCEPT ALL FROM {right}) LIMIT 3").fetchall()
        assert not other, (case, other)


def shared_rows(run: duckdb.DuckDBPyConnection, partition: Partition, table: str) -> set[int]:
    assert partition.shared is not None
    models = {dated.model: dated.model for dated in partition.shared.dated.values()}
    has = partition.shared.condition(str(partition.grain), "period_key", models)
    return {period for (period,) in run.execute(f"SELECT DISTINCT t.period_key FROM {table} AS t WHERE {has}").fetchall()}


def test_most_changes_touch_little() -> None:
    # A check that touches everything would pass the test above.
    shares: list[float] = []
    for seed in SEEDS[:2]:
        world = bench(seed)
        for table in tables_of(world)[:4]:
            graph, _ = graph_of(world, table)
            fact = next(iter(world.catalogue.facts.values()))
            ((key,),) = world.connection.execute(f"SELECT max({fact.base_key}) FROM {fact.model}").fetchall()
            write_changes(world.connection, [Changed(fact.model, None, 101, fact.base_grain, key, key)])
            rows_of(world.connection, plain_sql(table.sql), BEFORE)
            touched, _ = touched_by(world.connection, graph, table.name)
            ((total,),) = world.connection.execute("SELECT count(*) FROM dim_period WHERE grain = ?", [table.grain]).fetchall()
            shares.append(len({period for _, period in touched}) / total)
    assert sum(shares) / len(shares) < 0.25
