"""What the fields of a contract say about each other, about the vocabulary and about the other contracts.

Every check adds to one list, so that a user mends all mistakes in one go; each names file, line and the nearest right name.
"""

from __future__ import annotations

import re

from flis_semantic.contracts.check_forms import check_form
from flis_semantic.contracts.check_rules import check_rules
from flis_semantic.contracts.findings import Findings
from flis_semantic.contracts.labels import ordinary_numbers
from flis_semantic.contracts.landing import RESERVED_COLUMNS
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import DefinitionError
from flis_semantic.strict_yaml import Document, Location
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Vocabulary


def check_contract(contract: Contract, document: Document, vocabulary: Vocabulary, calendar: Calendar) -> list[DefinitionError]:
    """Every contradiction inside one contract."""
    findings = Findings(document)
    stem = document.path.stem
    if contract.table != stem:
        findings.add(("table",), f"table is '{contract.table}', the file is called '{stem}'.", "Give both the same name.")
    _check_columns(contract, findings, vocabulary)
    _check_times(contract, findings, vocabulary, calendar)
    _check_series(contract, findings, calendar)
    for name, form in contract.forms.items():
        check_form(contract, name, form, findings)
    check_rules(contract, vocabulary, findings)
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


def _check_columns(contract: Contract, findings: Findings, vocabulary: Vocabulary) -> None:
    for name, column in contract.columns.items():
        place = ("columns", name)
        if name in RESERVED_COLUMNS:
            findings.add(place, f"'{name}' is a column that every landing file has already.", "Choose another name.")
        if (column.type == "decimal") != (column.scale is not None):
            findings.add((*place, "scale"), f"{name}: scale belongs to type decimal, and only there.", "Write how many decimals are kept.")
        _check_pseudonym(contract, name, findings, vocabulary)
        if column.personal and column.type != "text":
            findings.add((*place, "type"), f"{name} is personal, so its type is text, not {column.type}.", "Its value is kept nowhere.")
        wanted = {"unit": "unit_code", "period": "period"}.get(column.role or "")
        if wanted and column.type != wanted:
            findings.add((*place, "type"), f"{name} has role {column.role}, so its type is {wanted}, not {column.type}.")
    for role in ("unit", "period"):
        holders = [name for name, column in contract.columns.items() if column.role == role]
        if len(holders) != 1:
            findings.add(("columns",), f"Exactly one column has role {role}; here it is {', '.join(holders) or 'none'}.")
    _check_supplier(contract, findings)
    for index, name in enumerate(contract.key):
        findings.unknown(("key", index), name, "column", contract.columns)
        if name in contract.personal_columns and name not in contract.pseudonyms:
            findings.add(("key", index), f"{name} is personal, so no row can be told by it.", "A personal value is kept nowhere.")


def _check_supplier(contract: Contract, findings: Findings) -> None:
    name = contract.supplier_column
    if name is None or findings.unknown(("supplier_column",), name, "column", contract.columns):
        return
    column = contract.columns[name]
    if column.type != "text" or column.personal:
        findings.add(("supplier_column",), f"{name} cannot name a supplier: it is not plain text.", "Name another one.")


def _check_pseudonym(contract: Contract, name: str, findings: Findings, vocabulary: Vocabulary) -> None:
    """The number is one that the vocabulary knows, and the pseudonym's column nobody else's."""
    pseudonym = contract.pseudonyms.get(name)
    if pseudonym is None:
        return
    place = ("columns", name, "personal")
    findings.unknown((*place, "number"), pseudonym.number, "personal number", vocabulary.personal_numbers)
    others = [other.key for column, other in contract.pseudonyms.items() if column != name]
    if pseudonym.key in contract.columns or pseudonym.key in RESERVED_COLUMNS or pseudonym.key in others:
        findings.add((*place, "key"), f"'{pseudonym.key}' is another column of the landing file already.", "Choose another name.")


def _check_times(contract: Contract, findings: Findings, vocabulary: Vocabulary, calendar: Calendar) -> None:
    if findings.unknown(("base_period",), contract.base_period, "grain", calendar.grains):
        return
    if contract.starts is not None:
        _check_label(contract, findings, calendar, ("starts",), contract.starts)
    _check_side_periods(contract, findings)
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


def _check_side_periods(contract: Contract, findings: Findings) -> None:
    ordinary = ordinary_numbers(contract.base_period)
    if contract.side_periods and not ordinary:
        findings.add(
            ("side_periods",),
            f"A {contract.base_period} has no number within a year, so there are no side periods.",
            "They belong to base periods month, quarter and week.",
        )
        return
    for number, place in contract.side_periods.items():
        if int(number) in ordinary:
            findings.add(("side_periods", number), f"{number} is an ordinary {contract.base_period}, not a side period.")
        if place not in ordinary:
            findings.add(
                ("side_periods", number),
                f"Side period {number} stands in the place of {contract.base_period} {place}, which does not exist.",
                f"A {contract.base_period} has a number from {ordinary[0]} to {ordinary[-1]}.",
            )


def _check_label(contract: Contract, findings: Findings, calendar: Calendar, place: Location, label: str) -> int | None:
    """Key of the base period that the label names; an error and None when it names none."""
    period = calendar.parse(label, contract.base_period)
    if period is None or period.grain != contract.base_period:
        example = calendar.containing(contract.base_period, calendar.first_day).label
        findings.add(place, f"'{label}' is no {contract.base_period}.", f"Write it like {example}.")
        return None
    return period.key


def _check_series(contract: Contract, findings: Findings, calendar: Calendar) -> None:
    for index, name in enumerate(contract.series):
        known = not findings.unknown(("series", index), name, "column", contract.columns)
        if known and contract.columns[name].type != "text":
            findings.add(("series", index), f"{name} names a series, so its type is text.")
        if name in contract.personal_columns:
            findings.add(("series", index), f"{name} is personal, so it names no series.", "A personal value is kept nowhere.")
    if bool(contract.series) != bool(contract.series_starts):
        findings.add(("series",), "series and series_starts belong together.", "Name every expected series with its first base period.")
    if contract.base_period in calendar.grains:
        for series, label in contract.series_starts.items():
            _check_label(contract, findings, calendar, ("series_starts", series), label)


def _check_titles(contract: Contract, findings: Findings, vocabulary: Vocabulary) -> None:
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
