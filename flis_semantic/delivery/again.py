"""The rows that were set aside, read again from what is kept of them, and judged beside the rows that were accepted."""

# ruff: noqa: S608 - names and literals are the contract's own, quoted; values are bound
from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flis_semantic.contracts.landing import SET_ASIDE_COLUMNS, landing_columns, no_rows
from flis_semantic.contracts.model import Form
from flis_semantic.delivery import rules
from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.cells import Group
from flis_semantic.delivery.judging import Judging
from flis_semantic.delivery.report import MASK
from flis_semantic.delivery.sql import identifier, quoted, scalar, table_of
from flis_semantic.ledger_records import UnitCount
from flis_semantic.warehouse import Connection

_BESIDE = [name for name in SET_ASIDE_COLUMNS if name not in ("delivery_id", "line_number")]


Moved = tuple[int, str, str, tuple[str, ...], str, int, int]
"""Rows that were judged again: number of the delivery, unit, supplier and rules before, unit and mask now, how many."""


@dataclass(frozen=True)
class KeptRow:
    """A row that was set aside, as it is kept."""

    line: int
    rule_ids: tuple[str, ...]
    raw_row: str
    header: tuple[str, ...] | None

    def cells(self, form: Form, shape_rule: str) -> list[str | None] | None:
        """The row's values in the order of its header, None where they cannot be told: masked, no record, or of other columns."""
        header = self.header
        if header is None or sorted(header) != sorted(form.header) or MASK in self.raw_row or shape_rule in self.rule_ids:
            return None
        try:
            if form.kind == "csv":
                found: list[str | None] = [*next(csv.reader(io.StringIO(self.raw_row, newline=""), delimiter=form.delimiter, strict=True))]
            else:
                record = json.loads(self.raw_row)
                found = [record[name] for name in header]
        except (csv.Error, StopIteration, ValueError, KeyError, TypeError):
            return None
        return [cell or None for cell in found] if len(found) == len(header) else None


@dataclass
class Earlier:
    """One delivery to judge again: the number that tells it apart, its kept rows, and those of them that can be read."""

    arrival: Arrival | None
    rows: Sequence[KeptRow]
    cells: dict[int, list[str | None]] = field(default_factory=dict[int, list[str | None]])
    masked: int = 0


def written_again(earlier: Mapping[int, Earlier], folder: Path) -> list[Group]:
    """The readable rows as transcripts, a group for each form and order of columns; each keeps the line it had in its file."""
    groups: dict[tuple[str, tuple[str, ...]], Group] = {}
    for d, item in earlier.items():
        arrival = item.arrival
        if arrival is None or not item.cells:
            continue
        key = (arrival.form_name, arrival.header)
        if key not in groups:
            groups[key] = Group(arrival.form_name, arrival.form, arrival.header, [folder / f"{len(groups)}.csv"])
        group = groups[key]
        with group.paths[0].open("a", encoding="utf-8", newline="") as file:
            for line, cells in item.cells.items():
                values = ('"' + cell.replace('"', '""') + '"' if cell is not None else "" for cell in cells)
                file.write(group.delimiter.join([str(d), str(line), *values]) + "\n")
    return list(groups.values())


