"""The set-based pass: every row of every file of one contract is typed, judged by the contract's rules, and written.

Rows stream from the transcripts into `pass.judged` (a file of the scratch folder): typed values, where the
row belongs, and `mask`, a bit per failed rule. Rows that fail keep their cells as delivered, to be explained; personal values are
in neither. What needs more
than the row comes after: rules about the extract, whose time may stand in a column, and keys that come twice. `malformed` are
lines that are no record; `set_aside` is what goes to the set-aside file. `d` is the file's number within the receive, `l` the
line in the file.
"""

# ruff: noqa: S608 - names and literals are the contract's own, quoted; values are bound
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from flis_semantic.contracts.labels import labels
from flis_semantic.contracts.landing import SET_ASIDE_COLUMNS, landing_columns
from flis_semantic.contracts.model import Contract, FromColumn
from flis_semantic.delivery import rules
from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.cells import Group, as_delivered, bounded, delivered_values, extract_moment, hides_something
from flis_semantic.delivery.counting import unit_counts
from flis_semantic.delivery.judged_rows import PLACED, JudgedRows
from flis_semantic.delivery.masks import masks_of
from flis_semantic.delivery.numbers import take_numbers
from flis_semantic.delivery.pseudonyms import PseudonymKey
from flis_semantic.delivery.report import MASK
from flis_semantic.delivery.sql import identifier, quoted, scalar, table_of
from flis_semantic.delivery.units import unit_spellings
from flis_semantic.errors import WarehouseError
from flis_semantic.ledger_records import Part, UnitCount
from flis_semantic.warehouse import Connection
from flis_semantic.workspace import Project


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
    units: list[UnitCount] = field(default_factory=list[UnitCount])


@dataclass(frozen=True)
class InColumns:
    """What a file's columns say about the file: its newest extract time, its lowest and highest number in a sequence of deltas."""

    extracted_at: datetime | None = None
    sequences: tuple[int, int] | None = None


