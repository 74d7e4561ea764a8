"""Small worlds in which the package once said something else than the definitions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flis_semantic.compiler.cut_tables import cut_table
from tests.oracle.planting import COPENHAGEN, Planting, small
from tests.oracle.project import write_warehouse
from tests.oracle.world import Code
from tests.rendered import plain_sql

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


def test_a_member_that_gets_another_code_counts_once_under_the_code_of_its_time(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.world.dimensions["kind"] = [Code("a", date(2000, 1, 1), date(2020, 6, 30))]
    world.source("t", "month", "2020-01", "2020-12", absent="zero")
    world.fact("e", "event", "t", N, {"kind_key": "INTEGER", "n": "BIGINT"}, dimensions={"kind": {}})
    world.deliver("t", "2020-01", "2020-12")
    for month, n in (("2020-03", 5), ("2020-09", 7)):
        world.row("e", month, "0101", kind_key=1, n=n)
    figure = world.figure("f", {"measure": "e.n"})
    connection = world.connect()
    connection.execute("INSERT INTO dim_kind VALUES (1, 'z', DATE '2020-07-01', NULL)")
    try:
        world.connect = lambda: connection  # type: ignore[method-assign]
        rows = world.ask(figure, "municipality", "year", "2020", by=["kind"])
        assert {key[1]: row["value"] for key, row in rows.items()} == {"a": 5, "z": 7}
        (row,) = world.ask(figure, "municipality", "year", "2020", where={"kind": ("z",)}).values()
        assert row["value"] == 7
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


def two_kinds(folder: Path, condition: str, second: int) -> Planting:
    """An event fact `e` of which one row has kind a, 4 and no y, the other kind b and y 1; a sum of y and a count, both filtered."""
    reads = {
        "n > 3 or n < 2": lambda row: row["n"] > 3 or row["n"] < 2,
        "n > 8 or n < 2": lambda row: row["n"] > 8 or row["n"] < 2,
    }
    world = small(folder, (COPENHAGEN,), python=reads)
    world.source("t", "month", "2020-01", "2020-01", absent="zero", blank="suppressed")
    measures = {
        "rows": {"over_time": "sum", "aggregate": "count", "filter": condition},
        "y": {"over_time": "sum", "expression": "y", "filter": condition},
    }
    world.fact("e", "event", "t", measures, {"n": "BIGINT", "y": "BIGINT", "kind_key": "INTEGER"}, dimensions={"kind": {}})
    world.deliver("t", "2020-01")
    for kind, n, y in ((1, 4, None), (2, second, 1)):
        world.row("e", "2020-01", "0101", kind_key=kind, n=n, y=y)
    return world


def test_a_filter_with_or_leaves_the_other_filters_alone(tmp_path: Path) -> None:
    world = two_kinds(tmp_path, "n > 3 or n < 2", 1)
    figure = world.figure("f", {"measure": "e.rows"})
    assert world.one(figure, "municipality", "month", "2020-01", where={"kind": ("a",)})["value"] == 1


def test_a_blank_is_one_under_a_filter_with_or(tmp_path: Path) -> None:
    world = two_kinds(tmp_path, "n > 8 or n < 2", 9)
    # A second measure, so that the filter is no condition of all rows.
    world.world.domains["d"]["facts"]["e"]["measures"]["all"] = {
        **world.world.domains["d"]["facts"]["e"]["measures"]["rows"],
        "filter": "n > 3 or n < 2",
    }
    figure = world.figure("f", {"measure": "e.y"}, denominator={"measure": "e.all"})
    # The row of 9 passes and has a value; the one without a value does not pass.
    assert world.one(figure, "municipality", "month", "2020-01")["value"] == 0.5
    world.row("e", "2020-01", "0101", kind_key=1, n=10, y=None)
    assert world.one(figure, "municipality", "month", "2020-01")["status"] == "suppressed"


def test_two_published_cuts_are_one_table(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.world.vocabulary["dimensions"]["place"] = {
        **world.world.vocabulary["dimensions"]["kind"],
        **{"model": "dim_place", "key": "place_key", "code": "place_code", "size": 2},
    }
    world.world.vocabulary["dimensions"]["kind"]["size"] = 2
    world.world.dimensions["place"] = [Code("x"), Code("y")]
    world.source("t", "month", "2020-01", "2020-01", absent="zero")
    columns = {"n": "BIGINT", "kind_key": "INTEGER", "place_key": "INTEGER"}
    world.fact("e", "event", "t", N, columns, dimensions={"kind": {}, "place": {}})
    world.deliver("t", "2020-01")
    world.row("e", "2020-01", "0101", kind_key=1, place_key=2, n=3)
    world.figure("f", {"measure": "e.n"}, published_cuts=[["kind"], ["place"]])
    table = cut_table(world.catalogue, "d", "month")
    assert table is not None
    rows = world.connect().execute(f"SELECT cut, kind, place, f__num FROM ({plain_sql(table.sql)})").fetchall()
    assert set(rows) == {("kind", "a", None, 3), ("kind", "b", None, 0), ("place", None, "x", 0), ("place", None, "y", 3)}
