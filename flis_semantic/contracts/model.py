"""What one delivered table is: its columns, the notations it may arrive in, its rules. Parsed from `contracts/<table>.yml`.

Field descriptions become the JSON Schema that editors complete from. What fields say about each other, and about the
vocabulary, is checked in `check.py`, so that all errors of all contracts come at once.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, cast

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from flis_semantic.vocabulary.strict import Identifier, MonthDay, Strict

ColumnType = Literal["text", "integer", "decimal", "date", "timestamp", "period", "unit_code", "boolean"]
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
    "dates_ordered",
    "not_after_extract",
    "unique_key",
    "personal_number",
    "personal_number_check_digit",
    "personal_number_not_real",
    "personal_number_misplaced",
]
Kind = Literal["csv", "parquet", "json_lines"]
Mode = Literal["full", "window", "delta"]
DateFormat = Literal["YYYY-MM-DD", "DD-MM-YYYY", "DD.MM.YYYY", "DD/MM/YYYY", "YYYYMMDD"]
RowAction = Literal["set_aside", "warn"]
CrossAction = Literal["set_aside", "repair", "flag", "hold"]
SideNumber = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$", description="as the label has it, without leading zeros")]
RuleId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")]

DATE_PLACE = "{date}"
NO_SERIES = ""
"""The series of a row whose contract names none."""
NO_SLOT = ""
"""The slot of an ordinary row: one that is not of a side period."""


class Pseudonym(Strict):
    """A personal number is kept as a keyed pseudonym only: the same person has the same one in every table."""

    number: Identifier = Field(description="which of the vocabulary's personal numbers it is")
    key: Identifier = Field(description="the landing zone's column of the pseudonym, a whole number of 64 bits with a sign")


def _yes_or_pseudonym(value: Any) -> str:
    """Which of the two is meant, so that a mistake in it is one error."""
    return "Pseudonym" if isinstance(value, (dict, Pseudonym)) else "bool"


Personal = Annotated[Annotated[bool, Tag("bool")] | Annotated[Pseudonym, Tag("Pseudonym")], Discriminator(_yes_or_pseudonym)]


class Column(Strict):
    """One column of the table, as landing keeps it."""

    type: ColumnType = Field(description="how a value is read and kept; unit codes are padded to the vocabulary's width")
    scale: int | None = Field(default=None, ge=0, le=12, description="decimals kept, of type decimal only; more set the row aside")
    role: Literal["unit", "period"] | None = Field(
        default=None, description="unit: whom the row is about; period: which period; exactly one column each"
    )
    required: bool = Field(default=False, description="an empty value sets the row aside")
    personal: Personal = Field(
        default=False,
        description="the value is judged, but kept nowhere: it identifies a person; of type text. With {number, key} it is a personal "
        "number, whose keyed pseudonym is kept in its place",
    )
    title: dict[str, str] = Field(description="by language")
    description: dict[str, str] = Field(default_factory=dict, description="by language")


class FromFileName(Strict):
    """The value stands in the file's name."""

    file_name: str = Field(
        description="the name without its endings: {date} where YYYY-MM-DD or YYYYMMDD stands, {unit} the unit code, {period} the label "
        "(its separators may be left out), {sequence} a number; * for what varies"
    )


class FromColumn(Strict):
    """The value stands in a column."""

    column: Identifier = Field(description="column of the contract")


def _source(value: Any) -> str:
    """Which of the ways to tell a value is meant, so that a mistake in it is one error and not one per way."""
    if isinstance(value, (FromFileName, FromColumn)):
        return type(value).__name__
    if not isinstance(value, dict):
        return "word"
    return "FromFileName" if any(str(key).startswith("f") for key in cast(dict[Any, Any], value)) else "FromColumn"


_Column = Annotated[FromColumn, Tag("FromColumn")]
_FileName = Annotated[FromFileName, Tag("FromFileName")]
ExtractSource = Annotated[_Column | _FileName | Annotated[Literal["receipt"], Tag("word")], Discriminator(_source)]
SequenceSource = Annotated[_Column | _FileName | Annotated[Literal["manifest"], Tag("word")], Discriminator(_source)]


class Split(Strict):
    """Two values in one cell: what stands after the mark is another column."""

    column: Identifier
    on: str = Field(min_length=1, description="the mark between the two values")
    into: Identifier


