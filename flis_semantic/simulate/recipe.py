"""Running recipes: `simulation/<table>.sql` in, delivery files in the contract's form out.

A recipe is DuckDB SQL over the project's seeds (each a view of its own name, all columns text), with the variables `seed`,
`scale` and `faults`. Lines `-- include: <file>` at its head name files of the same folder that run before it, once for all
recipes of a run that begin with the same ones: what they deliver is told of one truth. It leaves

* `delivery`, a table or a view: `file_name` and the columns that the form's header names (by the file's word or the
  contract's), the rows of a file together and in order. Where `raw_line` is there and not empty, it is written instead of them.
* `delivery_facts`: `file_name`, `extracted_at`, `synthetic` (whether the numbers are made up); and, where a recipe has them,
  `chunk` (then `delivery` is read once per chunk, with the variable `chunk` set), `sequence`, `controls` (false: the manifest
  has no control figures), `byte_order_mark` and `damage` (what is wrong with the file as a whole, see `writing.py`).
* `delivery_parts`, where a file delivers more than its rows say: `file_name`, `unit`, `period` (label). Its manifest lists them.
* `planted_faults`, where it plants any (read per chunk too): `contract`, the unit, `period`, `rule_id`, `row_count`, `fate` and
  perhaps `file_name`: what is wrong where, how many rows, and what becomes of them.
* tables `truth_<name>`, where it knows the right answer: written as `truth/<name>.parquet` beside the deliveries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from flis_semantic.errors import DefinitionError
from flis_semantic.simulate.writing import FileFacts
from flis_semantic.warehouse import Connection, Error, quoted
from flis_semantic.workspace import Project

FOLDER = "simulation"
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
    """A recipe that has run. What it left stands in schemas of the connection that its search path names."""

    connection: Connection
    table: str
    search_path: str
    facts: Sequence[FileFacts]

    @property
    def name(self) -> str:
        """Its file, as errors name it."""
        return _file(self.table)

    def chunks(self) -> Iterator[list[FileFacts]]:
        """The files of each chunk, while `delivery` and `planted_faults` are those of the chunk."""
        for chunk in dict.fromkeys(fact.chunk for fact in self.facts):
            self.connection.execute(f"SET search_path = {quoted(self.search_path)}")
            if chunk is not None:
                self.connection.execute(f"SET VARIABLE chunk = {chunk}")
            yield [fact for fact in self.facts if fact.chunk == chunk]

    def planted(self) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of what was planted in this chunk."""
        if "planted_faults" not in _tables(self.connection, self.search_path.split(",")[:1]):
            return [], []
        try:
            cursor = self.connection.execute("FROM planted_faults")
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except Error as error:
            raise recipe_failed(self.name, error) from error


class Kitchen:
    """A connection in which recipes run, each in a schema of its own, and the files that they include once."""

    def __init__(self, project: Project, connection: Connection, *, seed: int, scale: float, faults: bool) -> None:
        self._folder = project.root / FOLDER
        self._connection = connection
        self._ran: dict[tuple[str, ...], str] = {}
        # Sums of floats depend on how threads share the work, and the order of rows too.
        connection.execute("SET threads = 1")
        for path in sorted((project.root / "seeds").glob("*.csv")):
            connection.execute(f'CREATE VIEW "{path.stem}" AS FROM read_csv({quoted(str(path))}, header = true, all_varchar = true)')
        # Six decimals: a number with more of them is a decimal that overflows where a recipe multiplies it.
        for variable, value in (("seed", str(int(seed))), ("scale", repr(round(float(scale), 6))), ("faults", str(bool(faults)))):
            connection.execute(f"SET VARIABLE {variable} = {value}")

    def run(self, table: str) -> Recipe:
        """Run a recipe, and what it includes where that has not run.

        Raises:
            DefinitionError: a file is not there, fails, or does not leave what it should.
        """
        text = (self._folder / f"{table}.sql").read_text(encoding="utf-8")
        parts = (*_INCLUDE.findall(text), f"{table}.sql")
        schemas: list[str] = []
        for number in range(1, len(parts) + 1):
            prefix = parts[:number]
            done = prefix in self._ran
            schemas.insert(0, self._ran.setdefault(prefix, f"part_{len(self._ran) + 1}"))
            if not done:
                self._run_file(table, parts[number - 1], schemas)
        try:
            facts = _facts(self._connection)
        except Error as error:
            raise recipe_failed(_file(table), error) from error
        names = [fact.file_name for fact in facts]
        twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
        if twice is not None:
            raise DefinitionError(
                f"delivery_facts names '{twice}' twice.", where=_file(table), hint="Leave one row per file.", code="recipe_failed"
            )
        return Recipe(self._connection, table, ",".join(schemas), facts)

    def write_truth(self, folder: Path) -> None:
        """Write the truth tables of all that ran.

        Raises:
            DefinitionError: two files leave one of the same name.
        """
        seen: set[str] = set()
        for schema in self._ran.values():
            for table in _tables(self._connection, [schema]):
                if not table.startswith(_TRUTH):
                    continue
                name = table.removeprefix(_TRUTH)
                if name in seen:
                    raise DefinitionError(f"Two recipes leave a truth '{name}'.", where=FOLDER, hint="Rename one.", code="recipe_failed")
                seen.add(name)
                folder.mkdir(exist_ok=True)
                path = quoted(str(folder / f"{name}.parquet"))
                self._connection.execute(f'COPY "{schema}"."{table}" TO {path} (FORMAT parquet, COMPRESSION zstd)')

    def _run_file(self, table: str, part: str, schemas: Sequence[str]) -> None:
        path = self._folder / part
        if not path.is_file():
            raise DefinitionError(f"The recipe includes '{part}', which is not there.", where=_file(table), code="recipe_failed")
        self._connection.execute(f'CREATE SCHEMA "{schemas[0]}"')
        self._connection.execute(f"SET search_path = {quoted(','.join(schemas))}")
        try:
            self._connection.execute(path.read_text(encoding="utf-8"))
        except Error as error:
            raise recipe_failed(f"{FOLDER}/{part}", error) from error


def recipes(project: Project) -> list[str]:
    """Tables that the project has a recipe for."""
    return sorted(path.stem for path in (project.root / FOLDER).glob("[!_]*.sql"))


def recipe_failed(where: str, error: Error) -> DefinitionError:
    """The engine's error as a user's: its first line."""
    return DefinitionError(f"The recipe fails: {str(error).splitlines()[0]}", where=where, code="recipe_failed")


def _file(table: str) -> str:
    return f"{FOLDER}/{table}.sql"


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
    [[path]] = connection.execute("SELECT current_setting('search_path')").fetchall()
    if "delivery_parts" in _tables(connection, path.split(",")[:1]):
        for file, unit, period in connection.execute("SELECT file_name, unit, period FROM delivery_parts ORDER BY ALL").fetchall():
            found.setdefault(file, []).append((unit, period))
    return found


def _tables(connection: Connection, schemas: Sequence[str]) -> list[str]:
    names = ", ".join(quoted(schema) for schema in schemas)
    sql = f"SELECT table_name FROM information_schema.tables WHERE table_schema IN ({names}) ORDER BY table_name"  # noqa: S608 - own names
    return [name for (name,) in connection.execute(sql).fetchall()]
