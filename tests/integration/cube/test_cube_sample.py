"""What this project's own catalogue does not have yet, in Cube over a small invented warehouse: figures that add over time,
dated dimensions, a declared year, filters in measures, and texts with quotes and braces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.cube.planner import Planned, need_cube, plan

SCHEMA = Path(__file__).resolve().parents[2] / "golden/generate/expected/cube_schema"
MONTH = "libraries_month"
TRAFFIC = "libraries_traffic"
STOCK = "libraries_stock"
UNGUARDED = [f"{MONTH}.visits", f"{MONTH}.renewed_loans_per_100_visits", f"{MONTH}.visits_members"]
QUERIES: dict[str, dict[str, Any]] = {
    "all months": {"measures": UNGUARDED},
    "one month": {"measures": UNGUARDED, "filters": [{"member": f"{MONTH}.period", "operator": "equals", "values": ["2024-09"]}]},
    "by season": {"measures": [f"{MONTH}.visits"], "timeDimensions": [{"dimension": f"{MONTH}.period_start", "granularity": "season"}]},
    "by town": {"measures": [f"{MONTH}.visits"], "dimensions": [f"{MONTH}.town_name_en", f"{MONTH}.branch_name_da"]},
    "areas": {"dimensions": ["area.area_level", "area.area", "area.name_en", "area.name_da"]},
    "kinds": {"measures": [f"{TRAFFIC}.visits", f"{TRAFFIC}.renewed_loans"], "dimensions": [f"{TRAFFIC}.kind_name_en"]},
    "rows": {"measures": [f"{TRAFFIC}.satisfaction"]},
    "row": {"measures": [f"{TRAFFIC}.satisfaction"], "dimensions": [f"{TRAFFIC}.branch_code", f"{TRAFFIC}.period", f"{TRAFFIC}.kind_code"]},
    "stock": {"measures": [f"{STOCK}.books"], "dimensions": [f"{STOCK}.period"]},
    "stock by vintage": {"measures": [f"{STOCK}.books"], "dimensions": [f"{STOCK}.period", f"{STOCK}.vintage"]},
    "days": {
        "measures": [f"{MONTH}.visits"],
        "timeDimensions": [{"dimension": f"{MONTH}.period_start", "dateRange": ["2024-10-01", "2024-10-01"]}],
    },
}
WAREHOUSE = """
SET TimeZone = 'UTC';
CREATE TABLE dim_branch AS FROM (VALUES
    (1, 'AAA', 'Old A', 'open', 'T1', 'By 1', 'Town 1', DATE '2000-01-01', DATE '2024-06-30'),
    (1, 'AAA', 'New A', 'open', 'T2', 'By 2', 'Town 2', DATE '2024-07-01', NULL),
    (2, 'BBB', 'B', 'open', 'T2', 'By 2', 'Town 2', DATE '2000-01-01', NULL))
    AS t (branch_key, branch_code, branch_name, branch_kind, town_code, town_name_da, town_name_en, valid_from, valid_to);
CREATE TABLE dim_kind AS FROM (VALUES
    (1, 'L', 'gammelt', 'old', DATE '2000-01-01', DATE '2020-12-31'), (1, 'L', 'nyt', 'new', DATE '2021-01-01', NULL))
    AS t (kind_key, kind_code, name_da, name_en, valid_from, valid_to);
CREATE TABLE dim_period AS FROM (VALUES
    ('month', 1, '2024-09', DATE '2024-09-01'), ('month', 2, '2024-10', DATE '2024-10-01'), ('quarter', 1, '2024-Q4', DATE '2024-10-01'))
    AS t (grain, period_key, period, start_date);
