"""Codes that lie inside other codes, and are dated: each row counts once at every level, and the parts add up to the whole."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.oracle.planting import AARHUS, COPENHAGEN, Planting, small
from tests.oracle.project import ask
from tests.oracle.world import Code
from tests.traps.worlds import naive

TWO = (COPENHAGEN, AARHUS)
ONLY = {"areas": {"municipality": ("0101",)}}
OLD, NEW = date(2000, 1, 1), date(2020, 7, 1)
# Key 1 has a row for every account year; key 4 ends in June 2020, key 5 starts in July.
EACH_YEAR = tuple((date(year, 1, 1), date(year, 12, 31)) for year in (2020, 2021))
MEMBERS = [
    Code("3.22.01", date(2019, 1, 1), date(2019, 12, 31), ("3", "3.22"), EACH_YEAR),
    Code("3.22.05", OLD, None, ("3", "3.22")),
    Code("3.35.60", OLD, None, ("3", "3.35")),
    Code("5.32.30", OLD, date(2020, 6, 30), ("5", "5.32")),
    Code("5.30.26", NEW, None, ("5", "5.30")),
]
AMOUNT = {"account_key": "INTEGER", "n": "BIGINT"}


def accounts(folder: Path, base: str = "month", ends: tuple[str, str] = ("2020-01", "2020-12")) -> Planting:
    """An event fact `e.n` cut by `main`, `group` and `function`, and people `s.n` that know none of them."""
    world = small(folder, TWO)
    world.hierarchy("account", ["main", "group", "function"], MEMBERS)
    world.source("t", base, *ends, absent="zero")
    world.fact("e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, AMOUNT, dimensions={"account": {}})
    world.source("people", "quarter", "2020-Q1", "2020-Q4", status_date="opening")
    world.fact("s", "snapshot", "people", {"n": {"over_time": "first", "expression": "n"}}, {"n": "BIGINT"})
    world.deliver("t", *ends)
    return world


def post(world: Planting, label: str, *amounts: tuple[int | None, int], code: str = "0101") -> None:
    """Rows of account keys and amounts."""
    for key, n in amounts:
        world.row("e", label, code, account_key=key, n=n)


def test_an_account_with_a_row_for_every_year_counts_once(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (1, 5), (2, 7))
    figure = world.figure("f", {"measure": "e.n"})
    joined = "SELECT sum(n) FROM fct_e JOIN dim_account USING (account_key)"
    assert naive(world, joined) == 3 * 5 + 7
    for by, codes in ((["main"], {"3": 12, "5": 0}), (["group"], {"3.22": 12, "3.35": 0, "5.32": 0})):
        rows = world.checked(figure, "municipality", "month", "2020-03", by=by, **ONLY)
        assert {key[1]: row["value"] for key, row in rows.items()} == codes
    rows = world.checked(figure, "municipality", "month", "2020-03", by=["function"], **ONLY)
    assert {key[1]: row["value"] for key, row in rows.items()} == {"3.22.01": 5, "3.22.05": 7, "3.35.60": 0, "5.32.30": 0}
    assert world.one(figure, "municipality", "month", "2020-03", where={"main": ("3",)}, **ONLY)["value"] == 12


def test_two_levels_of_one_account_have_no_rows_for_strangers(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (1, 5), (3, 7), (4, 11))
    figure = world.figure("f", {"measure": "e.n"})
    crossed = "SELECT count(*) FROM (SELECT DISTINCT main_code FROM dim_account), (SELECT DISTINCT group_code FROM dim_account)"
    assert naive(world, crossed) == 2 * 4
    rows = world.checked(figure, "municipality", "month", "2020-03", by=["group", "main"], **ONLY)
    assert {key[1:3]: row["value"] for key, row in rows.items()} == {("3.22", "3"): 5, ("3.35", "3"): 7, ("5.32", "5"): 11}
    inside = world.checked(figure, "municipality", "month", "2020-03", by=["function"], where={"main": ("5",)}, **ONLY)
    assert {key[1]: row["value"] for key, row in inside.items()} == {"5.32.30": 11}


def test_an_account_that_ends_in_june_has_its_part_of_the_year(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (4, 11))
    post(world, "2020-09", (5, 13))
    figure = world.figure("f", {"measure": "e.n"})
    at_the_end = "SELECT sum(n) FROM fct_e JOIN dim_account USING (account_key) WHERE date '2020-12-31' BETWEEN valid_from AND coalesce(valid_to, date '9999-12-31')"
    assert naive(world, at_the_end) == 13
    rows = world.checked(figure, "municipality", "year", "2020", by=["function"], **ONLY)
    assert {key[1]: row["value"] for key, row in rows.items()} == {"3.22.01": 0, "3.22.05": 0, "3.35.60": 0, "5.32.30": 11, "5.30.26": 13}
    assert sum(row["value"] for row in rows.values()) == world.one(figure, "municipality", "year", "2020", **ONLY)["value"] == 24
    second = world.checked(figure, "municipality", "quarter", "2020-Q3", by=["group"], where={"main": ("5",)}, **ONLY)
    assert {key[1]: row["value"] for key, row in second.items()} == {"5.30": 13}


def test_an_amount_without_an_account_is_unknown_and_not_lost(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (1, 5), (None, 2), (99, 3))
    figure = world.figure("f", {"measure": "e.n"})
    assert naive(world, "SELECT sum(n) FROM fct_e JOIN (SELECT DISTINCT account_key, main_code FROM dim_account) USING (account_key)") == 5
    for by in (["main"], ["main", "function"]):
        rows = world.checked(figure, "municipality", "month", "2020-03", by=by, **ONLY)
        assert rows[("0101", *["unknown"] * len(by), "2020-03")]["value"] == 5
        assert sum(row["value"] for row in rows.values()) == 10
    assert world.one(figure, "municipality", "month", "2020-03", where={"main": ("unknown",)}, **ONLY)["value"] == 5


def test_what_one_figure_has_without_an_account_is_nothing_of_another_beside_it(tmp_path: Path) -> None:
    """Figures of one answer share their cells: alone, a figure without such rows has no cell for them, and beside one that has, zero."""
    world = accounts(tmp_path)
    post(world, "2020-03", (1, 5), (None, 2))
    whole = world.figure("whole", {"measure": "e.n"})
    schools = world.figure("schools", {"measure": "e.n", "filter": {"group": ["3.22"]}})
    alone = {
        code: row["value"] for (_, code, _), row in world.checked(schools, "municipality", "month", "2020-03", by=["main"], **ONLY).items()
    }
    assert alone == {"3": 5, "5": 0}
    rows = ask(world.connect(), world.catalogue, [whole, schools], ["municipality"], "month", "2020-03", "2020-03", by=["main"], **ONLY)
    found = {(row["key_figure"], row["main"]): (row["value"], row["status"]) for row in rows}
    assert {code: value for (figure, code), (value, _) in found.items() if figure == whole} == {"3": 5, "5": 0, "unknown": 2}
    assert {code: value for (figure, code), (value, _) in found.items() if figure == schools} == {**alone, "unknown": 0}
    assert {status for _, status in found.values()} == {"validated"}


def test_a_component_may_be_narrowed_at_any_level(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (1, 5), (2, 7), (3, 100), (4, 11), (None, 1000))
    schools = world.figure("schools", {"measure": "e.n", "filter": {"group": ["3.22"]}})
    rest = {"plus": [{"measure": "e.n", "filter": {"main": ["3"]}}], "minus": [{"measure": "e.n", "filter": {"function": ["3.22.05"]}}]}
    figure = world.figure("rest", rest)
    assert naive(world, "SELECT sum(n) FROM fct_e JOIN dim_account USING (account_key) WHERE group_code = '3.22'") == 22
    assert world.one(schools, "municipality", "month", "2020-03", **ONLY)["value"] == 12
    assert world.one(figure, "municipality", "month", "2020-03", **ONLY)["value"] == 105
    rows = world.checked(figure, "municipality", "month", "2020-03", by=["function"], where={"group": ("3.22", "5.32")}, **ONLY)
    assert {key[1]: row["value"] for key, row in rows.items()} == {"3.22.01": 5, "3.22.05": 0, "5.32.30": 0}


def test_inhabitants_are_the_same_for_every_account_and_the_parts_add_up(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    world.put("s", "2020-Q1", {"0101": 10, "0751": 30})
    post(world, "2020-01", (1, 20), (3, 100), (4, 40))
    post(world, "2020-01", (1, 60), (2, 180), code="0751")
    people = {"measure": "s.n", "reference_date": {"first_of": "year"}, "broadcast": ["main", "group", "function"]}
    figure = world.figure("f", {"measure": "e.n"}, denominator=people)
    joined = "SELECT sum(n) FROM (SELECT s.n FROM fct_e JOIN fct_s s USING (municipality_key))"
    assert naive(world, joined) == 3 * 10 + 2 * 30
    rows = world.checked(figure, "country", "month", "2020-01", by=["main", "function"])
    found = {key[2]: (row["numerator"], row["denominator"], row["value"]) for key, row in rows.items()}
    assert found == {"3.22.01": (80, 40, 2), "3.22.05": (180, 40, 4.5), "3.35.60": (100, 40, 2.5), "5.32.30": (40, 40, 1)}
    assert world.one(figure, "country", "month", "2020-01")["value"] == 10


def test_a_code_that_two_groups_share_is_told_apart_by_its_group(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    world.hierarchy("cost", ["main_art", "art"], [Code("1", above=("2",)), Code("1", above=("4",)), Code("2", above=("4",))])
    world.source("t", "month", "2020-01", "2020-01", absent="zero")
    world.fact(
        "e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"cost_key": "INTEGER", "n": "BIGINT"}, dimensions={"cost": {}}
    )
    world.deliver("t", "2020-01")
    for key, n in ((1, 3), (2, 5), (3, 7)):
        world.row("e", "2020-01", "0101", cost_key=key, n=n)
    figure = world.figure("f", {"measure": "e.n"})
    by_code = "SELECT sum(n) FROM fct_e JOIN dim_cost a USING (cost_key) JOIN dim_cost b ON a.art_code = b.art_code"
    assert naive(world, by_code) == 3 * 2 + 5 * 2 + 7
    both = world.checked(figure, "municipality", "month", "2020-01", by=["main_art", "art"])
    assert {key[1:3]: row["value"] for key, row in both.items()} == {("2", "1"): 3, ("4", "1"): 5, ("4", "2"): 7}
    fine = world.checked(figure, "municipality", "month", "2020-01", by=["art"])
    assert {key[1]: row["value"] for key, row in fine.items()} == {"1": 8, "2": 7}


def moving(folder: Path) -> tuple[Planting, str]:
    """An account of group A that moves to B in July 2020, with 5 before and 7 after, and one that stays in A, with 100."""
    world = small(folder, (COPENHAGEN,))
    moved = Code("30", OLD, date(2020, 6, 30), ("A",), ((NEW, None, ("B",)),))
    world.hierarchy("account", ["main", "function"], [moved, Code("31", above=("A",))])
    world.source("t", "month", "2020-01", "2020-12", absent="zero")
    world.fact("e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, AMOUNT, dimensions={"account": {}})
    world.deliver("t", "2020-01", "2020-12")
    post(world, "2020-03", (1, 5), (2, 100))
    post(world, "2020-09", (1, 7))
    return world, world.figure("f", {"measure": "e.n"})


def test_an_account_that_moves_counts_in_the_group_of_its_time(tmp_path: Path) -> None:
    world, figure = moving(tmp_path)
    assert naive(world, "SELECT sum(n) FROM fct_e JOIN dim_account USING (account_key)") == 2 * (5 + 7) + 100
    rows = world.checked(figure, "municipality", "year", "2020", by=["main"])
    assert {key[1]: row["value"] for key, row in rows.items()} == {"A": 105, "B": 7}
    both = world.checked(figure, "municipality", "year", "2020", by=["function", "main"])
    assert {key[1:3]: row["value"] for key, row in both.items()} == {("30", "A"): 5, ("30", "B"): 7, ("31", "A"): 100}
    months = world.checked(figure, "municipality", "month", "2020-06", "2020-09", by=["main"])
    assert months["0101", "B", "2020-09"]["value"] == 7


def test_an_account_that_moves_is_filtered_where_it_is_cut(tmp_path: Path) -> None:
    world, figure = moving(tmp_path)
    narrowed = world.figure("g", {"measure": "e.n", "filter": {"main": ["B"]}})
    assert naive(world, "SELECT sum(n) FROM fct_e JOIN dim_account USING (account_key) WHERE main_code = 'A'") == 112
    assert world.one(figure, "municipality", "year", "2020", where={"main": ("A",)})["value"] == 105
    fine = world.checked(figure, "municipality", "year", "2020", by=["function"], where={"main": ("A",)})
    assert {key[1]: row["value"] for key, row in fine.items()} == {"30": 5, "31": 100}
    assert world.one(narrowed, "municipality", "year", "2020")["value"] == 7


def test_an_account_that_moves_within_a_delivery_counts_where_it_ends(tmp_path: Path) -> None:
    world = small(tmp_path, (COPENHAGEN,))
    moved = Code("30", OLD, date(2020, 2, 14), ("A",), ((date(2020, 2, 15), None, ("B",)),))
    world.hierarchy("account", ["main", "function"], [moved])
    world.source("t", "quarter", "2020-Q1", "2020-Q1", absent="zero")
    world.fact("e", "event", "t", {"n": {"over_time": "sum", "expression": "n"}}, AMOUNT, dimensions={"account": {}})
    world.deliver("t", "2020-Q1")
    post(world, "2020-Q1", (1, 5))
    figure = world.figure("f", {"measure": "e.n"})
    assert naive(world, "SELECT main_code FROM dim_account WHERE date '2020-01-01' BETWEEN valid_from AND valid_to") == "A"
    rows = world.checked(figure, "municipality", "quarter", "2020-Q1", by=["main"])
    assert {key[1]: row["value"] for key, row in rows.items()} == {"A": 0, "B": 5}


def test_money_of_a_closed_account_stays_in_the_year_to_date(tmp_path: Path) -> None:
    world = accounts(tmp_path)
    post(world, "2020-03", (2, 7), (4, 5))
    # A late entry on the account that closed in June.
    post(world, "2020-09", (4, 1))
    figure = world.figure("f", {"measure": "e.n", "window": {"to_date": "year"}})
    valid = "JOIN dim_account a USING (account_key) WHERE a.valid_to IS NULL OR a.valid_to >= date '2020-09-30'"
    assert naive(world, f"SELECT sum(n) FROM fct_e {valid}") == 7  # noqa: S608
    assert world.one(figure, "municipality", "month", "2020-09", **ONLY)["value"] == 13
    for by, closed in ((["function"], "5.32.30"), (["group"], "5.32")):
        rows = world.checked(figure, "municipality", "month", "2020-09", by=by, **ONLY)
        assert (rows["0101", closed, "2020-09"]["value"], sum(row["value"] for row in rows.values())) == (6, 13)
    # A month of which nothing is read of it has no row for it.
    single = world.figure("g", {"measure": "e.n"})
    months = world.checked(single, "municipality", "month", "2020-09", "2020-10", by=["function"], **ONLY)
    assert [key[2] for key in months if key[1] == "5.32.30"] == ["2020-09"]
