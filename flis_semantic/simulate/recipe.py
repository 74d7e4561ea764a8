"""Running a recipe: `simulation/<table>.sql` in, delivery files in the contract's form out.

A recipe is DuckDB SQL over the project's seeds (each a view of its own name, all columns text), with the variables `seed` and
`scale`. It leaves two tables: `delivery`, with `file_name` and the columns that the form's header names, in the order of the
rows; and `delivery_facts`, with `file_name`, `extracted_at` and `synthetic` (whether the numbers are made up).
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from flis_semantic.contracts.model import Contract, Form
from flis_semantic.errors import ArgumentError, DefinitionError, suggestion
from flis_semantic.warehouse import Connection, Error, connect, quoted
from flis_semantic.workspace import Project

_FOLDER = "simulation"
_GZIP = ".gz"


@dataclass(frozen=True)
class SimulatedFile:
    """One file that a recipe wrote; its manifest stands beside it."""

    path: Path
    manifest: Path
    rows: int
    synthetic: bool


def recipes(project: Project) -> list[str]:
    """Tables that the project has a recipe for."""
    return sorted(path.stem for path in (project.root / _FOLDER).glob("*.sql"))


def simulate(project: Project, table: str, *, out: Path, seed: int = 1, scale: float = 1.0) -> list[SimulatedFile]:
    """Run the recipe of a table and write its files, each with a manifest, into `out`. Same seed and scale, same bytes.

    Raises:
        ArgumentError: there is no such recipe, or the scale is not positive.
        DefinitionError: the recipe fails, or leaves something that no form of the contract has.
    """
    if table not in recipes(project) or table not in project.contracts:
        raise ArgumentError(f"There is no recipe for '{table}'.", hint=suggestion(table, recipes(project)), code="no_recipe")
    if scale <= 0:
        raise ArgumentError(f"The scale is {scale}, expected a number above 0.", code="scale")
    name = f"{_FOLDER}/{table}.sql"
    out.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        # Sums of floats depend on how threads share the work.
        connection.execute("SET threads = 1")
        _read_seeds(connection, project.root / "seeds")
        connection.execute(f"SET VARIABLE seed = {int(seed)}")
        connection.execute(f"SET VARIABLE scale = {float(scale)!r}")
        try:
            connection.execute((project.root / name).read_text(encoding="utf-8"))
            facts = connection.execute("SELECT file_name, extracted_at, synthetic FROM delivery_facts ORDER BY file_name").fetchall()
        except Error as error:
            raise DefinitionError(f"The recipe fails: {str(error).splitlines()[0]}", where=name, code="recipe_failed") from error
        return [
            _write(connection, project.contracts[table], name, out / file, extracted_at, synthetic)
            for file, extracted_at, synthetic in facts
        ]


def _read_seeds(connection: Connection, folder: Path) -> None:
    for path in sorted(folder.glob("*.csv")):
        connection.execute(f'CREATE VIEW "{path.stem}" AS FROM read_csv({quoted(str(path))}, header = true, all_varchar = true)')


def _write(connection: Connection, contract: Contract, recipe: str, path: Path, extracted_at: datetime, synthetic: bool) -> SimulatedFile:
    form = _form(contract, recipe, path.name)
    columns = ", ".join(f'"{column}"' for column in form.header)
    try:
        rows = connection.execute(f"SELECT {columns} FROM delivery WHERE file_name = ?", [path.name]).fetchall()  # noqa: S608 - names of the contract
    except Error as error:
        raise DefinitionError(
            f"The table 'delivery' does not have the columns of {contract.table}: {str(error).splitlines()[0]}",
            where=recipe,
            hint=f"Expected: file_name, {', '.join(form.header)}.",
            code="recipe_failed",
        ) from error
    content = _content(form, rows)
    if path.suffix == _GZIP:
        content = gzip.compress(content, mtime=0)
    path.write_bytes(content)
    manifest = path.with_name(f"{path.name}.manifest.json")
    said = {
        "rows": len(rows),
        "sha256": hashlib.sha256(content).hexdigest(),
        "extracted_at": extracted_at.isoformat(),
        "synthetic": synthetic,
    }
    manifest.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return SimulatedFile(path, manifest, len(rows), synthetic)


def _form(contract: Contract, recipe: str, file_name: str) -> Form:
    """The contract's form that the file's name says."""
    for form in contract.forms.values():
        if fnmatch(file_name.removesuffix(_GZIP), form.file_name.removesuffix(_GZIP)):
            return form
    known = ", ".join(form.file_name for form in contract.forms.values())
    raise DefinitionError(
        f"No form of {contract.table} has a file named '{file_name}'.", where=recipe, hint=f"Known: {known}.", code="recipe_failed"
    )


def _content(form: Form, rows: list[tuple[Any, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator="\n")
    writer.writerow(form.header)
    writer.writerows([_cell(value, form.decimal) for value in row] for row in rows)
    return text.getvalue().encode(form.encodings[0])


def _cell(value: Any, decimal: str) -> str:
    """A value as the form writes it; no value is an empty cell."""
    if value is None:
        return ""
    return str(value).replace(".", decimal) if isinstance(value, float | Decimal) else str(value)
