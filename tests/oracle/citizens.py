"""The citizens' raw rows as the marts hold them, and what their measures take of a row: read from the domain's reference, in Python.

Events of persons: unit, haendelse_type, dato, and statsborgerskab, alder, koen or mors_alder where a case cuts by them. Whoever has
a row delivered every month of the years that rows are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.oracle.world import Code, Row, World

COLUMNS = {
    "fct_citizen_event": {
        "municipality_key": "INTEGER",
        "event_kind": "VARCHAR",
        "signed_count": "INTEGER",
        "event_date": "DATE",
        "age": "INTEGER",
        "mother_age": "INTEGER",
        "sex_key": "INTEGER",
        "citizenship_key": "INTEGER",
        "other_municipality_key": "INTEGER",
    },
}
_KINDS = {
    "TIL": ("arrival", 1),
    "FRA": ("departure", -1),
    "INTERN": ("internal_move", 0),
    "FOD": ("birth", 1),
    "DOD": ("death", -1),
    "IND": ("immigration", 1),
    "UDV": ("emigration", -1),
    "FORSV": ("disappearance", -1),
    "GENF": ("reappearance", 1),
}
_SEXES = {"M": 1, "K": 2}
_KIND_OF: dict[str, Callable[[Row], bool]] = {
    "live_births": lambda row: row["event_kind"] == "birth",
    "net_domestic_migration": lambda row: row["event_kind"] in ("arrival", "departure"),
    "net_immigration": lambda row: row["event_kind"] in ("immigration", "reappearance", "emigration", "disappearance"),
}


def readings(domain: Mapping[str, Any]) -> dict[str, Callable[[Row], Any]]:
    """What every filter of the events' measures says of a row, by the text that stands in the catalogue."""
    return {measure["filter"]: _KIND_OF[name] for name, measure in domain["facts"]["events"]["measures"].items()}


def members() -> dict[str, list[Code]]:
    """Ages, sexes and so on as members of their dimensions."""
    ages = [Code(str(age), above=(_age_group(age),), key=age) for age in range(126)]
    classes = [("1", "danish"), ("24", "western"), ("25", "non_western"), ("34", "western"), ("35", "non_western")]
    return {
        "age": ages,
        "mother_age": ages,
        "sex": [Code("M"), Code("K")],
        "origin": [Code(code, above=(group,), key=int(code)) for code, group in classes],
        "citizenship": [Code("danish"), Code("foreign")],
        "other_municipality": [],
    }


def plant(world: World, rows: Mapping[str, Iterable[Row]]) -> None:
    """Put raw rows into the marts, and say what was delivered with them."""
    events = list(rows.get("bor_haendelse", ()))
    _deliver(world, "bor_haendelse", events)
    for row in events:
        kind, sign = _KINDS[row["haendelse_type"]]
        world.rows["fct_citizen_event"].append(
            {
                "municipality_key": int(row["unit"]),
                "month": f"{row['dato']:%Y-%m}",
                "event_kind": kind,
                "signed_count": sign,
                "event_date": row["dato"],
                "age": row.get("alder"),
                "mother_age": row.get("mors_alder"),
                "sex_key": _SEXES.get(row.get("koen", "")),
                "citizenship_key": {"dansk": 1, "udenlandsk": 2}.get(row.get("statsborgerskab", "")),
                "other_municipality_key": None,
            }
        )


def _age_group(age: int) -> str:
    return "100-" if age >= 100 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"


def _deliver(world: World, table: str, rows: list[Row]) -> None:
    years = sorted({row["dato"].year for row in rows})
    starts = str(world.contracts[table]["starts"])
    world.reach[table, ""] = (starts, f"{years[-1]}-12" if years else starts)
    for unit in {int(row["unit"]) for row in rows}:
        for year in years:
            for month in range(1, 13):
                world.coverage[table, "", unit, f"{year}-{month:02}"] = "delivered"
