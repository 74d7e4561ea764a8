"""The citizens' raw rows as the marts hold them, and what their measures take of a row: read from the domain's reference, in Python.

Events of persons: unit, haendelse_type, dato, and statsborgerskab, alder, koen or mors_alder where a case cuts by them. States of
the register: unit, maaned, status, foedselsdato, koen, oprindelse, gyldig_fra, gyldig_til, and antal: how many such persons. Whoever
has a row delivered every month of the years that rows are of. Published population by age: unit, period (2020Q1), alder, antal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from tests.oracle.world import Code, Row, World

_PERSONS = {"municipality_key": "INTEGER", "age": "INTEGER", "sex_key": "INTEGER", "origin_key": "INTEGER"}
COLUMNS = {
    "fct_population": {**_PERSONS, "vintage": "VARCHAR", "population_count": "BIGINT"},
    "fct_resident": {**_PERSONS, "age_exact": "DOUBLE"},
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
_WHO: dict[str, Callable[[Row], bool]] = {
    "aged_0_16": lambda row: row["age"] < 17,
    "aged_17_64": lambda row: 17 <= row["age"] < 65,
    "aged_16_66": lambda row: 16 <= row["age"] < 67,
    "aged_18_66": lambda row: 18 <= row["age"] < 67,
    "average_aged_18_66": lambda row: 18 <= row["age"] < 67,
    "aged_65_plus": lambda row: row["age"] > 64,
    "aged_80_plus": lambda row: row["age"] > 79,
    "aged_85_plus": lambda row: row["age"] > 84,
    "non_western_origin": lambda row: row["origin_key"] in (25, 35),
    "live_births": lambda row: row["event_kind"] == "birth",
    "net_domestic_migration": lambda row: row["event_kind"] in ("arrival", "departure"),
    "net_immigration": lambda row: row["event_kind"] in ("immigration", "reappearance", "emigration", "disappearance"),
}


def readings(domain: Mapping[str, Any]) -> dict[str, Callable[[Row], Any]]:
    """What every filter of the measures says of a row, by the text that stands in the catalogue."""
    measures = {name: measure for fact in domain["facts"].values() for name, measure in fact["measures"].items()}
    return {measure["filter"]: _WHO[name] for name, measure in measures.items() if "filter" in measure}


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
    states = list(rows.get("bor_borger_status", ()))
    _deliver(world, "bor_borger_status", {(int(row["unit"]), int(row["maaned"][:4])) for row in states})
    for row in states:
        _resident(world, row)
    published = list(rows.get("bor_folketal_alder", ()))
    world.reach["bor_folketal_alder", ""] = _reach(world, published)
    for row in published:
        label = row["period"].replace("Q", "-Q")
        world.coverage["bor_folketal_alder", "", int(row["unit"]), label] = "delivered"
        counted = {"age": row["alder"], "population_count": row["antal"], "vintage": "frozen_by_age"}
        world.rows["fct_population"].append({"municipality_key": int(row["unit"]), "quarter": label, **counted})
    events = list(rows.get("bor_haendelse", ()))
    _deliver(world, "bor_haendelse", {(int(row["unit"]), row["dato"].year) for row in events})
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


def _resident(world: World, row: Row) -> None:
    """An inhabitant as the month begins, if it is one: what happens on its first day has not happened yet."""
    begins = date.fromisoformat(f"{row['maaned']}-01")
    if row["status"] not in ("01", "03") or row["gyldig_fra"] >= begins or (row.get("gyldig_til") or begins) < begins:
        return
    born = row["foedselsdato"]
    person = {
        "municipality_key": int(row["unit"]),
        "month": row["maaned"],
        "age": begins.year - born.year - ((born.month, born.day) > (begins.month, begins.day)),
        "sex_key": _SEXES.get(row.get("koen", "")),
        "origin_key": int(row["oprindelse"]) if "oprindelse" in row else None,
    }
    count = row.get("antal", 1)
    world.rows["fct_population"].append({**person, "vintage": "current", "population_count": count})
    world.rows["fct_resident"] += [{**person, "age_exact": (begins - born).days / 365.25}] * count


def _reach(world: World, rows: list[Row]) -> tuple[str, str]:
    starts = str(world.contracts["bor_folketal_alder"]["starts"])
    return starts, max((row["period"].replace("Q", "-Q") for row in rows), default=starts)


def _deliver(world: World, table: str, years: set[tuple[int, int]]) -> None:
    """Every month of these years, by unit."""
    starts = str(world.contracts[table]["starts"])
    world.reach[table, ""] = (starts, max((f"{year}-12" for _, year in years), default=starts))
    for unit in {unit for unit, _ in years}:
        for year in {year for _, year in years}:
            for month in range(1, 13):
                world.coverage[table, "", unit, f"{year}-{month:02}"] = "delivered"