class Judging:
    """One pass over the files of one contract."""

    def __init__(
        self, connection: Connection, project: Project, contract: Contract, groups: Sequence[Group], key: PseudonymKey | None = None
    ) -> None:
        self._connection = connection
        self._project = project
        self._contract = contract
        self._groups = groups
        self._key = key
        self._set_aside = rules.set_aside_bits(contract)
        self._masks = masks_of(project.vocabulary)
        self._rows = JudgedRows(rules.Setting(contract, project.vocabulary.reporting_unit.member_kind, self._masks))

    @property
    def connection(self) -> Connection:
        """The engine that judges."""
        return self._connection

    def read(self, arrivals: Sequence[Arrival]) -> dict[int, InColumns]:
        """Read and type all rows. Returns what each file's columns say about it, by its number.

        Raises WarehouseError when not every row that was transcribed is found again: then nothing may be recorded.
        """
        self._name_files(arrivals)
        table_of(self._connection, "units", unit_spellings(self._project, self._contract))
        self._lay_out()
        self._take_malformed(arrivals)
        take_numbers(self._connection, self._project.vocabulary, self._contract, self._groups, self._key)
        for n, group in enumerate(self._groups):
            self._name_periods(n, group)
            self._connection.execute(f"INSERT INTO pass.judged BY NAME {self._rows.select(n, group)}")
            self._take_rejects(n, group)
        found = scalar(self._connection, "SELECT count(*) FROM pass.judged") + scalar(self._connection, "SELECT count(*) FROM malformed")
        expected = sum(arrival.transcript.rows for arrival in arrivals)
        if found != expected:
            raise WarehouseError(
                f"{expected:,} rows were delivered to {self._contract.table}, but {found:,} were read.",
                hint="Nothing was recorded. This is a fault of the program: report it with the file.",
                code="rows_lost",
            )
        return self._in_columns(arrivals)

    def judge(self, arrivals: Sequence[Arrival]) -> dict[int, Tally]:
        """Judge what needs more than the row; the arrivals know their extract times now. Returns the tally of each file by its number."""
        self._date_files(arrivals)
        self._find_late()
        self._find_repeats()
        self._read_cells_again()
        self._collect_set_aside()
        return self._tallies(arrivals)

    def write_accepted(self, path: Path, delivery_ids: Mapping[int, int]) -> None:
        """Write the accepted rows of the admitted files (number → delivery id) as Parquet, sorted by unit and base period."""
        self._admit(delivery_ids)
        self._copy(self._accepted(), landing_columns(self._contract), f"{PLACED}, delivery_id, line_number", path)

    def _accepted(self) -> str:
        """SELECT of the accepted rows of the files in `admitted`, as the landing zone keeps them."""
        pseudonyms = self._contract.pseudonyms
        landed = {name: pseudonyms[name].key if name in pseudonyms else name for name in self._rows.kept}
        own = [f"{self._rows.name(name)} AS {identifier(column)}" for name, column in landed.items()]
        beside = ["delivery_id", "l AS line_number", "unit_code", "base_period_key", "coalesce(series, '') AS series"]
        beside += ["is_control", "slot", "is_deleted"]
        return f"SELECT {', '.join(own + beside)} FROM pass.judged JOIN admitted USING (d) WHERE {self._is_accepted}"

    def write_set_aside(self, path: Path, delivery_ids: Mapping[int, int]) -> None:
        """Write the rows of the admitted files that were set aside, with rules, reason and the row as delivered."""
        self._admit(delivery_ids)
        self._copy(self._left(), SET_ASIDE_COLUMNS, "delivery_id, line_number", path)

    def _left(self) -> str:
        """SELECT of the rows of the files in `admitted` that were set aside."""
        names = ["delivery_id", "l AS line_number", *(name for name in SET_ASIDE_COLUMNS if name not in ("delivery_id", "line_number"))]
        return f"SELECT {', '.join(names)} FROM set_aside JOIN admitted USING (d)"

    @property
    def _is_accepted(self) -> str:
        return rules.is_accepted(self._contract)

    def _lay_out(self) -> None:
        columns = ", ".join(f"{identifier(name)} {kind}" for name, kind in self._rows.columns.items())
        self._connection.execute(f"CREATE OR REPLACE TABLE pass.judged ({columns})")

    def _take_malformed(self, arrivals: Sequence[Arrival]) -> None:
        hidden = {group.form_name: hides_something(group, self._contract) for group in self._groups}
        lines = [(arrival, bad) for arrival in arrivals for bad in arrival.transcript.malformed]
        columns = {
            "d": ("INTEGER", [arrival.number for arrival, _ in lines]),
            "l": ("BIGINT", [bad.line for _, bad in lines]),
            "raw_row": ("VARCHAR", [MASK if hidden.get(arrival.form_name) else self._masks.text(bad.text) for arrival, bad in lines]),
            "reason": ("VARCHAR", [self._masks.text(bad.reason) for _, bad in lines]),
        }
        table_of(self._connection, "malformed", columns)

    def _take_rejects(self, n: int, group: Group) -> None:
        """Lines that the engine could not read as the group's columns."""
        if group.form.kind == "parquet":
            return
        mark = quoted(group.delimiter)
        file, line = f"split_part(csv_line, {mark}, 1)", f"split_part(csv_line, {mark}, 2)"
        has = f"'the row has ' || found || ' value' || CASE WHEN found = 1 THEN '' ELSE 's' END || ', the header has {len(group.header)}'"
        row = self._masks.masked(f"substr(csv_line, length({file}) + length({line}) + 3)")
        row = quoted(MASK) if hides_something(group, self._contract) else row
        self._connection.execute(
            f"INSERT INTO malformed SELECT CAST({file} AS INTEGER), CAST({line} AS BIGINT), "
            f"{row}, coalesce({has}, 'the row cannot be read as values') FROM ("
            "SELECT csv_line, min(TRY_CAST(regexp_extract(error_message, 'Found: ([0-9]+)', 1) AS INTEGER)) - 2 AS found "
            f"FROM rejects_{n} GROUP BY ALL)"
        )

    def _name_files(self, arrivals: Sequence[Arrival]) -> None:
        """What each file's name says of all of its rows."""
        base, calendar = self._contract.base_period, self._project.calendar
        placed = [arrival.named.period for arrival in arrivals]
        columns = {
            "d": ("INTEGER", [arrival.number for arrival in arrivals]),
            "named_unit": ("VARCHAR", [arrival.named.unit for arrival in arrivals]),
            "named_period": ("VARCHAR", [arrival.named.label for arrival in arrivals]),
            "named_key": ("INTEGER", [calendar.key(base, found.period.start) if found is not None else None for found in placed]),
            "named_slot": ("VARCHAR", [found.slot if found is not None else None for found in placed]),
            "named_start": ("DATE", [found.period.start if found is not None else None for found in placed]),
        }
        table_of(self._connection, "named_files", columns)

    def _date_files(self, arrivals: Sequence[Arrival]) -> None:
        calendar, contract = self._project.calendar, self._contract
        days = [arrival.extracted_at.date() for arrival in arrivals]
        columns = {
            "d": ("INTEGER", [arrival.number for arrival in arrivals]),
            "last_key": ("INTEGER", [calendar.key(contract.base_period, day) + contract.periods_ahead for day in days]),
            "extract_date": ("DATE", days),
        }
        table_of(self._connection, "files", columns)

    def _name_periods(self, n: int, group: Group) -> None:
        contract, calendar = self._contract, self._project.calendar
        known = labels(group.label_formats, calendar, contract.base_period, contract.side_periods)
        columns = {
            "label": ("VARCHAR", list(known)),
            "start_date": ("DATE", [found.period.start for found in known.values()]),
            "base_period_key": ("INTEGER", [calendar.key(contract.base_period, found.period.start) for found in known.values()]),
            "slot": ("VARCHAR", [found.slot for found in known.values()]),
        }
        table_of(self._connection, f"periods_{n}", columns)

    def _in_columns(self, arrivals: Sequence[Arrival]) -> dict[int, InColumns]:
        forms = [group.form for group in self._groups]
        times = {form.extracted_at.column for form in forms if isinstance(form.extracted_at, FromColumn)}
        numbers = {form.delta.sequence.column for form in forms if form.delta is not None and isinstance(form.delta.sequence, FromColumn)}
        if not times and not numbers:
            return {}
        by_number = {arrival.number: arrival.form for arrival in arrivals}
        found: dict[int, InColumns] = {}
        moments = {name: bounded(f"max({extract_moment(self._contract.columns[name], f't_{name}')})") for name in sorted(times)}
        selected = [*moments.values(), *(f"{end}(t_{name})" for name in sorted(numbers) for end in ("min", "max"))]
        for d, *row in self._connection.execute(f"SELECT d, {', '.join(selected)} FROM pass.judged GROUP BY d").fetchall():
            values = iter(row)
            moment_of = {name: next(values) for name in moments}
            ends = {name: (next(values), next(values)) for name in sorted(numbers)}
            form = by_number[d]
            extract = moment_of[form.extracted_at.column] if isinstance(form.extracted_at, FromColumn) else None
            sequence = form.delta.sequence if form.delta is not None else None
            low_high = ends[sequence.column] if isinstance(sequence, FromColumn) else (None, None)
            found[d] = InColumns(extract, None if low_high[0] is None else low_high)
        return found

    def _find_late(self) -> None:
        """Rows that fail a rule about the extract; their cells are read again, as nobody knew that they would be wanted."""
        masks = rules.late_masks(self._contract)
        failed = " | ".join(f"CASE WHEN {condition} THEN {bit} ELSE 0 END" for bit, condition in masks)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE hits AS SELECT d, l, CAST({failed} AS BIGINT) AS hit FROM pass.judged JOIN files USING (d) "
            f"WHERE {' OR '.join(f'coalesce({condition}, false)' for _, condition in masks)}"
        )
        self._add_hits()

    def _find_repeats(self) -> None:
        """Rows that are right by themselves but share their key: the same again keeps its first row, a contradiction keeps none.

        Of a delta a key may be deleted in one part and written in another: the row moves.
        """
        contract = self._contract
        key = [self._rows.name(name) for name in contract.key]
        if contract.period_column in contract.key:
            key.append("slot")
        self._connection.execute("CREATE OR REPLACE TEMP TABLE repeats (d INTEGER, l BIGINT, identical BOOLEAN, other_line BIGINT)")
        self._find_repeats_of(key, f"{self._is_accepted} AND NOT is_deleted")
        if any(group.form.mode == "delta" for group in self._groups):
            self._find_repeats_of([*dict.fromkeys([*key, "unit_code", "base_period_key", "slot"])], self._is_accepted)
        hit = rules.bit(contract, contract.rule("unique_key"))
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE hits AS SELECT DISTINCT d, l, CAST({hit} AS BIGINT) AS hit FROM repeats")
        self._add_hits()

    def _find_repeats_of(self, key: Sequence[str], where: str) -> None:
        """Add to `repeats`. Keys are found by one number each; only rows whose number comes twice are compared."""
        columns = ", ".join(["d", *key])
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE suspects AS SELECT hash({columns}) AS h FROM pass.judged WHERE {where} "
            "GROUP BY h HAVING count(*) > 1"
        )
        if not scalar(self._connection, "SELECT count(*) FROM suspects"):
            return
        content = ", ".join(["is_deleted", "slot", *map(self._rows.name, self._rows.kept)])
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE alike AS SELECT * FROM pass.judged SEMI JOIN suspects ON h = hash({columns}) "
            f"ANTI JOIN repeats USING (d, l) WHERE {where}"
        )
        self._connection.execute(
            "INSERT INTO repeats SELECT d, l, identical, other_line FROM (SELECT d, l, min(l) OVER same AS first_line, "
            "CASE WHEN l = min(l) OVER same THEN max(l) OVER same ELSE min(l) OVER same END AS other_line, count(*) OVER same AS times, "
            f"count(DISTINCT ROW({content})) OVER (PARTITION BY {columns}) = 1 AS identical "
            f"FROM alike WINDOW same AS (PARTITION BY {columns})) WHERE times > 1 AND (NOT identical OR l <> first_line)"
        )

    def _add_hits(self) -> None:
        """Add the bits of `hits` to the rows' masks."""
        run = self._connection.execute
        if scalar(self._connection, "SELECT count(*) FROM hits"):
            run("UPDATE pass.judged SET mask = mask | hit FROM hits WHERE judged.d = hits.d AND judged.l = hits.l")

    def _read_cells_again(self) -> None:
        """Give the rows that failed only in the end the cells that they are explained by."""
        run = self._connection.execute
        bare = f"CREATE OR REPLACE TEMP TABLE bare AS SELECT d, l, g FROM pass.judged WHERE mask & {self._set_aside} <> 0 AND cells IS NULL"
        run(bare)
        wanted: set[int] = {int(row[0]) for row in run("SELECT DISTINCT g FROM bare").fetchall()}
        for n in sorted(wanted):
            group = self._groups[n]
            again = (
                f"SELECT d, l, {group.all_cells(self._contract, self._masks)} AS cells FROM {group.source()} SEMI JOIN bare USING (d, l)"
            )
            run(f"CREATE OR REPLACE TEMP TABLE clothed AS {again}")
            run("UPDATE pass.judged SET cells = clothed.cells FROM clothed WHERE judged.d = clothed.d AND judged.l = clothed.l")

    def _collect_set_aside(self) -> None:
        contract = self._contract
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE set_aside (d INTEGER, l BIGINT, rule_ids VARCHAR[], reason VARCHAR, raw_row VARCHAR, "
            "unit_code VARCHAR, base_period_key INTEGER, series VARCHAR, is_control BOOLEAN, slot VARCHAR, header VARCHAR[])"
        )
        for n, group in enumerate(self._groups):
            form = group.form
            values = delivered_values(group, contract, group.kept_cell)
            delivered = ", ".join(f"{raw} AS r_{name}" for name, raw in values.items())
            constants = f"{quoted(form.decimal)} AS decimal_sign, {quoted(form.date_format)} AS date_format, "
            constants += f"{quoted(' or '.join(form.period))} AS period_forms"
            self._connection.execute(
                f"INSERT INTO set_aside SELECT d, l, {rules.rule_ids(contract)}, {rules.reasons(contract)}, raw_row, "
                f"unit_code, base_period_key, coalesce(series, ''), is_control, coalesce(slot, ''), "
                f"[{', '.join(map(quoted, group.header))}] "
                f"FROM (SELECT *, {delivered}, {as_delivered(group)} AS raw_row, {constants} FROM (SELECT * FROM pass.judged "
                f"JOIN files USING (d) JOIN named_files USING (d) LEFT JOIN repeats USING (d, l) "
                f"WHERE g = {n} AND mask & {self._set_aside} <> 0))"
            )
        shape = quoted(contract.rule("row_shape").id)
        self._connection.execute(
            f"INSERT INTO set_aside SELECT d, l, [{shape}], reason, raw_row, NULL, NULL, '', false, '', NULL FROM malformed"
        )

    def _tallies(self, arrivals: Sequence[Arrival]) -> dict[int, Tally]:
        tallies = {arrival.number: Tally() for arrival in arrivals}
        run = self._connection.execute
        parts = run(
            f"SELECT d, {PLACED}, count(*), count_if(is_control) FROM pass.judged WHERE {self._is_accepted} GROUP BY ALL ORDER BY ALL"
        )
        for d, unit, key, slot, rows, controls in parts.fetchall():
            tallies[d].accepted += rows
            tallies[d].control += controls
            tallies[d].partitions[unit, key, slot] = rows
        for d, rows, line, reason, ids in run(
            "SELECT d, count(*), min(l), arg_min(reason, l), arg_min(rule_ids, l) FROM set_aside GROUP BY d"
        ).fetchall():
            tallies[d].set_aside = rows
            tallies[d].first_reason = f"line {line}: {reason} ({', '.join(ids)})"
        hits = run("SELECT d, id, count(*) FROM (SELECT d, unnest(rule_ids) AS id FROM set_aside) GROUP BY ALL ORDER BY d, id")
        for d, rule_id, rows in hits.fetchall():
            tallies[d].rule_counts[rule_id] = rows
        self._count_warnings(tallies)
        for d, counts in unit_counts(self._connection, self._contract).items():
            tallies[d].units = counts
        if any(arrival.manifest is not None and arrival.manifest.sums for arrival in arrivals):
            self._add_up(tallies)
        return tallies

    def _count_warnings(self, tallies: Mapping[int, Tally]) -> None:
        """Hits on rows that were accepted all the same."""
        for rule in self._contract.row_rules:
            if rule.action == "warn":
                hit = f"mask & {rules.bit(self._contract, rule)} <> 0"
                found = self._connection.execute(f"SELECT d, count(*) FROM pass.judged WHERE {self._is_accepted} AND {hit} GROUP BY d")
                for d, rows in found.fetchall():
                    tallies[d].rule_counts[rule.id] = tallies[d].rule_counts.get(rule.id, 0) + rows

    def _add_up(self, tallies: dict[int, Tally]) -> None:
        numbers = [name for name, column in self._contract.columns.items() if column.type in ("integer", "decimal")]
        if not numbers:
            return
        for tally in tallies.values():
            # A file without a row adds up to nothing.
            tally.sums = dict.fromkeys(numbers, Decimal(0))
        sums = ", ".join(f"coalesce(sum(t_{name}), 0)" for name in numbers)
        for d, *totals in self._connection.execute(f"SELECT d, {sums} FROM pass.judged GROUP BY d").fetchall():
            tallies[d].sums = {name: Decimal(total) for name, total in zip(numbers, totals, strict=True)}

    def _admit(self, delivery_ids: Mapping[int, int]) -> None:
        table_of(
            self._connection,
            "admitted",
            {"d": ("INTEGER", list(delivery_ids)), "delivery_id": ("INTEGER", list(delivery_ids.values()))},
        )

    def _copy(self, select: str, columns: Mapping[str, str], order: str, path: Path) -> None:
        typed_columns = ", ".join(f"CAST({identifier(name)} AS {kind}) AS {identifier(name)}" for name, kind in columns.items())
        ordered = f"SELECT {typed_columns} FROM ({select}) ORDER BY {order}"
        self._connection.execute(f"COPY ({ordered}) TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)")
