"""Contracts of ledgers, deltas and other notations: what their fields say about each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from flis_semantic.contracts.landing import landing_columns
from flis_semantic.contracts.load import load_contracts
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from tests.unit.test_contracts_check import errors, vocabulary  # noqa: F401 - fixtures

LEDGER = """\
table: ledger
title: {da: Bog, en: Ledger}
description: {da: Bog, en: Ledger}
publisher: Somebody
licence: free
owner: us
base_period: month
side_periods: {"13": 12, "0": 1}
deadline: {days: 10}
starts: 2019-01
absent: zero
blank: missing
key: [unit, account_year, voucher]
columns:
  unit: {type: unit_code, role: unit, title: {da: Enhed, en: Unit}}
  account_year: {type: integer, title: {da: År, en: Year}}
  number: {type: text, title: {da: Måned, en: Month}}
  period: {type: period, role: period, title: {da: Periode, en: Period}}
  voucher: {type: text, title: {da: Bilag, en: Voucher}}
  posted: {type: date, title: {da: Dato, en: Date}}
  booked: {type: date, title: {da: Dato, en: Date}}
  extracted: {type: timestamp, title: {da: Udtræk, en: Extract}}
  amount: {type: decimal, scale: 2, title: {da: Beløb, en: Amount}}
  person: {type: text, personal: true, title: {da: Person, en: Person}}
  change: {type: text, title: {da: Ændring, en: Change}}
  step: {type: integer, title: {da: Nummer, en: Number}}
forms:
  monthly:
    file_name: "ledger_*_*.csv"
    delimiter: ";"
    decimal: ","
    date_format: DD-MM-YYYY
    mode: full
    extracted_at: {column: extracted}
    unit: {file_name: "ledger_{unit}_{period}"}
    period_of: {file_name: "ledger_{unit}_{period}"}
    header: {Aar: account_year, Maaned: number, Bilag: voucher, Dato: posted, Bogfoert: booked, Udtraek: extracted, Beloeb: amount, Cpr: person}
    period: ["{year}-{month_number}"]
    join: {columns: [account_year, number], with: "-", into: period}
  daily:
    file_name: "delta_*.jsonl"
    kind: json_lines
    mode: delta
    delta: {sequence: {column: step}, deleted: {column: change, values: [D]}}
    extracted_at: {file_name: "delta_{unit}_{date}"}
    unit: {file_name: "delta_{unit}_{date}"}
    header: {year: account_year, month: number, voucher: voucher, amount: amount, change: change, step: step}
    period: ["{year}-{month_number}"]
    join: {columns: [account_year, number], with: "-", into: period}
rules:
  - {id: R-1, check: row_shape, title: {da: a, en: a}}
  - {id: R-2, check: known_unit, column: unit, title: {da: a, en: a}}
  - {id: R-3, check: member_unit, column: unit, title: {da: a, en: a}}
  - {id: R-4, check: known_period, column: period, title: {da: a, en: a}}
  - {id: R-5, check: typed, column: amount, title: {da: a, en: a}}
  - {id: R-6, check: typed, column: account_year, title: {da: a, en: a}}
  - {id: R-7, check: typed, column: posted, title: {da: a, en: a}}
  - {id: R-8, check: typed, column: booked, title: {da: a, en: a}}
  - {id: R-9, check: typed, column: extracted, title: {da: a, en: a}}
  - {id: R-10, check: typed, column: step, title: {da: a, en: a}}
  - {id: R-11, check: unique_key, title: {da: a, en: a}}
  - {id: R-12, check: dates_ordered, columns: [posted, booked], action: warn, title: {da: a, en: a}}
  - {id: R-13, check: not_after_extract, column: posted, days: 31, title: {da: a, en: a}}
  - {id: R-14, stage: cross, action: hold, title: {da: a, en: a}}
"""


@pytest.fixture
def found(errors):  # noqa: F811 - the fixture of that name
    """Errors of the ledger's contract, with one text put for another."""

    def load(old: str = "", new: str = "") -> list[str]:
        assert not old or LEDGER.count(old) == 1, old
        return errors("", ledger=LEDGER.replace(old, new) if old else LEDGER)[1:]

    return load


def test_a_right_contract_has_no_error(found):
    assert found() == []


