"""Small worlds in which the package once said something else than the definitions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.oracle.planting import COPENHAGEN, small
from tests.oracle.project import write_warehouse
from tests.oracle.world import Code

N = {"n": {"over_time": "sum", "expression": "n"}}


def test_a_hierarchy_may_have_the_name_of_its_finest_level(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.hierarchy("art", ["main_art", "art"], [Code("1", above=("2",)), Code("2", above=("4",))])
    world.source("t", "month", "2020-01", "2020-01", absent="zero")
    world.fact("e", "event", "t", N, {"art_key": "INTEGER", "n": "BIGINT"}, dimensions={"art": {}})
    world.deliver("t", "2020-01")
    for key, n in ((1, 3), (2, 5)):
        world.row("e", "2020-01", "0101", art_key=key, n=n)
    figure = world.figure("f", {"measure": "e.n"})
    rows = world.checked(figure, "municipality", "month", "2020-01", by=["main_art"])
    assert [row["value"] for row in rows.values()] == [3, 5]


def test_an_account_that_moves_to_another_group_counts_once(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.hierarchy("account", ["main", "function"], [Code("30", date(2000, 1, 1), date(2020, 6, 30), ("A",))])
    world.source("t", "month", "2020-01", "2020-12", absent="zero")
    world.fact("e", "event", "t", N, {"account_key": "INTEGER", "n": "BIGINT"}, dimensions={"account": {}})
    world.deliver("t", "2020-01", "2020-12")
    for month, n in (("2020-03", 5), ("2020-09", 7)):
        world.row("e", month, "0101", account_key=1, n=n)
    figure = world.figure("f", {"measure": "e.n"})
    connection = world.connect()
    connection.execute("INSERT INTO dim_account VALUES (1, 'B', '30', DATE '2020-07-01', NULL)")
    try:
        world.connect = lambda: connection  # type: ignore[method-assign]
        rows = world.ask(figure, "municipality", "year", "2020", by=["main"])
        assert sum(row["value"] for row in rows.values()) == 12
    finally:
        write_warehouse(connection, world.world, world.catalogue.calendar)


def test_a_mean_of_values_published_ahead_has_no_negative_days(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("t", "month", "2020-01", "2020-03")
    world.fact("m", "published", "t", {"n": {"over_time": "average", "expression": "n"}}, {"n": "BIGINT"})
    for month, value in (("2020-01", 10), ("2020-02", 20), ("2020-03", 30)):
        world.put("m", month, {"0101": value})
    world.world.data_to["t", ""] = date(2020, 1, 16)
    figure = world.figure("f", {"measure": "m.n"})
    row = world.ask(figure, "municipality", "quarter", "2020-Q1")["0101", "2020-Q1"]
    assert (row["value"], row["status"]) == (10, "provisional")


def test_a_budget_delivered_ahead_is_known(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.source("b", "year", "2020", "2020", absent="zero", status_date="opening")
    columns = {"n": "BIGINT", "valid_from": "DATE", "valid_to": "DATE"}
    last = {"n": {"over_time": "last", "expression": "n"}}
    world.fact("b", "snapshot", "b", last, columns, in_force={"from": "valid_from", "to": "valid_to"})
    world.deliver("b", "2020")
    world.row("b", "2020", "0101", n=9, valid_from=date(2020, 1, 1), valid_to=None)
    world.world.data_to["b", ""] = date(2019, 10, 15)
    figure = world.figure("f", {"measure": "b.n"})
    row = world.ask(figure, "municipality", "month", "2020-03")["0101", "2020-03"]
    assert (row["value"], row["status"], row["complete"]) == (9, "validated", True)
