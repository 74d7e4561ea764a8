"""Postings and budgets: versions are never added, a year's budget is never divided, period 13 is no month."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.planting import AARHUS, COPENHAGEN, FREDERIKSBERG, Planting, small
from tests.oracle.world import Code, Unit
from tests.traps.worlds import naive

KINDS = [Code("a"), Code("b"), Code("c")]
ONLY = {"areas": {"municipality": ("0101",)}}
BUDGET = {"version": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE", "kind_key": "INTEGER", "amount": "DECIMAL(18,2)"}
POSTING = {"slot": "VARCHAR", "kind_key": "INTEGER", "dranst": "INTEGER", "amount": "DECIMAL(18,2)"}
YEAR_END = date(2020, 12, 31)


def amount(**more: Any) -> dict[str, Any]:
    """A measure that adds amounts."""
    return {"expression": "amount", **more}


def money(folder: Path, *units: Unit, **python: Any) -> Planting:
    """Postings `p` by month, budgets `b` by year with their versions, and people `s` on a quarter's first day."""
    world = small(folder, units or (COPENHAGEN,), python={"slot <> '0'": lambda row: row["slot"] != "0", **python})
    world.world.dimensions["kind"] = KINDS
    world.source("postings", "month", "2020-01", "2021-12", absent="zero")
    world.source("budgets", "year", "2020", "2021", absent="zero", status_date="opening")
    world.source("people", "quarter", "2020-Q1", "2021-Q4", status_date="opening")
    flow = amount(over_time="sum", filter="slot <> '0'")
    world.fact("p", "event", "postings", {"paid": flow}, POSTING, dimensions={"kind": {}})
    versions = {"version_column": "version", "versions": {"original": ["budgets"], "revised": ["budgets"]}}
    in_force = {"in_force": {"from": "valid_from", "to": "valid_to"}, "dimensions": {"kind": {}}}
    world.fact("b", "snapshot", "budgets", {"budget": amount(over_time="last")}, BUDGET, **versions, **in_force)
    world.fact("s", "snapshot", "people", {"n": {"over_time": "first", "expression": "n"}}, {"n": "BIGINT"})
    for table in ("postings", "budgets", "people"):
        world.deliver(table, world.world.reach[table, ""][0], world.world.reach[table, ""][1])
    return world


def budget(world: Planting, version: str, value: int, first: date, last: date | None, *, code: str = "0101", kind: int = 1) -> None:
    """A row of a budget, in force between two days."""
    row = {"version": version, "valid_from": first, "valid_to": last, "kind_key": kind, "amount": value}
    world.row("b", str(first.year), code, **row)


def paid(world: Planting, label: str, value: int, slot: str = "", code: str = "0101", kind: int = 1) -> None:
    """A posting in an accounting month."""
    world.row("p", label, code, slot=slot, kind_key=kind, dranst=1, amount=value)


def test_a_budget_of_a_year_is_not_divided_by_twelve(tmp_path: Path) -> None:
    world = money(tmp_path)
    budget(world, "original", 1200, date(2020, 1, 1), YEAR_END)
    figure = world.figure("f", {"measure": "b.budget", "version": "original"})
    assert naive(world, "SELECT sum(amount) / 12 FROM fct_b") == 100
    for grain, period in (("month", "2020-03"), ("week", "2020-W20"), ("day", "2020-07-01"), ("quarter", "2020-Q3"), ("year", "2020")):
        assert world.one(figure, "municipality", grain, period)["value"] == 1200
    assert world.one(figure, "municipality", "range", "2020-03-05", "2020-04-06")["value"] == 1200


def test_a_version_is_not_added_to_a_version(tmp_path: Path) -> None:
    world = money(tmp_path)
    budget(world, "original", 1000, date(2020, 1, 1), YEAR_END)
    budget(world, "revised", 1000, date(2020, 1, 1), date(2020, 6, 30))
    budget(world, "revised", 1300, date(2020, 7, 1), YEAR_END)
    figures = {version: world.figure(version, {"measure": "b.budget", "version": version}) for version in ("original", "revised")}
    assert naive(world, "SELECT sum(amount) FROM fct_b WHERE year_key = 2020") == 3300
    assert naive(world, "SELECT sum(amount) FROM fct_b WHERE year_key = 2020 AND version = 'revised'") == 2300
    answers = {
        version: [world.one(figure, "municipality", "month", month)["value"] for month in ("2020-06", "2020-07", "2020-12")]
        for version, figure in figures.items()
    }
    assert answers == {"original": [1000, 1000, 1000], "revised": [1000, 1300, 1300]}
    # The year is as its last day is; the mean of the two is nobody's budget.
    assert world.one(figures["revised"], "municipality", "year", "2020")["value"] == 1300
    assert world.one(figures["revised"], "municipality", "day", "2020-06-30")["value"] == 1000
    assert world.one(figures["revised"], "municipality", "day", "2020-07-01")["value"] == 1300


