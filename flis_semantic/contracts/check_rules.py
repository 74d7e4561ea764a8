"""What the fields of a contract's rules say about each other and about its columns."""

from __future__ import annotations

import re
from typing import get_args

from flis_semantic.contracts.check_numbers import NUMBER_CHECKS, check_number_rule, missing_number_rules
from flis_semantic.contracts.findings import Findings
from flis_semantic.contracts.model import Check, ColumnType, Contract, CrossAction, RowAction, Rule
from flis_semantic.strict_yaml import Location
from flis_semantic.vocabulary.model import Vocabulary
from flis_semantic.vocabulary.patterns import HOW_TO_WRITE, unknown_to_the_engine

MOST_RULES = 60
"""Rules about rows are judged as bits of one integer."""

_EVERY_CONTRACT: tuple[Check, ...] = ("row_shape", "unique_key", "known_unit", "known_period")
_WITHOUT_COLUMN: tuple[Check, ...] = ("row_shape", "unique_key", "known_series", "dates_ordered", "personal_number_misplaced")
_UNIT_CHECKS: tuple[Check, ...] = ("known_unit", "member_unit")
_ALWAYS_SET_ASIDE: tuple[Check, ...] = (*_EVERY_CONTRACT, "member_unit", "known_series", "typed", "personal_number")
"""Without what these checks ask for, a row cannot be placed or kept."""

_NUMBERS: tuple[ColumnType, ...] = ("integer", "decimal")
_DATES: tuple[ColumnType, ...] = ("date", "timestamp", "period")
_TEXTS: tuple[ColumnType, ...] = ("text", "unit_code", "period")
_DATES_COMPARED = 2
_PARAMETERS: dict[Check, set[str]] = {
    "in_values": {"values"},
    "range": {"min", "max"},
    "pattern": {"pattern"},
    "dates_ordered": {"columns"},
    "not_after_extract": {"days"},
    "personal_number_check_digit": {"except_month_day"},
    "personal_number_misplaced": {"columns"},
}
_OPTIONAL: tuple[Check, ...] = ("personal_number_check_digit", "personal_number_misplaced")
"""Checks that say something without their parameter, too."""


def check_rules(contract: Contract, vocabulary: Vocabulary, findings: Findings) -> None:
    """Every contradiction among the contract's rules, and every rule that is missing."""
    seen: dict[str, int] = {}
    for index, rule in enumerate(contract.rules):
        place = ("rules", index)
        if rule.id in seen:
            findings.add((*place, "id"), f"Rule {rule.id} is there twice.", "An id stands for one rule for ever: give this one its own.")
        seen.setdefault(rule.id, index)
        _check_stage(rule, place, findings)
        if rule.stage == "row":
            _check_rule(contract, rule, place, findings)
            _check_action(contract, rule, place, findings)
            if rule.check in NUMBER_CHECKS:
                check_number_rule(contract, vocabulary, rule, place, findings)
        _check_parameters(rule, place, findings)
        for field_name in ("series", "except_series"):
            for index_of_series, series in enumerate(getattr(rule, field_name)):
                findings.unknown((*place, field_name, index_of_series), series, "series", contract.series_starts)
    if len(contract.row_rules) > MOST_RULES:
        findings.add(("rules",), f"There are {len(contract.row_rules)} rules; a contract has at most {MOST_RULES}.")
    for check in _missing_checks(contract):
        findings.add(("rules",), f"Exactly one rule has check {check}.", "Every finding needs a rule with an id and a title.")
    missing_number_rules(contract, vocabulary, findings)
    for name, column in contract.columns.items():
        checks = {rule.check for rule in contract.rules if rule.column == name and rule.action == "set_aside"}
        if column.required and "required" not in checks:
            findings.add(("columns", name), f"{name} is required, but no rule says so.", f"Add a rule: check required, column {name}.")
        if column.type not in _TEXTS and "typed" not in checks:
            findings.add(("columns", name), f"{name} is {column.type}, but no rule says so.", f"Add a rule: check typed, column {name}.")


def _missing_checks(contract: Contract) -> list[Check]:
    wanted = list(_EVERY_CONTRACT)
    if contract.units == "members":
        wanted.append("member_unit")
    if contract.series:
        wanted.append("known_series")
    counted = [rule.check for rule in contract.rules]
    return [check for check in wanted if counted.count(check) != 1]


