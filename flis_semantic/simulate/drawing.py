"""Which parts and files the faults of a table hit: drawn by seed among those that the recipe delivers."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from flis_semantic.contracts.labels import label_format, read_label, values_in_name
from flis_semantic.contracts.model import Contract, Form
from flis_semantic.simulate.faults import Fault
from flis_semantic.simulate.recipe import Recipe
from flis_semantic.simulate.writing import FileFacts, column_types, form_of, take_rows
from flis_semantic.workspace import Project

FROM_BEFORE = ("carried_forward", "value_lost")
"""What is done with the rows of the base period before."""

_BESIDE = (*FROM_BEFORE, "level_shift", "zero_filled")
"""What can be told only where there is an earlier base period."""

_KNOWN = ("contract", "period", "rule_id", "row_count", "fate", "file_name")


@dataclass(frozen=True)
class DeliveredPart:
    """A unit's rows of a base period in a file. `unit_label` and `period_labels` are as the rows have them, None where they do not."""

    file_name: str
    chunk: int | None
    unit: str
    key: int
    period: str
    unit_label: str | None
    period_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """A fault and what it hits: the parts (the first is the one that is found), or all parts of a file."""

    fault: Fault
    file_name: str
    parts: tuple[DeliveredPart, ...]
    before: DeliveredPart | None = None

    @property
    def copied_file(self) -> str | None:
        """The file of the rows that the fault is made of, where it is made of the period before."""
        return self.before.file_name if self.before is not None and self.fault.what in FROM_BEFORE else None


def unit_source(contract: Contract, form: Form, types: Iterable[str]) -> str | None:
    """The recipe's column that says the unit of a row, None where only the file's name does."""
    return _source(contract.unit_column, form, types)


def period_source(contract: Contract, form: Form, types: Iterable[str]) -> str | None:
    """The recipe's column that says the period of a row, None where only the file's name does."""
    return _source(contract.period_column, form, types)


def value_source(column: str, form: Form, types: Iterable[str]) -> str | None:
    """The recipe's column for a column of the contract, None where the form does not have it."""
    return _source(column, form, types)


def _source(column: str, form: Form, types: Iterable[str]) -> str | None:
    there = set(types)
    names = [name for name, of in form.header.items() if of == column]
    return next((name for name in (*names, column) if name in there), None)


def planted_row(table: str, columns: Sequence[str], row: Sequence[object]) -> dict[str, str]:
    """A row of a recipe's `planted_faults` in the words of the run's list: the unit is the column that has no fixed name."""
    values = {name: "" if value is None else str(value) for name, value in zip(columns, row, strict=True)}
    unit = next((name for name in columns if name not in _KNOWN), None)
    return {
        "table": values.get("contract") or table,
        "file": values.get("file_name", ""),
        "unit": values[unit] if unit is not None else "",
        "period": values.get("period", ""),
        "finding": values.get("rule_id", ""),
        "class": "planted_by_recipe",
        "rows": values.get("row_count", ""),
        "fate": values.get("fate", ""),
    }


