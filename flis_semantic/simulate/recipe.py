"""Running a recipe: `simulation/<table>.sql` in, delivery files in the contract's form out.

A recipe is DuckDB SQL over the project's seeds (each a view of its own name, all columns text), with the variables `seed`,
`scale` and `faults`. Lines `-- include: <file>` at its head name files of the same folder that run before it. It leaves

* `delivery`, a table or a view: `file_name` and the columns that the form's header names (by the file's word or the
  contract's), the rows of a file together and in order. Where `raw_line` is there and not empty, it is written instead of them.
* `delivery_facts`: `file_name`, `extracted_at`, `synthetic` (whether the numbers are made up); and, where a recipe has them,
  `chunk` (then `delivery` is read once per chunk, with the variable `chunk` set), `sequence`, `controls` (false: the manifest
  has no control figures), `byte_order_mark` and `damage` (what is wrong with the file as a whole, see `writing.py`).
* `delivery_parts`, where a file delivers more than its rows say: `file_name`, `unit`, `period` (label). Its manifest lists them.
* `planted_faults`, where it plants any (read per chunk too): what is wrong where, how many rows, and what becomes of them.
* tables `truth_<name>`, where it knows the right answer: written as `truth/<name>.parquet` beside the deliveries.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flis_semantic.errors import ArgumentError, DefinitionError, suggestion
from flis_semantic.simulate.writing import FileFacts, SimulatedFile, write_files
from flis_semantic.warehouse import Connection, Error, connect, quoted
from flis_semantic.workspace import Project

_FOLDER = "simulation"
_INCLUDE = re.compile(r"^-- include: (\S+)$", re.MULTILINE)
_FACTS = {
    "file_name": "VARCHAR",
    "extracted_at": "TIMESTAMP",
    "synthetic": "BOOLEAN",
    "chunk": "BIGINT",
    "sequence": "BIGINT",
    "controls": "BOOLEAN",
    "byte_order_mark": "BOOLEAN",
    "damage": "VARCHAR",
}
_ALWAYS = 3
_TRUTH = "truth_"


@dataclass(frozen=True)
class Recipe:
    """A recipe that has run: its connection holds what it left."""

    connection: Connection
    name: str
    facts: Sequence[FileFacts]


def recipes(project: Project) -> list[str]:
    """Tables that the project has a recipe for."""
    return sorted(path.stem for path in (project.root / _FOLDER).glob("[!_]*.sql"))


def simulate(project: Project, table: str, *, out: Path, seed: int = 1, scale: float = 1.0, faults: bool = True) -> list[SimulatedFile]:
    """Run the recipe of a table and write its files, each with a manifest, into `out`. Same seed and scale, same bytes.

    With `faults`, a recipe that can plants what a delivery can have wrong, and `<table>.faults.csv` lists it.

    Raises:
        ArgumentError: there is no such recipe, or the scale is not positive.
        DefinitionError: the recipe fails, or leaves something that no form of the contract has.
    """
    if table not in recipes(project) or table not in project.contracts:
        raise ArgumentError(f"There is no recipe for '{table}'.", hint=suggestion(table, recipes(project)), code="no_recipe")
    if scale <= 0:
        raise ArgumentError(f"The scale is {scale}, expected a number above 0.", code="scale")
    out.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        # Sums of floats depend on how threads share the work, and the order of rows too.
        connection.execute("SET threads = 1")
        _read_seeds(connection, project.root / "seeds")
        # Six decimals: a number with more of them is a decimal that overflows where a recipe multiplies it.
        for variable, value in (("seed", str(int(seed))), ("scale", repr(round(float(scale), 6))), ("faults", str(bool(faults)))):
            connection.execute(f"SET VARIABLE {variable} = {value}")
        recipe = _run(connection, project.root / _FOLDER, table)
        files: list[SimulatedFile] = []
        for chunk in dict.fromkeys(fact.chunk for fact in recipe.facts):
            if chunk is not None:
                connection.execute(f"SET VARIABLE chunk = {chunk}")
            some = [fact for fact in recipe.facts if fact.chunk == chunk]
            files += write_files(connection, project.contracts[table], recipe.name, some, out)
            _write_faults(connection, out / f"{table}.faults.csv", first=chunk == recipe.facts[0].chunk)
        _write_truth(connection, out / "truth")
        return files


def _read_seeds(connection: Connection, folder: Path) -> None:
    for path in sorted(folder.glob("*.csv")):
        connection.execute(f'CREATE VIEW "{path.stem}" AS FROM read_csv({quoted(str(path))}, header = true, all_varchar = true)')


def _run(connection: Connection, folder: Path, table: str) -> Recipe:
    """Run the files of a recipe and read what it says of its deliveries."""
    name = f"{_FOLDER}/{table}.sql"
    text = (folder / f"{table}.sql").read_text(encoding="utf-8")
    for part in (*_INCLUDE.findall(text), f"{table}.sql"):
        path = folder / part
        if not path.is_file():
            raise DefinitionError(f"The recipe includes '{part}', which is not there.", where=name, code="recipe_failed")
        try:
            connection.execute(path.read_text(encoding="utf-8"))
        except Error as error:
            where = f"{_FOLDER}/{part}"
            raise DefinitionError(f"The recipe fails: {str(error).splitlines()[0]}", where=where, code="recipe_failed") from error
    try:
        return Recipe(connection, name, _facts(connection))
    except Error as error:
        raise DefinitionError(f"The recipe fails: {str(error).splitlines()[0]}", where=name, code="recipe_failed") from error


def _facts(connection: Connection) -> list[FileFacts]:
    there = [column[0] for column in connection.execute("SELECT * FROM delivery_facts LIMIT 0").description or ()]
    columns = [
        f"CAST({name} AS {kind}) AS {name}" if name in there or position < _ALWAYS else f"CAST(NULL AS {kind}) AS {name}"
        for position, (name, kind) in enumerate(_FACTS.items())
    ]
    rows: list[tuple[str, datetime, bool, int | None, int | None, bool | None, bool | None, str | None]] = connection.execute(
        f"SELECT {', '.join(columns)} FROM delivery_facts ORDER BY chunk, file_name"  # noqa: S608 - names of this module
    ).fetchall()
    parts = _parts(connection)
    return [
        FileFacts(file, extracted_at, synthetic, chunk, sequence, controls is not False, bool(mark), damage, tuple(parts.get(file, ())))
        for file, extracted_at, synthetic, chunk, sequence, controls, mark, damage in rows
    ]


def _parts(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Unit and label of the periods that files say they deliver."""
    found: dict[str, list[tuple[str, str]]] = {}
    if "delivery_parts" in _tables(connection):
        for file, unit, period in connection.execute("SELECT file_name, unit, period FROM delivery_parts ORDER BY ALL").fetchall():
            found.setdefault(file, []).append((unit, period))
    return found


def _tables(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT table_name FROM information_schema.tables ORDER BY table_name").fetchall()]


def _write_faults(connection: Connection, path: Path, *, first: bool) -> None:
    """What was planted in this chunk, added to the list beside the files."""
    if "planted_faults" not in _tables(connection):
        return
    cursor = connection.execute("FROM planted_faults")
    names = [column[0] for column in cursor.description or ()]
    with path.open("w" if first else "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if first:
            writer.writerow(names)
        writer.writerows(cursor.fetchall())


def _write_truth(connection: Connection, folder: Path) -> None:
    for table in _tables(connection):
        if table.startswith(_TRUTH):
            folder.mkdir(exist_ok=True)
            path = folder / f"{table.removeprefix(_TRUTH)}.parquet"
            connection.execute(f'COPY "{table}" TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)')
