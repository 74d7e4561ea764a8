"""The cells of delivered rows as SQL: where the rows of a group of files are read, and each value as delivered and as typed.

A source gives `d` (the file's number in the receive), `l` (its line) and `c0`, `c1`, … (the file's columns, all text, empty is
NULL). From them come, per column of the contract, `r_<column>` (as delivered) and `t_<column>` (typed, NULL when it cannot be).
"""

# ruff: noqa: S608 - names and literals are the contract's own, quoted
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flis_semantic.contracts.labels import LabelFormat, label_format
from flis_semantic.contracts.landing import column_type
from flis_semantic.contracts.model import Column, Contract, DateFormat, Form
from flis_semantic.delivery.masks import Masks
from flis_semantic.delivery.report import MASK
from flis_semantic.delivery.sql import identifier, quoted
from flis_semantic.delivery.transcript import LONGEST_LINE

SCRATCH_DELIMITER = ";"
"""Between the values of a transcript that is not the delivered text itself."""

_LONGEST_RECORD = 4 * LONGEST_LINE + 100
_BUFFER = 2 * _LONGEST_RECORD
"""Bytes that the engine reads at a time: left to itself it takes a multiple of the longest record."""

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
"""Not the year 0, which the engine takes for 1 BC and most programs cannot hold."""

_DAY = {
    "YYYY-MM-DD": (rf"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}", None),
    "DD-MM-YYYY": (rf"[0-9]{{2}}-[0-9]{{2}}-{_YEAR}", (7, 4, 1)),
    "DD.MM.YYYY": (rf"[0-9]{{2}}\.[0-9]{{2}}\.{_YEAR}", (7, 4, 1)),
    "DD/MM/YYYY": (rf"[0-9]{{2}}/[0-9]{{2}}/{_YEAR}", (7, 4, 1)),
    "YYYYMMDD": (rf"{_YEAR}[0-9]{{4}}", (1, 5, 7)),
}
"""How a date looks, and where its year, month and day begin."""

_CLOCK = r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"


@dataclass(frozen=True)
class Group:
    """Files with the same form and the same order of columns, transcribed into `paths`: one of text, or Parquet files."""

    form_name: str
    form: Form
    header: tuple[str, ...]
    paths: list[Path] = field(default_factory=list[Path])

    @property
    def delimiter(self) -> str:
        """Between the values of the transcript."""
        return self.form.delimiter if self.form.kind == "csv" else SCRATCH_DELIMITER

    @property
    def label_formats(self) -> tuple[LabelFormat, ...]:
        """The accepted notations of periods."""
        return tuple(notation for text in self.form.period if (notation := label_format(text)) is not None)

    @property
    def filled(self) -> set[str]:
        """The contract's columns that the files have."""
        made = {part.into for part in (self.form.split, self.form.join) if part is not None}
        return made | set(self.form.header.values())

    def source(self, rejects: str = "") -> str:
        """A relation with d, l and the columns c0, c1, …; of text, lines that are no record go to the table `rejects_<rejects>`."""
        if self.form.kind == "parquet":
            return f"read_parquet([{', '.join(quoted(str(path)) for path in self.paths)}])"
        names = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(self.header)))
        kept = "ignore_errors = true"
        if rejects:
            kept = f"store_rejects = true, rejects_table = 'rejects_{rejects}', rejects_scan = 'scans_{rejects}', rejects_limit = 0"
        return (
            f"read_csv({quoted(str(self.paths[0]))}, columns = {{'d': 'INTEGER', 'l': 'BIGINT', {names}}}, "
            f"delim = {quoted(self.delimiter)}, quote = '\"', escape = '\"', new_line = '\\n', header = false, auto_detect = false, "
            f"strict_mode = true, max_line_size = {_LONGEST_RECORD}, buffer_size = {_BUFFER}, {kept})"
        )

    def cell(self, index: int) -> str:
        """A column of the file by its place."""
        return f"c{index}"

    def all_cells(self, contract: Contract, masks: Masks) -> str:
        """The row's values in one list, in the file's order, personal ones masked: what a row is explained by."""
        hidden = _personal_places(self, contract)
        cells = (
            f"CASE WHEN c{index} IS NOT NULL THEN {quoted(MASK)} END" if index in hidden else masks.masked(f"c{index}")
            for index in range(len(self.header))
        )
        return f"[{', '.join(cells)}]"

    def kept_cell(self, index: int) -> str:
        """A column of the file as it stands in the list of a row that was kept for explanation."""
        return f"cells[{index + 1}]"


def delivered_values(group: Group, contract: Contract, cell: Callable[[int], str]) -> dict[str, str]:
    """Column of the contract → SQL of its value as delivered; `cell` is the SQL of a column of the file by its place."""
    form = group.form
    place = {column: cell(group.header.index(name)) for name, column in form.header.items()}
    if form.split is not None:
        whole, mark = place[form.split.column], quoted(form.split.on)
        after = f"substr({whole}, strpos({whole}, {mark}) + length({mark}))"
        place[form.split.into] = f"CASE WHEN contains({whole}, {mark}) THEN nullif({after}, '') END"
        place[form.split.column] = f"nullif(split_part({whole}, {mark}, 1), '')"
    if form.join is not None:
        # NULL where one of them is empty: then there is nothing to join.
        place[form.join.into] = f" || {quoted(form.join.with_)} || ".join(place[column] for column in form.join.columns)
    for column in contract.columns:
        if column not in place:
            told = contract.columns[column].role
            by_name = (told == "unit" and form.unit is not None) or (told == "period" and form.period_of is not None)
            place[column] = f"named_{told}" if by_name else "CAST(NULL AS VARCHAR)"
    return place


