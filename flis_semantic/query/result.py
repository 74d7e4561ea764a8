"""An answer: rows that stay columnar until somebody wants them otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flis_semantic.compiler.metric import Compiled

if TYPE_CHECKING:
    from flis_semantic.warehouse import Connection


ArrowTable = Any
"""pyarrow.Table; the package is imported only when somebody asks for it, and has no types of its own."""


class QueryResult:
    """The answer to one request. Rows are long: one per key figure, area, cell and period.

    `sql` is the text that was run, `parameters` the values bound to it, `notes` what a reader must know (a range that was
    widened, data that are synthetic). Iterating gives rows as dictionaries.
    """

    def __init__(self, compiled: Compiled, connection: Connection, notes: list[str]) -> None:
        self.sql = compiled.sql
        self.parameters = dict(compiled.parameters)
        self.columns = compiled.columns
        self.notes = notes
        self._connection = connection
        self._tuples: list[tuple[Any, ...]] | None = None
        self._table: ArrowTable | None = None

    @property
    def rows(self) -> ArrowTable:
        """The rows as an Arrow table."""
        if self._table is None:
            self._table = self._connection.sql(self.sql, params=self.parameters).to_arrow_table()
        return self._table

    def to_arrow(self) -> ArrowTable:
        """The rows as an Arrow table."""
        return self.rows

    def to_pandas(self) -> Any:
        """The rows as a pandas frame."""
        return self.rows.to_pandas()

    def tuples(self) -> list[tuple[Any, ...]]:
        """The rows as Python tuples, in the order of `columns`."""
        if self._tuples is None:
            self._tuples = self._connection.sql(self.sql, params=self.parameters).fetchall()
        return self._tuples

    def to_pylist(self) -> list[dict[str, Any]]:
        """The rows as dictionaries."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.tuples()]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_pylist())

    def __len__(self) -> int:
        return len(self.tuples())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Rows for any library that speaks the Arrow C interface."""
        return self.rows.__arrow_c_stream__(requested_schema)  # type: ignore[no-any-return]
