"""What a file's name, or its manifest, says about all of it: unit, period, number in a sequence, and which parts it delivers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flis_semantic.contracts.labels import LabelFormat, Placed, label_format, read_label, values_in_name
from flis_semantic.contracts.model import Contract, Form, FromFileName
from flis_semantic.delivery.files import FoundFile
from flis_semantic.delivery.manifest import Manifest, ManifestPart
from flis_semantic.delivery.report import MANIFEST, NAME, Refusal
from flis_semantic.delivery.units import unit_code
from flis_semantic.ledger_records import Part
from flis_semantic.workspace import Project

_EXAMPLES = {"{unit}": "<unit code>", "{period}": "<period>", "{date}": "YYYY-MM-DD", "{sequence}": "<number>", "*": "…"}


@dataclass(frozen=True)
class Named:
    """What is known of a file before its rows. `parts` are delivered even when they have no row."""

    unit: str | None = None
    label: str | None = None
    period: Placed | None = None
    sequence: int | None = None
    parts: tuple[Part, ...] = ()


def read_name(project: Project, file: FoundFile, contract: Contract, form_name: str, manifest: Manifest | None) -> Named:
    """What name and manifest say. Raises Refusal when the form reads something from the name that is not there, or is unknown."""
    reader = _Reader(project, file, contract, form_name, manifest)
    parts = [reader.part(part) for part in manifest.parts] if manifest is not None else []
    unit, label, period = reader.unit(), reader.label(), None
    if label is not None:
        period = reader.placed(label)
    if unit is not None and period is not None:
        named = reader.key(unit, period)
        if parts and named not in parts:
            raise Refusal(MANIFEST, f"The name says {unit}, {label}, which is not among the manifest's parts.", "Correct one of them.")
        parts = parts or [named]
    return Named(unit, label, period, reader.sequence(), tuple(parts))


class _Reader:
    def __init__(self, project: Project, file: FoundFile, contract: Contract, form_name: str, manifest: Manifest | None) -> None:
        self._project = project
        self._file = file
        self._contract = contract
        self._form_name = form_name
        self._form: Form = contract.forms[form_name]
        # One part says what the name does not.
        self._only = manifest.parts[0] if manifest is not None and len(manifest.parts) == 1 else None

    def unit(self) -> str | None:
        """Code of the unit that the whole file is of, where the form is by unit."""
        found = self._value(self._form.unit, "unit", self._only.unit if self._only is not None else None)
        return self._known_unit(found, f"The name {self._file.path.name}", NAME) if found is not None else None

    def label(self) -> str | None:
        """Label of the period that the whole file is of, where the form is by period."""
        return self._value(self._form.period_of, "period", self._only.period if self._only is not None else None)

    def placed(self, label: str) -> Placed:
        """The period that the label in the name is."""
        return self._period(label, f"The name {self._file.path.name}", NAME)

    def sequence(self) -> int | None:
        """The delta's number, where the form reads it from the name."""
        source = self._form.delta.sequence if self._form.delta is not None else None
        found = self._value(source, "sequence", None) if isinstance(source, FromFileName) else None
        return int(found) if found is not None else None

    def part(self, part: ManifestPart) -> Part:
        """A part that the manifest names."""
        unit = self._known_unit(part.unit, "The manifest", MANIFEST)
        return self.key(unit, self._period(part.period, "The manifest", MANIFEST))

    def key(self, unit: str, placed: Placed) -> Part:
        """Unit and period as the ledger names them."""
        return unit, self._project.calendar.key(self._contract.base_period, placed.period.start), placed.slot

    def _value(self, source: FromFileName | None, place: str, instead: str | None) -> str | None:
        if source is None:
            return None
        found = values_in_name(self._file.name.partition(".")[0], source.file_name)
        value = found.get(place) if found is not None else instead
        if value is None:
            expected = source.file_name
            for mark, text in _EXAMPLES.items():
                expected = expected.replace(mark, text)
            raise Refusal(
                NAME,
                f"The name {self._file.path.name} has no {place} where {self._contract.table}, form {self._form_name}, reads it.",
                f"Name it {expected}{Path(self._form.file_name.removesuffix('.gz')).suffix}.",
            )
        return value

    def _known_unit(self, label: str, who: str, code: str) -> str:
        width = self._project.vocabulary.reporting_unit.code_width
        unit = unit_code(label, width)
        controls = {unit_code(control, width) for control in self._contract.controls}
        if unit not in self._project.units and unit not in controls:
            raise Refusal(code, f"{who} says unit '{label}', which is not a known unit code.", "Correct it and deliver the file again.")
        return unit

    def _period(self, label: str, who: str, code: str) -> Placed:
        contract, calendar = self._contract, self._project.calendar
        formats = [notation for text in self._form.period if (notation := label_format(text)) is not None]
        base = label_format(_BASE_LABELS[contract.base_period]) if contract.base_period in _BASE_LABELS else None
        for notation in [*formats, *([base] if base is not None else [])]:
            for spelled in (notation, notation.without_separators()):
                found = self._read(label, spelled)
                if found is not None:
                    return found
        declared = calendar.parse(label)
        if declared is not None and declared.grain == contract.base_period:
            return Placed(declared)
        expected = " or ".join(self._form.period)
        if code == NAME:
            raise Refusal(NAME, f"{who} says period '{label}', which is not a period in the form {expected}.", "Correct the name.")
        first = calendar.containing(contract.base_period, calendar.first_day).label
        raise Refusal(
            MANIFEST, f"{who} says period '{label}', which is no {contract.base_period}.", f"Write it like {first} or {expected}."
        )

    def _read(self, label: str, notation: LabelFormat) -> Placed | None:
        contract = self._contract
        return read_label(label, (notation,), self._project.calendar, contract.base_period, contract.side_periods)


_BASE_LABELS = {
    "year": "{year}",
    "quarter": "{year}-Q{quarter}",
    "month": "{year}-{month}",
    "week": "{year}-W{week}",
    "day": "{year}-{month}-{day}",
}
"""How everything else of the program writes a period: accepted beside the form's own notations. So are labels of declared calendars."""
