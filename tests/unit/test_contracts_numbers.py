"""What a contract may say about personal numbers: each contradiction is named at its line, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flis_semantic.contracts.landing import landing_columns
from flis_semantic.contracts.load import load_contracts
from flis_semantic.errors import DefinitionErrors
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from flis_semantic.vocabulary.model import Vocabulary
from tests.delivery.person_desk import CONTRACT, TITLE

Found = Callable[..., list[str]]


@pytest.fixture
def found(tmp_path: Path, root: Path) -> Found:
    """The errors of the contract with one text replaced by another; `words` changes the vocabulary first."""

    def errors(old: str = "", new: str = "", words: Callable[[Vocabulary], Vocabulary] = lambda words: words) -> list[str]:
        assert not old or CONTRACT.count(old) >= 1, old
        text = CONTRACT.replace(old, new, 1) if old else CONTRACT
        header = "{kommunekode: kommunekode, maaned: maaned, cpr: cpr, fra: fra}"
        text = text.replace("HEADER", header).replace("CHANGES", header[:-1] + ", handling: handling}").replace("TITLE", TITLE)
        folder = tmp_path / "contracts"
        folder.mkdir(exist_ok=True)
        (folder / "register.yml").write_text(text)
        vocabulary = words(load_vocabulary(root / "catalogue"))
        try:
            load_contracts(folder, vocabulary, Calendar(vocabulary))
        except DefinitionErrors as raised:
            return str(raised).splitlines()
        return []

    return errors


def test_what_is_right_has_no_errors(found: Found):
    assert found() == []


def test_pseudonyms_stand_in_the_numbers_places(found: Found, tmp_path: Path, root: Path):
    found()
    vocabulary = load_vocabulary(root / "catalogue")
    contract = load_contracts(tmp_path / "contracts", vocabulary, Calendar(vocabulary))["register"]
    assert list(landing_columns(contract))[:4] == ["kommunekode", "maaned", "person_key", "mother_key"]
    assert contract.landed_key == ("person_key", "fra") and contract.personal_columns == {"cpr", "mor_cpr", "adresse"}


RULE = "  - {id: R-20, check: personal_number, column: cpr, TITLE}\n"
CHECK_DIGIT = "check: personal_number_check_digit, column: cpr, action: warn,"
MISPLACED = "  - {id: R-24, check: personal_number_misplaced, TITLE}\n"
CONTRADICTIONS = [
    ("number: cpr, key: person_key", "number: crp, key: person_key", "15: personal number 'crp' does not exist here. Did you mean 'cpr'?"),
    ("number: cpr, key: person_key", "number: cpr, key: tekst", "15: 'tekst' is another column of the landing file already. Choose"),
    ("number: cpr, key: person_key", "number: cpr, key: slot", "15: 'slot' is another column of the landing file already."),
    ("number: cpr, key: person_key", "number: cpr, key: mother_key", "15: 'mother_key' is another column of the landing file already."),
    ("number: cpr, key: person_key", "number: cpr", "15: columns.cpr.personal.key is missing."),
    ("number: cpr, key: person_key", "numbr: cpr, key: person_key", "15: columns.cpr.personal.numbr is not a field that exists here. Did you mean 'number'?"),
    ("personal: {number: cpr, key: person_key}", "personal: cpr", "15: columns.cpr.personal is 'cpr', expected true or false."),
    ("cpr: {type: text, required", "cpr: {type: integer, required", "15: cpr is personal, so its type is text, not integer."),
    ("key: [cpr, fra]", "key: [adresse, fra]", "11: adresse is personal, so no row can be told by it."),
    ("starts: 2024-01", 'series: [cpr]\nseries_starts: {"1": 2024-01}', "8: cpr is personal, so it names no series."),
    (RULE, "", "15: cpr is a personal number, but not exactly one rule says so. Add a rule: check personal_number, column cpr."),
    (RULE, RULE + RULE.replace("R-20", "R-26"), "15: cpr is a personal number, but not exactly one rule says so."),
    (RULE, RULE.replace("TITLE", "action: warn, TITLE"), "68: R-20: a row that fails check personal_number cannot be kept with a warning."),
    (RULE, RULE.replace("cpr", "tekst"), "68: R-20: tekst is no personal number. Its column says so: personal: {number: …, key: …}."),
    (RULE, RULE.replace("cpr", "adresse"), "68: R-20: adresse is no personal number."),
    (RULE, RULE.replace("cpr", "crp"), "68: column 'crp' does not exist here. Did you mean 'cpr'?"),
    (RULE, RULE.replace("column: cpr, ", ""), "68: R-20: check personal_number needs a column."),
    (RULE, RULE.replace("TITLE", 'except_month_day: "01-01", TITLE'), "68: R-20: except_month_day says nothing to check personal_number."),
    (RULE, RULE.replace("TITLE", "series: [x], TITLE"), "68: R-20: check personal_number is about every row. Remove series and except_series."),
    (MISPLACED, MISPLACED.replace("TITLE", "except_series: [x], TITLE"), "72: R-24: check personal_number_misplaced is about every row."),
    (
        '    period: ["{year}-{month}"]\n  national:',
        '    period: ["{year}-{month}"]\n    join: {columns: [kommunekode, fra], with: "-", into: adresse}\n  national:',
        "32: adresse is personal, so it is not made of values that are kept.",
    ),
    (CHECK_DIGIT, CHECK_DIGIT.replace(" action: warn,", ""), "69: R-21: a cpr without right check digits may be a person's, so no row is set aside for it. Write action: warn."),
    ('except_month_day: "01-01"', 'except_month_day: "13-01"', "69: rules.14.except_month_day"),
    (MISPLACED, MISPLACED.replace("TITLE", "column: tekst, TITLE"), "72: R-24: check personal_number_misplaced names no column."),
    (MISPLACED, MISPLACED.replace("TITLE", "columns: [tekst, teskt], TITLE"), "72: column 'teskt' does not exist here. Did you mean 'tekst'?"),
    (MISPLACED, MISPLACED.replace("TITLE", "columns: [adresse], TITLE"), "72: R-24: adresse is personal: its values are kept nowhere as it is."),
    (MISPLACED, MISPLACED.replace("TITLE", "columns: [fra], TITLE"), "72: R-24: fra has type date; a number passes for text or a whole number only."),
    (MISPLACED, MISPLACED.replace("TITLE", "action: warn, TITLE"), "72: R-24: action warn masks the number and keeps the row: name the columns it may do so in."),
    (MISPLACED, MISPLACED.replace("TITLE", "columns: [antal], action: warn, TITLE"), "72: R-24: a value of antal cannot be masked and kept."),
    ("key: [cpr, fra]", "key: [cpr, fra, tekst]", "73: R-25: a value of tekst cannot be masked and kept. Remove action: the row is set aside."),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "error"), CONTRADICTIONS)
def test_each_contradiction_is_named_at_its_line(found: Found, old: str, new: str, error: str):
    all_found = found(old, new)
    assert any(text.startswith(f"contracts/register.yml:{error}") for text in all_found), all_found


def test_a_table_of_personal_numbers_looks_for_them_elsewhere_too(found: Found):
    only = CONTRACT[CONTRACT.index(MISPLACED) :]
    assert found(only, "") == [
        "contracts/register.yml:54: A table of personal numbers needs a rule with check personal_number_misplaced. "
        "A number in another column would be kept as it is."
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"check_digits": None}, "69: R-21: cpr has no check digits in the vocabulary. Remove the rule."),
        ({"birth_date": None}, "69: R-21: cpr has no date of birth in the vocabulary. Remove it."),
        ({"not_real": ()}, "70: R-22: the vocabulary names no cpr that is not real. Add not_real to it."),
        ({"in_text": None}, "72: R-24: no personal number of the vocabulary says how it looks in a text. Add in_text."),
    ],
)
def test_a_rule_asks_only_for_what_the_vocabulary_knows(found: Found, change: dict[str, object], error: str):
    def without(words: Vocabulary) -> Vocabulary:
        numbers = {kind: number.model_copy(update=change) for kind, number in words.personal_numbers.items()}
        return words.model_copy(update={"personal_numbers": numbers})

    assert f"contracts/register.yml:{error}" in found(words=without)


def test_check_digits_without_exception_may_set_a_row_aside(found: Found):
    def certain(words: Vocabulary) -> Vocabulary:
        number = words.personal_numbers["cpr"]
        assert number.check_digits is not None
        digits = number.check_digits.model_copy(update={"without_exception": True})
        return words.model_copy(update={"personal_numbers": {"cpr": number.model_copy(update={"check_digits": digits})}})

    assert found(CHECK_DIGIT, CHECK_DIGIT.replace(" action: warn,", ""), words=certain) == []
