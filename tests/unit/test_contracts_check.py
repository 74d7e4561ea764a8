"""A contract with mistakes: every one is named, at its line, with what was probably meant, and all come at once."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from flis_semantic.contracts.load import load_contracts
from flis_semantic.errors import DefinitionErrors
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.warehouse import Error, connect

RIGHT = """\
table: counts
title: {da: Antal, en: Counts}
description: {da: Antal, en: Counts}
publisher: Somebody
licence: free
owner: us
base_period: month
starts: 2020-01
absent: zero
blank: missing
key: [unit, month]
columns:
  unit: {type: unit_code, role: unit, title: {da: Enhed, en: Unit}}
  month: {type: period, role: period, title: {da: Måned, en: Month}}
  amount: {type: decimal, scale: 2, title: {da: Beløb, en: Amount}}
forms:
  plain:
    file_name: "counts_*.csv"
    mode: full
    extracted_at: {file_name: "counts_{date}"}
    header: {unit: unit, month: month, amount: amount}
    period: ["{year}-{month}"]
rules:
  - {id: R-1, check: row_shape, title: {da: a, en: a}}
  - {id: R-2, check: known_unit, column: unit, title: {da: a, en: a}}
  - {id: R-3, check: member_unit, column: unit, title: {da: a, en: a}}
  - {id: R-4, check: known_period, column: month, title: {da: a, en: a}}
  - {id: R-5, check: typed, column: amount, title: {da: a, en: a}}
  - {id: R-6, check: unique_key, title: {da: a, en: a}}
