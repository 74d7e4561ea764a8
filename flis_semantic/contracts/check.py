"""What the fields of a contract say about each other, about the vocabulary and about the other contracts.

Every check adds to one list, so that a user mends all mistakes in one go; each names file, line and the nearest right name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from flis_semantic.contracts.labels import PLACES, label_format
from flis_semantic.contracts.landing import RESERVED_COLUMNS
from flis_semantic.contracts.model import DATE_PLACE, Check, Contract, Form, FromFileName, Rule
from flis_semantic.errors import DefinitionError, suggestion
from flis_semantic.strict_yaml import Document, Location
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Vocabulary

MOST_RULES = 60
"""Rules are judged as bits of one integer."""

_EVERY_CONTRACT: tuple[Check, ...] = ("row_shape", "unique_key", "known_unit", "known_period")
_WITHOUT_COLUMN: tuple[Check, ...] = ("row_shape", "unique_key", "known_series")
_UNIT_CHECKS: tuple[Check, ...] = ("known_unit", "member_unit")
_NUMBERS = ("integer", "decimal")


@dataclass
class _Findings:
    """The errors of one contract, each placed at a value of its file."""

    document: Document
    errors: list[DefinitionError] = field(default_factory=list[DefinitionError])

    def add(self, location: Location, message: str, hint: str = "") -> None:
        self.errors.append(DefinitionError(message, where=self.document.where(location), hint=hint))

    def unknown(self, location: Location, name: str, what: str, known: Iterable[str]) -> bool:
        """Add an error when the name is not known; says whether it was."""
        known = list(known)
        if name in known:
            return False
        self.add(location, f"{what} '{name}' does not exist here.", suggestion(name, known))
        return True


def check_contract(contract: Contract, document: Document, vocabulary: Vocabulary, calendar: Calendar) -> list[DefinitionError]:
    """Every contradiction inside one contract."""
    findings = _Findings(document)
    stem = document.path.stem
    if contract.table != stem:
        findings.add(("table",), f"table is '{contract.table}', the file is called '{stem}'.", "Give both the same name.")
    _check_columns(contract, findings)
    _check_times(contract, findings, vocabulary, calendar)
    _check_series(contract, findings, calendar)
    for name, form in contract.forms.items():
        _check_form(contract, name, form, findings)
    _check_rules(contract, findings)
    _check_titles(contract, findings, vocabulary)
    return findings.errors


def check_together(contracts: dict[str, Contract], documents: dict[str, Document]) -> list[DefinitionError]:
    """Forms that no delivered file could tell apart: the same name pattern and the same header."""
    errors: list[DefinitionError] = []
    seen: dict[tuple[str, frozenset[str]], str] = {}
    for table, contract in contracts.items():
        for name, form in contract.forms.items():
            other = seen.setdefault((form.file_name, frozenset(form.header)), f"{table}, form {name}")
            if other != f"{table}, form {name}":
                errors.append(
                    DefinitionError(
                        f"Form {name} has the same file name and header as {other}.",
                        where=documents[table].where(("forms", name)),
                        hint="A delivered file must tell which of them it is: change one of the two.",
                    )
                )
    return errors


def _check_columns(contract: Contract, findings: _Findings) -> None:
    for name, column in contract.columns.items():
        place = ("columns", name)
        if name in RESERVED_COLUMNS:
            findings.add(place, f"'{name}' is a column that every landing file has already.", "Choose another name.")
        if (column.type == "decimal") != (column.scale is not None):
            findings.add((*place, "scale"), f"{name}: scale belongs to type decimal, and only there.", "Write how many decimals are kept.")
        wanted = {"unit": "unit_code", "period": "period"}.get(column.role or "")
        if wanted and column.type != wanted:
            findings.add((*place, "type"), f"{name} has role {column.role}, so its type is {wanted}, not {column.type}.")
    for role in ("unit", "period"):
        holders = [name for name, column in contract.columns.items() if column.role == role]
        if len(holders) != 1:
            findings.add(("columns",), f"Exactly one column has role {role}; here it is {', '.join(holders) or 'none'}.")
    for index, name in enumerate(contract.key):
        findings.unknown(("key", index), name, "column", contract.columns)


def _check_times(contract: Contract, findings: _Findings, vocabulary: Vocabulary, calendar: Calendar) -> None:
    if findings.unknown(("base_period",), contract.base_period, "grain", calendar.grains):
        return
    if contract.starts is not None:
        _check_label(contract, findings, calendar, ("starts",), contract.starts)
    if (contract.starts is None) == (not contract.series_starts):
        findings.add(("starts",), "Say either starts or series_starts.", "starts where the source is one series, else a start per series.")
    code = re.compile(vocabulary.reporting_unit.code_format)
    for index, exemption in enumerate(contract.exemptions):
        place = ("exemptions", index)
        first = _check_label(contract, findings, calendar, (*place, "from"), exemption.from_)
        last = _check_label(contract, findings, calendar, (*place, "to"), exemption.to)
        if first is not None and last is not None and last < first:
            findings.add((*place, "to"), f"The exemption ends ({exemption.to}) before it begins ({exemption.from_}).")
        if not code.fullmatch(exemption.unit):
            findings.add((*place, "unit"), f"'{exemption.unit}' is no unit code.", f"A unit code looks like {code.pattern}.")


def _check_label(contract: Contract, findings: _Findings, calendar: Calendar, place: Location, label: str) -> int | None:
    """Key of the base period that the label names; an error and None when it names none."""
    period = calendar.parse(label)
    if period is None or period.grain != contract.base_period:
        example = calendar.containing(contract.base_period, calendar.first_day).label
        findings.add(place, f"'{label}' is no {contract.base_period}.", f"Write it like {example}.")
        return None
    return period.key


def _check_series(contract: Contract, findings: _Findings, calendar: Calendar) -> None:
    for index, name in enumerate(contract.series):
        known = not findings.unknown(("series", index), name, "column", contract.columns)
        if known and contract.columns[name].type != "text":
            findings.add(("series", index), f"{name} names a series, so its type is text.")
    if bool(contract.series) != bool(contract.series_starts):
        findings.add(("series",), "series and series_starts belong together.", "Name every expected series with its first base period.")
    if contract.base_period in calendar.grains:
        for series, label in contract.series_starts.items():
            _check_label(contract, findings, calendar, ("series_starts", series), label)


def _check_form(contract: Contract, name: str, form: Form, findings: _Findings) -> None:
    place: Location = ("forms", name)
    targets = list(form.header.values())
    for file_column, column in form.header.items():
        findings.unknown((*place, "header", file_column), column, "column", contract.columns)
        if targets.count(column) > 1:
            findings.add((*place, "header", file_column), f"More than one column of the file becomes '{column}'.")
    if form.split is not None:
        findings.unknown((*place, "split", "column"), form.split.column, "column", form.header.values())
        findings.unknown((*place, "split", "into"), form.split.into, "column", contract.columns)
        if form.split.into in targets:
            findings.add((*place, "split", "into"), f"'{form.split.into}' comes from the header already.")
        targets.append(form.split.into)
    roles = {column for column, what in contract.columns.items() if what.role is not None or what.required}
    for column in sorted((roles | set(contract.series)) - set(targets)):
        findings.add((*place, "header"), f"Form {name} has no column for '{column}'.", "Say which column of the file it is.")
    for index, text in enumerate(form.period):
        if label_format(text) is None:
            findings.add((*place, "period", index), f"'{text}' does not name a period.", f"Use {PLACES}, as in {{year}}Q{{quarter}}.")
    if isinstance(form.extracted_at, FromFileName) and form.extracted_at.file_name.count(DATE_PLACE) != 1:
        findings.add((*place, "extracted_at"), f"The file name has {DATE_PLACE} exactly once.", f"Write it like name_{DATE_PLACE}.")
    if (form.mode == "window") != (form.length is not None):
        findings.add((*place, "length"), "length belongs to mode window, and only there.", "Write how many base periods a window spans.")


def _check_rules(contract: Contract, findings: _Findings) -> None:
    seen: dict[str, int] = {}
    for index, rule in enumerate(contract.rules):
        place = ("rules", index)
        if rule.id in seen:
            findings.add((*place, "id"), f"Rule {rule.id} is there twice.", "An id stands for one rule for ever: give this one its own.")
        seen.setdefault(rule.id, index)
        _check_rule(contract, rule, place, findings)
    if len(contract.rules) > MOST_RULES:
        findings.add(("rules",), f"There are {len(contract.rules)} rules; a contract has at most {MOST_RULES}.")
    for check in _missing_checks(contract):
        findings.add(("rules",), f"Exactly one rule has check {check}.", "Every finding needs a rule with an id and a title.")
    for name, column in contract.columns.items():
        checks = {rule.check for rule in contract.rules if rule.column == name}
        if column.required and "required" not in checks:
            findings.add(("columns", name), f"{name} is required, but no rule says so.", f"Add a rule: check required, column {name}.")
        if column.type not in ("text", "unit_code", "period") and "typed" not in checks:
            findings.add(("columns", name), f"{name} is {column.type}, but no rule says so.", f"Add a rule: check typed, column {name}.")


def _missing_checks(contract: Contract) -> list[Check]:
    wanted = list(_EVERY_CONTRACT)
    if contract.units == "members":
        wanted.append("member_unit")
    if contract.series:
        wanted.append("known_series")
    counted = [rule.check for rule in contract.rules]
    return [check for check in wanted if counted.count(check) != 1]


def _check_rule(contract: Contract, rule: Rule, place: Location, findings: _Findings) -> None:
    column = contract.columns.get(rule.column or "")
    if (rule.column is None) != (rule.check in _WITHOUT_COLUMN):
        needs = "names no column" if rule.check in _WITHOUT_COLUMN else "needs a column"
        findings.add((*place, "column"), f"{rule.id}: check {rule.check} {needs}.")
    elif rule.column is not None:
        findings.unknown((*place, "column"), rule.column, "column", contract.columns)
    if column is not None:
        if rule.check in _UNIT_CHECKS and column.role != "unit":
            findings.add((*place, "column"), f"{rule.id}: check {rule.check} is about the column with role unit.")
        if rule.check == "known_period" and column.role != "period":
            findings.add((*place, "column"), f"{rule.id}: check known_period is about the column with role period.")
        if rule.check == "range" and column.type not in _NUMBERS:
            findings.add((*place, "column"), f"{rule.id}: {rule.column} has type {column.type}; a range is of numbers.")
    _check_parameters(rule, place, findings)
    for field_name in ("series", "except_series"):
        for index, series in enumerate(getattr(rule, field_name)):
            findings.unknown((*place, field_name, index), series, "series", contract.series_starts)


def _check_parameters(rule: Rule, place: Location, findings: _Findings) -> None:
    given = {
        "values": bool(rule.values),
        "min": rule.min is not None,
        "max": rule.max is not None,
        "pattern": rule.pattern is not None,
    }
    belongs = {"in_values": {"values"}, "range": {"min", "max"}, "pattern": {"pattern"}}.get(rule.check, set[str]())
    if belongs and not any(given[name] for name in belongs):
        findings.add(place, f"{rule.id}: check {rule.check} needs {' or '.join(sorted(belongs))}.")
    for name in sorted(name for name, there in given.items() if there and name not in belongs):
        findings.add((*place, name), f"{rule.id}: {name} says nothing to check {rule.check}.", "Remove it or choose another check.")
    if rule.min is not None and rule.max is not None and rule.max < rule.min:
        findings.add((*place, "max"), f"{rule.id}: max {rule.max} is below min {rule.min}.")
    if rule.pattern is not None:
        try:
            re.compile(rule.pattern)
        except re.error as error:
            findings.add((*place, "pattern"), f"{rule.id}: pattern is no regular expression: {error}.")


def _check_titles(contract: Contract, findings: _Findings, vocabulary: Vocabulary) -> None:
    texts: list[tuple[Location, dict[str, str]]] = [(("title",), contract.title), (("description",), contract.description)]
    texts += [(("columns", name, "title"), column.title) for name, column in contract.columns.items()]
    texts += [(("columns", name, "description"), column.description) for name, column in contract.columns.items() if column.description]
    texts += [(("rules", index, "title"), rule.title) for index, rule in enumerate(contract.rules)]
    texts += [(("exemptions", index, "reason"), exemption.reason) for index, exemption in enumerate(contract.exemptions)]
    for location, text in texts:
        what = ".".join(str(part) for part in location)
        missing = [language for language in vocabulary.languages if not text.get(language)]
        if missing:
            findings.add(location, f"{what} has no text in {', '.join(missing)}.")
        for language in text:
            if language not in vocabulary.languages:
                findings.unknown((*location, language), language, "language", vocabulary.languages)