def test_supplementary_is_the_difference_of_two_versions(tmp_path: Path) -> None:
    world = money(tmp_path)
    budget(world, "original", 1000, date(2020, 1, 1), YEAR_END)
    budget(world, "revised", 1300, date(2020, 7, 1), YEAR_END)
    versions = [{"measure": "b.budget", "version": version} for version in ("revised", "original")]
    figure = world.figure("f", {"plus": versions[:1], "minus": versions[1:]})
    joined = "SELECT sum(r.amount) - sum(o.amount) FROM fct_b r, fct_b o WHERE r.version = 'revised'"
    assert naive(world, joined) == 2 * 1300 - 2300
    # Before July nothing revised was in force, and nothing is what this source says by no row.
    rows = world.checked(figure, "municipality", "month", "2020-06", "2020-07")
    assert [row["value"] for row in rows.values()] == [-1000, 300]


def test_a_budget_not_delivered_is_not_last_years(tmp_path: Path) -> None:
    world = money(tmp_path)
    budget(world, "original", 1000, date(2020, 1, 1), None)
    world.state("budgets", "2021", "0101", "missing")
    figure = world.figure("f", {"measure": "b.budget", "version": "original"})
    open_end = (
        "SELECT sum(amount) FROM fct_b WHERE valid_from <= date '2021-03-31' AND coalesce(valid_to, date '9999-01-01') >= date '2021-03-31'"
    )
    assert naive(world, open_end) == 1000
    row = world.one(figure, "municipality", "month", "2021-03")
    assert (row["value"], row["status"], row["reason"]) == (None, "missing", "base_period_missing")
    # A school year's last day lies in 2021.
    assert world.one(figure, "municipality", "school_year", "2020/21")["value"] is None
    assert world.one(figure, "municipality", "school_year", "2019/20")["value"] == 1000


def test_a_budget_that_never_ends_ends_with_its_year(tmp_path: Path) -> None:
    world = money(tmp_path)
    budget(world, "original", 1000, date(2020, 1, 1), None)
    budget(world, "original", 70, date(2021, 1, 1), None)
    figure = world.figure("f", {"measure": "b.budget", "version": "original"})
    assert naive(world, "SELECT sum(amount) FROM fct_b WHERE valid_from <= date '2021-03-31' AND valid_to IS NULL") == 1070
    assert world.one(figure, "municipality", "month", "2021-03")["value"] == 70


def test_a_posting_of_period_13_is_decembers_and_makes_no_december(tmp_path: Path) -> None:
    world = money(tmp_path, COPENHAGEN, AARHUS)
    for month in (11, 12):
        paid(world, f"2020-{month}", 100)
        paid(world, f"2020-{month}", 40, code="0751")
    paid(world, "2020-12", 7, slot="13")
    paid(world, "2020-12", 5, slot="13", code="0751")
    # Aarhus has sent its supplement before its December.
    world.world.rows["fct_p"] = [
        r for r in world.world.rows["fct_p"] if (r["municipality_key"], r["amount"], r["month"]) != (751, 40, "2020-12")
    ]
    world.state("postings", "2020-12", "0751", "missing")
    figure = world.figure("f", {"measure": "p.paid"})
    by_slot = "SELECT sum(amount) FROM fct_p WHERE month_key = 2020 * 12 + 11 AND slot = '' AND municipality_key = 101"
    assert naive(world, by_slot) == 100
    assert naive(world, "SELECT sum(amount) FROM fct_p WHERE month_key = 2020 * 12 + 11 AND municipality_key = 751") == 5
    rows = world.checked(figure, "municipality", "month", "2020-12")
    assert [(row["value"], row["status"]) for row in rows.values()] == [(107, "validated"), (None, "missing")]
    assert world.one(figure, "country", "year", "2020")["value"] == 207


def test_an_opening_balance_is_no_flow(tmp_path: Path) -> None:
    world = money(tmp_path)
    paid(world, "2020-01", 9000, slot="0")
    paid(world, "2020-01", 100)
    figure = world.figure("f", {"measure": "p.paid"})
    assert naive(world, "SELECT sum(amount) FROM fct_p WHERE month_key = 2020 * 12") == 9100
    assert world.one(figure, "municipality", "month", "2020-01")["value"] == 100
    # A month in which there is nothing but the opening is a month without postings.
    world.world.rows["fct_p"].pop()
    assert world.one(figure, "municipality", "month", "2020-01")["value"] == 0


