"""Each check that a rule may make, as SQL: when a row fails it, and why in words.

A row of `cells` has, per column of the contract, `r_<column>` (as delivered) and `t_<column>` (typed, NULL when it cannot
be), and beside them unit_kind, is_control, base_period_key, last_key (of the extract) and series.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flis_semantic.contracts.model import Check, Column, Contract, Rule
from flis_semantic.delivery.sql import in_list, quoted

_TITLES = {
    "text": "text",
    "integer": "a whole number",
    "date": "a date (YYYY-MM-DD)",
    "boolean": "true or false",
    "unit_code": "a unit code",
    "period": "a period",
}
_ELSEWHERE = "false"


class Judgement(NamedTuple):
    """`condition` is true for a row that fails; `reason` is the sentence about that row, both SQL expressions."""

    condition: str
    reason: str


def mask(contract: Contract, member_kind: str) -> str:
    """One integer per row: bit n is set when the row fails rule n."""
    bits = [f"CASE WHEN {_failing(contract, rule, member_kind)} THEN {1 << n} ELSE 0 END" for n, rule in enumerate(contract.row_rules)]
    return f"CAST({' | '.join(bits)} AS BIGINT)"


def bit(contract: Contract, rule: Rule) -> int:
    """The value of the rule's bit."""
    return 1 << contract.row_rules.index(rule)


def reasons(contract: Contract) -> str:
    """The sentences about the rules that the row fails, in the order of the rules, as one text."""
    return f"array_to_string({_of_failed(contract, [_judgement(contract, rule, '').reason for rule in contract.row_rules])}, '; ')"


def rule_ids(contract: Contract) -> str:
    """A list of the ids of the rules that the row fails."""
    return _of_failed(contract, [quoted(rule.id) for rule in contract.row_rules])


def _of_failed(contract: Contract, texts: list[str]) -> str:
    items = [f"CASE WHEN mask & {bit(contract, rule)} <> 0 THEN {text} END" for rule, text in zip(contract.row_rules, texts, strict=True)]
    return f"list_filter([{', '.join(items)}], lambda item: item IS NOT NULL)"


def _failing(contract: Contract, rule: Rule, member_kind: str) -> str:
    condition = _judgement(contract, rule, member_kind).condition
    if rule.series:
        condition = f"({condition}) AND series IN {in_list(rule.series)}"
    if rule.except_series:
        condition = f"({condition}) AND series NOT IN {in_list(rule.except_series)}"
    return condition


def _judgement(contract: Contract, rule: Rule, member_kind: str) -> Judgement:
    if rule.check == "member_unit":
        return Judgement(f"unit_kind <> {quoted(member_kind)}", _says(rule, "is a unit that is not one of the members"))
    if rule.check == "known_series":
        unknown = f"series IS NOT NULL AND series NOT IN {in_list(contract.series_starts)}"
        return Judgement(unknown, "'''' || series || ''' is not a series of the contract'")
    if rule.check == "typed":
        return _typed(rule, contract.columns[rule.column or ""])
    assert rule.check is not None
    return _CHECKS[rule.check](rule)


def _says(rule: Rule, words: str) -> str:
    """`column 'value' words`."""
    before, after = quoted(f"{rule.column} '"), quoted(f"' {words}")
    return f"{before} || r_{rule.column} || {after}"


def _typed(rule: Rule, column: Column) -> Judgement:
    condition = f"r_{rule.column} IS NOT NULL AND t_{rule.column} IS NULL"
    if column.type != "decimal":
        return Judgement(condition, _says(rule, f"is not {_TITLES[column.type]}"))
    number = f"is not a number with at most {column.scale} decimals after "
    return Judgement(condition, f"{_says(rule, number)} || '''' || decimal_sign || ''''")


def _required(rule: Rule) -> Judgement:
    return Judgement(f"r_{rule.column} IS NULL", quoted(f"{rule.column} is empty"))


def _empty(rule: Rule) -> Judgement:
    return Judgement(f"r_{rule.column} IS NOT NULL", _says(rule, "does not belong to this row"))


def _known_unit(rule: Rule) -> Judgement:
    return Judgement(f"r_{rule.column} IS NOT NULL AND unit_kind IS NULL AND NOT is_control", _says(rule, "is not a known unit code"))


def _known_period(rule: Rule) -> Judgement:
    form = f"{_says(rule, 'is not a period in the form ')} || period_forms"
    late = f"{_says(rule, 'begins after the extract of ')} || extract_date"
    condition = f"r_{rule.column} IS NOT NULL AND (base_period_key IS NULL OR base_period_key > last_key)"
    return Judgement(condition, f"CASE WHEN base_period_key IS NULL THEN {form} ELSE {late} END")


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
    "row_shape": _row_shape,
    "unique_key": _unique_key,
}
