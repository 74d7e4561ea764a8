"""The errors of one contract, collected so that a user mends all of them in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from flis_semantic.errors import DefinitionError, suggestion
from flis_semantic.strict_yaml import Document, Location


@dataclass
class Findings:
    """The errors of one contract, each placed at a value of its file."""

    document: Document
    errors: list[DefinitionError] = field(default_factory=list[DefinitionError])

    def add(self, location: Location, message: str, hint: str = "") -> None:
        """Add an error at a place of the file."""
        self.errors.append(DefinitionError(message, where=self.document.where(location), hint=hint))

    def unknown(self, location: Location, name: str, what: str, known: Iterable[str]) -> bool:
        """Add an error when the name is not known; says whether it was."""
        known = list(known)
        if name in known:
            return False
        self.add(location, f"{what} '{name}' does not exist here.", suggestion(name, known))
        return True