def test_population_repeated_over_accounts_is_not_added_over_them(tmp_path: Path) -> None:
    world = money(tmp_path, COPENHAGEN, FREDERIKSBERG)
    for quarter in ("2020-Q1", "2020-Q3"):
        world.put("s", quarter, {"0101": 10, "0147": 40})
    for code, first, second in (("0101", 100, 20), ("0147", 200, 30)):
        paid(world, "2020-01", first, code=code, kind=1)
        paid(world, "2020-01", second, code=code, kind=2)
    people = {"measure": "s.n", "reference_date": {"first_of": "year"}, "broadcast": ["kind"]}
    figure = world.figure("f", {"measure": "p.paid"}, denominator=people)
    joined = "SELECT sum(amount), sum(n) FROM fct_p JOIN fct_s USING (municipality_key) WHERE quarter_key = 2020 * 4"
    assert naive(world, joined) == [(350, 100)]
    rows = world.checked(figure, "country", "month", "2020-01", by=["kind"])
    found = {codes[1]: (row["numerator"], row["denominator"], row["value"]) for codes, row in rows.items()}
    assert found == {"a": (300, 50, 6), "b": (50, 50, 1), "c": (0, 50, 0)}
    # Parts add up to the whole, and one account code more or less changes no inhabitant.
    assert world.one(figure, "country", "month", "2020-01")["value"] == 7
    assert world.one(figure, "country", "month", "2020-01", where={"kind": ("a", "c")})["value"] == 6


def test_consumption_is_money_to_date_over_the_budget_of_the_whole_year(tmp_path: Path) -> None:
    world = money(tmp_path)
    for month in range(1, 13):
        paid(world, f"2020-{month:02}", 90)
    budget(world, "revised", 1000, date(2020, 1, 1), date(2020, 3, 31))
    budget(world, "revised", 1080, date(2020, 4, 1), YEAR_END)
    numerator = {"measure": "p.paid", "window": {"to_date": "year"}}
    figure = world.figure("f", numerator, denominator={"measure": "b.budget", "version": "revised"}, unit="percent")
    joined = "SELECT 100 * sum(p.amount) / sum(b.amount) FROM fct_p p JOIN fct_b b ON p.month_key // 12 = b.year_key"
    assert float(naive(world, joined)) == pytest.approx(100 * 2 * 1080 / (12 * 2080))
    rows = world.checked(figure, "municipality", "month", "2020-03", "2020-04")
    assert [row["value"] for row in rows.values()] == [27, pytest.approx(100 * 360 / 1080)]
    assert world.one(figure, "municipality", "year", "2020")["value"] == 100


def test_a_deviation_is_of_those_who_have_both(tmp_path: Path) -> None:
    world = money(tmp_path, COPENHAGEN, FREDERIKSBERG, AARHUS)
    for code, spent, planned in (("0101", 110, 100), ("0147", 50, 40), ("0751", 900, 1000)):
        paid(world, "2020-05", spent, code=code)
        if code != "0751":
            budget(world, "original", planned, date(2020, 1, 1), YEAR_END, code=code)
    world.state("budgets", "2020", "0751", "missing")
    planned = {"measure": "b.budget", "version": "original"}
    figure = world.figure("f", {"plus": [{"measure": "p.paid"}], "minus": [planned]}, denominator=planned, unit="percent")
    assert naive(world, "SELECT (SELECT sum(amount) FROM fct_p) - (SELECT sum(amount) FROM fct_b)") == 920
    row = world.one(figure, "country", "year", "2020")
    assert (row["numerator"], row["denominator"], row["members"], row["members_expected"]) == (20, 140, 2, 3)


def test_a_condition_keeps_its_own_or_and_its_own_and(tmp_path: Path) -> None:
    condition = "kind_key = 1 OR kind_key = 2"
    tax = {"{service} and dranst = 1": lambda row: row["kind_key"] in (1, 2) and row["dranst"] == 1}
    world = money(tmp_path, **tax)
    world.world.domains["d"]["conditions"] = {"service": condition}
    world.world.domains["d"]["facts"]["p"]["measures"]["service"] = {
        **world.world.domains["d"]["facts"]["p"]["measures"]["paid"],
        "filter": "{service} and dranst = 1",
    }
    for kind, dranst, value in ((1, 1, 1), (1, 2, 10), (2, 1, 100), (2, 2, 1000), (3, 1, 10000)):
        world.row("p", "2020-01", "0101", slot="", kind_key=kind, dranst=dranst, amount=value)
    figure = world.figure("f", {"measure": "p.service"})
    pasted = f"SELECT sum(amount) FROM fct_p WHERE {condition} AND dranst = 1"
    assert naive(world, pasted) == 111
    assert world.one(figure, "municipality", "month", "2020-01")["value"] == 101


def test_ore_are_added_exactly(tmp_path: Path) -> None:
    world = money(tmp_path)
    for value in ("0.10", "0.20", "-0.30"):
        world.row("p", "2020-01", "0101", slot="", kind_key=1, dranst=1, amount=value)
    figure = world.figure("f", {"measure": "p.paid"})
    assert naive(world, "SELECT sum(CAST(amount AS DOUBLE)) = 0 FROM fct_p") is False
    row = world.one(figure, "municipality", "month", "2020-01")
    assert (row["value"], row["numerator"]) == (0, 0)