@dataclass
class Drawing:
    """The parts of a table's deliveries, and what has been drawn of them."""

    project: Project
    contract: Contract
    seed: int
    parts: list[DeliveredPart] = field(default_factory=list[DeliveredPart])
    used_units: set[str] = field(default_factory=set[str])
    own_places: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    own_files: set[str] = field(default_factory=set[str])
    touched_files: set[str] = field(default_factory=set[str])
    whole_files: set[str] = field(default_factory=set[str])
    forms: dict[str, str] = field(default_factory=dict[str, str])

    def look(self, recipe: Recipe) -> None:
        """Read through what the recipe delivers: its parts, and the units and files in which it plants faults of its own."""
        for facts in recipe.chunks():
            columns, rows = recipe.planted()
            for planted in (planted_row(self.contract.table, columns, row) for row in rows):
                if planted["fate"] != "passes":
                    self.used_units.add(planted["unit"])
                    self.own_places.add((planted["unit"], planted["period"]))
                    self.own_files.add(planted["file"])
            take_rows(recipe.connection, recipe.name)
            for fact in facts:
                self.forms[fact.file_name] = form_of(self.contract, recipe.name, fact.file_name)
                if fact.damage is None and self.contract.forms[self.forms[fact.file_name]].mode != "delta":
                    self.parts += self._parts(recipe, fact)
        # A part that comes twice is not gone when one of them is.
        times = Counter((part.unit, part.key) for part in self.parts)
        self.parts = sorted((part for part in self.parts if times[part.unit, part.key] == 1), key=lambda part: (part.unit, part.key))

    def draw(self, faults: Sequence[Fault]) -> list[Drawn]:
        """What the faults hit, in their order; a fault that has nowhere left to go hits less than it should, or nothing."""
        drawn: list[Drawn] = []
        for number, fault in enumerate(faults):
            for found in self._candidates(fault, number):
                drawn.append(found)
                if len([one for one in drawn if one.fault is fault]) == fault.times:
                    break
        return drawn

    def _candidates(self, fault: Fault, number: int) -> Iterator[Drawn]:
        """Whatever the fault can hit at the moment, in an order that the seed decides; what is taken is used up."""
        forms = fault.forms or tuple(self.contract.forms)
        some = [part for part in self.parts if self.forms[part.file_name] in forms]
        if fault.of_file:
            for name in sorted({part.file_name for part in some}, key=lambda name: self._rank(number, name)):
                if self._is_plain(name) and self._is_whole(name):
                    self.whole_files.add(name)
                    yield Drawn(fault, name, tuple(part for part in some if part.file_name == name))
            return
        for part in sorted(some, key=lambda part: self._rank(number, part.unit, part.period)):
            later = [other for other in self.parts if other.unit == part.unit and other.key >= part.key]
            hit = later if fault.what in ("unit_absent", "level_shift") else [part]
            before = self._before(fault, part)
            if not self._is_free(fault, hit, before):
                continue
            if fault.again_after_days is not None:
                self.whole_files.add(part.file_name)
            else:
                self.used_units.add(part.unit)
                self.touched_files.update(other.file_name for other in hit)
                if before is not None and fault.what in FROM_BEFORE:
                    # A file of which some rows come later is no model for another.
                    self.touched_files.add(before.file_name)
            yield Drawn(fault, part.file_name, tuple(hit), before)

    def _before(self, fault: Fault, part: DeliveredPart) -> DeliveredPart | None:
        """The unit's latest part before this one; for what is compared with the base period before, only that one."""
        earlier = [other for other in self.parts if other.unit == part.unit and other.key < part.key]
        next_to_it = fault.what in FROM_BEFORE
        return earlier[-1] if earlier and (not next_to_it or earlier[-1].key == part.key - 1) else None

    def _is_free(self, fault: Fault, hit: Sequence[DeliveredPart], before: DeliveredPart | None) -> bool:
        """Whether the parts may be hit: what the fault needs is there, and what is found in their files is found once."""
        if fault.again_after_days is not None:
            return self._is_whole(hit[0].file_name)
        if hit[0].unit in self.used_units or self.whole_files & {part.file_name for part in hit}:
            return False
        if fault.what == "type_changed" and not self._is_text(hit[0].file_name):
            return False
        if fault.what not in _BESIDE:
            return True
        if before is None or before.file_name in self.whole_files:
            return False
        # What is copied was read before it is written, and stands in the same columns.
        in_time = (before.chunk or 0) <= (hit[0].chunk or 0) and self.forms[before.file_name] == self.forms[hit[0].file_name]
        return in_time or fault.what not in FROM_BEFORE

    def _is_whole(self, name: str) -> bool:
        """Whether nothing else is wrong with a file."""
        places = {(part.unit, part.period) for part in self.parts if part.file_name == name}
        return name not in self.whole_files | self.touched_files | self.own_files and not places & self.own_places

    def _is_text(self, name: str) -> bool:
        return self.contract.forms[self.forms[name]].kind == "csv"

    def _is_plain(self, name: str) -> bool:
        return self._is_text(name) and not name.endswith(".gz")

    def _rank(self, number: int, *names: str) -> bytes:
        return hashlib.sha256("|".join((str(self.seed), str(number), self.contract.table, *names)).encode()).digest()

    def _parts(self, recipe: Recipe, fact: FileFacts) -> Iterator[DeliveredPart]:
        form = self.contract.forms[self.forms[fact.file_name]]
        types = column_types(recipe.connection, "written")
        columns = [unit_source(self.contract, form, types), period_source(self.contract, form, types)]
        selected = [f'CAST("{name}" AS VARCHAR)' if name is not None else "NULL" for name in columns]
        raw = " AND raw_line IS NULL" if "raw_line" in types else ""
        rows = recipe.connection.execute(
            f"SELECT DISTINCT {', '.join(selected)} FROM written WHERE file_name = ?{raw} ORDER BY ALL",  # noqa: S608 - a form's names
            [fact.file_name],
        ).fetchall()
        labels: dict[tuple[str, int, str, str | None], set[str]] = {}
        for unit_label, period_label in rows:
            placed = self._placed(form, fact.file_name, unit_label, period_label)
            if placed is not None:
                labels.setdefault((*placed, unit_label), set()).update([period_label] if period_label is not None else [])
        for (unit, key, period, unit_label), found in labels.items():
            yield DeliveredPart(fact.file_name, fact.chunk, unit, key, period, unit_label, tuple(sorted(found)))

    def _placed(self, form: Form, file_name: str, unit_label: str | None, period_label: str | None) -> tuple[str, int, str] | None:
        """Unit, key and label of the base period; None for what is no ordinary part of a unit."""
        stem = file_name.split(".")[0]
        unit, label = unit_label, period_label
        if form.unit is not None:
            unit = (values_in_name(stem, form.unit.file_name) or {}).get("unit")
        if form.period_of is not None:
            label = (values_in_name(stem, form.period_of.file_name) or {}).get("period")
        if unit is None or label is None:
            return None
        if form.split is not None:
            label = label.split(form.split.on)[0]
        width = self.project.vocabulary.reporting_unit.code_width or 0
        unit = unit.zfill(width) if unit.isdigit() else unit
        formats = [notation for text in form.period if (notation := label_format(text)) is not None]
        formats += [notation.without_separators() for notation in formats]
        grain = self.contract.base_period
        placed = read_label(label, formats, self.project.calendar, grain, self.contract.side_periods)
        if unit not in self.project.units or placed is None or placed.slot:
            return None
        period = self.project.calendar.containing(grain, placed.period.start)
        return unit, period.key, period.label