class Join(Strict):
    """The reverse of a split: the values of several columns, joined, are the value of another. The several stay, too."""

    columns: tuple[Identifier, ...] = Field(min_length=2)
    with_: str = Field(alias="with", description="the mark between the values")
    into: Identifier


class Deleted(Strict):
    """How a row of a delta says that its key is no more. Such a row needs its unit, its period and its key only."""

    column: Identifier
    values: tuple[str, ...] = Field(min_length=1)


class DeltaForm(Strict):
    """What makes a file one of a sequence of changes."""

    sequence: SequenceSource = Field(
        description="where the number stands that counts the sender's deltas one by one: one column, the same in every row; or else"
    )
    deleted: Deleted | None = None


class Form(Strict):
    """One notation in which the table is delivered. A gzip of it is read as it is."""

    file_name: str = Field(description="pattern of the file's name, without .gz: * any characters, ? one, [0-9] one of these")
    kind: Kind = "csv"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    decimal: Literal[".", ","] = "."
    encodings: tuple[Literal["utf-8", "windows-1252"], ...] = Field(
        default=("utf-8",), min_length=1, description="accepted ones; which of them a file is in is found out strictly"
    )
    date_format: DateFormat = Field(default="YYYY-MM-DD", description="how dates, and the dates of timestamps, are written")
    mode: Mode = Field(
        description="full replaces exactly the unit × base period parts that it contains; window does the same with a declared length; "
        "delta changes single rows by key"
    )
    supplier: str | None = Field(default=None, description="whose system writes this form, where neither rows nor manifest say it")
    length: int | None = Field(default=None, gt=0, description="base periods that a window spans at most")
    delta: DeltaForm | None = None
    extracted_at: ExtractSource = Field(
        description="where the extract time is read when there is no manifest; of a column the newest counts; receipt: unknown, the time "
        "of receipt stands in for it"
    )
    unit: FromFileName | None = Field(default=None, description="the file is of the one unit that its name says ({unit})")
    period_of: FromFileName | None = Field(default=None, description="the file is of the one period that its name says ({period})")
    header: dict[str, Identifier] = Field(min_length=1, description="each column of the file → column of the contract, in any order")
    period: tuple[str, ...] = Field(
        min_length=1, description="accepted period labels, such as {year}-{month}, {year}Q{quarter}; the first day counts"
    )
    split: Split | None = None
    join: Join | None = None

    @property
    def by_unit(self) -> bool:
        """Whether every file is of one unit, which is then the scope of a sequence of deltas."""
        return self.unit is not None


class Exemption(Strict):
    """A unit that need not deliver for some base periods."""

    unit: str = Field(description="unit code")
    from_: str = Field(alias="from", description="label of the first base period")
    to: str = Field(description="label of the last base period")
    reason: dict[str, str] = Field(description="by language")


class Rule(Strict):
    """A rule with an id. Of stage row it judges each row of a delivery by itself; of stage cross it is SQL of the build."""

    id: RuleId = Field(description="stable for ever: reports and people refer to it")
    stage: Literal["row", "cross"] = Field(
        default="row", description="row: a check below, at receive; cross: beside other rows and tables, by the table's quality model"
    )
    action: RowAction | CrossAction = Field(
        default="set_aside",
        description="set_aside: the row is not used; warn (row): it is, and counted; repair, flag, hold (cross): corrected, marked, "
        "or its unit × base period held back",
    )
    check: Check | None = None
    column: Identifier | None = None
    columns: tuple[Identifier, ...] = Field(
        default=(),
        description="dates_ordered: two columns, of which the first is never the later; personal_number_misplaced: the columns that are "
        "searched, without it all texts and whole numbers that are not personal",
    )
    values: tuple[str, ...] = Field(default=(), description="in_values: the code list")
    min: int | float | None = None
    max: int | float | None = None
    days: int | None = Field(default=None, ge=0, description="not_after_extract: how many days after the extract a date may be")
    pattern: str | None = Field(default=None, description="pattern: regular expression that the whole value matches")
    except_month_day: MonthDay | None = Field(
        default=None, description="personal_number_check_digit: date of birth on which many numbers lack them, so that they are not told"
    )
    series: tuple[str, ...] = Field(default=(), description="the rule holds for these series only")
    except_series: tuple[str, ...] = Field(default=(), description="the rule holds for all series but these")
    title: dict[str, str] = Field(description="by language")

    @model_validator(mode="after")
    def _one_scope(self) -> Rule:
        if self.series and self.except_series:
            raise ValueError("a rule names either series or except_series")
        return self