CREATE TABLE kf_libraries__month AS
    SELECT *, visits__num AS renewed_loans_per_100_visits__den FROM (VALUES
    (1, 'AAA', 'T2', 1, '2024-09', DATE '2024-09-01', 10, 1), (1, 'AAA', 'T2', 2, '2024-10', DATE '2024-10-01', 30, 2),
    (2, 'BBB', 'T2', 1, '2024-09', DATE '2024-09-01', 40, 5), (2, 'BBB', 'T2', 2, '2024-10', DATE '2024-10-01', NULL, NULL))
    AS t (branch_key, branch_code, town_code, period_key, period, period_start, visits__num, renewed_loans_per_100_visits__num);
CREATE TABLE fct_traffic AS FROM (VALUES
    (1, 1, 1, 10, 7, 4, true, 'x', 3.5), (2, 1, 1, 20, 9, 4, true, '{closed}', 4.5), (2, 2, 1, 5, 3, 1, false, 'x', 4.0))
    AS t (branch_key, month_key, kind_key, visit_count, loan_count, first_loan_count, is_open, note, satisfaction_points);
CREATE TABLE fct_stock AS FROM (VALUES (1, 1, 'counted', 100), (2, 1, 'counted', 50), (1, 1, 'corrected', 101))
    AS t (branch_key, quarter_key, vintage, book_count);
"""


@pytest.fixture(scope="module")
def planned() -> Planned:
    need_cube()
    return plan(SCHEMA, QUERIES)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for statement in WAREHOUSE.split(";\n"):
            connection.execute(statement)
        yield connection


@pytest.fixture
def rows(planned: Planned, warehouse: duckdb.DuckDBPyConnection, request: pytest.FixtureRequest) -> set[tuple[Any, ...]]:
    name = request.param
    assert name not in planned.errors, planned.errors.get(name)
    return set(warehouse.execute(*planned.sql[name]).fetchall())


def asked(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rows", [name], indirect=True)


@asked("all months")
def test_figures_that_add_over_time_are_given_for_several_periods(rows: set[tuple[Any, ...]]) -> None:
    # 80 visits and 8 loans; members are units of one period.
    assert rows == {(80.0, 10.0, None)}


@asked("one month")
def test_one_period_has_its_members(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {(50.0, 12.0, 2)}


@asked("by season")
def test_a_declared_year_starts_on_its_own_first_day(rows: set[tuple[Any, ...]]) -> None:
    assert {(day.date(), value) for day, value in rows} == {(date(2023, 10, 1), 50.0), (date(2024, 10, 1), 30.0)}


@asked("by town")
def test_a_unit_with_two_dated_rows_is_counted_once_under_its_newest_name(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {("Town 2", "New A", 40.0), ("Town 2", "B", 40.0)}


@asked("areas")
def test_every_area_has_one_name_quotes_and_braces_and_all(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {
        ("branch", "AAA", "AAA", "New A"),
        ("branch", "BBB", "BBB", "B"),
        ("town", "T1", "Town 1", "By 1"),
        ("town", "T2", "Town 2", "By 2"),
        ("island", "ALL", "The {old} island", "Hele ø'en"),
    }


@asked("kinds")
def test_a_dated_dimension_multiplies_no_rows_and_a_measures_filter_holds(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {("new", 35, 3)}


@asked("rows")
def test_a_measure_that_nothing_adds_is_null_for_several_rows(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {(None,)}


@asked("row")
def test_and_given_for_one(rows: set[tuple[Any, ...]]) -> None:
    assert {(branch, period, float(value)) for branch, period, _, value in rows} == {
        ("AAA", "2024-09", 3.5),
        ("BBB", "2024-09", 4.5),
        ("BBB", "2024-10", 4.0),
    }


@asked("stock")
def test_vintages_are_never_added(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {("2024-Q4", None)}


@asked("stock by vintage")
def test_one_vintage_is(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {("2024-Q4", "counted", 150), ("2024-Q4", "corrected", 101)}


@asked("days")
def test_a_date_filter_finds_the_period_that_starts_on_that_day(rows: set[tuple[Any, ...]]) -> None:
    assert rows == {(30.0,)}
