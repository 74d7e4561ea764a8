"""What goes wrong with whole deliveries: parsed from `simulation/faults.yml`, which names tables, columns, rules and fates.

A fault hits parts (a unit's rows of a base period in one file) or files, drawn by seed among those that the recipe delivers. No
unit of a table has two faults, and none has one where the recipe plants its own: what is found can be told apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, model_validator

from flis_semantic import strict_yaml
from flis_semantic.contracts.model import RuleId
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.simulate.writing import FAULTS_FILE
from flis_semantic.vocabulary.model import Identifier, Strict
from flis_semantic.workspace import Project

OfPart = Literal[
    "period_missing",
    "unit_absent",
    "carried_forward",
    "zero_filled",
    "value_lost",
    "level_shift",
    "type_changed",
    "rows_duplicated",
    "rows_late",
    "values_corrected",
]
OfFile = Literal["header", "truncated", "encoding", "empty", "digest", "rows", "bit"]
Fate = Literal["missing", "refused", "set_aside", "flagged", "superseded", "undetectable"]
COVERAGE = "COVERAGE"
"""Stands for a rule's id where it is coverage that says that a part is missing."""

_NEEDS: dict[str, tuple[str, ...]] = {
    "zero_filled": ("value",),
    "value_lost": ("value", "column"),
    "level_shift": ("value", "factor"),
    "type_changed": ("column",),
    "rows_duplicated": ("share",),
    "rows_late": ("share", "again_after_days"),
    "values_corrected": ("value", "again_after_days"),
}
_LASTING = ("period_missing", "unit_absent", "carried_forward", "zero_filled", "value_lost", "level_shift", "type_changed")
"""What no later delivery mends."""


class Fault(Strict):
    """One way in which deliveries of a table go wrong."""

    table: Identifier
    what: OfPart | OfFile = Field(description="what happens to a part, or to a file as a whole")
    times: int = Field(default=1, ge=1, description="to how many parts, each of another unit; or to how many files")
    forms: tuple[Identifier, ...] = Field(default=(), description="only files of these forms")
    value: Identifier | None = Field(default=None, description="column of the contract: the number that is changed")
    column: Identifier | None = Field(default=None, description="column whose type changes, or whose most frequent value is lost")
    factor: float | None = Field(default=None, gt=0, description="level_shift: what the numbers are multiplied by")
    share: float | None = Field(default=None, gt=0, le=1, description="of the part's rows; at least one")
    least: float = Field(
        default=0, ge=0, description="value_lost: how much of the value the period before must have had; carried_forward: how many rows"
    )
    controls: bool = Field(default=True, description="of files: whether the manifest has control figures")
    again_after_days: int | None = Field(default=None, gt=0, description="the right file comes so many days later")
    finding: RuleId | Literal["COVERAGE"] | None = Field(default=None, description="rule or finding that tells it; none where nothing can")
    fate: Fate

    @model_validator(mode="after")
    def _whole(self) -> Fault:
        lacking = [name for name in _NEEDS.get(self.what, ()) if getattr(self, name) is None]
        if lacking:
            raise ValueError(f"{self.what} needs {' and '.join(lacking)}")
        if self.what in _LASTING and self.again_after_days is not None:
            raise ValueError(f"{self.what} is not mended by another delivery: leave again_after_days out")
        if (self.finding is None) != (self.fate in ("superseded", "undetectable")):
            raise ValueError("a fault has a finding, unless its fate is superseded or undetectable")
        return self

    @property
    def of_file(self) -> bool:
        """Whether it is about a file as a whole."""
        return self.what in get_args(OfFile)

    @property
    def lasts(self) -> bool:
        """Whether a second delivery has it, too."""
        return self.what in _LASTING


class _Faults(Strict):
    faults: tuple[Fault, ...]


def load_faults(project: Project) -> tuple[Fault, ...]:
    """What goes wrong in the project's simulated deliveries; nothing where the project does not say.

    Raises:
        DefinitionErrors: the file is wrong, or names what the contracts do not have.
    """
    path = project.root / FAULTS_FILE
    if not path.is_file():
        return ()
    document, errors = strict_yaml.read(path, FAULTS_FILE)
    if document is None:
        raise DefinitionErrors(errors)
    read, more = strict_yaml.parse(_Faults, document)
    if read is None or errors or more:
        raise DefinitionErrors([*errors, *more])
    wrong = [error for number, fault in enumerate(read.faults, 1) for error in _unknown(project, number, fault)]
    if wrong:
        raise DefinitionErrors(wrong)
    return read.faults


def _unknown(project: Project, number: int, fault: Fault) -> list[DefinitionError]:
    contract = project.contracts.get(fault.table)
    where = f"{FAULTS_FILE}: fault {number}"
    if contract is None:
        return [DefinitionError(f"There is no contract '{fault.table}'.", where=where)]
    names = [name for name in (fault.value, fault.column) if name is not None and name not in contract.columns]
    names += [name for name in fault.forms if name not in contract.forms]
    if fault.finding is not None and not fault.finding.startswith((COVERAGE, "FILE-")):
        names += [] if any(rule.id == fault.finding for rule in contract.rules) else [fault.finding]
    return [DefinitionError(f"{fault.table} has no '{name}'.", where=where, hint="Its contract names what there is.") for name in names]


def faults_path(out: Path) -> Path:
    """Where a run lists what it planted."""
    return out / "faults.csv"
