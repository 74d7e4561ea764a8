"""Each check that a rule may make, as SQL: when a row fails it, and why in words.

A row has, per column of the contract, `r_<column>` (as delivered) and `t_<column>` (typed, NULL when it cannot be), and beside
them unit_kind, is_control, base_period_key, series, is_deleted, and what the file's name says (named_unit, …). Of personal
numbers `f_<column>` and `m_<column>` say what is wrong with them, and `t_<column>` is the pseudonym.

Some checks need more than the row, so they are made after all rows were read: the same key twice, and what lies after the
extract, whose time may stand in a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from flis_semantic.contracts.check_numbers import SEARCHED_TYPES
from flis_semantic.contracts.model import Check, Column, Contract, Rule
from flis_semantic.delivery.masks import Masks
from flis_semantic.delivery.numbers import NO_NUMBER, NOT_REAL, WRONG_CHECK
from flis_semantic.delivery.report import MASK
from flis_semantic.delivery.sql import in_list, quoted

_TITLES = {
    "text": "text",
    "integer": "a whole number",
    "date": "a date (",
    "timestamp": "a date and time (",
    "boolean": "true or false",
    "unit_code": "a unit code",
    "period": "a period",
}
_ELSEWHERE = "false"
_OTHER_UNIT = "coalesce(unit_code <> named_unit, false)"
_OTHER_PERIOD = "coalesce(base_period_key <> named_key OR slot <> named_slot, false)"


class Judgement(NamedTuple):
    """`condition` is true for a row that fails; `reason` is the sentence about that row, both SQL expressions."""

    condition: str
    reason: str


@dataclass(frozen=True)
class Setting:
    """What rules are judged by beside the row: the contract, which kind of unit is a member, how numbers look in a text."""

    contract: Contract
    member_kind: str = ""
    masks: Masks = Masks()


def mask(setting: Setting, with_deletions: bool) -> str:
    """One integer per row: bit n is set when the row fails rule n. A deleted row needs its unit, its period and its key only."""
    bits: list[str] = []
    contract = setting.contract
    for rule in contract.row_rules:
        condition = _failing(setting, rule)
        if condition == _ELSEWHERE:
            continue
        if with_deletions and not _about_identity(contract, rule):
            condition = f"NOT is_deleted AND ({condition})"
        bits.append(f"CASE WHEN {condition} THEN {bit(contract, rule)} ELSE 0 END")
    return f"CAST({' | '.join(bits) or '0'} AS BIGINT)"


def late_masks(contract: Contract) -> list[tuple[int, str]]:
    """The rules about what lies after the extract: each rule's bit, and when a typed row beside its file fails it."""
    found = [(bit(contract, contract.rule("known_period")), "base_period_key > last_key")]
    for rule in contract.row_rules:
        if rule.check == "not_after_extract":
            column = f"CAST(t_{rule.column} AS DATE)"
            condition = _scoped(rule, f"{column} > extract_date + {rule.days or 0}")
            found.append((bit(contract, rule), f"NOT is_deleted AND ({condition})"))
    return found


def set_aside_bits(contract: Contract) -> int:
    """The bits of the rules whose hits set the row aside; the others only warn."""
    return sum(bit(contract, rule) for rule in contract.row_rules if rule.action == "set_aside")


def is_accepted(contract: Contract) -> str:
    """SQL of whether a row of `judged` is kept: it fails no rule, or such as only warn."""
    return f"mask & {set_aside_bits(contract)} = 0"


def bit(contract: Contract, rule: Rule) -> int:
    """The value of the rule's bit."""
    return 1 << contract.row_rules.index(rule)


def reasons(contract: Contract) -> str:
    """The sentences about the rules that the row fails, in the order of the rules, as one text."""
    return f"array_to_string({_of_failed(contract, [_judgement(Setting(contract), rule).reason for rule in contract.row_rules])}, '; ')"


def rule_ids(contract: Contract) -> str:
    """A list of the ids of the rules that the row fails."""
    return _of_failed(contract, [quoted(rule.id) for rule in contract.row_rules])


def _about_identity(contract: Contract, rule: Rule) -> bool:
    """Whether the rule is about where a row belongs and which it is, or about what must not be kept of any row."""
    if rule.check == "personal_number_misplaced":
        return True
    column = contract.columns.get(rule.column or "")
    return column is not None and (column.role is not None or rule.column in contract.key)