def test_what_the_rest_of_the_program_reads_off_a_contract(tmp_path: Path, root: Path):
    words = load_vocabulary(root / "catalogue")
    (tmp_path / "ledger.yml").write_text(LEDGER)
    contract = load_contracts(tmp_path, words, Calendar(words))["ledger"]
    assert [rule.id for rule in contract.cross_rules] == ["R-14"]
    assert len(contract.row_rules) == 13 and contract.personal_columns == {"person"}
    columns = landing_columns(contract)
    assert "person" not in columns and columns["extracted"] == "TIMESTAMP"
    assert list(columns)[-2:] == ["slot", "is_deleted"]
    assert contract.forms["daily"].by_unit and contract.side_periods == {"13": 12, "0": 1}
    assert contract.deadline is not None and contract.deadline.days == 10


CONTRADICTIONS = [
    ("base_period: month", "base_period: year", "8: A year has no number within a year, so there are no side periods."),
    ('{"13": 12,', '{"12": 12,', "8: 12 is an ordinary month, not a side period."),
    (
        '{"13": 12,',
        '{"13": 14,',
        "8: Side period 13 stands in the place of month 14, which does not exist. A month has a number from 1 to 12.",
    ),
    ('{"13": 12,', '{"013": 12,', "8: side_periods.013"),
    ("{days: 10}", "{days: -1}", "9: deadline.days is -1, expected"),
    ("{days: 10}", "{workdays: 0}", "9: deadline.workdays is 0, expected"),
    ("{days: 10}", "{}", "9: deadline: a deadline is one of days, workdays and month_day."),
    ("{days: 10}", "{days: 10, workdays: 7}", "9: deadline: a deadline is one of days, workdays and month_day."),
    ("{days: 10}", '{month_day: "02-29"}', "9: deadline.month_day is '02-29': not every year has that day."),
    ("{days: 10}", '{month_day: "14"}', "9: deadline.month_day: '14' is no day of the year"),
    ("personal: true, ", "personal: true, required: true, ", "24: person is required, but no rule says so."),
    ("{type: text, personal: true,", "{type: integer, personal: true,", "24: person is personal, so its type is text, not integer."),
    ("key: [unit, account_year, voucher]", "key: [unit, person]", "13: person is personal, so no row can be told by it."),
    ("  booked: {type", "  slot: {type", "21: 'slot' is a column that every landing file has already."),
    ("date_format: DD-MM-YYYY", "date_format: MM-DD-YYYY", "32: forms.monthly.date_format is 'MM-DD-YYYY', expected 'YYYY-MM-DD',"),
    ("{column: extracted}", "{column: extraced}", "34: column 'extraced' does not exist here. Did you mean 'extracted'?"),
    ("{column: extracted}", "{column: amount}", "34: amount tells the extract time, so its type is date or timestamp, not decimal."),
    ('unit: {file_name: "ledger_{unit}_{period}"}', 'unit: {file_name: "ledger_*_{period}"}', "35: The file name has {unit} exactly once."),
    (
        'period_of: {file_name: "ledger_{unit}_{period}"}',
        'period_of: {file_name: "ledger_{unit}"}',
        "36: The file name has {period} exactly once.",
    ),
    (
        'period_of: {file_name: "ledger_{unit}_{period}"}',
        'period_of: {file_name: "ledger_{unt}_{period}"}',
        "36: '{unt}' is no place of a file name. Use {unit}, {period}, {date}, {sequence} and * for what varies.",
    ),
    (
        'period_of: {file_name: "ledger_{unit}_{period}"}',
        'period_of: {file_name: "ledger_{unit}_{unit}_{period}"}',
        "36: The file name has {unit} more than once. Write * where it stands again.",
    ),
    ('    unit: {file_name: "ledger_{unit}_{period}"}\n', "", "36: Form monthly has no column for 'unit'."),
    ("Aar: account_year, Maaned: number", "Maaned: number", "39: column 'account_year' does not exist here."),
    ("Cpr: person}\n", "Cpr: person, Nr: number2}\n", "37: column 'number2' does not exist here. Did you mean 'number'?"),
    ("kind: json_lines", "kind: json_lines\n    delimiter: ';'", "43: delimiter says nothing about a file of kind json_lines. Remove it."),
    ("kind: json_lines", "kind: json", "42: forms.daily.kind is 'json', expected 'csv', 'parquet' or 'json_lines'."),
    (
        "    delta: {sequence: {column: step}, deleted: {column: change, values: [D]}}\n",
        "",
        "40: delta belongs to mode delta, and only there.",
    ),
    ("mode: full", "mode: full\n    delta: {sequence: manifest}", "34: delta belongs to mode delta, and only there."),
    ("sequence: {column: step}", "sequence: {column: change}", "44: change counts the deltas, so its type is integer, not text."),
    ("sequence: {column: step}", "sequence: {column: stp}", "44: column 'stp' does not exist here. Did you mean 'step'?"),
    ("sequence: {column: step}", 'sequence: {file_name: "delta_*"}', "44: The file name has {sequence} exactly once."),
    ("deleted: {column: change,", "deleted: {column: chnge,", "44: column 'chnge' does not exist here. Did you mean 'change'?"),
    ("deleted: {column: change,", "deleted: {column: voucher,", "44: voucher belongs to the key, so it cannot say that a key is deleted."),
    (
        "voucher: voucher, amount: amount, ch",
        "amount: amount, ch",
        "47: Form daily is of changes by key, but has no column for 'voucher' of the key.",
    ),
    (
        "columns: [posted, booked], action: warn",
        "columns: [posted, amount]",
        "62: R-12: amount has type decimal; only dates have an order.",
    ),
    (
        "columns: [posted, booked], action: warn",
        "columns: [posted, boked]",
        "62: column 'boked' does not exist here. Did you mean 'booked'?",
    ),
    ("columns: [posted, booked], action: warn", "columns: [posted]", "62: R-12: two dates are compared, not 1."),
    (", columns: [posted, booked], action: warn", "", "62: R-12: check dates_ordered needs columns."),
    ("column: posted, days: 31", "column: posted", "63: R-13: check not_after_extract needs days."),
    ("column: posted, days: 31", "column: amount, days: 31", "63: R-13: amount has type decimal; only a date can be after the extract."),
    (
        "check: not_after_extract, column: posted, days: 31",
        "check: pattern, pattern: x, column: voucher, days: 3",
        "63: R-13: days says nothing to",
    ),
    (
        "check: unique_key,",
        "check: unique_key, action: warn,",
        "61: R-11: a row that fails check unique_key cannot be kept with a warning.",
    ),
    (
        "check: typed, column: step,",
        "check: typed, action: warn, column: step,",
        "60: R-10: a row that fails check typed cannot be kept with a warning.",
    ),
    ("check: typed, column: step,", "check: typed, action: warn, column: step,", "26: step is integer, but no rule says so."),
    (
        "stage: cross, action: hold",
        "stage: cross, action: warn",
        "64: R-14: a rule of stage cross has action set_aside, repair, flag or hold.",
    ),
    (
        "stage: cross, action: hold",
        "check: empty, column: change, action: hold",
        "64: R-14: a rule of stage row has action set_aside or warn.",
    ),
    ("stage: cross, action: hold", "action: set_aside", "64: R-14: a rule of stage row needs a check."),
    ("stage: cross, action: hold", "stage: cross, check: empty, column: unit", "64: R-14: check says nothing to a rule of stage cross."),
]


