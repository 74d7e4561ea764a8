"""The SELECT that types and judges the rows of one group, as far as the row itself goes.

Of personal columns only pseudonyms leave it: what it gives may lie on the disk until the receive is done.
"""

# ruff: noqa: S608 - names and literals are the contract's own, quoted
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flis_semantic.contracts.landing import PSEUDONYM_TYPE, column_type
from flis_semantic.contracts.model import Contract
from flis_semantic.delivery import numbers, rules
from flis_semantic.delivery.cells import Group, delivered_values, is_deleted, typed
from flis_semantic.delivery.sql import identifier

PLACED = "unit_code, base_period_key, slot"


@dataclass(frozen=True)
class JudgedRows:
    """What the table of judged rows has, and how each group fills it."""

    setting: rules.Setting

    @property
    def contract(self) -> Contract:
        """The contract by which rows are judged."""
        return self.setting.contract

    def name(self, column: str) -> str:
        """Name of a contract column's typed value; of a personal number's pseudonym."""
        return "unit_code" if column == self.contract.unit_column else f"t_{column}"

    @property
    def kept(self) -> dict[str, str]:
        """Contract column → type of the value that is kept: all but personal values, pseudonyms among them."""
        pseudonyms = self.contract.pseudonyms
        return {
            name: PSEUDONYM_TYPE if name in pseudonyms else column_type(column)
            for name, column in self.contract.columns.items()
            if name in pseudonyms or not column.personal
        }

    @property
    def columns(self) -> Mapping[str, str]:
        """Column → type of the table."""
        own = {self.name(name): kind for name, kind in self.kept.items()}
        beside = {"d": "INTEGER", "l": "BIGINT", "g": "INTEGER", **own, "unit_code": "VARCHAR", "base_period_key": "INTEGER"}
        beside |= {"slot": "VARCHAR", "series": "VARCHAR", "is_control": "BOOLEAN", "is_deleted": "BOOLEAN", "mask": "BIGINT"}
        return {**beside, "cells": "VARCHAR[]"}

    def select(self, n: int, group: Group) -> str:
        """SELECT of the rows of group `n`: typed, placed, and `mask`, the rules that they fail. Failing rows keep their cells."""
        contract = self.contract
        set_aside = rules.set_aside_bits(contract)
        judged = f"SELECT *, {rules.mask(self.setting, group.form.mode == 'delta')} AS mask FROM ({self._placed(n, group)})"
        own = [self._kept(name, set_aside) for name in self.kept if name != contract.unit_column]
        return (
            f"SELECT d, l, {n} AS g, {', '.join([*own, ''])}{self._text('unit_code', set_aside)}, base_period_key, slot, "
            f"{self._text('series', set_aside)}, is_control, is_deleted, mask, "
            f"CASE WHEN mask & {set_aside} <> 0 THEN {group.all_cells(contract, self.setting.masks)} END AS cells FROM ({judged})"
        )

    def _placed(self, n: int, group: Group) -> str:
        """SELECT of the rows with their typed values, and where each belongs."""
        contract = self.contract
        unit, period = contract.unit_column, contract.period_column
        values = delivered_values(group, contract, group.cell)
        delivered = ", ".join([*(f"{raw} AS r_{name}" for name, raw in values.items()), *map(group.cell, range(len(group.header)))])
        series = " || '.' || ".join(f"r_{name}" for name in contract.series) or "CAST(NULL AS VARCHAR)"
        # The name's label was read when the file came, where it may be written without separators.
        told = group.form.period_of is not None and period not in group.filled
        key, slot, start = ("named_key", "named_slot", "named_start") if told else ("p.base_period_key", "p.slot", "p.start_date")
        own = [
            f"{typed(f'r_{name}', column, group.form)} AS t_{name}"
            for name, column in contract.columns.items()
            if column.role is None and not column.personal
        ]
        own += [
            f"n_{name}.pseudonym AS t_{name}, n_{name}.faults AS f_{name}, n_{name}.month_day AS m_{name}" for name in contract.pseudonyms
        ]
        rows = f"SELECT d, l, {delivered}, named_unit, named_period, named_key, named_slot, "
        rows += f"named_start, {is_deleted(group, values)} AS is_deleted FROM {group.source(str(n))} JOIN named_files USING (d)"
        return (
            f"SELECT q.*, {', '.join([*own, ''])}{start} AS t_{period}, coalesce(u.unit_code, r_{unit}) AS unit_code, u.unit_kind, "
            f"coalesce(u.is_control, false) AS is_control, {key} AS base_period_key, {slot} AS slot, {series} AS series "
            f"FROM ({rows}) q LEFT JOIN units u ON u.label = q.r_{unit} LEFT JOIN periods_{n} p ON p.label = q.r_{period}"
            f"{numbers.joins(contract)}"
        )

    def _kept(self, column: str, set_aside: int) -> str:
        if self.contract.columns[column].type != "text" or column in self.contract.pseudonyms:
            return identifier(self.name(column))
        for rule in self.contract.row_rules:
            if rule.check == "personal_number_misplaced" and rule.action == "warn" and column in rule.columns:
                hits = set_aside | rules.bit(self.contract, rule)
                return self._text(self.name(column), hits)
        return self._text(self.name(column), set_aside)

    def _text(self, value: str, bits: int) -> str:
        """The text, without personal numbers in rows that fail one of the rules."""
        masked = self.setting.masks.masked(value)
        return value if masked == value else f"CASE WHEN mask & {bits} = 0 THEN {value} ELSE {masked} END AS {value}"