def _of_failed(contract: Contract, texts: list[str]) -> str:
    items = [f"CASE WHEN mask & {bit(contract, rule)} <> 0 THEN {text} END" for rule, text in zip(contract.row_rules, texts, strict=True)]
    return f"list_filter([{', '.join(items)}], lambda item: item IS NOT NULL)"


def _failing(setting: Setting, rule: Rule) -> str:
    condition = _judgement(setting, rule).condition
    return condition if condition == _ELSEWHERE else _scoped(rule, condition)


def _scoped(rule: Rule, condition: str) -> str:
    """The condition, for the series that the rule is about."""
    if rule.series:
        condition = f"({condition}) AND series IN {in_list(rule.series)}"
    if rule.except_series:
        condition = f"({condition}) AND series NOT IN {in_list(rule.except_series)}"
    return condition


def searched(contract: Contract, rule: Rule) -> list[str]:
    """The columns in which a rule looks for misplaced numbers: those it names, else all that no other such rule names."""
    others = {name for other in contract.row_rules if other.check == rule.check for name in other.columns}
    all_of_them = [name for name, column in contract.columns.items() if column.type in SEARCHED_TYPES and not column.personal]
    return list(rule.columns) or [name for name in all_of_them if name not in others]


def _judgement(setting: Setting, rule: Rule) -> Judgement:
    contract = setting.contract
    if rule.check == "personal_number":
        return _personal_number(contract, rule)
    if rule.check == "personal_number_misplaced":
        return _misplaced(setting, searched(contract, rule))
    if rule.check == "member_unit":
        return Judgement(f"unit_kind <> {quoted(setting.member_kind)}", _says(rule, "is a unit that is not one of the members"))
    if rule.check == "known_series":
        unknown = f"series IS NOT NULL AND series NOT IN {in_list(contract.series_starts)}"
        return Judgement(unknown, "'''' || series || ''' is not a series of the contract'")
    judgement = _typed(rule, contract.columns[rule.column or ""]) if rule.check == "typed" else None
    if judgement is None:
        assert rule.check is not None
        judgement = _CHECKS[rule.check](rule)
    if rule.column in contract.personal_columns:
        return Judgement(judgement.condition, re.sub(rf"\br_{rule.column}\b", quoted(MASK), judgement.reason))
    return judgement


def _says(rule: Rule, words: str) -> str:
    """`column 'value' words`."""
    before, after = quoted(f"{rule.column} '"), quoted(f"' {words}")
    return f"{before} || r_{rule.column} || {after}"


def _typed(rule: Rule, column: Column) -> Judgement:
    condition = f"r_{rule.column} IS NOT NULL AND t_{rule.column} IS NULL"
    if column.type in ("date", "timestamp"):
        return Judgement(condition, f"{_says(rule, f'is not {_TITLES[column.type]}')} || date_format || ')'")
    if column.type != "decimal":
        return Judgement(condition, _says(rule, f"is not {_TITLES[column.type]}"))
    number = f"is not a number with at most {column.scale} decimals after "
    return Judgement(condition, f"{_says(rule, number)} || '''' || decimal_sign || ''''")


def _required(rule: Rule) -> Judgement:
    return Judgement(f"r_{rule.column} IS NULL", quoted(f"{rule.column} is empty"))


def _empty(rule: Rule) -> Judgement:
    return Judgement(f"r_{rule.column} IS NOT NULL", _says(rule, "does not belong to this row"))


def _known_unit(rule: Rule) -> Judgement:
    unknown = f"r_{rule.column} IS NOT NULL AND unit_kind IS NULL AND NOT is_control"
    elsewhere = _says(rule, "is another unit than the file's name says: ")
    reason = f"CASE WHEN {_OTHER_UNIT} THEN {elsewhere} || named_unit ELSE {_says(rule, 'is not a known unit code')} END"
    return Judgement(f"({unknown}) OR {_OTHER_UNIT}", reason)


def _known_period(rule: Rule) -> Judgement:
    form = f"{_says(rule, 'is not a period in the form ')} || period_forms"
    late = f"{_says(rule, 'begins after the extract of ')} || extract_date"
    elsewhere = _says(rule, "is another period than the file's name says: ")
    condition = f"r_{rule.column} IS NOT NULL AND (base_period_key IS NULL OR {_OTHER_PERIOD})"
    return Judgement(
        condition,
        f"CASE WHEN base_period_key IS NULL THEN {form} WHEN {_OTHER_PERIOD} THEN {elsewhere} || named_period ELSE {late} END",
    )