class Deadline(Strict):
    """Until when a delivery is in time, counted from the end of its base period; where periods_ahead is set, from its first day."""

    days: int | None = Field(default=None, ge=0, description="so many days after it")
    workdays: int | None = Field(
        default=None, gt=0, description="so many workdays after it: days from Monday to Friday that are no holiday of the vocabulary"
    )
    month_day: MonthDay | None = Field(default=None, description="the first day after it with this date, MM-DD")

    @model_validator(mode="after")
    def _one_way(self) -> Deadline:
        if [self.days, self.workdays, self.month_day].count(None) != 2:
            raise ValueError("a deadline is one of days, workdays and month_day")
        return self

    @field_validator("month_day")
    @classmethod
    def _every_year_has_it(cls, value: str | None) -> str | None:
        try:
            date.fromisoformat(f"2001-{value or '01-01'}")
        except ValueError as error:
            raise ValueError("not every year has that day") from error
        return value


class Provisional(Strict):
    """A source to which more is registered after its base period was delivered."""

    periods: int = Field(gt=0, description="how many of a unit's newest delivered base periods are provisional")


class Contract(Strict):
    """The whole of one `contracts/<table>.yml`."""

    table: Identifier = Field(description="the file's name and the table's name; the source's own word")
    title: dict[str, str] = Field(description="by language")
    description: dict[str, str] = Field(description="by language")
    publisher: str = Field(description="who computed or collected the values")
    licence: str = Field(description="on what terms they may be used")
    owner: str = Field(description="who answers for this contract")
    supplier_column: Identifier | None = Field(
        default=None, description="column of type text that names the system a row comes from; quality is told by supplier"
    )
    base_period: str = Field(description="grain by which the source is partitioned in time")
    starts: str | None = Field(default=None, description="label of the first expected base period; per series where there are series")
    status_date: Literal["opening", "closing"] | None = Field(
        default=None, description="for states: opening as the base period's first day begins, closing as its last day ends"
    )
    units: Literal["members", "all"] = Field(default="members", description="all: reporting units that are no members deliver too")
    absent: Literal["zero", "missing", "suppressed"] = Field(description="what it means that a row is not there")
    blank: Literal["suppressed", "missing", "not_applicable"] = Field(description="what it means that a value is empty")
    side_periods: dict[SideNumber, int] = Field(
        default_factory=dict,
        description="number of a label that is no ordinary base period → number of the one in whose place it stands, such as 13: 12; "
        "side periods are replaced on their own and never expected",
    )
    deadline: Deadline | None = Field(default=None, description="until when the delivery of a base period is in time")
    provisional: Provisional | None = Field(default=None, description="the newest base periods still change: late registrations come")
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
    def row_rules(self) -> tuple[Rule, ...]:
        """The rules that judge rows at receive, in order."""
        return tuple(rule for rule in self.rules if rule.stage == "row")

    @property
    def cross_rules(self) -> tuple[Rule, ...]:
        """The rules that the table's quality model judges in the build."""
        return tuple(rule for rule in self.rules if rule.stage == "cross")

    @property
    def pseudonyms(self) -> dict[str, Pseudonym]:
        """The columns of personal numbers, and what is kept in their place."""
        return {name: column.personal for name, column in self.columns.items() if isinstance(column.personal, Pseudonym)}

    @property
    def landed_key(self) -> tuple[str, ...]:
        """The key's columns as the landing zone has them."""
        pseudonyms = self.pseudonyms
        return tuple(pseudonyms[name].key if name in pseudonyms else name for name in self.key)

    @property
    def personal_columns(self) -> frozenset[str]:
        """Names of the columns whose values are kept nowhere."""
        return frozenset(name for name, column in self.columns.items() if column.personal)

    @property
    def starts_by_series(self) -> dict[str, str]:
        """Label of the first expected base period of every expected series; the one key is '' where there are no series."""
        return self.series_starts or {NO_SERIES: self.starts or ""}

    def rule(self, check: Check) -> Rule:
        """The contract's rule for a check that every contract has (row_shape, unique_key, known_unit, known_period)."""
        return next(rule for rule in self.rules if rule.check == check)
