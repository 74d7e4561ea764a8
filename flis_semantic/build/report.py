"""What a build did, in words that need no knowledge of dbt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flis_semantic.build.dbt_command import NodeResult
from flis_semantic.build.graph import Graph
from flis_semantic.warehouse import Connection, Error

_EXAMPLES = 3
_BAD = ("fail", "error")


@dataclass(frozen=True)
class Finding:
    """A test that found something, or a model that could not be built.

    `kind` is invariant (a test that stops the build), data (a test that only warns) or model.
    `rows` counts what a test found; `examples` are its first rows as `column=value` texts.
    """

    kind: str
    name: str
    message: str
    rows: int | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rewritten:
    """What became of the rows of one model or seed. `partitions` replaced, None where it was rebuilt as a whole."""

    name: str
    partitions: int | None
    rows_removed: int | None
    rows_written: int


@dataclass(frozen=True)
class BuildReport:
    """Outcome of one build. `version` is the file that came of it, None when none did.

    `failures` stopped the build; `warnings` are findings about data, of the tests that were run; `skipped` were not run because
    of a failure. `known_on`: the version holds what was known then and is not the current one; `is_reused`: it had been built before
    from the same input. `begun_from` is the version that only what changed was rewritten of; without one, `why_full` says why, unless
    it was asked for.
    """

    version: str | None
    selected: bool
    models: int
    tests: int
    skipped: int
    failures: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    seconds: Mapping[str, float]
    known_on: datetime | None = None
    is_reused: bool = False
    begun_from: str | None = None
    why_full: str = ""
    rewritten: tuple[Rewritten, ...] = ()

    @classmethod
    def reused(cls, version: Path, known_on: datetime | None, seconds: Mapping[str, float]) -> BuildReport:
        """The report on a version that was there already."""
        return cls(version.name, False, 0, 0, 0, (), (), seconds, known_on, is_reused=True)

    @property
    def exit_code(self) -> int:
        """0 when nothing failed, else 1."""
        return 1 if self.failures else 0

    @property
    def rows_written(self) -> int:
        """Rows that were written into models and seeds."""
        return sum(node.rows_written for node in self.rewritten)

    @property
    def lines(self) -> list[str]:
        """The report as plain lines."""
        if self.is_reused:
            return [f"Nothing changed: version {self.version} was built from the same input and is used as it is."]
        lines = [f"{self.models} models and seeds built, {self.tests} tests run in {sum(self.seconds.values()):.1f} s."]
        if self.why_full:
            lines.append(f"Everything was built anew: {self.why_full}.")
        if self.begun_from is not None:
            whole = sum(node.partitions is None for node in self.rewritten)
            parts = sum(node.partitions or 0 for node in self.rewritten)
            lines.append(
                f"Begun from version {self.begun_from}: {self.rows_written:,} rows written, {whole} models rebuilt as a whole, "
                f"{parts:,} partitions of the others replaced."
            )
        for word, findings in (("FAILED", self.failures), ("WARNING", self.warnings)):
            for finding in findings:
                lines.append(f"{word} {finding.kind} {finding.name}: {finding.message}")
                lines += [f"    {example}" for example in finding.examples]
        if self.skipped:
            lines.append(f"{self.skipped} nodes were not run because of that.")
        if self.version is not None and self.known_on is not None:
            lines.append(f"Version {self.version} holds what was known on {self.known_on.isoformat(sep=' ')} UTC; the current one stays.")
        elif self.version is not None:
            lines.append(f"Version {self.version} is current.")
        elif self.failures:
            lines.append("No version was published; the previous one stays current.")
        else:
            lines.append("A selection was built and tested; it is never published.")
        return lines


def findings(results: list[NodeResult], connection: Connection) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Failures and warnings of a run. The connection is to the build file, to fetch examples of what tests found."""
    failures = tuple(_finding(result, connection) for result in results if result.status in _BAD)
    warnings = tuple(_finding(result, connection) for result in results if result.status == "warn")
    return failures, warnings


def read_rewritten(connection: Connection, graph: Graph, results: list[NodeResult]) -> tuple[Rewritten, ...]:
    """What became of the rows of every model and seed that ran. The connection is to the build file."""
    told = {node: values for node, *values in connection.execute("FROM landing.built_rows").fetchall()}
    found: list[Rewritten] = []
    for result in results:
        node = graph.nodes[result.unique_id]
        if node.kind == "test" or node.passes or result.status != "success":
            continue
        if node.id in told:
            is_whole, partitions, removed, written = told[node.id]
            found.append(Rewritten(node.name, None if is_whole else partitions, removed, written))
        elif node.partition is not None:
            found.append(Rewritten(node.name, 0, 0, 0))
        else:
            rows = connection.execute(f"SELECT count(*) FROM {node.relation}").fetchall()[0][0]  # noqa: S608 - dbt's own name
            found.append(Rewritten(node.name, None, None, rows))
    return tuple(found)


def _finding(result: NodeResult, connection: Connection) -> Finding:
    if result.kind != "test" or result.status == "error":
        return Finding("model" if result.kind != "test" else "invariant", result.name, result.message)
    examples = _examples(connection, result.sql)
    counted = f"{result.rows} rows" if result.rows != 1 else "1 row"
    return Finding("data" if result.status == "warn" else "invariant", result.name, f"{counted} found.", result.rows, examples)


def _examples(connection: Connection, sql: str) -> tuple[str, ...]:
    try:
        cursor = connection.execute(f"SELECT * FROM ({sql}\n) LIMIT {_EXAMPLES}")  # noqa: S608 - the test's own compiled text
    except Error:
        return ()
    names = [column[0] for column in cursor.description or []]
    return tuple(", ".join(f"{name}={value}" for name, value in zip(names, row, strict=True)) for row in cursor.fetchall())