def is_deleted(group: Group, values: dict[str, str]) -> str:
    """SQL of whether the row says that its key is no more."""
    deleted = group.form.delta.deleted if group.form.delta is not None else None
    if deleted is None:
        return "false"
    return f"coalesce({values[deleted.column]} IN ({', '.join(quoted(value) for value in deleted.values)}), false)"


def as_delivered(group: Group) -> str:
    """The row put together again from its kept cells, in which personal values are masked."""
    cells = [group.kept_cell(index) for index in range(len(group.header))]
    if group.form.kind != "csv":
        pairs = ", ".join(f"{identifier(name)} := {cell}" for name, cell in zip(group.header, cells, strict=True))
        return f"CAST(to_json(struct_pack({pairs})) AS VARCHAR)"
    mark = group.form.delimiter
    special = f'[{mark}"\r\n]'
    value = "CASE WHEN regexp_matches({0}, {1}) THEN '\"' || replace({0}, '\"', '\"\"') || '\"' ELSE coalesce({0}, '') END"
    return f" || {quoted(mark)} || ".join(value.format(cell, quoted(special)) for cell in cells)


def hides_something(group: Group, contract: Contract) -> bool:
    """Whether rows of the group hold personal values, so that a line that cannot be told apart into cells is masked whole."""
    return bool(_personal_places(group, contract))


def _personal_places(group: Group, contract: Contract) -> set[int]:
    """Places of the file's columns that hold a personal value, alone or beside another."""
    form, personal = group.form, contract.personal_columns
    names = {name for name, column in form.header.items() if column in personal}
    if form.split is not None and form.split.into in personal:
        names |= {name for name, column in form.header.items() if column == form.split.column}
    return {group.header.index(name) for name in names}


def typed(raw: str, column: Column, form: Form) -> str:
    """SQL of the value in its landing type, NULL when it does not have the type's shape: casts alone would bend 12.7 to 13."""
    kind = column_type(column)
    match column.type:
        case "text" | "unit_code" | "period":
            return raw
        case "integer":
            return f"CASE WHEN regexp_full_match({raw}, '-?[0-9]{{1,18}}') THEN TRY_CAST({raw} AS {kind}) END"
        case "decimal":
            scale = column.scale or 0
            fraction = rf"(\{form.decimal}[0-9]{{1,{scale}}})?" if scale else ""
            shape = f"-?[0-9]{{1,{18 - scale}}}{fraction}"
            number = raw if form.decimal == "." else f"replace({raw}, {quoted(form.decimal)}, '.')"
            return f"CASE WHEN regexp_full_match({raw}, '{shape}') THEN TRY_CAST({number} AS {kind}) END"
        case "date":
            shape, day = _DAY[form.date_format][0], _iso(raw, form.date_format)
            return f"CASE WHEN regexp_full_match({raw}, '{shape}') THEN TRY_CAST({day} AS DATE) END"
        case "timestamp":
            return _moment(raw, form.date_format)
        case "boolean":
            return f"CASE WHEN {raw} IN ('true', 'false', '1', '0') THEN CAST({raw} AS BOOLEAN) END"


def extract_moment(column: Column, value: str) -> str:
    """SQL of a typed value as a moment."""
    return value if column.type == "timestamp" else f"CAST({value} AS TIMESTAMP)"


def bounded(moment: str) -> str:
    """SQL of a moment that Python can hold: of one that only the engine can, the nearest."""
    first, last = "TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31'"
    return f"CASE WHEN {moment} < {first} THEN {first} WHEN {moment} > {last} THEN {last} ELSE {moment} END"


def _iso(raw: str, date_format: DateFormat) -> str:
    places = _DAY[date_format][1]
    if places is None:
        return raw
    year, month, day = places
    return f"(substr({raw}, {year}, 4) || '-' || substr({raw}, {month}, 2) || '-' || substr({raw}, {day}, 2))"


def _moment(raw: str, date_format: DateFormat) -> str:
    """A date, or a date and a time of day; a time zone is taken into account, without one it is UTC."""
    shape = _DAY[date_format][0] + _CLOCK
    length = 8 if date_format == "YYYYMMDD" else 10
    text = f"{_iso(f'left({raw}, {length})', date_format)} || substr({raw}, {length + 1})"
    zoned = f"regexp_matches({raw}, '(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$') AND length({raw}) > {length}"
    # Without the UTC zone the engine would read a zone's offset in the session's own.
    return (
        f"CASE WHEN regexp_full_match({raw}, '{shape}') THEN CASE WHEN {zoned} "
        f"THEN CAST(TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS TIMESTAMP) ELSE TRY_CAST({text} AS TIMESTAMP) END END"
    )
