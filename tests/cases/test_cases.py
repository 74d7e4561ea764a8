"""Every key figure has a case: a few raw rows, one for each clause of its definition, and SQL over them written by hand.

A case (`<domain>/<figure>.yml`) is written from the catalogue of key figures and the publisher's words, not from the compiler.
`planted` holds rows as delivered. A row says what it is `for`; a row that must not count says by which clause it is
`dropped_by`, and that clause is a line of `check_query` that ends with `-- clause: <name>`. So every row matters: without
it, or without the clause that drops it, the check's answer is another one.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from tests.oracle.planting import FOUR, ROOT, published
from tests.oracle.project import create

HERE = Path(__file__).parent
CASES = sorted(path.relative_to(HERE).with_suffix("").as_posix() for path in HERE.glob("*/*.yml"))
FIGURES = sorted(path.relative_to(ROOT / "catalogue").with_suffix("").as_posix() for path in (ROOT / "catalogue").glob("*/[!_]*.yml"))
MONEY = "DECIMAL(18,2)"
ACCOUNT = {"funktion": "VARCHAR", "dranst": "INTEGER", "gruppering": "VARCHAR", "art": "VARCHAR"}
RAW = {
    "bor_folketal": {"unit": "VARCHAR", "period": "VARCHAR", "value": "BIGINT"},
    "bor_borger_status": {
        **{"unit": "VARCHAR", "maaned": "VARCHAR", "status": "VARCHAR", "foedselsdato": "DATE", "koen": "VARCHAR", "oprindelse": "VARCHAR"},
        **{"gyldig_fra": "DATE", "gyldig_til": "DATE", "antal": "BIGINT"},
    },
    "bor_haendelse": {
        "unit": "VARCHAR",
        "haendelse_type": "VARCHAR",
        "dato": "DATE",
        "mors_alder": "INTEGER",
        "statsborgerskab": "VARCHAR",
    },
    "bes_jobindsats": {"unit": "VARCHAR", "period": "VARCHAR", "series": "VARCHAR", "category": "VARCHAR", "value": "DECIMAL(18,2)"},
    "bor_folketal_alder": {"unit": "VARCHAR", "period": "VARCHAR", "alder": "INTEGER", "antal": "BIGINT"},
    "bes_ydelsesforloeb": {
        **{"unit": "VARCHAR", "person": "INTEGER", "ydelse": "VARCHAR", "start": "DATE", "slut": "DATE", "grad": "DECIMAL(5,4)"},
        **{"visitation": "VARCHAR", "foedt": "DATE"},
    },
    "bes_tilbud": {
        **{"unit": "VARCHAR", "person": "INTEGER", "ydelse": "VARCHAR", "start": "DATE", "slut": "DATE", "timer": "DECIMAL(5,2)"},
    },
    "bes_sygedagpenge_sag": {"unit": "VARCHAR", "person": "INTEGER", "start": "DATE", "slut": "DATE"},
    "bes_samtale": {"unit": "VARCHAR", "person": "INTEGER", "dato": "DATE"},
    "bes_job": {"unit": "VARCHAR", "person": "INTEGER", "maaned": "VARCHAR", "timer": "DECIMAL(5,2)", "stoettet": "BOOLEAN"},
    "bes_refusion": {"unit": "VARCHAR", "uge": "DATE", "ydelse": "VARCHAR", "udgift": MONEY, "refusion": MONEY},
    "ref_arbejdsstyrke": {"unit": "VARCHAR", "aar": "INTEGER", "antal": "BIGINT"},
    "oko_postering": {"unit": "VARCHAR", "aar": "INTEGER", "periode": "INTEGER", **ACCOUNT, "ejerforhold": "INTEGER", "beloeb": MONEY},
    "oko_budget": {"unit": "VARCHAR", "aar": "INTEGER", "version": "VARCHAR", "version_gyldig_fra": "DATE", **ACCOUNT, "beloeb": MONEY},
    "oko_forventet": {
        "unit": "VARCHAR",
        "aar": "INTEGER",
        "opgjort_pr": "DATE",
        "funktion": "VARCHAR",
        "dranst": "INTEGER",
        "beloeb": MONEY,
    },
    "oko_likviditet": {"unit": "VARCHAR", "fra": "DATE", "til": "DATE", "funktion": "VARCHAR", "saldo": MONEY},
    "oko_balance": {"unit": "VARCHAR", "aar": "INTEGER", "periode": "INTEGER", "funktion": "VARCHAR", "ultimo": MONEY},
    "ref_skat": {"unit": "VARCHAR", "aar": "INTEGER", "udskrivningsprocent": "DECIMAL(5,2)", "udskrivningsgrundlag": "BIGINT"},
}
Rows = dict[str, list[dict[str, Any]]]
Answer = dict[tuple[str, ...], tuple[float | None, int]]


def read(case: str) -> dict[str, Any]:
    """A case with its units as text."""
    written = yaml.safe_load((HERE / f"{case}.yml").read_text(encoding="utf-8"))
    for rows in written["planted"].values():
        for row in rows:
            row["unit"] = str(row["unit"])
    return written


def by_hand(query: str, planted: Rows) -> Answer:
    """What the hand-written SQL says of raw rows: value and members by area, codes and period."""
    connection = duckdb.connect()
    for table, types in RAW.items():
        rows = planted.get(table, [])
        create(connection, table, types, [[_typed(row.get(name)) for name in types] for row in rows])
    units = [(unit.code[1:], unit.kind, unit.regions[0][0]) for unit in FOUR]
    create(connection, "municipalities", {"unit": "VARCHAR", "kind": "VARCHAR", "region": "VARCHAR"}, units)
    rows = connection.execute(query).fetchall()
    connection.close()
    return {tuple(row[:-2]): (None if row[-2] is None else float(row[-2]), row[-1]) for row in rows}


def _typed(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value


def expected(case: dict[str, Any]) -> Answer:
    """The numbers done by hand."""
    codes = case["request"].get("by", [])
    return {(row["area"], *(row[code] for code in codes), row["period"]): (row["value"], row["members"]) for row in case["expected"]}


def compiled(case: dict[str, Any]) -> Answer:
    """What the package says. Areas and codes without any member have no row in a check."""
    request = case["request"]
    more = {"by": request["by"]} if "by" in request else {}
    world = published(case["planted"])
    rows = world.checked(case["figure"], request["level"], request["grain"], request["from"], request.get("to"), **more)
    return {key: (row["value"], row["members"]) for key, row in rows.items() if row["members"]}


def equal(one: Answer, other: Answer) -> bool:
    """Whether two answers are the same, but for the rounding of a division. No value is the same as no value only."""

    def alike(value: float | None, right: float | None) -> bool:
        return value is right if value is None or right is None else value == pytest.approx(right, rel=1e-9)

    return one.keys() == other.keys() and all(alike(one[key][0], other[key][0]) and one[key][1] == other[key][1] for key in one)


def test_every_key_figure_has_a_case() -> None:
    assert CASES == FIGURES


@pytest.mark.parametrize("case", CASES)
def test_package_and_hand_written_sql_say_the_same(case: str) -> None:
    written = read(case)
    assert written["figure"] == case.replace("/", ".")
    right = expected(written)
    checked = by_hand(written["check_query"], written["planted"])
    assert equal(checked, right), (checked, right)
    answered = compiled(written)
    assert equal(answered, right), (answered, right)


@pytest.mark.parametrize("case", CASES)
def test_every_planted_row_matters(case: str) -> None:
    written = read(case)
    right = expected(written)
    for table, rows in written["planted"].items():
        for number, row in enumerate(rows):
            planted = {**written["planted"], table: [*rows[:number], *rows[number + 1 :]]}
            if "dropped_by" not in row:
                assert not equal(by_hand(written["check_query"], planted), right), f"{row} changes nothing"
                continue
            marked = f"-- clause: {row['dropped_by']}"
            lines = written["check_query"].splitlines()
            assert sum(line.endswith(marked) for line in lines) == 1, f"no line of the check ends with '{marked}'"
            without = "\n".join(line for line in lines if not line.endswith(marked))
            assert not equal(by_hand(without, written["planted"]), right), f"without '{row['dropped_by']}' the answer is the same"
            assert equal(by_hand(written["check_query"], planted), right), f"{row} is not dropped"


@pytest.mark.parametrize("case", CASES)
def test_every_clause_has_its_row(case: str) -> None:
    written = read(case)
    clauses = {line.split("-- clause: ")[1] for line in written["check_query"].splitlines() if "-- clause: " in line}
    assert clauses == {row["dropped_by"] for rows in written["planted"].values() for row in rows if "dropped_by" in row}
    assert all(row["for"] for rows in written["planted"].values() for row in rows)
