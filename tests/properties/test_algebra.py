"""What must hold of answers whatever the data: parts and wholes, ranges and single periods, together and alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isclose
from typing import Any

import pytest

from flis_semantic.compiler import key_figure_tables
from flis_semantic.compiler.cut_tables import cut_table
from flis_semantic.vocabulary.model import RANGE_GRAIN
from tests.oracle.compare import COLUMNS, expected_rows
from tests.oracle.project import ask
from tests.properties.bench import Bench, bench
from tests.rendered import plain_sql
from tests.sampling import many

SEEDS = range(2000, 2000 + many(2, 150))
LEVELS = ["municipality", "region", "country"]


def keyed(rows: list[dict[str, Any]], *by: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by figure, area, codes and period."""
    return {(row["key_figure"], row["area_level"], row["area"], *(row[d] for d in by), row["period"]): row for row in rows}


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows say the same; divisions may differ in the last place."""

    def equal(a: Any, b: Any) -> bool:
        return isclose(a, b, rel_tol=1e-12, abs_tol=1e-12) if isinstance(a, float) and isinstance(b, float) else a == b

    return all(equal(one[column], other[column]) for column in COLUMNS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_period_is_the_same_whatever_range_is_asked_for(seed: int) -> None:
    world = bench(seed)
    compared = 0
    several = [asked for asked in world.requests() if len(asked.periods) > 1]
    for asked in several:
        together = keyed(world.rows(asked), *asked.by)
        single = keyed(world.rows(replace(asked, periods=asked.periods[1:2])), *asked.by)
        for key, row in single.items():
            assert same(row, together[key]), (asked, key, row, together[key])
        compared += len(single)
    assert compared or not several


@pytest.mark.parametrize("seed", SEEDS)
def test_a_request_without_dates_holds_the_same_rows(seed: int) -> None:
    world = bench(seed)
    for name, figure in world.catalogue.figures.items():
        for grain in figure.grains[-2:]:
            everything = keyed(ask(world.connection, world.catalogue, [name], LEVELS, grain, None, None))
            assert everything
            labels = sorted({key[-1] for key in everything})
            for label in {labels[0], labels[len(labels) // 2], labels[-1]}:
                for key, row in keyed(ask(world.connection, world.catalogue, [name], LEVELS, grain, label, label)).items():
                    assert same(row, everything[key]), (name, grain, key)


@pytest.mark.parametrize("seed", SEEDS)
def test_sums_of_an_area_are_the_sums_of_its_members(seed: int) -> None:
    world = bench(seed)
    for asked in world.requests():
        figure = world.catalogue.figures[asked.figure]
        if figure.group_value.rule != "ratio_of_sums" or any(component.recomputed for component in figure.components):
            continue
        rows = world.rows(replace(asked, levels=LEVELS))
        for part in ("numerator", "denominator", "members", "members_expected"):
            totals: dict[tuple[Any, ...], dict[str, Fraction]] = {}
            for row in rows:
                cell = (row["period"], *(row[d] for d in asked.by))
                level = totals.setdefault(cell, dict.fromkeys(LEVELS, Fraction(0)))
                level[row["area_level"]] += Fraction(row[part] or 0)
            for cell, by_level in totals.items():
                first, *others = by_level.values()
                assert all(isclose(first, other, rel_tol=1e-9, abs_tol=1e-9) for other in others), (asked, part, cell, by_level)


@pytest.mark.parametrize("seed", SEEDS)
def test_key_figures_asked_together_answer_as_alone(seed: int) -> None:
    world = bench(seed)
    names = [name for name, figure in world.catalogue.figures.items() if "year" in figure.grains]
    if len(names) < 2:
        pytest.skip("this world has no two key figures with a value for a year")
    together = keyed(ask(world.connection, world.catalogue, names, LEVELS, "year", "2020", "2022"))
    for name in names:
        for key, row in keyed(ask(world.connection, world.catalogue, [name], LEVELS, "year", "2020", "2022")).items():
            assert same(row, together[key]), (name, key)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_filter_on_units_takes_rows_away_and_changes_none(seed: int) -> None:
    world = bench(seed)
    for asked in world.requests():
        if asked.grain == RANGE_GRAIN:
            continue
        units = replace(asked, levels=["municipality"], areas={})
        everything = keyed(world.rows(units), *asked.by)
        for key, row in keyed(world.rows(replace(units, areas={"municipality": ("0102",)})), *asked.by).items():
            assert key[2] == "0102"
            if "unknown" not in key:
                assert same(row, everything[key]), (asked, key)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_tables_hold_the_oracles_numbers(seed: int) -> None:
    world = bench(seed)
    for table in key_figure_tables(world.catalogue, "d", "year"):
        cursor = world.connection.execute(plain_sql(table.sql))
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        _check_table(world, table.kind, [figure.name for figure in table.figures], rows)


@pytest.mark.parametrize("seed", SEEDS)
def test_generated_tables_of_cuts_hold_the_oracles_numbers(seed: int) -> None:
    world = bench(seed)
    table = cut_table(world.catalogue, "d", "year")
    if table is None:
        pytest.skip("this world publishes no cut by the year")
    cursor = world.connection.execute(plain_sql(table.sql))
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    keys = [tuple(row[name] for name in table.key) for row in rows]
    assert len(set(keys)) == len(keys)
    years = [world.world.days.named("year", label) for label in sorted({row["period"] for row in rows})[-3:]]
    for cut, figures in table.cuts:
        for figure in figures:
            expected = expected_rows(world.world, figure.id, ["municipality"], [span for span in years if span], cut)
            found = {
                ("municipality", row["municipality_code"], *(row[name] for name in cut), row["period"]): row
                for row in rows
                if row["cut"] == "_and_".join(cut)
            }
            assert not [key for key in expected.keys() - found.keys() if expected[key].members and expected[key].numerator]
            for key, answer in expected.items():
                for part, column in (("numerator", "__num"), ("denominator", "__den")):
                    got, want = found.get(key, {}).get(f"{figure.name}{column}"), getattr(answer, part)
                    if key in found and (part == "numerator" or answer.denominator is not None):
                        assert (got is None) == (want is None), (seed, figure.id, key, part, got, want)
                        assert want is None or isclose(got, want, rel_tol=1e-9, abs_tol=1e-9), (seed, figure.id, key, part, got, want)


def _check_table(world: Bench, kind: str, figures: list[str], rows: list[dict[str, Any]]) -> None:
    years = sorted({row["period"] for row in rows})
    periods = [span for label in years[-3:] if (span := world.world.days.named("year", label)) is not None]
    for figure in figures:
        expected = expected_rows(world.world, f"d.{figure}", LEVELS if kind == "areas" else ["municipality"], periods)
        for row in rows:
            area = row["municipality_code"] if kind == "units" else row["area"]
            answer = expected.get((row.get("area_level", "municipality"), area, row["period"]))
            if answer is None:
                continue
            for part in ("numerator", "denominator") if kind == "units" else COLUMNS:
                column = figure + {"value": "", "numerator": "__num", "denominator": "__den"}.get(part, f"__{part}")
                if column not in row:
                    continue
                got, want = row[column], getattr(answer, part)
                if isinstance(want, Fraction) and got is not None:
                    assert isclose(got, want, rel_tol=1e-9, abs_tol=1e-9), (world.seed, column, area, row["period"])
                else:
                    assert got == want, (world.seed, column, area, row["period"])