@pytest.mark.parametrize(("old", "new", "error"), CONTRADICTIONS)
def test_each_contradiction_is_named_at_its_line(found, old: str, new: str, error: str):
    all_found = found(old, new)
    assert any(text.startswith(f"contracts/ledger.yml:{error}") for text in all_found), all_found


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("into: period}\n  daily", "into: voucher}\n  daily", "39: 'voucher' comes from the header already."),
        ("[account_year, number], with: \"-\", into: period}\n  daily", "[account_year, person], with: \"-\", into: period}\n  daily", "39: person is personal, so its value joins no other."),
        ("[account_year, number], with: \"-\", into: period}\n  daily", "[account_year], with: \"-\", into: period}\n  daily", "39: forms.monthly.join.columns has 1 items, expected at least 2 items."),
    ],
)  # fmt: skip
def test_a_join_is_of_columns_that_are_there_into_one_that_is_not(found, old: str, new: str, error: str):
    all_found = found(old, new)
    assert any(text.startswith(f"contracts/ledger.yml:{error}") for text in all_found), all_found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{column: extracted}", "{colum: extracted}", ["extracted_at.column is missing", "extracted_at.colum is not a field"]),
        ("{column: extracted}", "recept", ["extracted_at is 'recept', expected 'receipt'."]),
        ("sequence: {column: step}", "sequence: manifst", ["delta.sequence is 'manifst', expected 'manifest'."]),
    ],
)
def test_a_mistake_in_where_a_value_stands_is_told_of_the_way_that_was_meant(found, old: str, new: str, expected: list[str]):
    all_found = found(old, new)
    assert len(all_found) == len(expected) and all(part in text for part, text in zip(expected, all_found, strict=True)), all_found
