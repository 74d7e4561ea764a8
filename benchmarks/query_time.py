"""The compiled SQL against plain SQL written by hand, in the same database, interleaved.

The plain SQL gives the values only. Coverage, status, reason and members, which every answer of ours carries, are what the
ratio costs. Values are compared first: a benchmark of two different answers says nothing.
"""

from __future__ import annotations

import math
from pathlib import Path

from benchmarks import measure
from flis_semantic import warehouse
from flis_semantic.compiler.metric import compile_request
from flis_semantic.compiler.request import Request
from flis_semantic.workspace import Project

MEMBERS = "dim_municipality m on m.municipality_key = f.municipality_key and m.unit_kind = 'member' and p.end_date >= m.valid_from and "
MEMBERS += "(m.valid_to is null or p.end_date < m.valid_to)"
# (key figure, index of the area level, grain, first, last, SQL by hand giving area, period, value)
CASES = [
    (
        "employment.gross_unemployed_published",
        0,
        "month",
        "2021-08",
        "2026-07",
        f"""select m.municipality_code, p.period, f.gross_unemployed_count
            from fct_labour_market_published f
            join dim_period p on p.grain = 'month' and p.period_key = f.month_key
            join {MEMBERS}
            where p.period between '2021-08' and '2026-07'""",
    ),
    (
        "employment.gross_unemployed_published",
        1,
        "month",
        "2021-08",
        "2026-07",
        f"""select m.region_code, p.period, sum(f.gross_unemployed_count)
            from fct_labour_market_published f
            join dim_period p on p.grain = 'month' and p.period_key = f.month_key
            join {MEMBERS}
            where p.period between '2021-08' and '2026-07'
            group by all""",
    ),
    (
        "employment.gross_unemployed_per_inhabitant_published",
        0,
        "month",
        "2026-01",
        "2026-07",
        f"""select m.municipality_code, p.period, 100.0 * f.gross_unemployed_count / nullif(b.population_count, 0)
            from fct_labour_market_published f
            join dim_period p on p.grain = 'month' and p.period_key = f.month_key
            join {MEMBERS}
            join fct_population b on b.municipality_key = f.municipality_key and b.status_date = make_date(p.label_year, 1, 1)
            where p.period between '2026-01' and '2026-07' and b.vintage = 'frozen'""",
    ),
]


def run(root: Path, runs: int) -> None:
    """Measure and print."""
    project = Project(root)
    connection = warehouse.open_current(project.versions, project.pointer)
    levels = project.vocabulary.reporting_unit.levels
    for figure_id, level, grain, first, last, by_hand in CASES:
        figure = project.catalogue.figures.get(figure_id)
        if figure is None:
            print(f"\n{figure_id} is not in this catalogue: skipped")
            continue
        parse = project.calendar.parse
        compiled = compile_request(Request(project.catalogue, (figure,), (levels[level],), (), grain, parse(first), parse(last)))

        def ours(sql: str = compiled.sql, parameters: dict[str, object] = dict(compiled.parameters)) -> list[tuple[object, ...]]:  # noqa: B006
            return connection.execute(sql, parameters).fetchall()

        def plain(sql: str = by_hand) -> list[tuple[object, ...]]:
            return connection.execute(sql).fetchall()

        compare(figure_id, compiled.columns, ours(), plain())
        title = f"{figure_id} by {levels[level].id} and {grain}, {first} to {last}: {len(ours()):,} rows, median of {runs} interleaved runs"
        measure.show(title, measure.calls({"SQL by hand, values only": plain, "our SQL, with coverage and status": ours}, runs), unit="ms")
    connection.close()


def compare(figure_id: str, columns: tuple[str, ...], ours: list[tuple[object, ...]], plain: list[tuple[object, ...]]) -> None:
    """Stop where the two do not give the same values."""
    area, period, value = (columns.index(name) for name in ("area", "period", "value"))
    values = {(row[area], row[period]): row[value] for row in ours if row[value] is not None}
    expected = {(row[0], row[1]): row[2] for row in plain if row[2] is not None}
    different = [key for key in values.keys() | expected.keys() if not close(values.get(key), expected.get(key))]
    if different:
        key = min(different, key=str)
        raise SystemExit(f"{figure_id}: {len(different)} values differ, first at {key}: {values.get(key)} and by hand {expected.get(key)}")


def close(ours: object, plain: object) -> bool:
    """Whether two values are the same up to the last digits of a division."""
    return ours is not None and plain is not None and math.isclose(float(str(ours)), float(str(plain)), rel_tol=1e-9)
