"""A desk with one more contract: a ledger of postings, as suppliers deliver ledgers."""

from __future__ import annotations

from pathlib import Path

from flis_semantic.contracts.load import load_contracts
from tests.delivery.parcel import Desk
from tests.delivery.parcel import desk as new_desk

TITLE = "title: {da: a, en: a}"
CONTRACT = """\
table: postings
title: {da: Posteringer, en: Postings}
description: {da: Posteringer, en: Postings}
publisher: Somebody
licence: free
owner: us
base_period: month
side_periods: {"13": 12, "0": 1}
starts: 2019-01
absent: zero
blank: missing
key: [kommunekode, aar, bilag, linje]
columns:
  kommunekode: {type: unit_code, role: unit, required: true, TITLE}
  udtraek: {type: timestamp, TITLE}
  aar: {type: integer, TITLE}
  maaned: {type: text, TITLE}
  periode: {type: period, role: period, required: true, TITLE}
  dato: {type: date, TITLE}
  bogfoert: {type: date, TITLE}
  bilag: {type: text, required: true, TITLE}
  linje: {type: integer, TITLE}
  art: {type: text, TITLE}
  beloeb: {type: decimal, scale: 2, TITLE}
  tekst: {type: text, TITLE}
  person: {type: text, personal: true, TITLE}
  handling: {type: text, TITLE}
  sekvens: {type: integer, TITLE}
forms:
  monthly:
    file_name: "postering_*_*.csv"
    delimiter: ";"
    decimal: ","
    date_format: DD-MM-YYYY
    encodings: [utf-8, windows-1252]
    mode: full
    extracted_at: {column: udtraek}
    unit: {file_name: "postering_{unit}_{period}"}
    period_of: {file_name: "postering_{unit}_{period}"}
    header: HEADER
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
  national:
    file_name: "postering_alle_*.parquet"
    kind: parquet
    mode: full
    extracted_at: {file_name: "postering_alle_{date}"}
    header: HEADER
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
  national_lines:
    file_name: "postering_alle_*.jsonl"
    kind: json_lines
    mode: full
    extracted_at: {file_name: "postering_alle_{date}"}
    header: HEADER
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
  national_text:
    file_name: "postering_alle_*.csv"
    delimiter: ";"
    mode: full
    extracted_at: {file_name: "postering_alle_{date}"}
    header: HEADER
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
  daily:
    file_name: "aendring_*.jsonl"
    kind: json_lines
    mode: delta
    delta: {sequence: {file_name: "aendring_{unit}_{date}_{sequence}"}, deleted: {column: handling, values: [D]}}
    extracted_at: {file_name: "aendring_{unit}_{date}_{sequence}"}
    unit: {file_name: "aendring_{unit}_{date}_{sequence}"}
    header: {aar: aar, maaned: maaned, dato: dato, bilag: bilag, linje: linje, beloeb: beloeb, handling: handling}
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
  stepwise:
    file_name: "trin_*.csv"
    delimiter: ";"
    mode: delta
    delta: {sequence: {column: sekvens}, deleted: {column: handling, values: [D]}}
    extracted_at: {column: udtraek}
    header: {kommunekode: kommunekode, udtraek: udtraek, aar: aar, maaned: maaned, bilag: bilag, linje: linje, beloeb: beloeb, handling: handling, sekvens: sekvens}
    period: ["{year}-{month_number}"]
    join: {columns: [aar, maaned], with: "-", into: periode}
rules:
  - {id: P-1, check: row_shape, TITLE}
  - {id: P-2, check: known_unit, column: kommunekode, TITLE}
  - {id: P-3, check: member_unit, column: kommunekode, TITLE}
  - {id: P-4, check: known_period, column: periode, TITLE}
  - {id: P-5, check: unique_key, TITLE}
  - {id: P-6, check: required, column: kommunekode, TITLE}
  - {id: P-7, check: required, column: periode, TITLE}
  - {id: P-8, check: required, column: bilag, TITLE}
  - {id: P-9, check: typed, column: udtraek, TITLE}
  - {id: P-10, check: typed, column: aar, TITLE}
  - {id: P-11, check: typed, column: dato, TITLE}
  - {id: P-12, check: typed, column: bogfoert, TITLE}
  - {id: P-13, check: typed, column: linje, TITLE}
  - {id: P-14, check: typed, column: beloeb, TITLE}
  - {id: P-15, check: typed, column: sekvens, TITLE}
  - {id: P-20, check: dates_ordered, columns: [dato, bogfoert], action: warn, TITLE}
  - {id: P-21, check: not_after_extract, column: dato, days: 31, TITLE}
  - {id: P-22, check: pattern, column: person, pattern: "[0-9]{6}-?[0-9]{4}", TITLE}
  - {id: P-23, check: required, column: beloeb, TITLE}
  - {id: P-30, stage: cross, action: hold, TITLE}
"""
COLUMNS = "kommunekode udtraek aar maaned dato bogfoert bilag linje art beloeb tekst person".split()
HEADER = ";".join(COLUMNS)


def ledger_desk(folder: Path) -> Desk:
    """A desk that knows the contract `postings`, and no other."""
    desk = new_desk(folder)
    contracts = folder / "contracts"
    contracts.mkdir()
    header = "{" + ", ".join(f"{name}: {name}" for name in COLUMNS) + "}"
    (contracts / "postings.yml").write_text(CONTRACT.replace("TITLE", TITLE).replace("HEADER", header))
    desk.contracts = load_contracts(contracts, desk.vocabulary, desk.calendar)
    return desk


def posting(bilag: str = "B1", **values: str) -> str:
    """A row of the monthly form: one of 0101, March 2019, unless said otherwise."""
    row = {
        "kommunekode": "0101",
        "udtraek": "02-04-2019 06:15",
        "aar": "2019",
        "maaned": "3",
        "dato": "15-03-2019",
        "bogfoert": "16-03-2019",
        "bilag": bilag,
        "linje": "1",
        "art": "4.9",
        "beloeb": "-1234,50",
        "tekst": "Løn",
        "person": "",
    }
    return ";".join({**row, **values}[name] for name in COLUMNS)


def month(*rows: str) -> str:
    """A file of the monthly form."""
    return "\n".join([HEADER, *rows]) + "\n"
