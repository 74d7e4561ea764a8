"""A small project to deliver to, and words for what a test delivers and finds."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from flis_semantic.contracts.load import load_contracts
from flis_semantic.contracts.model import Contract
from flis_semantic.delivery.receive import receive
from flis_semantic.delivery.report import DeliveryResult, ReceiveReport
from flis_semantic.ledger import Ledger
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.vocabulary.model import Vocabulary
from flis_semantic.warehouse import connect

ROOT = Path(__file__).resolve().parents[2]
UNITS = {"0101": "member", "0147": "member", "0751": "member", "0411": "non_member"}

POPULATION = "population_by_quarter_2020.csv"
POPULATION_HEADER = "kommunekode,navn,kvartal,folketal"
POPULATION_ROWS = ["101,København,2020Q1,632340", "147,Frederiksberg,2020Q1,104305", "411,Christiansø,2020Q1,84"]
MEASURES = "jobindsats_2026-08-22.csv"
MEASURES_HEADER = "kommunekode,navn,maaling,felt,periode,vaerdi"
MEASURES_ROWS = [
    "000,Hele landet,unemployment,total,2026M07,91583",
    "101,København,unemployment,total,2026M07,11962",
    "101,København,unemployment,totalRate,2026M07,3.1",
    "147,Frederiksberg,cashVisitation,fullTime,2026M07|Åbenlys uddannelsesparat,",
]


@dataclass
class Desk:
    """A project whose state lies in a temporary folder and whose contracts are this repository's."""

    work: Path
    inbox: Path
    vocabulary: Vocabulary
    calendar: Calendar
    contracts: dict[str, Contract]
    units: dict[str, str] = field(default_factory=lambda: dict(UNITS))

    @property
    def landing(self) -> Path:
        return self.work / "landing"

    @property
    def ledger_path(self) -> Path:
        return self.work / "ledger.sqlite"

    def put(self, name: str, content: str | bytes, manifest: dict[str, Any] | None = None) -> Path:
        """Lay a file into the inbox; a name that ends in .gz packs it."""
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        if manifest is not None:
            path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(manifest))
        return path

    def receive(self, *paths: Path, **options: Any) -> ReceiveReport:
        return receive(self, paths, **options)

    def deliver(self, name: str, content: str | bytes, manifest: dict[str, Any] | None = None, **options: Any) -> DeliveryResult:
        """Put one file and receive it."""
        report = self.receive(self.put(name, content, manifest), **options)
        assert len(report.results) == 1
        return report.results[0]

    def population(self, *rows: str, name: str = POPULATION, **options: Any) -> DeliveryResult:
        return self.deliver(name, table(POPULATION_HEADER, rows or POPULATION_ROWS), **options)

    def measures(self, *rows: str, name: str = MEASURES, **options: Any) -> DeliveryResult:
        return self.deliver(name, table(MEASURES_HEADER, rows or MEASURES_ROWS), **options)

    def ledger(self) -> Ledger:
        return Ledger(self.ledger_path)

    def rows(self, table_name: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Rows of the landing files that the ledger knows, in the order of delivery and line."""
        with self.ledger() as ledger:
            files = [str(self.landing / table_name / batch.file) for batch in ledger.batches(table_name)]
        return _select(files, columns, where)

    def active(self, table_name: str, columns: str) -> list[tuple[Any, ...]]:
        """Rows of the partitions in force, as a build sees them."""
        with self.ledger() as ledger:
            force = {(p.unit_code, p.base_period_key, p.slot): p.delivery_id for p in ledger.active_partitions(table_name)}
        found = self.rows(table_name, f"unit_code, base_period_key, slot, delivery_id, {columns}")
        return [row[4:] for row in found if force.get(row[:3]) == row[3]]

    def set_aside(self, table_name: str, columns: str = "line_number, rule_ids, reason, raw_row") -> list[tuple[Any, ...]]:
        """Rows that were set aside, in the order of delivery and line."""
        with self.ledger() as ledger:
            files = [str(self.landing / table_name / b.set_aside_file) for b in ledger.batches(table_name) if b.set_aside_file]
        return _select(files, columns, "true")

    def files(self) -> list[str]:
        """Everything in the landing zone but the schema files."""
        found = (str(path.relative_to(self.landing)) for path in self.landing.rglob("*") if path.is_file())
        return sorted(name for name in found if not name.endswith(("_schema.parquet", "_ledger")))


def table(header: str, rows: Any, end: str = "\n") -> str:
    """A CSV file."""
    return end.join([header, *rows]) + end


def desk(folder: Path) -> Desk:
    """A new project in a folder."""
    vocabulary, calendar, contracts = _definitions()
    return Desk(folder / "work", folder / "inbox", vocabulary, calendar, dict(contracts))


def day(text: str) -> datetime:
    """A time of receipt."""
    return datetime.fromisoformat(text)


@cache
def _definitions() -> tuple[Vocabulary, Calendar, dict[str, Contract]]:
    vocabulary = load_vocabulary(ROOT / "catalogue")
    calendar = Calendar(vocabulary)
    return vocabulary, calendar, load_contracts(ROOT / "contracts", vocabulary, calendar)


def _select(files: list[str], columns: str, where: str) -> list[tuple[Any, ...]]:
    if not files:
        return []
    connection = connect()
    try:
        sql = f"SELECT {columns} FROM read_parquet(?) WHERE {where} ORDER BY delivery_id, line_number"
        return connection.execute(sql, [files]).fetchall()
    finally:
        connection.close()
