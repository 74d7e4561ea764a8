"""Random changes of a project between two builds, of every kind that a build has to notice; and whether two versions are the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from flis_semantic.build import BuildReport, build
from flis_semantic.contracts.landing import landing_columns
from flis_semantic.errors import ArgumentError
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Confirmation, PlacedPartition
from flis_semantic.quality.decisions import decide
from flis_semantic.workspace import Project
from tests.integration.landed import Landing

_NUMBERS = ("DECIMAL", "BIGINT", "INTEGER", "DOUBLE")


def differences(one: Path, other: Path) -> list[str]:
    """Tables of two versions with rows that the other one lacks; what only says how a version was built is left out."""
    connection = duckdb.connect()
    try:
        connection.execute(f"ATTACH '{one}' AS a (READ_ONLY); ATTACH '{other}' AS b (READ_ONLY)")
        tables: list[set[tuple[str, str]]] = []
        for name in "ab":
            listed = connection.execute(
                f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = '{name}' UNION ALL "
                f"SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = '{name}' AND NOT internal"
            ).fetchall()
            tables.append({(str(schema), str(table)) for schema, table in listed})
        found = [f"{schema}.{table} is in one of them only" for schema, table in sorted(tables[0] ^ tables[1])]
        for schema, table in sorted(tables[0] & tables[1]):
            for left, right in ("ab", "ba"):
                sql = f'FROM {left}."{schema}"."{table}" EXCEPT ALL FROM {right}."{schema}"."{table}"'
                rows = connection.execute(f"SELECT * FROM ({sql}) LIMIT 2").fetchall()
                found += [f"{schema}.{table}, only in {left}: {row}" for row in rows]
        return found
    finally:
        connection.close()


@dataclass
class Changing:
    """A project that changes by a seed. `now` is when the last thing happened."""

    project: Project
    random: random.Random
    now: datetime = datetime(2022, 1, 1)
    done: list[str] = field(default_factory=list[str])
    numbers: dict[str, int] = field(default_factory=dict[str, int])

    def change(self) -> None:
        """One change of a random kind."""
        kinds: list[Callable[[], str]] = [self.correct, self.correct, self.change_rows, self.change_rows, self.deliver_next, self.decide]
        kinds += [
            self.deliver_old,
            self.confirm,
            self.judge_again,
            self.rewrite_model,
            self.rewrite_contract,
            self.touch_seed,
            self.go_back,
        ]
        self.now += timedelta(hours=1)
        self.done.append(self.random.choice(kinds)())

    def compare(self) -> BuildReport:
        """Build what changed, and beside it everything; fail where they differ. What changed stays current."""
        project = self.project
        report = build(project, keep=50)
        assert report.exit_code == 0, (self.done, report.lines)
        name = project.pointer.read_text()
        full = build(project, full=True, keep=50)
        assert full.exit_code == 0, (self.done, full.lines)
        found = differences(project.versions / name, project.versions / str(full.version))
        assert not found, (self.done, found)
        project.pointer.write_text(name)
        (project.versions / str(full.version)).unlink()
        return report

    def correct(self) -> str:
        """Some rows of some partitions of one unit again, fewer of them and with other numbers."""
        return self._resend(self.now, "newer")

    def deliver_old(self) -> str:
        """The same by an extract of long ago, which is in force nowhere."""
        return self._resend(datetime(2000, 1, 1) + timedelta(hours=self.random.randrange(1000)), "older")

    def deliver_next(self) -> str:
        """The period after a unit's last one, with the rows of that; a period of another year would have another year in its rows."""
        table, unit, _ = self._parts()
        last = max(key for key in self._keys(table, unit))
        grain = self.project.contracts[table].base_period
        here, after = (self.project.calendar.period(grain, key).start.year for key in (last, last + 1))
        if grain != "year" and here != after:
            return self.correct()
        return self._resend(self.now, "next", (table, unit, [last]), later=1)

    def confirm(self) -> str:
        """What a delivery says came again, of a newer extract."""
        chosen = self.random.choice(self._placed()).delivery_id
        with Ledger(self.project.ledger_path) as ledger:
            ledger.record([], confirmations=[Confirmation(chosen, self.now, self.now)])
        return f"confirmed {chosen}"

    def judge_again(self) -> str:
        """A delivery whose rows were judged again: some that were accepted are not any more. It takes the place of the first one."""
        chosen = self.random.choice(self._placed()).delivery_id
        with Ledger(self.project.ledger_path) as ledger:
            delivery = next(one for one in ledger.deliveries() if one.delivery_id == chosen)
            slots = list(ledger.partitions([chosen])[chosen])
            files = ledger.files_of([chosen])
        listed = ", ".join(f"'{self.project.landing / delivery.contract / file}'" for file in files)
        rows = f"SELECT * FROM read_parquet([{listed}], union_by_name = true) WHERE delivery_id = {chosen}"
        kept = self.random.choice(["line_number % 11 <> 0", "line_number % 3 = 0"])
        first = delivery.rejudges if delivery.rejudges is not None else chosen
        more: dict[str, Any] = {name: getattr(delivery, name) for name in ("mode", "stream", "sequence", "rank_at", "synthetic")}
        Landing(self.project).land(
            delivery.contract,
            f"FROM ({rows}) WHERE {kept}",
            extracted_at=delivery.extracted_at,
            received_at=self.now,
            named=slots,
            rejudges=first,
            **more,
        )
        return f"judged again {chosen}"

    def rewrite_contract(self) -> str:
        """A contract with another text and the same meaning."""
        path = self.random.choice(sorted((self.project.root / "contracts").glob("*.yml")))
        path.write_text(path.read_text(encoding="utf-8") + f"# {self.now}\n", encoding="utf-8")
        return f"rewritten {path.name}"

    def change_rows(self) -> str:
        """A delta, where the table has them: some rows with other numbers, some deleted, now and then behind a gap."""
        contracts = [c.table for c in self.project.contracts.values() if any(form.mode == "delta" for form in c.forms.values())]
        table, unit, keys = self._parts(contracts)
        number = self.numbers[unit] = self.numbers.get(unit, 1000) + (2 if self.random.random() < 0.2 else 1)
        rows = f"{self._changed(table)} FROM ({self._rows(table, unit, keys)}) WHERE line_number % 5 = {self.random.randrange(5)}"
        select = f"SELECT * REPLACE (line_number % 3 = 0 AS is_deleted) FROM ({rows})"
        more: dict[str, Any] = {"mode": "delta", "stream": unit, "sequence": number, "received_at": self.now}
        Landing(self.project).land(table, select, extracted_at=self.now, **more)
        return f"delta {number} {table} {unit} {keys}"

    def go_back(self) -> str:
        """An earlier version is made current, so that the next build begins from it."""
        versions = sorted(path.name for path in self.project.versions.glob("2*.duckdb"))
        self.project.pointer.write_text(self.random.choice(versions))
        # Versions after the current one never became current, so the next build removes them.
        return f"back to {self.project.pointer.read_text()}"

    def decide(self) -> str:
        """A hold, an approval, an exemption, or the end of one."""
        table, unit, keys = self._parts()
        kind = self.random.choice(["hold", "approve", "exempt"])
        calendar, grain = self.project.calendar, self.project.contracts[table].base_period
        first, last = (calendar.period(grain, key).label for key in (min(keys), max(keys)))
        lifted = self.random.random() < 0.3
        about: dict[str, Any] = {"reason": "By seed", "decided_by": "Seed", "decided_at": self.now, "is_lifted": lifted}
        try:
            decide(self.project, kind, table, [unit], (first, last), **about)
        except ArgumentError:
            # Nothing to lift.
            decide(self.project, kind, table, [unit], (first, last), **(about | {"is_lifted": False}))
        return f"{kind} {table} {unit} {first}-{last}{' lifted' if lifted else ''}"

    def rewrite_model(self) -> str:
        """A model with another text and the same rows."""
        path = self.random.choice(sorted(path for path in (self.project.root / "models").rglob("*.sql")))
        path.write_text(path.read_text() + f"-- {self.now}\n")
        return f"rewritten {path.name}"

    def touch_seed(self) -> str:
        """A seed with its last row in another place: nothing but the order."""
        path = self.random.choice(sorted((self.project.root / "seeds").glob("*.csv")))
        head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join([head, rows[-1].rstrip("\n") + "\n", *rows[:-1]]), encoding="utf-8")
        return f"reordered {path.name}"

    def _placed(self) -> list[PlacedPartition]:
        with Ledger(self.project.ledger_path) as ledger:
            return [part for part in ledger.placed_partitions() if part.is_active and part.unit_code in self.project.units]

    def _keys(self, table: str, unit: str) -> list[int]:
        return sorted({part.base_period_key for part in self._placed() if (part.contract, part.unit_code) == (table, unit)})

    def _parts(self, contracts: Sequence[str] = ()) -> tuple[str, str, list[int]]:
        placed = [part for part in self._placed() if not contracts or part.contract in contracts]
        table = self.random.choice(sorted({part.contract for part in placed}))
        unit = self.random.choice(sorted({part.unit_code for part in placed if part.contract == table}))
        keys = self._keys(table, unit)
        start = self.random.randrange(len(keys))
        return table, unit, keys[start : start + self.random.choice([1, 1, 1, 2, 5])]

    def _resend(self, extracted_at: datetime, word: str, parts: tuple[str, str, list[int]] | None = None, later: int = 0) -> str:
        table, unit, keys = parts or self._parts()
        kept = self.random.choice(["true", "line_number % 7 <> 0", "line_number % 2 = 0"])
        rows = f"{self._changed(table)} FROM ({self._rows(table, unit, keys)}) WHERE {kept}"
        select = f"SELECT * REPLACE (CAST(base_period_key + {later} AS INTEGER) AS base_period_key) FROM ({rows})"
        slots = [(unit, key + later, "") for key in keys]
        Landing(self.project).land(table, select, extracted_at=extracted_at, received_at=self.now, named=slots)
        return f"{word} {table} {unit} {keys}"

    def _changed(self, table: str) -> str:
        """SELECT of the rows with other numbers in one way or none."""
        columns = [
            f'CAST("{name}" * {self.random.choice(["1", "1.5", "-1", "0.01"])} AS {kind}) AS "{name}"'
            for name, kind in landing_columns(self.project.contracts[table]).items()
            if name in self.project.contracts[table].columns and kind.startswith(_NUMBERS) and name not in self._fixed(table)
        ]
        return f"SELECT * REPLACE ({', '.join(columns)})" if columns else "SELECT *"

    def _fixed(self, table: str) -> set[str]:
        """Columns that tell rows apart, and those whose rules let only some numbers through: what is landed here passed them."""
        contract = self.project.contracts[table]
        dated = {name for name, column in contract.columns.items() if column.role is not None}
        bounded = {rule.column for rule in contract.row_rules if rule.check == "range" and rule.column is not None}
        return {*contract.key, *dated, *bounded}

    def _rows(self, table: str, unit: str, keys: list[int]) -> str:
        with Ledger(self.project.ledger_path) as ledger:
            parts = {p.delivery_id for p in ledger.active_partitions(table) if p.unit_code == unit and p.base_period_key in keys}
            files = ledger.files_of(parts)
        listed = ", ".join(f"'{self.project.landing / table / file}'" for file in files)
        placed = f"unit_code = '{unit}' AND base_period_key IN ({', '.join(map(str, keys))}) AND coalesce(slot, '') = ''"
        ids = ", ".join(map(str, parts)) or "-1"
        # Lines of several deliveries become those of one, which has each number once.
        numbered = "* REPLACE (row_number() OVER (ORDER BY delivery_id, line_number) AS line_number)"
        return f"SELECT {numbered} FROM read_parquet([{listed}], union_by_name = true) WHERE {placed} AND delivery_id IN ({ids})"


def changing(project: Project, seed: int, **more: Any) -> Changing:
    """A project that changes by this seed."""
    return Changing(project, random.Random(seed), **more)  # noqa: S311 - a fixed seed, not a secret