def _check_stage(rule: Rule, place: Location, findings: Findings) -> None:
    actions = get_args(RowAction) if rule.stage == "row" else get_args(CrossAction)
    if rule.action not in actions:
        findings.add((*place, "action"), f"{rule.id}: a rule of stage {rule.stage} has action {', '.join(actions[:-1])} or {actions[-1]}.")
    if rule.stage == "row" and rule.check is None:
        findings.add(place, f"{rule.id}: a rule of stage row needs a check.", "Or is it judged in the build? Then write stage: cross.")
    if rule.stage == "cross":
        for name in sorted(rule.model_fields_set - {"id", "stage", "action", "title"}):
            findings.add((*place, name), f"{rule.id}: {name} says nothing to a rule of stage cross.", "Its quality model is the rule.")


def _check_action(contract: Contract, rule: Rule, place: Location, findings: Findings) -> None:
    if rule.action != "warn":
        return
    column = contract.columns.get(rule.column or "")
    if rule.check in _ALWAYS_SET_ASIDE or (rule.check == "required" and column is not None and column.role is not None):
        findings.add(
            (*place, "action"),
            f"{rule.id}: a row that fails check {rule.check} cannot be kept with a warning.",
            "Remove action: it is set aside.",
        )


def _check_rule(contract: Contract, rule: Rule, place: Location, findings: Findings) -> None:
    column = contract.columns.get(rule.column or "")
    if rule.check is not None and (rule.column is None) != (rule.check in _WITHOUT_COLUMN):
        needs = "names no column" if rule.check in _WITHOUT_COLUMN else "needs a column"
        findings.add((*place, "column"), f"{rule.id}: check {rule.check} {needs}.")
    elif rule.column is not None:
        findings.unknown((*place, "column"), rule.column, "column", contract.columns)
    if column is not None:
        if rule.check in _UNIT_CHECKS and column.role != "unit":
            findings.add((*place, "column"), f"{rule.id}: check {rule.check} is about the column with role unit.")
        if rule.check == "known_period" and column.role != "period":
            findings.add((*place, "column"), f"{rule.id}: check known_period is about the column with role period.")
        if rule.check == "range" and column.type not in _NUMBERS:
            findings.add((*place, "column"), f"{rule.id}: {rule.column} has type {column.type}; a range is of numbers.")
        if rule.check == "not_after_extract" and column.type not in _DATES:
            findings.add((*place, "column"), f"{rule.id}: {rule.column} has type {column.type}; only a date can be after the extract.")
    for index, name in enumerate(rule.columns):
        known = not findings.unknown((*place, "columns", index), name, "column", contract.columns)
        if known and rule.check == "dates_ordered" and contract.columns[name].type not in _DATES:
            findings.add((*place, "columns", index), f"{rule.id}: {name} has type {contract.columns[name].type}; only dates have an order.")


def _check_parameters(rule: Rule, place: Location, findings: Findings) -> None:
    if rule.check is None:
        return
    given = {
        "values": bool(rule.values),
        "min": rule.min is not None,
        "max": rule.max is not None,
        "pattern": rule.pattern is not None,
        "columns": bool(rule.columns),
        "days": rule.days is not None,
        "except_month_day": rule.except_month_day is not None,
    }
    belongs = _PARAMETERS.get(rule.check, set[str]())
    if belongs and rule.check not in _OPTIONAL and not any(given[name] for name in belongs):
        findings.add(place, f"{rule.id}: check {rule.check} needs {' or '.join(sorted(belongs))}.")
    for name in sorted(name for name, there in given.items() if there and name not in belongs):
        findings.add((*place, name), f"{rule.id}: {name} says nothing to check {rule.check}.", "Remove it or choose another check.")
    if rule.check == "dates_ordered" and rule.columns and len(rule.columns) != _DATES_COMPARED:
        findings.add((*place, "columns"), f"{rule.id}: two dates are compared, not {len(rule.columns)}.", "Write a rule for each pair.")
    if rule.min is not None and rule.max is not None and rule.max < rule.min:
        findings.add((*place, "max"), f"{rule.id}: max {rule.max} is below min {rule.min}.")
    if rule.pattern is not None:
        try:
            re.compile(rule.pattern)
        except re.error as error:
            findings.add((*place, "pattern"), f"{rule.id}: pattern is no regular expression: {error}.")
        else:
            _check_pattern(rule, rule.pattern, place, findings)


def _check_pattern(rule: Rule, pattern: str, place: Location, findings: Findings) -> None:
    unknown = unknown_to_the_engine(pattern)
    if unknown is not None:
        findings.add((*place, "pattern"), f"{rule.id}: '{unknown}' of pattern is not known where rows are judged.", HOW_TO_WRITE)
