"""One run of recipes: deliveries of several tables from one truth, the truth beside them, and one list of all that is planted."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flis_semantic.errors import ArgumentError, suggestion
from flis_semantic.simulate.drawing import Drawing, Drawn, planted_row
from flis_semantic.simulate.faults import Fault, faults_path, load_faults
from flis_semantic.simulate.planting import Planting
from flis_semantic.simulate.recipe import Kitchen, Recipe, recipes
from flis_semantic.simulate.writing import SimulatedFile, take_rows, write_files
from flis_semantic.warehouse import connect
from flis_semantic.workspace import Project

_COLUMNS = ("table", "file", "unit", "period", "finding", "class", "rows", "fate")


@dataclass(frozen=True)
class SimulatedRun:
    """What a run wrote."""

    files: tuple[SimulatedFile, ...]
    faults: Path | None


def simulate_run(
    project: Project,
    tables: Sequence[str],
    *,
    out: Path,
    seed: int = 1,
    scale: float = 1.0,
    faults: bool = True,
    on_step: Callable[[str], None] = lambda step: None,
) -> SimulatedRun:
    """Write the deliveries of the tables (all that have a recipe, when none is named) into `out`, each with a manifest.

    Same seed, scale and tables, same bytes. With `faults`, recipes plant what they can, what `simulation/faults.yml` says happens
    to deliveries, and `faults.csv` lists it all: table, file, unit, period, finding (a rule's id, COVERAGE where a part is
    missing, empty where nothing can tell), class, rows, fate.

    Raises:
        ArgumentError: there is no such recipe, the scale is not positive, or `out` has something in it.
        DefinitionError, DefinitionErrors: a recipe fails, or leaves something that no form of the contract has; the faults are wrong.
    """
    chosen = list(dict.fromkeys(tables)) or [table for table in recipes(project) if table in project.contracts]
    check_arguments(project, chosen, scale)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ArgumentError(f"'{out}' is there and not an empty folder.", where="--out", hint="Name a new one.", code="not_empty")
    delivery_faults = load_faults(project) if faults else ()
    out.mkdir(parents=True, exist_ok=True)
    files: list[SimulatedFile] = []
    planted: list[dict[str, str]] = []
    with connect() as connection:
        kitchen = Kitchen(project, connection, seed=seed, scale=scale, faults=faults)
        for table in chosen:
            on_step(table)
            recipe = kitchen.run(table)
            drawn = _draw(project, recipe, [fault for fault in delivery_faults if fault.table == table], seed)
            planting = Planting(project.contracts[table], recipe, drawn)
            for facts in recipe.chunks():
                columns, rows = recipe.planted()
                planted += [planted_row(table, columns, row) for row in rows]
                take_rows(connection, recipe.name)
                written, found = planting.write(facts, out)
                files += written
                planted += found
        kitchen.write_truth(out / "truth")
    if faults:
        _write_faults(faults_path(out), planted)
    return SimulatedRun(tuple(files), faults_path(out) if faults else None)


def simulate(project: Project, table: str, *, out: Path, seed: int = 1, scale: float = 1.0, faults: bool = True) -> list[SimulatedFile]:
    """Run the recipe of one table and write its files, each with a manifest, into `out`. Same seed and scale, same bytes.

    With `faults`, a recipe that can plants what rows can have wrong, and `<table>.faults.csv` lists it. What happens to whole
    deliveries is `simulate_run`'s.

    Raises:
        ArgumentError: there is no such recipe, or the scale is not positive.
        DefinitionError: the recipe fails, or leaves something that no form of the contract has.
    """
    check_arguments(project, [table], scale)
    out.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        kitchen = Kitchen(project, connection, seed=seed, scale=scale, faults=faults)
        recipe = kitchen.run(table)
        files: list[SimulatedFile] = []
        for number, facts in enumerate(recipe.chunks()):
            _write_planted(recipe, out / f"{table}.faults.csv", first=number == 0)
            take_rows(connection, recipe.name)
            files += write_files(connection, project.contracts[table], recipe.name, facts, out)
        kitchen.write_truth(out / "truth")
        return files


def check_arguments(project: Project, tables: Iterable[str], scale: float) -> None:
    """Raise ArgumentError when a table has no recipe, or nothing can be of that scale."""
    for table in tables:
        if table not in recipes(project) or table not in project.contracts:
            raise ArgumentError(f"There is no recipe for '{table}'.", hint=suggestion(table, recipes(project)), code="no_recipe")
    if scale <= 0:
        raise ArgumentError(f"The scale is {scale}, expected a number above 0.", code="scale")


def _draw(project: Project, recipe: Recipe, faults: Sequence[Fault], seed: int) -> list[Drawn]:
    if not faults:
        return []
    drawing = Drawing(project, project.contracts[recipe.table], seed)
    drawing.look(recipe)
    return drawing.draw(faults)


def _write_faults(path: Path, planted: Sequence[dict[str, str]]) -> None:
    rows = sorted([row[name] for name in _COLUMNS] for row in planted)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(rows)


def _write_planted(recipe: Recipe, path: Path, *, first: bool) -> None:
    """What the recipe planted in this chunk, added to the list beside the files."""
    names, rows = recipe.planted()
    if names:
        with path.open("w" if first else "a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([names, *rows] if first else rows)
