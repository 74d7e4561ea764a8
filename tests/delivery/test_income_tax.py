"""Rules of the income tax: for each a row that it catches, and one next to it that it must let pass."""

from __future__ import annotations

import pytest

from tests.delivery.parcel import Desk, table

NAME = "ref_skat_2025-06-01.csv"
HEADER = "kommunekode;indkomstaar;udskrivningsprocent;udskrivningsgrundlag"
GOOD = "0101;2024;23,50;150000000000"
# rule: what it catches, and the nearest that is right
ROWS = {
    "V-OKO-200": (f"{GOOD};mere", GOOD),
    "V-OKO-201": (";2024;23,50;150000000000", GOOD),
    "V-OKO-202": ("0999;2024;23,50;150000000000", "0147;2024;23,50;150000000000"),
    "V-OKO-203": ("0411;2024;23,50;500000000", "0751;2024;23,50;500000000"),
    "V-OKO-204": ("0101;;23,50;150000000000", GOOD),
    "V-OKO-205": ("0101;2026;23,50;150000000000", "0101;2025;23,50;150000000000"),
    "V-OKO-206": ("0101;2024;;150000000000", GOOD),
    "V-OKO-207": ("0101;2024;23,505;150000000000", "0101;2024;23,5;150000000000"),
    "V-OKO-208": ("0101;2024;0,24;150000000000", "0101;2024;15,00;150000000000"),
    "V-OKO-209": ("0101;2024;23,50;", GOOD),
    "V-OKO-210": ("0101;2024;23,50;150000000000,50", GOOD),
    "V-OKO-211": ("0101;2024;23,50;199999999", "0101;2024;23,50;200000000"),
}


@pytest.mark.parametrize("rule", ROWS)
def test_a_rule_catches_its_row_and_lets_the_next_pass(desk: Desk, rule: str):
    wrong, right = ROWS[rule]
    caught = desk.deliver(NAME, table(HEADER, ["0147;2023;22,80;30000000000", wrong]))
    assert (dict(caught.rule_counts), caught.rows_accepted) == ({rule: 1}, 1)
    passed = desk.deliver(NAME, table(HEADER, ["0147;2023;22,80;30000000000", right]))
    assert (dict(passed.rule_counts), passed.rows_accepted) == ({}, 2)


def test_a_municipality_has_one_rate_a_year(desk: Desk):
    again = desk.deliver(NAME, table(HEADER, [GOOD, "0101;2024;23,80;150000000000", "0147;2024;23,50;30000000000"]))
    assert dict(again.rule_counts) == {"V-OKO-212": 2}
    years = desk.deliver(NAME, table(HEADER, [GOOD, "0101;2023;23,50;150000000000", "0147;2024;23,50;30000000000"]))
    assert (dict(years.rule_counts), years.rows_accepted) == ({}, 3)


def test_rates_above_any_are_the_states_tax_with_it(desk: Desk):
    result = desk.deliver(NAME, table(HEADER, ["0101;2024;35,51;150000000000", "0147;2024;35,00;30000000000"]))
    assert dict(result.rule_counts) == {"V-OKO-208": 1}


def test_every_rule_has_its_row(desk: Desk):
    assert {rule.id for rule in desk.contracts["ref_skat"].rules} == {*ROWS, "V-OKO-212"}
