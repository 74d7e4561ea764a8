"""The set-based pass: every row of every file of one contract is typed, judged by the contract's rules, and written.

Tables of the pass, all temporary: `raw_<n>` the text of a group of files with the same form and header; `cells` a view of
them in the contract's columns; `judged` typed rows with `mask`, a bit per failed rule; `malformed` lines that are no record;
`set_aside` what goes to the set-aside file. `d` is the file's number within the receive, `l` the line in the file.
"""

# ruff: noqa: S608 - names and literals are the contract's own, quoted; values are bound
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from flis_semantic.contracts.labels import LabelFormat, label_format, read_label
from flis_semantic.contracts.landing import SET_ASIDE_COLUMNS, column_type, landing_columns
from flis_semantic.contracts.model import Column, Contract, Form
from flis_semantic.delivery import rules
from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.sql import identifier, quoted, scalar, table_of
from flis_semantic.errors import WarehouseError
from flis_semantic.ledger_records import Part
from flis_semantic.warehouse import Connection
from flis_semantic.workspace import Project

_LONGEST_RECORD = 1 << 24
_WHOLE_NUMBER = "-?[0-9]{1,18}"


@dataclass(frozen=True)
class Group:
    """Files with the same form and the same order of columns, transcribed one after the other into `path`."""

    form_name: str
    form: Form
    header: tuple[str, ...]
    path: Path


@dataclass
class Tally:
    """What the pass found in one file."""

    accepted: int = 0
    control: int = 0
    set_aside: int = 0
    first_reason: str = ""
    rule_counts: dict[str, int] = field(default_factory=dict[str, int])
    partitions: dict[Part, int] = field(default_factory=dict[Part, int])
    sums: dict[str, Decimal] = field(default_factory=dict[str, Decimal])