class JudgingAgain(Judging):
    """A pass over rows that were set aside. What was accepted before is not judged: it is carried along, and its keys are taken.

    `before` are the ids of the deliveries by number; `files` their landing files, `left` their set-aside files.
    """

    def carry(self, before: Mapping[int, int], files: Sequence[Path], left: Sequence[Path], judged: Mapping[int, Sequence[int]]) -> None:
        """Read what stays as it is. `judged`: number → lines that are judged again."""
        connection = self._connection
        table_of(connection, "before", {"d": ("INTEGER", list(before)), "delivery_id": ("INTEGER", list(before.values()))})
        lines = [(d, line) for d, found in judged.items() for line in found]
        table_of(connection, "again", {"d": ("INTEGER", [d for d, _ in lines]), "l": ("BIGINT", [line for _, line in lines])})
        for view, columns, paths in (("carried", landing_columns(self._contract), files), ("kept", dict(SET_ASIDE_COLUMNS), left)):
            rows = no_rows(columns)
            if paths:
                rows += f" UNION ALL BY NAME FROM read_parquet([{', '.join(quoted(str(path)) for path in paths)}], union_by_name = true)"
            connection.execute(
                f"CREATE OR REPLACE TEMP VIEW {view} AS SELECT rows.* EXCLUDE (delivery_id), before.d "
                f"FROM ({rows}) AS rows JOIN before ON before.delivery_id = rows.delivery_id"
            )

    def moved(self) -> list[Moved]:
        """The rows that were judged again, by what they were and what they are now."""
        name = f"t_{self._contract.supplier_column}" if self._contract.supplier_column is not None else None
        supplier = f"coalesce(j.{identifier(name)}, '')" if name else "''"
        known = "(SELECT DISTINCT unit_code FROM units)"
        rows = self._connection.execute(
            f"SELECT j.d, coalesce(o.unit_code, ''), {supplier}, k.rule_ids, coalesce(n.unit_code, ''), j.mask, count(*) "
            f"FROM pass.judged j JOIN kept k ON k.d = j.d AND k.line_number = j.l LEFT JOIN {known} o ON o.unit_code = k.unit_code "
            f"LEFT JOIN {known} n ON n.unit_code = j.unit_code GROUP BY ALL ORDER BY ALL"
        )
        return [(d, unit, said, tuple(ids), now, mask, n) for d, unit, said, ids, now, mask, n in rows.fetchall()]

    def _accepted(self) -> str:
        return f"{super()._accepted()} UNION ALL BY NAME SELECT carried.*, delivery_id FROM carried JOIN admitted USING (d)"

    def _left(self) -> str:
        stays = f"SELECT delivery_id, line_number, {', '.join(_BESIDE)} FROM kept JOIN admitted USING (d)"
        return f"{super()._left()} UNION ALL BY NAME {stays} ANTI JOIN again ON again.d = kept.d AND again.l = kept.line_number"

    def _find_repeats(self) -> None:
        """A key that an accepted row has is taken."""
        super()._find_repeats()
        contract, rows = self._contract, self._rows
        landed = {rows.name(name): contract.pseudonyms[name].key if name in contract.pseudonyms else name for name in rows.kept}
        key = {rows.name(name) for name in contract.key}
        place = {"unit_code": "unit_code", "base_period_key": "base_period_key", "slot": "slot"}
        if contract.period_column in contract.key:
            key.add("slot")

        def same(names: Mapping[str, str]) -> str:
            return " AND ".join(f"j.{identifier(own)} IS NOT DISTINCT FROM c.{identifier(theirs)}" for own, theirs in names.items())

        identical = same({**landed, "is_deleted": "is_deleted", "slot": "slot"})
        taken = same({own: landed.get(own, own) for own in sorted(key)})
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE taken AS SELECT j.d, j.l, bool_or({identical}) AS identical, min(c.line_number) AS other_line "
            f"FROM pass.judged j JOIN carried c ON j.d = c.d AND {taken} "
            f"WHERE {self._is_accepted} AND (NOT (j.is_deleted OR c.is_deleted) OR ({same(place)})) GROUP BY j.d, j.l"
        )
        if scalar(self._connection, "SELECT count(*) FROM taken"):
            hit = rules.bit(contract, contract.rule("unique_key"))
            self._connection.execute("INSERT INTO repeats SELECT d, l, identical, other_line FROM taken")
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS SELECT d, l, CAST({hit} AS BIGINT) AS hit FROM taken")
            self._add_hits()


def moved_counts(
    before: Sequence[UnitCount],
    moved: Sequence[tuple[int, str, str, tuple[str, ...], str, int, int]],
    bits: Mapping[str, int],
    set_aside: int,
) -> list[UnitCount]:
    """The rows by unit and supplier after some were judged again; who supplied a row stays as it was."""
    counts = {(count.unit_code, count.supplier): count for count in before}
    for _, unit, said, ids, now, mask, n in moved:
        chosen = _holder(counts, unit, said, n)
        if chosen is None:
            continue
        held = counts[chosen]
        hits = {rule: rows - (n if rule in ids else 0) for rule, rows in held.hits.items()}
        counts[chosen] = UnitCount(
            held.unit_code, held.supplier, held.rows_accepted, held.rows_set_aside - n, {rule: rows for rule, rows in hits.items() if rows}
        )
        place = (now, chosen[1])
        hit = [rule for rule, bit in bits.items() if mask & bit]
        counts[place] = counts.get(place, UnitCount(*place)).plus(n, is_accepted=not mask & set_aside, hits=hit)
    return [count for count in counts.values() if count.rows_accepted or count.rows_set_aside]


def _holder(counts: Mapping[tuple[str, str], UnitCount], unit: str, said: str, rows: int) -> tuple[str, str] | None:
    """Where rows were counted that were set aside: under their unit and supplier, or where nobody knew one of the two."""
    wanted = [
        (unit, said),
        (unit, ""),
        *(key for key in counts if key[0] == unit),
        ("", said),
        ("", ""),
        *(key for key in counts if not key[0]),
    ]
    return next((key for key in wanted if key in counts and counts[key].rows_set_aside >= rows), None)


def read_kept(connection: Connection, files: Sequence[Path], delivery_ids: Sequence[int]) -> dict[int, list[KeptRow]]:
    """Delivery id → the rows of it that were set aside, by line."""
    found: dict[int, list[KeptRow]] = {delivery_id: [] for delivery_id in delivery_ids}
    if not files:
        return found
    table_of(connection, "wanted", {"delivery_id": ("INTEGER", list(delivery_ids))})
    paths = ", ".join(quoted(str(path)) for path in files)
    rows = connection.execute(
        "SELECT delivery_id, line_number, rule_ids, raw_row, header FROM "
        f"({no_rows(SET_ASIDE_COLUMNS)} UNION ALL BY NAME FROM read_parquet([{paths}], union_by_name = true)) "
        "SEMI JOIN wanted USING (delivery_id) ORDER BY delivery_id, line_number"
    )
    for delivery_id, line, ids, raw_row, header in rows.fetchall():
        found[delivery_id].append(KeptRow(line, tuple(ids), raw_row, tuple(header) if header is not None else None))
    return found
