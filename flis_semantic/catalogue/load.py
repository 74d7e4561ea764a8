"""Reading a catalogue folder: one vocabulary, a folder per domain, a file per key figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from flis_semantic import strict_yaml
from flis_semantic.catalogue.check import Checker
from flis_semantic.catalogue.model import Domain, KeyFigureFile
from flis_semantic.catalogue.resolved import Catalogue, KeyFigure, ResolvedFact, SourceSeries
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.strict_yaml import Document
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import FILE_NAME
from flis_semantic.vocabulary.model import Vocabulary

DOMAIN_FILE = "_domain.yml"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\Z")
"""Two underscores in a row part a key figure from its status in the names of columns."""


def load_catalogue(folder: Path, vocabulary: Vocabulary, calendar: Calendar, contracts: Mapping[str, Contract]) -> Catalogue:
    """All definitions of a catalogue folder, resolved.

    Raises:
        DefinitionErrors: every error of every file, each with file and line.
    """
    checker = Checker(vocabulary, calendar, contracts)
    read = _Read()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder.parent).as_posix()
        if path != folder / FILE_NAME and _is_definition(path, folder, name, checker):
            read.file(path, name, checker)
    facts: dict[str, ResolvedFact] = {}
    for domain, (definition, document) in read.domains.items():
        facts |= checker.domain(domain, definition, document)
    domains = {domain: definition for domain, (definition, _) in read.domains.items()}
    figures: list[tuple[KeyFigure, Document]] = []
    for domain, stem, file, document in read.figures:
        figure = checker.figure(domain, stem, file, document, facts, domains.get(domain))
        if figure is not None:
            figures.append((figure, document))
    for domain, document in read.unreadable:
        checker.names_in(domain, document, facts)
    checker.unique_titles(figures)
    if checker.errors:
        raise DefinitionErrors(sorted(checker.errors, key=_place))
    return Catalogue(vocabulary, calendar, domains, facts, {figure.id: figure for figure, _ in figures}, _starts(contracts, calendar))


def _starts(contracts: Mapping[str, Contract], calendar: Calendar) -> dict[SourceSeries, date]:
    """First day of the first base period expected of every source line."""
    found: dict[SourceSeries, date] = {}
    for table, contract in contracts.items():
        for series, label in contract.starts_by_series.items():
            first = calendar.parse(label, contract.base_period)
            found[SourceSeries(table, series)] = first.start if first is not None else calendar.first_day
    return found


@dataclass
class _Read:
    """The files of a catalogue as far as each can be read by itself."""

    domains: dict[str, tuple[Domain, Document]] = field(default_factory=dict[str, tuple[Domain, Document]])
    figures: list[tuple[str, str, KeyFigureFile, Document]] = field(default_factory=list[tuple[str, str, KeyFigureFile, Document]])
    unreadable: list[tuple[str, Document]] = field(default_factory=list[tuple[str, Document]])

    def file(self, path: Path, name: str, checker: Checker) -> None:
        """Read one file; what is wrong goes to the checker."""
        domain, is_domain = path.parent.name, path.name == DOMAIN_FILE
        document, errors = strict_yaml.read(path, name)
        checker.errors += errors
        if document is None and is_domain:
            checker.unreadable.add(domain)
        if document is None:
            return
        if is_domain:
            definition, errors = strict_yaml.parse(Domain, document)
            if definition is not None:
                self.domains[domain] = definition, document
            else:
                checker.unreadable.add(domain)
        else:
            figure, errors = strict_yaml.parse(KeyFigureFile, document)
            if figure is not None:
                self.figures.append((domain, path.stem, figure, document))
            else:
                self.unreadable.append((domain, document))
        checker.errors += errors


def json_schemas() -> dict[str, Any]:
    """JSON Schema of every kind of file in a catalogue folder, by file name pattern."""
    return {
        "_vocabulary.yml": Vocabulary.model_json_schema(),
        "<domain>/_domain.yml": Domain.model_json_schema(),
        "<domain>/<key_figure>.yml": KeyFigureFile.model_json_schema(),
    }


def _is_definition(path: Path, folder: Path, name: str, checker: Checker) -> bool:
    if not path.is_file() or any(part.startswith(".") for part in path.relative_to(folder).parts):
        return False
    if path.suffix == ".yaml":
        checker.errors.append(DefinitionError("The file's name ends in .yaml and would be overlooked.", where=name, hint="Name it .yml."))
        return False
    if path.suffix != ".yml":
        return False
    if path.parent.parent != folder:
        checker.errors.append(
            DefinitionError("The file is not in a domain's folder and would be overlooked.", where=name, hint="Move it to <domain>/.")
        )
        return False
    for part in (path.parent.name, path.stem if path.name != DOMAIN_FILE else path.parent.name):
        if not _IDENTIFIER.match(part):
            hint = "Use lower-case letters a-z and digits, starting with a letter, with single _ between them."
            checker.errors.append(DefinitionError(f"'{part}' is no id.", where=name, hint=hint))
            return False
    return True


def _place(error: DefinitionError) -> tuple[str, int]:
    name, _, line = error.where.rpartition(":")
    return (name, int(line)) if line.isdigit() else (error.where, 0)
