"""A desk with a register of persons: a table whose rows are told apart by a personal number, with full files and changes."""

from __future__ import annotations

from pathlib import Path

from flis_semantic.contracts.load import load_contracts
from flis_semantic.vocabulary.personal_numbers import PersonalNumber
from tests.delivery.parcel import Desk
from tests.delivery.parcel import desk as new_desk

KEY = "a key for tests, as long as a key has to be"
TITLE = "title: {da: a, en: a}"
CONTRACT = """\
table: register
title: {da: Register, en: Register}
description: {da: Register, en: Register}
publisher: Somebody
licence: free
owner: us
base_period: month
starts: 2024-01
absent: zero
blank: missing
key: [cpr, fra]
columns:
  kommunekode: {type: unit_code, role: unit, required: true, TITLE}
  maaned: {type: period, role: period, required: true, TITLE}
  cpr: {type: text, required: true, personal: {number: cpr, key: person_key}, TITLE}
  mor_cpr: {type: text, personal: {number: cpr, key: mother_key}, TITLE}
  fra: {type: date, required: true, TITLE}
  ydelse: {type: text, TITLE}
  antal: {type: integer, TITLE}
  adresse: {type: text, personal: true, TITLE}
  tekst: {type: text, TITLE}
  handling: {type: text, TITLE}
forms:
  monthly:
    file_name: "register_*.csv"
    delimiter: ";"
    decimal: ","
    mode: full
    extracted_at: {file_name: "register_{date}"}
    header: HEADER
    period: ["{year}-{month}"]
  national:
    file_name: "register_*.parquet"
    kind: parquet
    mode: full
    extracted_at: {file_name: "register_{date}"}
    header: HEADER
    period: ["{year}-{month}"]
  lines:
    file_name: "register_*.jsonl"
    kind: json_lines
    mode: full
    extracted_at: {file_name: "register_{date}"}
    header: HEADER
    period: ["{year}-{month}"]
  changes:
    file_name: "aendring_*.csv"
    delimiter: ";"
    mode: delta
    delta: {sequence: {file_name: "aendring_{date}_{sequence}"}, deleted: {column: handling, values: [D]}}
    extracted_at: {file_name: "aendring_{date}_{sequence}"}
    header: CHANGES
    period: ["{year}-{month}"]
rules:
  - {id: R-1, check: row_shape, TITLE}
  - {id: R-2, check: known_unit, column: kommunekode, TITLE}
  - {id: R-3, check: member_unit, column: kommunekode, TITLE}
  - {id: R-4, check: known_period, column: maaned, TITLE}
  - {id: R-5, check: unique_key, TITLE}
  - {id: R-6, check: required, column: kommunekode, TITLE}
  - {id: R-7, check: required, column: maaned, TITLE}
  - {id: R-8, check: required, column: cpr, TITLE}
  - {id: R-9, check: required, column: fra, TITLE}
  - {id: R-10, check: typed, column: fra, TITLE}
  - {id: R-11, check: typed, column: antal, TITLE}
  - {id: R-12, check: in_values, column: ydelse, values: [KH, UH, DP], TITLE}
  - {id: R-13, check: pattern, column: adresse, pattern: "[A-Z].*", TITLE}
  - {id: R-20, check: personal_number, column: cpr, TITLE}
  - {id: R-21, check: personal_number_check_digit, column: cpr, action: warn, except_month_day: "01-01", TITLE}
  - {id: R-22, check: personal_number_not_real, column: cpr, TITLE}
  - {id: R-23, check: personal_number, column: mor_cpr, TITLE}
  - {id: R-24, check: personal_number_misplaced, TITLE}
  - {id: R-25, check: personal_number_misplaced, columns: [tekst], action: warn, TITLE}
"""
COLUMNS = "kommunekode maaned cpr mor_cpr fra ydelse antal adresse tekst".split()


def person_desk(folder: Path, contract: str = CONTRACT, numbers: dict[str, PersonalNumber] | None = None) -> Desk:
    """A desk that knows the contract `register`, and no other; and other kinds of personal numbers where they are given."""
    desk = new_desk(folder)
    if numbers is not None:
        desk.vocabulary = desk.vocabulary.model_copy(update={"personal_numbers": numbers})
    contracts = folder / "contracts"
    contracts.mkdir(exist_ok=True)
    for mark, names in (("HEADER", COLUMNS), ("CHANGES", [*COLUMNS, "handling"])):
        contract = contract.replace(mark, "{" + ", ".join(f"{name}: {name}" for name in names) + "}")
    (contracts / "register.yml").write_text(contract.replace("TITLE", TITLE))
    desk.contracts = load_contracts(contracts, desk.vocabulary, desk.calendar)
    return desk


def entry(cpr: str = "0101901234", **values: str) -> str:
    """A row: one of 0101, January 2024, unless said otherwise. Written with `handling` it is a row of changes."""
    row = {"kommunekode": "0101", "maaned": "2024-01", "cpr": cpr, "mor_cpr": "", "fra": "2023-05-01"}
    row |= {"ydelse": "KH", "antal": "1", "adresse": "Vej 1", "tekst": "ok"}
    return ";".join({**row, **values}[name] for name in [*COLUMNS, *(["handling"] if "handling" in values else [])])


def register(*rows: str) -> str:
    """A file of the monthly form."""
    return "\n".join([";".join(COLUMNS), *rows]) + "\n"


def changes(*rows: str) -> str:
    """A file of changes."""
    return "\n".join([";".join([*COLUMNS, "handling"]), *rows]) + "\n"
