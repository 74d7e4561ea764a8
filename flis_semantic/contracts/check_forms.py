"""What the fields of a form say about each other and about the contract's columns."""

from __future__ import annotations

import re

from flis_semantic.contracts.findings import Findings
from flis_semantic.contracts.labels import PLACES, label_format
from flis_semantic.contracts.model import DATE_PLACE, ColumnType, Contract, Form, FromColumn, FromFileName
from flis_semantic.strict_yaml import Location

UNIT_PLACE = "{unit}"
PERIOD_PLACE = "{period}"
SEQUENCE_PLACE = "{sequence}"
_NAME_PLACE = re.compile(r"\{[^{}]*\}")
_NAME_PLACES = (UNIT_PLACE, PERIOD_PLACE, DATE_PLACE, SEQUENCE_PLACE)
_TIMES: tuple[ColumnType, ...] = ("date", "timestamp")
_CSV_FIELDS = ("delimiter", "encodings")


def check_form(contract: Contract, name: str, form: Form, findings: Findings) -> None:
    """Every contradiction inside one form."""
    place: Location = ("forms", name)
    targets = _targets(contract, form, place, findings)
    roles = {column for column, what in contract.columns.items() if what.role is not None or what.required}
    told = _told_by_name(contract, form)
    for column in sorted((roles | set(contract.series)) - set(targets) - told):
        findings.add((*place, "header"), f"Form {name} has no column for '{column}'.", "Say which column of the file it is.")
    for index, text in enumerate(form.period):
        if label_format(text) is None:
            findings.add((*place, "period", index), f"'{text}' does not name a period.", f"Use {PLACES}, as in {{year}}Q{{quarter}}.")
    if form.kind != "csv":
        for field in _CSV_FIELDS:
            if field in form.model_fields_set:
                findings.add((*place, field), f"{field} says nothing about a file of kind {form.kind}.", "Remove it.")
    if (form.mode == "window") != (form.length is not None):
        findings.add((*place, "length"), "length belongs to mode window, and only there.", "Write how many base periods a window spans.")
    _check_times(contract, form, place, targets, findings)
    _check_delta(contract, name, form, targets, findings)


def _told_by_name(contract: Contract, form: Form) -> set[str]:
    """The columns whose value a file's name may tell."""
    roles = {role for role, source in (("unit", form.unit), ("period", form.period_of)) if source is not None}
    return {name for name, column in contract.columns.items() if column.role in roles}


def _targets(contract: Contract, form: Form, place: Location, findings: Findings) -> list[str]:
    """The contract's columns that the form fills."""
    targets = list(form.header.values())
    for file_column, column in form.header.items():
        findings.unknown((*place, "header", file_column), column, "column", contract.columns)
        if targets.count(column) > 1:
            findings.add((*place, "header", file_column), f"More than one column of the file becomes '{column}'.")
    if form.split is not None:
        findings.unknown((*place, "split", "column"), form.split.column, "column", form.header.values())
        _check_into(contract, (*place, "split", "into"), form.split.into, targets, findings)
        targets.append(form.split.into)
    if form.join is not None:
        for index, column in enumerate(form.join.columns):
            known = not findings.unknown((*place, "join", "columns", index), column, "column", targets)
            if known and column in contract.personal_columns:
                findings.add((*place, "join", "columns", index), f"{column} is personal, so its value joins no other.")
        if form.join.into in contract.personal_columns:
            findings.add((*place, "join", "into"), f"{form.join.into} is personal, so it is not made of values that are kept.")
        _check_into(contract, (*place, "join", "into"), form.join.into, targets, findings)
        targets.append(form.join.into)
    return targets


def _check_into(contract: Contract, place: Location, into: str, targets: list[str], findings: Findings) -> None:
    findings.unknown(place, into, "column", contract.columns)
    if into in targets:
        findings.add(place, f"'{into}' comes from the header already.")


def _check_times(contract: Contract, form: Form, place: Location, targets: list[str], findings: Findings) -> None:
    """Where unit, period and extract time are read."""
    if isinstance(form.extracted_at, FromFileName):
        _check_name(form.extracted_at, DATE_PLACE, (*place, "extracted_at"), findings)
    if isinstance(form.extracted_at, FromColumn):
        column = form.extracted_at.column
        known = not findings.unknown((*place, "extracted_at", "column"), column, "column", targets)
        if known and column in contract.columns and contract.columns[column].type not in _TIMES:
            findings.add(
                (*place, "extracted_at", "column"),
                f"{column} tells the extract time, so its type is date or timestamp, not {contract.columns[column].type}.",
            )
    if form.unit is not None:
        _check_name(form.unit, UNIT_PLACE, (*place, "unit"), findings)
    if form.period_of is not None:
        _check_name(form.period_of, PERIOD_PLACE, (*place, "period_of"), findings)


def _check_name(source: FromFileName, wanted: str, place: Location, findings: Findings) -> None:
    """The pattern of a file's name has the place that is read from it, once, and no place that nobody knows."""
    places = _NAME_PLACE.findall(source.file_name)
    if places.count(wanted) != 1:
        findings.add(place, f"The file name has {wanted} exactly once.", f"Write it like name_{wanted}.")
    for other in sorted(set(places) - set(_NAME_PLACES)):
        findings.add(place, f"'{other}' is no place of a file name.", f"Use {', '.join(_NAME_PLACES)} and * for what varies.")
    for other in sorted({other for other in places if other != wanted and places.count(other) > 1}):
        findings.add(place, f"The file name has {other} more than once.", "Write * where it stands again.")


def _check_delta(contract: Contract, name: str, form: Form, targets: list[str], findings: Findings) -> None:
    place: Location = ("forms", name)
    if (form.mode == "delta") != (form.delta is not None):
        findings.add((*place, "delta"), "delta belongs to mode delta, and only there.", "Say where its sequence number stands.")
    if form.delta is None:
        return
    for column in sorted(set(contract.key) - set(targets) - _told_by_name(contract, form)):
        findings.add((*place, "header"), f"Form {name} is of changes by key, but has no column for '{column}' of the key.")
    sequence, deleted = form.delta.sequence, form.delta.deleted
    if isinstance(sequence, FromFileName):
        _check_name(sequence, SEQUENCE_PLACE, (*place, "delta", "sequence"), findings)
    if isinstance(sequence, FromColumn):
        at = (*place, "delta", "sequence", "column")
        known = not findings.unknown(at, sequence.column, "column", targets)
        if known and sequence.column in contract.columns and contract.columns[sequence.column].type != "integer":
            findings.add(at, f"{sequence.column} counts the deltas, so its type is integer, not {contract.columns[sequence.column].type}.")
    if deleted is not None:
        at = (*place, "delta", "deleted", "column")
        findings.unknown(at, deleted.column, "column", targets)
        if deleted.column in contract.key:
            findings.add(at, f"{deleted.column} belongs to the key, so it cannot say that a key is deleted.")
        if deleted.column in contract.personal_columns:
            findings.add(at, f"{deleted.column} is personal, so it can say nothing about a row.")
