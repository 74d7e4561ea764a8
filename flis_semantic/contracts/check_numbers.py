"""What the rules about personal numbers say about the contract's columns and the vocabulary's numbers."""

from __future__ import annotations

from flis_semantic.contracts.findings import Findings
from flis_semantic.contracts.model import Check, ColumnType, Contract, Rule
from flis_semantic.strict_yaml import Location
from flis_semantic.vocabulary.model import Vocabulary

NUMBER_CHECKS: tuple[Check, ...] = (
    "personal_number",
    "personal_number_check_digit",
    "personal_number_not_real",
    "personal_number_misplaced",
)
_EVERY_ROW: tuple[Check, ...] = ("personal_number", "personal_number_misplaced")
SEARCHED_TYPES: tuple[ColumnType, ...] = ("text", "integer")
"""What a personal number that was put into the wrong column could pass for."""


def check_number_rule(contract: Contract, vocabulary: Vocabulary, rule: Rule, place: Location, findings: Findings) -> None:
    """The rule is about a personal number, and the vocabulary says what it needs to know of it."""
    if rule.check in _EVERY_ROW and (rule.series or rule.except_series):
        findings.add(place, f"{rule.id}: check {rule.check} is about every row.", "Remove series and except_series.")
    if rule.check == "personal_number_misplaced":
        _check_misplaced(contract, vocabulary, rule, place, findings)
        return
    pseudonym = contract.pseudonyms.get(rule.column or "")
    if pseudonym is None:
        if rule.column in contract.columns:
            findings.add(
                (*place, "column"),
                f"{rule.id}: {rule.column} is no personal number.",
                "Its column says so: personal: {number: …, key: …}.",
            )
        return
    number = vocabulary.personal_numbers.get(pseudonym.number)
    if number is None:
        return
    if rule.check == "personal_number_not_real" and not number.not_real:
        findings.add((*place, "check"), f"{rule.id}: the vocabulary names no {pseudonym.number} that is not real.", "Add not_real to it.")
    if rule.check != "personal_number_check_digit":
        return
    digits = number.check_digits
    if digits is None:
        findings.add((*place, "check"), f"{rule.id}: {pseudonym.number} has no check digits in the vocabulary.", "Remove the rule.")
    elif rule.action == "set_aside" and not digits.without_exception:
        findings.add(
            (*place, "action"),
            f"{rule.id}: a {pseudonym.number} without right check digits may be a person's, so no row is set aside for it.",
            "Write action: warn.",
        )
    if rule.except_month_day is not None and number.birth_date is None:
        findings.add((*place, "except_month_day"), f"{rule.id}: {pseudonym.number} has no date of birth in the vocabulary.", "Remove it.")


def missing_number_rules(contract: Contract, vocabulary: Vocabulary, findings: Findings) -> None:
    """A column of personal numbers needs the rule that finds what is none, and its table the one that finds them elsewhere."""
    for name in contract.pseudonyms:
        if sum(rule.check == "personal_number" and rule.column == name for rule in contract.rules) != 1:
            findings.add(
                ("columns", name),
                f"{name} is a personal number, but not exactly one rule says so.",
                f"Add a rule: check personal_number, column {name}.",
            )
    searches = sum(rule.check == "personal_number_misplaced" for rule in contract.rules)
    known = any(number.in_text for number in vocabulary.personal_numbers.values())
    if contract.pseudonyms and known and not searches:
        findings.add(
            ("rules",),
            "A table of personal numbers needs a rule with check personal_number_misplaced.",
            "A number in another column would be kept as it is.",
        )


def _check_misplaced(contract: Contract, vocabulary: Vocabulary, rule: Rule, place: Location, findings: Findings) -> None:
    if not any(number.in_text for number in vocabulary.personal_numbers.values()):
        findings.add((*place, "check"), f"{rule.id}: no personal number of the vocabulary says how it looks in a text.", "Add in_text.")
    for index, name in enumerate(rule.columns):
        column = contract.columns.get(name)
        if column is None:
            continue
        if column.personal:
            findings.add((*place, "columns", index), f"{rule.id}: {name} is personal: its values are kept nowhere as it is.")
        elif column.type not in SEARCHED_TYPES:
            findings.add(
                (*place, "columns", index), f"{rule.id}: {name} has type {column.type}; a number passes for text or a whole number only."
            )
        elif rule.action == "warn" and (column.type != "text" or name in contract.key or name in contract.series):
            findings.add(
                (*place, "columns", index),
                f"{rule.id}: a value of {name} cannot be masked and kept.",
                "Remove action: the row is set aside.",
            )
    if rule.action == "warn" and not rule.columns:
        findings.add((*place, "columns"), f"{rule.id}: action warn masks the number and keeps the row: name the columns it may do so in.")