"""


@pytest.fixture(scope="module")
def vocabulary(root: Path):
    return load_vocabulary(root / "catalogue")


@pytest.fixture
def errors(tmp_path: Path, vocabulary):
    """Errors of contracts by file name: `counts.yml` unless said otherwise."""

    def load(text: str, **others: str) -> list[str]:
        folder = tmp_path / "contracts"
        folder.mkdir()
        for name, content in {"counts": text, **others}.items():
            (folder / f"{name}.yml").write_text(content)
        try:
            load_contracts(folder, vocabulary, Calendar(vocabulary))
        except DefinitionErrors as found:
            return [str(error) for error in found.errors]
        return []

    return load


def changed(*changes: tuple[str, str]) -> str:
    text = RIGHT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_a_right_contract_has_no_error(errors):
    assert errors(RIGHT) == []


def test_the_projects_contracts_are_right(root: Path, vocabulary):
    assert list(load_contracts(root / "contracts", vocabulary, Calendar(vocabulary))) == sorted(
        path.stem for path in (root / "contracts").glob("*.yml")
    )


def test_no_folder_is_no_contract(tmp_path: Path, vocabulary):
    assert load_contracts(tmp_path / "nowhere", vocabulary, Calendar(vocabulary)) == {}


def test_all_errors_of_all_files_come_at_once(errors):
    text = changed(
        ("key: [unit, month]", "key: [unit, mont]"),
        ("amount: amount}", "amount: amuont}"),
        ("{id: R-6,", "{id: R-5,"),
        ("starts: 2020-01", "starts: 2020-13"),
        ("check: typed, column: amount", "check: typed, column: amout"),
    )
    other = RIGHT.replace("table: counts", "table: others\nlicens: yes").replace("starts: 2020-01", "starts: 0101")
    assert errors(text, others=other) == [
        "contracts/counts.yml:11: column 'mont' does not exist here. Did you mean 'month'?",
        "contracts/counts.yml:8: '2020-13' is no month. Write it like 2005-01.",
        "contracts/counts.yml:21: column 'amuont' does not exist here. Did you mean 'amount'?",
        "contracts/counts.yml:28: column 'amout' does not exist here. Did you mean 'amount'?",
        "contracts/counts.yml:29: Rule R-5 is there twice. An id stands for one rule for ever: give this one its own.",
        "contracts/counts.yml:15: amount is decimal, but no rule says so. Add a rule: check typed, column amount.",
        "contracts/others.yml:2: yes without quotes is read differently by different YAML readers. "
        'Write "yes" for the text, or true/false for a yes or no.',
        "contracts/others.yml:9: 0101 without quotes is read differently by different YAML readers. "
        'Write "0101" for the text, or true/false for a yes or no.',
        "contracts/others.yml:2: licens is not a field that exists here. Did you mean 'licence'?",
    ]


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("table: counts", "table: count", "1: table is 'count', the file is called 'counts'."),
        ("base_period: month", "base_period: mnth", "7: grain 'mnth' does not exist here. Did you mean 'month'?"),
        ("starts: 2020-01", "starts: 2020-Q1", "8: '2020-Q1' is no month."),
        ("starts: 2020-01\n", "", "1: Say either starts or series_starts."),
        ("absent: zero", "absent: nought", "9: absent is 'nought', expected 'zero', 'missing' or 'suppressed'."),
        ("role: unit, ", "", "12: Exactly one column has role unit; here it is none."),
        ("{type: period, role: period,", "{type: text, role: period,", "14: month has role period, so its type is period, not text."),
        ("type: decimal, scale: 2", "type: decimal", "15: amount: scale belongs to type decimal, and only there."),
        ("type: decimal, scale: 2", "type: integer, scale: 2", "15: amount: scale belongs to type decimal, and only there."),
        (
            "  amount: {type",
            "  series: {type: text, title: {da: a, en: a}}\n  amount: {type",
            "15: 'series' is a column that every landing file",
        ),
        ("{da: Beløb, en: Amount}", "{da: Beløb}", "15: columns.amount.title has no text in en."),
        ("{da: Beløb, en: Amount}", "{da: a, en: a, de: a}", "15: language 'de' does not exist here."),
        ("amount: amount}", "amount: month}", "21: More than one column of the file becomes 'month'."),
        ("month: month, ", "", "21: Form plain has no column for 'month'."),
        ('"{year}-{month}"', '"{year}-{mnth}"', "22: '{year}-{mnth}' does not name a period."),
        ("counts_{date}", "counts", "20: The file name has {date} exactly once."),
        ("mode: full", "mode: window", "17: length belongs to mode window, and only there."),
        ("mode: full", "mode: full\n    length: 3", "20: length belongs to mode window, and only there."),
        ("mode: full", "mode: full\n    split: {column: month, on: '|', into: wek}", "20: column 'wek' does not exist here."),
        ("mode: full", "mode: full\n    split: {column: amout, on: '|', into: month}", "20: column 'amout' does not exist here."),
        ("mode: full", "mode: full\n    split: {column: month, on: '|', into: unit}", "20: 'unit' comes from the header already."),
        ("  - {id: R-6, check: unique_key, title: {da: a, en: a}}\n", "", "23: Exactly one rule has check unique_key."),
        ("  - {id: R-3, check: member_unit, column: unit, title: {da: a, en: a}}\n", "", "23: Exactly one rule has check member_unit."),
        ("scale: 2,", "scale: 2, required: true,", "15: amount is required, but no rule says so."),
        ("check: typed, column: amount", "check: typed", "28: R-5: check typed needs a column."),
        ("check: row_shape,", "check: row_shape, column: unit,", "24: R-1: check row_shape names no column."),
        (
            "check: known_unit, column: unit",
            "check: known_unit, column: month",
            "25: R-2: check known_unit is about the column with role unit.",
        ),
        ("check: known_period, column: month", "check: known_period, column: unit", "27: R-4: check known_period is about the column"),
        ("check: typed,", "check: typed, min: 3,", "28: R-5: min says nothing to check typed."),
        ("check: typed, column: amount", "check: range, column: amount", "28: R-5: check range needs max or min."),
        ("check: typed, column: amount", "check: range, min: 3, max: 2, column: amount", "28: R-5: max 2 is below min 3."),
        ("check: typed, column: amount", "check: range, min: 3, column: unit", "28: R-5: unit has type unit_code; a range is of numbers."),
        ("check: typed, column: amount", "check: pattern, pattern: '(', column: unit", "28: R-5: pattern is no regular expression"),
        ("check: typed,", "check: typed, series: [x],", "28: series 'x' does not exist here."),
        ("id: R-5", "id: five", "28: rules.4.id: 'five' is not of the form ^"),
        ("key: [unit, month]", "series: [unt]\nkey: [unit, month]", "11: column 'unt' does not exist here. Did you mean 'unit'?"),
        ("key: [unit, month]", "series: [unit]\nkey: [unit, month]", "11: unit names a series, so its type is text."),
        ("key: [unit, month]", "series_starts: {a: 2020-01}\nkey: [unit, month]", "1: series and series_starts belong together."),
        (
            "key: [unit, month]",
            "series_starts: {a: 2020}\nkey: [unit, month]",
            '11: series_starts.a is 2020, expected text. Write "2020" for the text.',
        ),
        ("key: [unit, month]", 'series_starts: {a: "2020"}\nkey: [unit, month]', "11: '2020' is no month."),
    ],
)
def test_each_contradiction_is_named_at_its_line(errors, old: str, new: str, error: str):
    found = errors(changed((old, new)))
    assert any(text.startswith(f"contracts/counts.yml:{error}") for text in found), found


@pytest.mark.parametrize(
    ("pattern", "unknown"),
    [
        ("(?!00)[0-9]+", "(?!"), ("(?<=a)b", "(?<="), (r"(a)\1", r"\1"), ("[0-9]++", "++"), (r"a\Z", r"\Z"), ("(?P<x>a)(?P=x)", "(?P="),
        ("a{2000}", "{2000}"), (r"\[*+\]", "*+"),
        ("[*+]+", None), (r"\\1", None), ("[0-9]{6}-?[0-9]{4}", None), ("(?:a|b)+?", None), ("[]+]+", None), (r"(?i)\d{1,3}", None),
    ],
)  # fmt: skip
def test_a_pattern_is_one_that_rows_can_be_judged_by(errors, pattern: str, unknown: str | None):
    found = errors(changed(("check: typed, column: amount", f"check: pattern, pattern: '{pattern}', column: unit")))
    told = [error for error in found if "pattern" in error]
    assert told == [] if unknown is None else len(told) == 1 and f"'{unknown}' of pattern is not known" in told[0]
    # What is refused is what the engine does not know, and nothing else.
    with closing(connect()) as connection, pytest.raises(Error) if unknown else nullcontext():
        connection.execute("SELECT regexp_full_match('a', $pattern)", {"pattern": pattern})


def test_an_exemption_is_of_a_unit_and_of_periods_in_order(errors):
    exemption = 'exemptions: [{unit: "41", from: 2020-05, to: 2020-04, reason: {da: a, en: a}}]\nkey: [unit, month]'
    assert errors(changed(("key: [unit, month]", exemption))) == [
        "contracts/counts.yml:11: The exemption ends (2020-04) before it begins (2020-05).",
        "contracts/counts.yml:11: '41' is no unit code. A unit code looks like [0-9]{4}.",
    ]


def test_two_forms_that_no_file_could_tell_apart(errors):
    other = changed(("table: counts", "table: others"))
    assert errors(RIGHT, others=other) == [
        "contracts/others.yml:17: Form plain has the same file name and header as counts, form plain. "
        "A delivered file must tell which of them it is: change one of the two."
    ]


def test_more_rules_than_bits(errors):
    rules = "".join(f"  - {{id: X-{n}, check: required, column: unit, title: {{da: a, en: a}}}}\n" for n in range(60))
    assert errors(RIGHT + rules) == ["contracts/counts.yml:23: There are 66 rules; a contract has at most 60."]
