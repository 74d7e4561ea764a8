"""The personal numbers that a project's deliveries hold are in no file that comes of them: landing zone, ledger, logs, warehouse."""

from __future__ import annotations

import csv
import gzip
import os
import re
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from flis_semantic.contracts.model import Form
from flis_semantic.delivery.pseudonyms import DEMONSTRATION_KEY
from flis_semantic.workspace import Project
from tests.sampling import sample
from tests.traces import readings, spellings, spellings_of_key

MOST_FILES = 20
NUMBER = re.compile(rb"(?<![0-9])[0-9]{6}-?[0-9]{4}(?![0-9])")


def delivered_numbers(project: Project) -> dict[str, set[str]]:
    """Per table the values of its columns of personal numbers, in delivered text files: some of them."""
    found: dict[str, set[str]] = {}
    for table, contract in project.contracts.items():
        personal = contract.personal_columns
        forms = [form for form in contract.forms.values() if form.kind == "csv" and personal & set(form.header.values())]
        files = [
            (path, form)
            for path in sorted((project.work / "simulated").glob("*"))
            for form in forms
            if fnmatchcase(path.name.removesuffix(".gz"), form.file_name)
        ]
        if files:
            found[table] = {value for path, form in sample(files, MOST_FILES) for value in _numbers(path, form, personal)}
    return found


def _numbers(path: Path, form: Form, personal: frozenset[str]) -> set[str]:
    data = gzip.decompress(path.read_bytes()) if path.name.endswith(".gz") else path.read_bytes()
    rows = list(csv.reader(data.decode("cp1252").splitlines(), delimiter=form.delimiter))
    if not rows or set(rows[0]) != set(form.header):
        return set()
    places = [place for place, name in enumerate(rows[0]) if form.header[name] in personal]
    values = {row[place] for row in rows[1:] if len(row) == len(rows[0]) for place in places}
    return {value for value in values if NUMBER.fullmatch(value.encode())}


@pytest.fixture(scope="module")
def planted(demo_project: Path) -> dict[str, set[str]]:
    return delivered_numbers(Project(demo_project))


def test_the_deliveries_hold_numbers(planted: dict[str, set[str]]) -> None:
    assert set(planted) >= {"oko_postering", "bor_borger_status", "bor_haendelse"}
    assert sum(map(len, planted.values())) > 100, {table: len(numbers) for table, numbers in planted.items()}


def test_neither_a_number_nor_a_key_is_in_any_file_but_the_delivered_ones(demo_project: Path, planted: dict[str, set[str]]) -> None:
    wanted = {text for numbers in planted.values() for number in numbers for text in spellings(number)}
    keys = spellings_of_key(DEMONSTRATION_KEY.decode()) | spellings_of_key(os.environ["FLIS_PSEUDONYM_KEY"])
    searched: set[str] = set()
    for path, data in readings(demo_project / "work", but=("simulated",)):
        searched.add(path)
        assert not wanted.intersection(NUMBER.findall(data)), path
        assert not any(key in data for key in keys), path
    assert any(path.startswith("versions/") for path in searched) and "ledger.sqlite" in searched
    assert any(path.startswith("landing/oko_postering/set_aside/") for path in searched)
    assert any(path.startswith("target/compiled/") for path in searched) and any(path.startswith("logs/") for path in searched)
