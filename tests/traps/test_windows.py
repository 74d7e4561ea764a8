"""Rolling windows: of calendar months, complete, and the same whatever was asked for."""

from __future__ import annotations

from pathlib import Path

from tests.oracle.planting import COPENHAGEN, Planting, small
from tests.traps.worlds import naive


def rolling(folder: Path, months: int, gap: str | None = None) -> tuple[Planting, str]:
    """A published monthly sum of 1, 2, 3 … from January 2020 on, and its sum over so many months; `gap` was not delivered."""
    world = small(folder, (COPENHAGEN,))
    world.source("t", "month", "2020-01", "2021-12")
    world.fact("m", "published", "t", {"n": {"over_time": "sum", "expression": "n"}}, {"n": "BIGINT"})
    for count in range(24):
        label = f"{2020 + count // 12}-{count % 12 + 1:02}"
        if label != gap:
            world.put("m", label, {"0101": count + 1})
    return world, world.figure("rolled", {"measure": "m.n", "window": {"rolling": {"months": months}}})


def test_a_rolling_window_with_a_missing_month_is_missing(tmp_path: Path) -> None:
    world, figure = rolling(tmp_path, 3, gap="2020-06")
    rows = world.checked(figure, "country", "month", "2020-05", "2020-09")
    summed = "SELECT sum(n) FROM fct_m WHERE month_key BETWEEN 2020 * 12 + 4 AND 2020 * 12 + 6"
    assert naive(world, summed) == 5 + 7
    assert [row["value"] for row in rows.values()] == [3 + 4 + 5, None, None, None, 7 + 8 + 9]
    assert rows["DK", "2020-07"]["reason"] == "base_period_missing"


def test_a_window_is_twelve_months_and_not_twelve_rows(tmp_path: Path) -> None:
    world, figure = rolling(tmp_path, 3, gap="2020-06")
    by_rows = "SELECT sum(n) OVER (ORDER BY month_key ROWS 2 PRECEDING) s, month_key FROM fct_m QUALIFY month_key = 2020 * 12 + 6"
    assert naive(world, by_rows)[0][0] == 4 + 5 + 7
    assert world.one(figure, "country", "month", "2020-07")["value"] is None


def test_a_rolling_value_in_a_month_without_delivery_is_missing(tmp_path: Path) -> None:
    world, figure = rolling(tmp_path, 12, gap="2021-03")
    only_rows = "SELECT count(*) FROM fct_m WHERE month_key = 2021 * 12 + 2"
    assert naive(world, only_rows) == 0
    answer = world.one(figure, "country", "month", "2021-03")
    assert (answer["value"], answer["status"]) == (None, "missing")


def test_a_rolling_value_is_the_same_whatever_dates_are_requested(tmp_path: Path) -> None:
    world, figure = rolling(tmp_path, 12)
    started = "SELECT sum(n) OVER (ORDER BY month_key ROWS 11 PRECEDING) FROM fct_m WHERE month_key >= 2021 * 12 QUALIFY month_key = 2021 * 12 + 1"
    assert naive(world, started) == 13 + 14
    whole = sum(range(3, 15))
    assert world.one(figure, "country", "month", "2021-02")["value"] == whole
    assert world.checked(figure, "country", "month", "2020-12", "2021-12")["DK", "2021-02"]["value"] == whole


def test_before_twelve_months_there_is_no_rolling_value(tmp_path: Path) -> None:
    world, figure = rolling(tmp_path, 12)
    assert naive(world, "SELECT sum(n) FROM fct_m WHERE month_key < 2020 * 12 + 11") == 66
    rows = world.checked(figure, "country", "month", "2020-11", "2020-12")
    assert [row["value"] for row in rows.values()] == [None, 78]
