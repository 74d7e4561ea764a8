"""What one delivered table is: its columns, the notations it may arrive in, its rules. Parsed from `contracts/<table>.yml`.

Field descriptions become the JSON Schema that editors complete from. What fields say about each other, and about the
vocabulary, is checked in `check.py`, so that all errors of all contracts come at once.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flis_semantic.vocabulary.model import Identifier, Strict

ColumnType = Literal["text", "integer", "decimal", "date", "period", "unit_code", "boolean"]
Check = Literal[
    "row_shape",
    "typed",
    "required",
    "empty",
    "known_unit",
    "member_unit",
    "known_period",
    "known_series",
    "in_values",
    "range",
    "pattern",
    "unique_key",
]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")]

DATE_PLACE = "{date}"
NO_SERIES = ""
"""The series of a row whose contract names none."""


class Column(Strict):
    """One column of the table, as landing keeps it."""

    type: ColumnType = Field(description="how a value is read and kept; unit codes are padded to the vocabulary's width")
    scale: int | None = Field(default=None, ge=0, le=12, description="decimals kept, of type decimal only; more set the row aside")
    role: Literal["unit", "period"] | None = Field(
        default=None, description="unit: whom the row is about; period: which period; exactly one column each"
    )
    required: bool = Field(default=False, description="an empty value sets the row aside")
    title: dict[str, str] = Field(description="by language")
    description: dict[str, str] = Field(default_factory=dict, description="by language")


class FromFileName(Strict):
    """The extract time stands in the file's name."""

    file_name: str = Field(description="the name without its ending, with {date} where YYYY-MM-DD or YYYYMMDD stands; * for what varies")


class Split(Strict):
    """Two values in one cell: what stands after the mark is another column."""

    column: Identifier
    on: str = Field(min_length=1, description="the mark between the two values")
    into: Identifier


class Form(Strict):
    """One notation in which the table is delivered. A gzip of it is read as it is."""

    file_name: str = Field(description="pattern of the file's name, without .gz: * any characters, ? one, [0-9] one of these")
    kind: Literal["csv"] = "csv"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    encodings: tuple[Literal["utf-8", "windows-1252"], ...] = Field(
        default=("utf-8",), min_length=1, description="accepted ones; which of them a file is in is found out strictly"
    )
    mode: Literal["full", "window"] = Field(
        description="full replaces exactly the unit × base period parts that it contains; window does the same with a declared length"
    )
    length: int | None = Field(default=None, gt=0, description="base periods that a window spans at most")
    extracted_at: FromFileName | Literal["receipt"] = Field(
        description="where the extract time is read when there is no manifest; receipt: unknown, the time of receipt stands in for it"
    )
    header: dict[str, Identifier] = Field(min_length=1, description="each column of the file → column of the contract, in any order")
    period: tuple[str, ...] = Field(
        min_length=1, description="accepted period labels, such as {year}-{month}, {year}Q{quarter}; the first day counts"
    )
    split: Split | None = None


class Exemption(Strict):
    """A unit that need not deliver for some base periods."""

    unit: str = Field(description="unit code")
    from_: str = Field(alias="from", description="label of the first base period")
    to: str = Field(description="label of the last base period")
    reason: dict[str, str] = Field(description="by language")


class Rule(Strict):
    """A rule that judges each row of a delivery by itself. A row that fails is set aside with the rule's id."""

    id: RuleId = Field(description="stable for ever: reports and people refer to it")
    stage: Literal["row"] = "row"
    check: Check
    column: Identifier | None = None
    values: tuple[str, ...] = Field(default=(), description="in_values: the code list")
    min: int | float | None = None
    max: int | float | None = None
    pattern: str | None = Field(default=None, description="pattern: regular expression that the whole value matches")
    series: tuple[str, ...] = Field(default=(), description="the rule holds for these series only")
    except_series: tuple[str, ...] = Field(default=(), description="the rule holds for all series but these")
    title: dict[str, str] = Field(description="by language")

    @model_validator(mode="after")
    def _one_scope(self) -> Rule:
        if self.series and self.except_series:
            raise ValueError("a rule names either series or except_series")
        return self


class Contract(Strict):
    """The whole of one `contracts/<table>.yml`."""

    table: Identifier = Field(description="the file's name and the table's name; the source's own word")
    title: dict[str, str] = Field(description="by language")
    description: dict[str, str] = Field(description="by language")
    publisher: str = Field(description="who computed or collected the values")
    licence: str = Field(description="on what terms they may be used")
    owner: str = Field(description="who answers for this contract")
    base_period: str = Field(description="grain by which the source is partitioned in time")
    starts: str | None = Field(default=None, description="label of the first expected base period; per series where there are series")
    status_date: Literal["opening", "closing"] | None = Field(
        default=None, description="for states: opening as the base period's first day begins, closing as its last day ends"
    )
    units: Literal["members", "all"] = Field(default="members", description="all: reporting units that are no members deliver too")
    absent: Literal["zero", "missing", "suppressed"] = Field(description="what it means that a row is not there")
    blank: Literal["suppressed", "missing", "not_applicable"] = Field(description="what it means that a value is empty")
    periods_ahead: int = Field(default=0, ge=0, description="how many base periods may start after the extract (budgets, forecasts)")
    controls: tuple[str, ...] = Field(default=(), description="unit codes of published totals, as delivered: never aggregated")
    exemptions: tuple[Exemption, ...] = ()
    series: tuple[Identifier, ...] = Field(default=(), description="columns whose values, joined by a full stop, name a series")
    series_starts: dict[str, str] = Field(default_factory=dict, description="every expected series and the label of its first base period")
    key: tuple[Identifier, ...] = Field(min_length=1, description="columns that tell the rows of one delivery apart")
    columns: dict[Identifier, Column] = Field(min_length=1)
    forms: dict[Identifier, Form] = Field(min_length=1)
    rules: tuple[Rule, ...] = Field(min_length=1)

    @property
    def unit_column(self) -> str:
        """Name of the column with role unit."""
        return next(name for name, column in self.columns.items() if column.role == "unit")

    @property
    def period_column(self) -> str:
        """Name of the column with role period."""
        return next(name for name, column in self.columns.items() if column.role == "period")

    @property
    def starts_by_series(self) -> dict[str, str]:
        """Label of the first expected base period of every expected series; the one key is '' where there are no series."""
        return self.series_starts or {NO_SERIES: self.starts or ""}

    def rule(self, check: Check) -> Rule:
        """The contract's rule for a check that every contract has (row_shape, unique_key, known_unit, known_period)."""
        return next(rule for rule in self.rules if rule.check == check)
