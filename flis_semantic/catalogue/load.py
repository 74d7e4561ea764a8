"""Reading a catalogue folder: one vocabulary, a folder per domain, a file per key figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flis_semantic import strict_yaml
from flis_semantic.catalogue.check import Checker
from flis_semantic.catalogue.model import Domain, KeyFigureFile
from flis_semantic.catalogue.resolved import Catalogue, KeyFigure, ResolvedFact
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.strict_yaml import Document
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Vocabulary

DOMAIN_FILE = "_domain.yml"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")


def load_catalogue(folder: Path, vocabulary: Vocabulary, calendar: Calendar, contracts: Mapping[str, Contract]) -> Catalogue:
    """All definitions of a catalogue folder, resolved.

    Raises:
        DefinitionErrors: every error of every file, each with file and line.
    """
    checker = Checker(vocabulary, calendar, contracts)
    domains: dict[str, Domain] = {}
    documents: dict[str, Document] = {}
    files: list[tuple[str, str, KeyFigureFile, Document]] = []
    for path in sorted(folder.glob("*/*")):
        name = path.relative_to(folder.parent).as_posix()
        if not _is_definition(path, name, checker):
            continue
        document, errors = strict_yaml.read(path, name)
        checker.errors += errors
        if document is None:
            continue
        domain = path.parent.name
        if path.name == DOMAIN_FILE:
            parsed, errors = strict_yaml.parse(Domain, document)
            if parsed is not None:
                domains[domain], documents[domain] = parsed, document
        else:
            figure, errors = strict_yaml.parse(KeyFigureFile, document)
            if figure is not None:
                files.append((domain, path.stem, figure, document))
        checker.errors += errors
    facts: dict[str, ResolvedFact] = {}
    for domain, definition in domains.items():
        facts |= checker.domain(domain, definition, documents[domain])
    figures: list[tuple[KeyFigure, Document]] = []
    for domain, stem, file, document in files:
        figure = checker.figure(domain, stem, file, document, facts, domains.get(domain))
        if figure is not None:
            figures.append((figure, document))
    checker.unique_titles(figures)
    if checker.errors:
        raise DefinitionErrors(sorted(checker.errors, key=_place))
    return Catalogue(vocabulary, calendar, domains, facts, {figure.id: figure for figure, _ in figures})


def json_schemas() -> dict[str, Any]:
    """JSON Schema of every kind of file in a catalogue folder, by file name pattern."""
    return {
        "_vocabulary.yml": Vocabulary.model_json_schema(),
        "<domain>/_domain.yml": Domain.model_json_schema(),
        "<domain>/<key_figure>.yml": KeyFigureFile.model_json_schema(),
    }


def _is_definition(path: Path, name: str, checker: Checker) -> bool:
    if not path.is_file() or path.name.startswith("."):
        return False
    if path.suffix == ".yaml":
        checker.errors.append(DefinitionError("The file's name ends in .yaml and would be overlooked.", where=name, hint="Name it .yml."))
        return False
    if path.suffix != ".yml":
        return False
    if path.name != DOMAIN_FILE and not _IDENTIFIER.match(path.stem):
        checker.errors.append(
            DefinitionError(
                f"'{path.stem}' is no id.", where=name, hint="Use lower-case letters a-z, digits and _, starting with a letter."
            )
        )
        return False
    return True


def _place(error: DefinitionError) -> tuple[str, int]:
    name, _, line = error.where.rpartition(":")
    return (name, int(line)) if line.isdigit() else (error.where, 0)
