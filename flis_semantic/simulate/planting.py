"""Faults in the rows and files of a chunk: what was drawn happens to the table `written` and to the files' facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from flis_semantic.contracts.labels import date_in_name
from flis_semantic.contracts.model import Contract, Form, FromColumn, FromFileName
from flis_semantic.simulate.drawing import DeliveredPart, Drawn, period_source, unit_source, value_source
from flis_semantic.simulate.faults import COVERAGE, Fate, Fault
from flis_semantic.simulate.recipe import Recipe
from flis_semantic.simulate.writing import FileFacts, SimulatedFile, column_types, csv_cell, form_of, source_of, write_files
from flis_semantic.warehouse import quoted

_AGAIN = "again"
"""The folder of second deliveries, and the table of their rows."""

_TYPE_MARK = " (tal)"
"""What makes a number text."""


@dataclass(frozen=True)
class Planting:
    """The faults of a table, chunk by chunk."""

    contract: Contract
    recipe: Recipe
    drawn: Sequence[Drawn]
    kept: dict[DeliveredPart, str] = field(default_factory=dict[DeliveredPart, str])
    """Tables of rows of earlier chunks, by the part that they are copied to."""

    def write(self, facts: Sequence[FileFacts], out: Path) -> tuple[list[SimulatedFile], list[dict[str, str]]]:
        """Write the chunk's files with what is wrong with them, second deliveries beside them, and what was planted."""
        here = {fact.file_name for fact in facts}
        mine = [one for one in self.drawn if any(part.file_name in here for part in one.parts)]
        if mine or any(one.copied_file in here for one in self.drawn):
            self._number_rows()
        self._keep_copied(here)
        if not mine:
            return write_files(self.recipe.connection, self.contract, self.recipe.name, facts, out), []
        planted = [row for one in mine if one.fault.lasts for row in self._plant(one, here)]
        again = {one.file_name: one for one in mine if one.fault.again_after_days is not None}
        second = self._keep_again(again)
        planted += [row for one in mine if not one.fault.lasts for row in self._plant(one, here)]
        self._put_in_order("written")
        absent = {(part.file_name, part.unit, part.period) for one in mine if one.fault.fate == "missing" for part in one.parts}
        damaged = {one.file_name: one.fault for one in mine if one.fault.of_file}
        first = [self._as_sent(fact, damaged.get(fact.file_name), absent) for fact in facts]
        unsent = self._emptied({name for name, _, _ in absent})
        first = [fact for fact in first if fact.file_name not in unsent or fact.parts]
        files = write_files(self.recipe.connection, self.contract, self.recipe.name, first, out)
        if second:
            (out / _AGAIN).mkdir(exist_ok=True)
            later = [self._later(fact, again[fact.file_name], second) for fact in facts if fact.file_name in again]
            files += write_files(self.recipe.connection, self.contract, self.recipe.name, later, out / _AGAIN, table=_AGAIN)
        return files, planted

    def _as_sent(self, fact: FileFacts, fault: Fault | None, absent: set[tuple[str, str, str]]) -> FileFacts:
        """What is said of a file when something is wrong with it, or parts of it do not come."""
        parts = tuple(part for part in fact.parts if (fact.file_name, *part) not in absent)
        if fault is None:
            return replace(fact, parts=parts)
        return replace(fact, parts=parts, damage=fault.what, controls=fact.controls and fault.controls)

    def _number_rows(self) -> None:
        """Give every row a place, so that others can be put beside it, and room for a line of its own."""
        raw = "" if "raw_line" in self._types else ", CAST(NULL AS VARCHAR) AS raw_line"
        columns = f"*{raw}, CAST(rowid AS DOUBLE) AS place"
        self._execute(f"CREATE OR REPLACE TEMP TABLE written AS SELECT {columns} FROM written ORDER BY rowid")  # noqa: S608 - own names

    def _put_in_order(self, table: str) -> None:
        self._execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * EXCLUDE place FROM "{table}" ORDER BY place')  # noqa: S608 - own names

    def _emptied(self, files: set[str]) -> set[str]:
        """Files that have no row left: nobody sends them."""
        left = {name for (name,) in self._execute("SELECT DISTINCT file_name FROM written")}
        return files - left

    def _plant(self, one: Drawn, here: set[str]) -> list[dict[str, str]]:
        """Do to the rows what the fault says, and tell what is to be found."""
        fault = one.fault
        if fault.of_file:
            rows = self._execute(f"SELECT count(*) FROM written WHERE file_name = {quoted(one.file_name)}")[0][0]  # noqa: S608 - quoted
            found = [self._told(one, None, rows, fault.fate)]
            lost = fault.fate == "refused" and fault.again_after_days is None
            return found + ([self._told(one, part, 1, "missing", COVERAGE) for part in one.parts] if lost else [])
        parts = [part for part in one.parts if part.file_name in here]
        if fault.what in ("period_missing", "unit_absent"):
            for part in parts:
                self._execute(f"DELETE FROM written WHERE {self._where(part)}")  # noqa: S608 - quoted
            return [self._told(one, part, 1, fault.fate) for part in parts]
        if fault.what == "level_shift":
            for part in parts:
                self._change_value(one, part, f"{{}} * {fault.factor}")
            return [self._told(one, part, self._count(part), fault.fate) for part in parts if part == one.parts[0]]
        [part] = parts
        match fault.what:
            case "carried_forward":
                self._carry_forward(one, part)
                return [self._told_where(self._count(part) >= fault.least, one, part, self._count(part))]
            case "zero_filled":
                self._change_value(one, part, "0")
            case "values_corrected":
                self._change_value(one, part, "{} + 1")
            case "value_lost":
                return [self._lose_value(one, part)]
            case "type_changed":
                count = self._change_type(one, part)
                lost = [self._told(one, part, 1, "missing", COVERAGE)] if count == self._count(part, lines=True) else []
                return [self._told(one, part, count, fault.fate), *lost]
            case "rows_duplicated":
                return [self._told(one, part, self._duplicate(one, part), fault.fate)]
            case _:
                return [self._told(one, part, self._leave_out(one, part), fault.fate)]
        return [self._told(one, part, self._count(part), fault.fate)]

    def _keep_copied(self, here: set[str]) -> None:
        """Keep what faults of later chunks copy from this one."""
        for number, one in enumerate(self.drawn):
            if one.before is not None and one.copied_file in here and one.file_name not in here:
                name = f"before_{self.contract.table}_{number}"
                self._execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS FROM written WHERE {self._where(one.before)}')
                self.kept[one.parts[0]] = f'"{name}"'

    def _rows_before(self, one: Drawn) -> str:
        """The rows of the period before, of this chunk or kept from an earlier one: what stands after FROM."""
        assert one.before is not None, "drawn among those that have a period before"
        return self.kept.get(one.parts[0]) or f"written WHERE {self._where(one.before)}"

    def _carry_forward(self, one: Drawn, part: DeliveredPart) -> None:
        before = one.before
        assert before is not None, "drawn among those that have a period before"
        form = self._form(part)
        period = period_source(self.contract, form, self._types)
        place = self._execute(f"SELECT min(place) FROM written WHERE {self._where(part)}")[0][0]  # noqa: S608 - quoted
        own = {"file_name": quoted(part.file_name), "place": f"{place} + row_number() OVER (ORDER BY place) / 1000000.0"}
        if period is not None:
            mark = form.split.on if form.split is not None else None
            old, new = (
                labels[0].split(mark)[0] if mark is not None else labels[0] for labels in (before.period_labels, part.period_labels)
            )
            own[period] = f'replace(CAST("{period}" AS VARCHAR), {quoted(old)}, {quoted(new)})'
        if isinstance(form.extracted_at, FromColumn):
            name = value_source(form.extracted_at.column, form, self._types)
            if name is not None:
                own[name] = f'(SELECT max("{name}") FROM written WHERE {self._where(part)})'  # noqa: S608 - quoted
        replaced = ", ".join(f'{value} AS "{name}"' for name, value in own.items())
        carried = f"SELECT * REPLACE ({replaced}) FROM {self._rows_before(one)}"  # noqa: S608 - quoted
        self._execute(f"CREATE OR REPLACE TEMP TABLE carried AS {carried}")
        self._execute(f"DELETE FROM written WHERE {self._where(part)}")  # noqa: S608 - quoted
        self._execute("INSERT INTO written FROM carried")

    def _change_value(self, one: Drawn, part: DeliveredPart, expression: str) -> None:
        """Another number wherever there is one, with as many decimals as the contract keeps. `{}` stands for the old one."""
        name = self._column(one.fault.value, part)
        kind = self._types[name]
        number = f'CAST("{name}" AS DOUBLE)' if kind == "VARCHAR" else f'"{name}"'
        decimals = self.contract.columns[one.fault.value or ""].scale or 0
        new = f"CAST(CAST({expression.format(number)} AS DECIMAL(18, {decimals})) AS {kind})"
        self._execute(f'UPDATE written SET "{name}" = {new} WHERE {self._where(part)} AND "{name}" IS NOT NULL')  # noqa: S608 - quoted

    def _lose_value(self, one: Drawn, part: DeliveredPart) -> dict[str, str]:
        """Take out the value that there was most of in the period before; too little of it to be missed is not to be found."""
        value, column = self._column(one.fault.value, part), self._column(one.fault.column, part)
        [(lost, amount)] = self._execute(
            f'SELECT CAST("{column}" AS VARCHAR), sum("{value}") FROM {self._rows_before(one)} '  # noqa: S608 - quoted
            "GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT 1"
        )
        self._execute(f'DELETE FROM written WHERE {self._where(part)} AND CAST("{column}" AS VARCHAR) = {quoted(lost)}')  # noqa: S608
        return self._told_where(amount >= one.fault.least, one, part, 1)

    def _change_type(self, one: Drawn, part: DeliveredPart) -> int:
        """Write numbers as text; how many there were."""
        form = self._form(part)
        name = self._column(one.fault.column, part)
        sources = [source_of(self.contract, self.recipe.name, form, column, self._types) for column in form.header]
        cells = [csv_cell(form, source, self._types[source]) for source in sources]
        cells = [f"{cell} || {quoted(_TYPE_MARK)}" if source == name else cell for source, cell in zip(sources, cells, strict=True)]
        line = f" || {quoted(form.delimiter)} || ".join(cells)
        where = f'{self._where(part)} AND "{name}" IS NOT NULL'
        [[count]] = self._execute(f"SELECT count(*) FROM written WHERE {where}")  # noqa: S608 - quoted
        self._execute(f"UPDATE written SET raw_line = {line} WHERE {where}")  # noqa: S608 - quoted
        return count

    def _duplicate(self, one: Drawn, part: DeliveredPart) -> int:
        """Some rows twice, the second one right after the first."""
        count = self._share(one, part)
        some = f"FROM written WHERE {self._where(part)} ORDER BY place LIMIT {count}"
        self._execute(f"INSERT INTO written SELECT * REPLACE (place + 0.5 AS place) {some}")  # noqa: S608 - quoted
        return count

    def _leave_out(self, one: Drawn, part: DeliveredPart) -> int:
        """Some rows that come later: the last ones."""
        count = self._share(one, part)
        last = f"SELECT place FROM written WHERE {self._where(part)} ORDER BY place DESC LIMIT {count}"  # noqa: S608 - quoted
        self._execute(f"DELETE FROM written WHERE place IN ({last})")  # noqa: S608 - quoted
        return count

    def _share(self, one: Drawn, part: DeliveredPart) -> int:
        return max(1, round(self._count(part) * (one.fault.share or 0)))

    def _keep_again(self, again: dict[str, Drawn]) -> dict[str, str]:
        """The rows of files that come twice, as they are to be, in a table; the files' names then."""
        if not again:
            return {}
        names: dict[str, str] = {}
        listed = ", ".join(quoted(name) for name in again)
        self._execute(f'CREATE OR REPLACE TEMP TABLE "{_AGAIN}" AS FROM written WHERE file_name IN ({listed})')
        for name, one in again.items():
            form = self.contract.forms[form_of(self.contract, self.recipe.name, name)]
            days = one.fault.again_after_days or 0
            names[name] = _name_later(name, form, days)
            later = [f"file_name = {quoted(names[name])}"]
            if isinstance(form.extracted_at, FromColumn):
                column = value_source(form.extracted_at.column, form, self._types)
                if column is not None:
                    later.append(f'"{column}" = CAST("{column}" + to_days({days}) AS {self._types[column]})')
            self._execute(f'UPDATE "{_AGAIN}" SET {", ".join(later)} WHERE file_name = {quoted(name)}')  # noqa: S608 - quoted
        self._put_in_order(_AGAIN)
        return names

    def _later(self, fact: FileFacts, one: Drawn, names: dict[str, str]) -> FileFacts:
        later = fact.extracted_at + timedelta(days=one.fault.again_after_days or 0)
        return replace(fact, file_name=names[fact.file_name], extracted_at=later)

    def _told_where(self, enough: bool, one: Drawn, part: DeliveredPart, rows: int) -> dict[str, str]:
        """What is found where there is enough of it to be told."""
        return self._told(one, part, rows, one.fault.fate) if enough else self._told(one, part, rows, "undetectable", "")

    def _told(self, one: Drawn, part: DeliveredPart | None, rows: int, fate: Fate, finding: str | None = None) -> dict[str, str]:
        return {
            "table": self.contract.table,
            "file": one.file_name if part is None else part.file_name,
            "unit": part.unit if part is not None else "",
            "period": part.period if part is not None else "",
            "finding": (one.fault.finding or "") if finding is None else finding,
            "class": one.fault.what,
            "rows": str(rows),
            "fate": fate,
        }

    def _count(self, part: DeliveredPart, *, lines: bool = False) -> int:
        """How many rows the part has; with `lines`, also those that are written as a line of their own."""
        [[count]] = self._execute(f"SELECT count(*) FROM written WHERE {self._where(part, lines=lines)}")  # noqa: S608 - quoted
        return count

    def _column(self, column: str | None, part: DeliveredPart) -> str:
        """The recipe's column for one of the contract's."""
        form = self._form(part)
        name = value_source(column or "", form, self._types)
        return name or source_of(self.contract, self.recipe.name, form, column or "", self._types)

    def _where(self, part: DeliveredPart, *, lines: bool = False) -> str:
        """Condition of the part's rows; a line that the recipe wrote itself is none of them, unless `lines` are asked for."""
        form = self._form(part)
        unit, period = unit_source(self.contract, form, self._types), period_source(self.contract, form, self._types)
        conditions = [f"file_name = {quoted(part.file_name)}", *([] if lines else ["raw_line IS NULL"])]
        if unit is not None and part.unit_label is not None:
            conditions.append(f'CAST("{unit}" AS VARCHAR) = {quoted(part.unit_label)}')
        if period is not None and part.period_labels:
            conditions.append(f'CAST("{period}" AS VARCHAR) IN ({", ".join(quoted(label) for label in part.period_labels)})')
        return " AND ".join(conditions)

    def _form(self, part: DeliveredPart) -> Form:
        return self.contract.forms[form_of(self.contract, self.recipe.name, part.file_name)]

    @property
    def _types(self) -> dict[str, str]:
        return column_types(self.recipe.connection, "written")

    def _execute(self, sql: str) -> list[tuple[Any, ...]]:
        return self.recipe.connection.execute(sql).fetchall()


def _name_later(name: str, form: Form, days: int) -> str:
    """The name of a file that is extracted so many days later, where its name says the day."""
    if not isinstance(form.extracted_at, FromFileName):
        return name
    day = date_in_name(name.split(".")[0], form.extracted_at.file_name)
    if day is None:
        return name
    later = day + timedelta(days=days)
    return name.replace(f"{day:%Y-%m-%d}", f"{later:%Y-%m-%d}").replace(f"{day:%Y%m%d}", f"{later:%Y%m%d}")
