"""Registers of persons: ages, first days of months, medians of areas."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.oracle.planting import published


def inhabitant(unit: int, month: str, born: date, **more: Any) -> dict[str, Any]:
    """A row of the register as delivered."""
    return {"unit": str(unit), "maaned": month, "status": "01", "foedselsdato": born, "gyldig_fra": born, **more}


def test_an_age_is_reached_on_the_birthday() -> None:
    born = {16: date(2007, 2, 2), 17: date(2007, 2, 1), 64: date(1959, 2, 2), 65: date(1959, 2, 1)}
    many = {16: 1, 17: 10, 64: 20, 65: 2}
    rows = [inhabitant(101, "2024-02", day, antal=many[age]) for age, day in born.items()]
    world = published({"bor_borger_status": rows})
    row = world.one("citizens.dependency_ratio", "municipality", "month", "2024-02", areas={"municipality": ("0101",)})
    assert (row["numerator"], row["denominator"]) == (3, 30)


def test_who_comes_on_the_first_day_is_in_the_month_s_events_and_not_in_its_population() -> None:
    newcomer = {"unit": "101", "haendelse_type": "TIL", "dato": date(2024, 2, 1)}
    rows = [
        inhabitant(101, "2024-02", date(1980, 1, 1), antal=100),
        inhabitant(101, "2024-02", date(1980, 1, 1), gyldig_fra=date(2024, 2, 1)),
    ]
    world = published({"bor_borger_status": rows, "bor_haendelse": [newcomer]})
    row = world.one("citizens.net_domestic_migration_per_1000", "municipality", "month", "2024-02", areas={"municipality": ("0101",)})
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 100, 10)


def test_the_median_of_the_country_is_no_mean_of_medians() -> None:
    young = [inhabitant(101, "2024-02", date(year, 2, 1)) for year in (2014, 2004, 1994)]
    old = [inhabitant(751, "2024-02", date(1934, 2, 1))]
    world = published({"bor_borger_status": [*young, *old]})
    days = {
        row["area"]: row["value"] * 365.25
        for row in world.checked("citizens.median_age", "municipality", "month", "2024-02").values()
        if row["value"]
    }
    assert days == {"0101": 7305, "0751": 32872}
    country = world.one("citizens.median_age", "country", "month", "2024-02")
    # Between 7,305 days (born in 2004) and 10,957 (in 1994); the mean of the two medians is 20,088.
    assert country["value"] * 365.25 == (7305 + 10957) / 2
