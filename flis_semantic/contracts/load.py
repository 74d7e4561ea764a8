"""Reads every contract of a project, and either returns all of them or raises all errors of all files at once."""

from __future__ import annotations

from pathlib import Path

from flis_semantic.contracts.check import check_contract, check_together
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.strict_yaml import Document, parse, read
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Vocabulary


def load_contracts(folder: Path, vocabulary: Vocabulary, calendar: Calendar) -> dict[str, Contract]:
    """Contracts of `folder/*.yml` by table name, in the order of their names. A folder that is not there holds none.

    Raises DefinitionErrors with every error of every file.
    """
    contracts: dict[str, Contract] = {}
    documents: dict[str, Document] = {}
    errors: list[DefinitionError] = []
    for path in sorted(folder.glob("*.yml")):
        document, found = read(path, f"{folder.name}/{path.name}")
        errors += found
        if document is None:
            continue
        contract, found = parse(Contract, document)
        errors += found
        if contract is None:
            continue
        errors += check_contract(contract, document, vocabulary, calendar)
        contracts[contract.table] = contract
        documents[contract.table] = document
    errors += check_together(contracts, documents)
    if errors:
        raise DefinitionErrors(errors)
    return contracts
