"""A project on disk: where its definitions stand and where its state is kept. Everything is loaded when first asked for."""

from __future__ import annotations

import csv
from functools import cached_property
from pathlib import Path

from flis_semantic.catalogue.load import load_catalogue
from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.contracts.load import load_contracts
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import ArgumentError, DefinitionError, DefinitionErrors
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.vocabulary.model import Vocabulary

KEY_VARIABLE = "FLIS_PSEUDONYM_KEY"
KEY_FILE_VARIABLE = "FLIS_PSEUDONYM_KEY_FILE"
SECRETS = (KEY_VARIABLE, KEY_FILE_VARIABLE)
"""Environment variables that only a receive reads: no process that we start is given them."""


class Project:
    """One project folder (the one that holds dbt_project.yml)."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.work = self.root / "work"
        """Folder of everything that is not source."""

        if not (self.root / "dbt_project.yml").is_file():
            raise ArgumentError(
                f"{self.root} holds no dbt_project.yml.", hint="Give the project's folder with --project DIR.", code="no_project"
            )

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words definitions are written in."""
        return load_vocabulary(self.root / "catalogue")

    @cached_property
    def calendar(self) -> Calendar:
        """Periods of the vocabulary."""
        return Calendar(self.vocabulary)

    @cached_property
    def contracts(self) -> dict[str, Contract]:
        """Contracts by table."""
        return load_contracts(self.root / "contracts", self.vocabulary, self.calendar)

    @cached_property
    def catalogue(self) -> Catalogue:
        """All key figures, resolved and checked."""
        return load_catalogue(self.root / "catalogue", self.vocabulary, self.calendar, self.contracts)

    @cached_property
    def units(self) -> dict[str, str]:
        """Code -> kind of every reporting unit, from the vocabulary's seed."""
        unit = self.vocabulary.reporting_unit
        path = self.root / "seeds" / f"{unit.seed}.csv"
        name = f"seeds/{unit.seed}.csv"
        if not path.is_file():
            raise DefinitionErrors([DefinitionError("The seed of reporting units is not there.", where=name)])
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if not rows or unit.seed_code not in rows[0] or unit.seed_kind not in rows[0]:
            raise DefinitionErrors(
                [
                    DefinitionError(
                        f"The seed lacks the column {unit.seed_code} or {unit.seed_kind}.", where=name, hint="The vocabulary names them."
                    )
                ]
            )
        return {row[unit.seed_code]: row[unit.seed_kind] for row in rows}

    @property
    def landing(self) -> Path:
        """Received rows, a folder per table."""
        return self.work / "landing"

    @property
    def ledger_path(self) -> Path:
        """What was received, when, with which verdict."""
        return self.work / "ledger.sqlite"

    @property
    def build_file(self) -> Path:
        """The warehouse while it is being built; always the same path."""
        return self.work / "wh.duckdb"

    @property
    def versions(self) -> Path:
        """Finished warehouses."""
        return self.work / "versions"

    @property
    def pointer(self) -> Path:
        """File with the name of the current version."""
        return self.work / "current"