class Judging:
    """One pass over the files of one contract."""

    def __init__(self, connection: Connection, project: Project, contract: Contract) -> None:
        self._connection = connection
        self._project = project
        self._contract = contract

    def judge(self, groups: Sequence[Group], arrivals: Sequence[Arrival]) -> dict[int, Tally]:
        """Read, type and judge all rows. Returns the tally of each file by its number.

        Raises WarehouseError when not every row that was transcribed is found again: then nothing may be recorded.
        """
        self._read(groups, arrivals)
        self._name_files(groups, arrivals)
        cells = " UNION ALL ".join(self._cells(n, group) for n, group in enumerate(groups))
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW cells AS {cells}")
        self._name_units()
        self._name_periods(groups)
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {self._judged()}")
        self._find_repeats()
        self._collect_set_aside()
        return self._tallies(arrivals)

    def write_accepted(self, path: Path, delivery_ids: Mapping[int, int]) -> None:
        """Write the accepted rows of the admitted files (number → delivery id) as Parquet, sorted by unit and base period."""
        self._admit(delivery_ids)
        own = [f"t_{name} AS {identifier(name)}" for name in self._contract.landed_columns]
        beside = [
            "delivery_id",
            "l AS line_number",
            "unit_code",
            "base_period_key",
            "coalesce(series, '') AS series",
            "is_control",
            "slot",
            "false AS is_deleted",
        ]
        self._copy(
            f"SELECT {', '.join(own + beside)} FROM judged JOIN admitted USING (d) WHERE mask = 0",
            landing_columns(self._contract),
            "unit_code, base_period_key, slot, delivery_id, line_number",
            path,
        )

    def write_set_aside(self, path: Path, delivery_ids: Mapping[int, int]) -> None:
        """Write the rows of the admitted files that were set aside, with rules, reason and the row as delivered."""
        self._admit(delivery_ids)
        names = ["delivery_id", "l AS line_number", *(name for name in SET_ASIDE_COLUMNS if name not in ("delivery_id", "line_number"))]
        select = f"SELECT {', '.join(names)} FROM set_aside JOIN admitted USING (d)"
        self._copy(select, SET_ASIDE_COLUMNS, "delivery_id, line_number", path)

    def _read(self, groups: Sequence[Group], arrivals: Sequence[Arrival]) -> None:
        lines = [(arrival.number, bad) for arrival in arrivals for bad in arrival.transcript.malformed]
        columns = {
            "d": ("INTEGER", [number for number, _ in lines]),
            "l": ("BIGINT", [bad.line for _, bad in lines]),
            "raw_row": ("VARCHAR", [bad.text for _, bad in lines]),
            "reason": ("VARCHAR", [bad.reason for _, bad in lines]),
        }
        table_of(self._connection, "malformed", columns)
        for n, group in enumerate(groups):
            self._read_group(n, group)
        found = sum(scalar(self._connection, f"SELECT count(*) FROM raw_{n}") for n in range(len(groups)))
        found += scalar(self._connection, "SELECT count(*) FROM malformed")
        expected = sum(arrival.transcript.rows for arrival in arrivals)
        if found != expected:
            raise WarehouseError(
                f"{expected:,} rows were delivered to {self._contract.table}, but {found:,} were read.",
                hint="Nothing was recorded. This is a fault of the program: report it with the file.",
                code="rows_lost",
            )

    def _read_group(self, n: int, group: Group) -> None:
        names = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(group.header)))
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE raw_{n} AS SELECT * FROM read_csv(?, columns = {{'d': 'INTEGER', 'l': 'BIGINT', {names}}}, "
            f"delim = {quoted(group.form.delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', header = false, auto_detect = false, "
            f"strict_mode = true, max_line_size = {_LONGEST_RECORD}, store_rejects = true, rejects_table = 'rejects_{n}', "
            f"rejects_scan = 'scans_{n}', rejects_limit = 0)",
            [str(group.path)],
        )
        mark = quoted(group.form.delimiter)
        file, line = f"split_part(csv_line, {mark}, 1)", f"split_part(csv_line, {mark}, 2)"
        has = f"'the row has ' || found || ' value' || CASE WHEN found = 1 THEN '' ELSE 's' END || ', the header has {len(group.header)}'"
        self._connection.execute(
            f"INSERT INTO malformed SELECT CAST({file} AS INTEGER), CAST({line} AS BIGINT), "
            f"substr(csv_line, length({file}) + length({line}) + 3), coalesce({has}, 'the row cannot be read as values') FROM ("
            "SELECT csv_line, min(TRY_CAST(regexp_extract(error_message, 'Found: ([0-9]+)', 1) AS INTEGER)) - 2 AS found "
            f"FROM rejects_{n} GROUP BY ALL)"
        )

    def _name_files(self, groups: Sequence[Group], arrivals: Sequence[Arrival]) -> None:
        calendar, contract = self._project.calendar, self._contract
        days = [arrival.extracted_at.date() for arrival in arrivals]
        columns = {
            "d": ("INTEGER", [arrival.number for arrival in arrivals]),
            "last_key": ("INTEGER", [calendar.key(contract.base_period, day) + contract.periods_ahead for day in days]),
            "extract_date": ("VARCHAR", [day.isoformat() for day in days]),
        }
        table_of(self._connection, "files", columns)

    def _cells(self, n: int, group: Group) -> str:
        place = {column: f"c{group.header.index(name)}" for name, column in group.form.header.items()}
        split = group.form.split
        if split is not None:
            cell, mark = place[split.column], quoted(split.on)
            after = f"substr({cell}, strpos({cell}, {mark}) + length({mark}))"
            place[split.into] = f"CASE WHEN contains({cell}, {mark}) THEN nullif({after}, '') END"
            place[split.column] = f"nullif(split_part({cell}, {mark}, 1), '')"
        parts = [f"{n} AS g", "d", "l", f"{self._as_delivered(group)} AS raw_row", f"{quoted(group.form.decimal)} AS decimal_sign"]
        parts.append(f"{quoted(' or '.join(group.form.period))} AS period_forms")
        for name, column in self._contract.columns.items():
            raw = place.get(name, "CAST(NULL AS VARCHAR)")
            parts.append(f"{raw} AS r_{name}")
            if column.role is None:
                parts.append(f"{_typed(raw, column, group.form.decimal)} AS t_{name}")
        return f"SELECT {', '.join(parts)} FROM raw_{n}"

    @staticmethod
    def _as_delivered(group: Group) -> str:
        """The row put together again, with quotation marks where a value needs them."""
        mark = group.form.delimiter
        special = f'[{"|" if mark == "|" else mark}"\n]'
        value = "CASE WHEN regexp_matches({0}, {1}) THEN '\"' || replace({0}, '\"', '\"\"') || '\"' ELSE coalesce({0}, '') END"
        return f" || {quoted(mark)} || ".join(value.format(f"c{index}", quoted(special)) for index in range(len(group.header)))

    def _name_units(self) -> None:
        unit = self._project.vocabulary.reporting_unit
        column = self._contract.unit_column
        rows = self._connection.execute(f"SELECT DISTINCT r_{column} FROM cells WHERE r_{column} IS NOT NULL")
        labels = sorted(str(row[0]) for row in rows.fetchall())
        codes = [unit_code(label, unit.code_width) for label in labels]
        controls = {unit_code(label, unit.code_width) for label in self._contract.controls}
        columns = {
            "label": ("VARCHAR", labels),
            "unit_code": ("VARCHAR", codes),
            "unit_kind": ("VARCHAR", [None if code in controls else self._project.units.get(code) for code in codes]),
            "is_control": ("BOOLEAN", [code in controls for code in codes]),
        }
        table_of(self._connection, "unit_labels", columns)

    def _name_periods(self, groups: Sequence[Group]) -> None:
        calendar, column = self._project.calendar, self._contract.period_column
        rows = self._connection.execute(f"SELECT DISTINCT g, r_{column} FROM cells WHERE r_{column} IS NOT NULL").fetchall()
        labels = sorted((int(g), str(label)) for g, label in rows)
        formats = [_formats(group.form) for group in groups]
        base, sides = self._contract.base_period, self._contract.side_periods
        placed = [read_label(label, formats[g], calendar, base, sides) for g, label in labels]
        keys = [calendar.key(base, found.period.start) if found is not None else None for found in placed]
        columns = {
            "g": ("INTEGER", [g for g, _ in labels]),
            "label": ("VARCHAR", [label for _, label in labels]),
            "start_date": ("DATE", [found.period.start if found is not None else None for found in placed]),
            "base_period_key": ("INTEGER", keys),
            "slot": ("VARCHAR", [found.slot if found is not None else None for found in placed]),
        }
        table_of(self._connection, "period_labels", columns)

    def _judged(self) -> str:
        contract = self._contract
        unit, period = contract.unit_column, contract.period_column
        own = [f"cells.r_{name}" for name in contract.columns]
        own += [f"cells.t_{name}" for name, column in contract.columns.items() if column.role is None]
        series = " || '.' || ".join(f"r_{name}" for name in contract.series) or "CAST(NULL AS VARCHAR)"
        typed = (
            f"SELECT d, l, {', '.join(own)}, u.unit_code AS t_{unit}, p.start_date AS t_{period}, u.unit_code, u.unit_kind, "
            f"coalesce(u.is_control, false) AS is_control, p.base_period_key, p.slot, last_key, {series} AS series "
            f"FROM cells JOIN files USING (d) LEFT JOIN unit_labels u ON u.label = cells.r_{unit} "
            f"LEFT JOIN period_labels p ON p.g = cells.g AND p.label = cells.r_{period}"
        )
        kept = [f"t_{name}" for name in contract.columns]
        member_kind = self._project.vocabulary.reporting_unit.member_kind
        return (
            f"SELECT d, l, {', '.join(kept)}, unit_code, base_period_key, slot, series, is_control, "
            f"{rules.mask(contract, member_kind)} AS mask FROM ({typed})"
        )

    def _find_repeats(self) -> None:
        """Rows that are right by themselves but share their key: the same again keeps its first row, a contradiction keeps none."""
        contract = self._contract
        key = ["d", *(f"t_{name}" for name in contract.key)]
        same = " AND ".join(f"j.{name} IS NOT DISTINCT FROM k.{name}" for name in key)
        content = ", ".join(f"j.t_{name}" for name in contract.columns)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE repeated_keys AS SELECT {', '.join(key)}, min(l) AS first_line, max(l) AS last_line "
            f"FROM judged WHERE mask = 0 GROUP BY ALL HAVING count(*) > 1"
        )
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE repeats AS SELECT d, l, identical, other_line FROM ("
            f"SELECT j.d, j.l, k.first_line, CASE WHEN j.l = k.first_line THEN k.last_line ELSE k.first_line END AS other_line, "
            f"count(DISTINCT ROW({content})) OVER (PARTITION BY {', '.join(f'j.{name}' for name in key)}) = 1 AS identical "
            f"FROM judged j JOIN repeated_keys k ON {same} WHERE j.mask = 0) WHERE NOT identical OR l <> first_line"
        )
        hit = rules.bit(contract, contract.rule("unique_key"))
        self._connection.execute(f"UPDATE judged SET mask = mask | {hit} FROM repeats WHERE judged.d = repeats.d AND judged.l = repeats.l")

    def _collect_set_aside(self) -> None:
        contract = self._contract
        raw = ", ".join(f"cells.r_{name}" for name in contract.columns)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE set_aside AS SELECT d, l, {rules.rule_ids(contract)} AS rule_ids, "
            f"{rules.reasons(contract)} AS reason, raw_row, unit_code, base_period_key, "
            f"coalesce(series, '') AS series, is_control, coalesce(slot, '') AS slot "
            f"FROM (SELECT j.d, j.l, j.mask, j.unit_code, j.base_period_key, j.slot, j.series, j.is_control, {raw}, raw_row, decimal_sign, "
            "period_forms, extract_date, identical, other_line "
            "FROM cells JOIN judged j ON j.d = cells.d AND j.l = cells.l JOIN files ON files.d = j.d "
            "LEFT JOIN repeats ON repeats.d = j.d AND repeats.l = j.l WHERE j.mask <> 0)"
        )
        shape = quoted(contract.rule("row_shape").id)
        self._connection.execute(f"INSERT INTO set_aside SELECT d, l, [{shape}], reason, raw_row, NULL, NULL, '', false, '' FROM malformed")

    def _tallies(self, arrivals: Sequence[Arrival]) -> dict[int, Tally]:
        tallies = {arrival.number: Tally() for arrival in arrivals}
        run = self._connection.execute
        for d, accepted, control in run("SELECT d, count(*), count_if(is_control) FROM judged WHERE mask = 0 GROUP BY d").fetchall():
            tallies[d].accepted, tallies[d].control = accepted, control
        for d, rows, line, reason, ids in run(
            "SELECT d, count(*), min(l), arg_min(reason, l), arg_min(rule_ids, l) FROM set_aside GROUP BY d"
        ).fetchall():
            tallies[d].set_aside = rows
            tallies[d].first_reason = f"line {line}: {reason} ({', '.join(ids)})"
        hits = run("SELECT d, id, count(*) FROM (SELECT d, unnest(rule_ids) AS id FROM set_aside) GROUP BY ALL ORDER BY d, id")
        for d, rule_id, rows in hits.fetchall():
            tallies[d].rule_counts[rule_id] = rows
        parts = run("SELECT d, unit_code, base_period_key, slot, count(*) FROM judged WHERE mask = 0 GROUP BY ALL ORDER BY ALL")
        for d, unit, key, slot, rows in parts.fetchall():
            tallies[d].partitions[unit, key, slot] = rows
        if any(arrival.manifest is not None and arrival.manifest.sums for arrival in arrivals):
            self._add_up(tallies)
        return tallies

    def _add_up(self, tallies: dict[int, Tally]) -> None:
        numbers = [name for name, column in self._contract.columns.items() if column.type in ("integer", "decimal")]
        if not numbers:
            return
        sums = ", ".join(f"coalesce(sum(t_{name}), 0)" for name in numbers)
        for d, *totals in self._connection.execute(f"SELECT d, {sums} FROM judged GROUP BY d").fetchall():
            tallies[d].sums = {name: Decimal(total) for name, total in zip(numbers, totals, strict=True)}

    def _admit(self, delivery_ids: Mapping[int, int]) -> None:
        table_of(
            self._connection,
            "admitted",
            {"d": ("INTEGER", list(delivery_ids)), "delivery_id": ("INTEGER", list(delivery_ids.values()))},
        )

    def _copy(self, select: str, columns: Mapping[str, str], order: str, path: Path) -> None:
        typed = ", ".join(f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in columns.items())
        ordered = f"SELECT {typed} FROM ({select}) ORDER BY {order}"
        self._connection.execute(f"COPY ({ordered}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def unit_code(label: str, width: int | None) -> str:
    """A code as delivered, padded with zeros where the vocabulary has a width."""
    return label.zfill(width) if width is not None and label.isascii() and label.isdigit() else label


def _formats(form: Form) -> tuple[LabelFormat, ...]:
    return tuple(notation for text in form.period if (notation := label_format(text)) is not None)


def _typed(raw: str, column: Column, decimal_sign: str) -> str:
    """The value in its landing type, NULL when it does not have the type's shape: casts alone would bend 12.7 to 13."""
    kind = column_type(column)
    match column.type:
        case "text" | "unit_code" | "period":
            return raw
        case "integer":
            return f"CASE WHEN regexp_full_match({raw}, '{_WHOLE_NUMBER}') THEN TRY_CAST({raw} AS {kind}) END"
        case "decimal":
            scale = column.scale or 0
            fraction = rf"(\{decimal_sign}[0-9]{{1,{scale}}})?" if scale else ""
            shape = f"-?[0-9]{{1,{18 - scale}}}{fraction}"
            number = raw if decimal_sign == "." else f"replace({raw}, {quoted(decimal_sign)}, '.')"
            return f"CASE WHEN regexp_full_match({raw}, '{shape}') THEN TRY_CAST({number} AS {kind}) END"
        case "date":
            return rf"CASE WHEN regexp_full_match({raw}, '\d{{4}}-\d{{2}}-\d{{2}}') THEN TRY_CAST({raw} AS DATE) END"
        case "timestamp":
            return rf"CASE WHEN regexp_full_match({raw}, '\d{{4}}-\d{{2}}-\d{{2}}([T ].*)?') THEN TRY_CAST({raw} AS TIMESTAMP) END"
        case "boolean":
            return f"CASE WHEN {raw} IN ('true', 'false', '1', '0') THEN CAST({raw} AS BOOLEAN) END"