def _dates_ordered(rule: Rule) -> Judgement:
    first, second = rule.columns
    says = quoted(f"{first} '"), quoted(f"' is later than {second} '"), quoted("'")
    reason = f"{says[0]} || r_{first} || {says[1]} || r_{second} || {says[2]}"
    return Judgement(f"CAST(t_{first} AS TIMESTAMP) > CAST(t_{second} AS TIMESTAMP)", reason)


def _not_after_extract(rule: Rule) -> Judgement:
    """Found after all rows were read, when the time of the extract is known."""
    days = f" by more than {rule.days} days" if rule.days else ""
    return Judgement(_ELSEWHERE, f"{_says(rule, f'lies{days} after the extract of ')} || extract_date")


def _in_values(rule: Rule) -> Judgement:
    condition = f"r_{rule.column} IS NOT NULL AND r_{rule.column} NOT IN {in_list(rule.values)}"
    return Judgement(condition, _says(rule, "is not in the code list"))


def _range(rule: Rule) -> Judgement:
    bounds = [(rule.min, "<", "below"), (rule.max, ">", "above")]
    condition = " OR ".join(f"t_{rule.column} {sign} {bound}" for bound, sign, _ in bounds if bound is not None)
    return Judgement(condition, _says(rule, "is " + " or ".join(f"{word} {bound}" for bound, _, word in bounds if bound is not None)))


def _pattern(rule: Rule) -> Judgement:
    pattern = rule.pattern or ""
    condition = f"r_{rule.column} IS NOT NULL AND NOT regexp_full_match(r_{rule.column}, {quoted(pattern)})"
    return Judgement(condition, _says(rule, f"does not look like {pattern}"))


def _personal_number(contract: Contract, rule: Rule) -> Judgement:
    told = any(other.check == "personal_number_not_real" and other.column == rule.column for other in contract.row_rules)
    condition = f"f_{rule.column} & {NO_NUMBER | NOT_REAL} = {NO_NUMBER}" if told else f"f_{rule.column} & {NO_NUMBER} <> 0"
    return Judgement(condition, quoted(f"{rule.column} is not written as such a number is, or its date of birth does not exist"))


def _not_real(rule: Rule) -> Judgement:
    return Judgement(f"f_{rule.column} & {NOT_REAL} <> 0", quoted(f"{rule.column} is a test or replacement number"))


def _check_digit(rule: Rule) -> Judgement:
    condition = f"f_{rule.column} & {WRONG_CHECK} <> 0"
    if rule.except_month_day is not None:
        condition += f" AND m_{rule.column} IS DISTINCT FROM {quoted(rule.except_month_day)}"
    return Judgement(condition, quoted(f"{rule.column} has other check digits than its other digits give"))


def _misplaced(setting: Setting, columns: Sequence[str]) -> Judgement:
    condition = " OR ".join(f"coalesce({setting.masks.found_in(f'r_{name}')}, false)" for name in columns)
    where = ", ".join(f"CASE WHEN contains(r_{name}, {quoted(MASK)}) THEN {quoted(name)} END" for name in columns)
    reason = f"{quoted('a personal number stands where none belongs: ')} || concat_ws(', ', {where or 'NULL'})"
    return Judgement(condition or _ELSEWHERE, reason)


def _row_shape(_: Rule) -> Judgement:
    """A line that is no record never becomes a row of `cells`."""
    return Judgement(_ELSEWHERE, "NULL")


def _unique_key(_: Rule) -> Judgement:
    """Found after the other rules, among the rows that pass them."""
    what = "CASE WHEN identical THEN 'the row repeats line ' ELSE 'the row contradicts line ' END"
    return Judgement(_ELSEWHERE, f"{what} || other_line || ', which has the same key'")


_CHECKS: dict[Check, Callable[[Rule], Judgement]] = {
    "required": _required,
    "empty": _empty,
    "known_unit": _known_unit,
    "known_period": _known_period,
    "in_values": _in_values,
    "range": _range,
    "pattern": _pattern,
    "dates_ordered": _dates_ordered,
    "not_after_extract": _not_after_extract,
    "personal_number_check_digit": _check_digit,
    "personal_number_not_real": _not_real,
    "row_shape": _row_shape,
    "unique_key": _unique_key,
}
