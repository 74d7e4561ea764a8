"""The economy's raw rows as the marts hold them, and what its measures take of a row: read from the domain's reference, in Python.

Raw rows name the columns as delivered: `aar`, `periode`, `funktion`, `dranst`, `gruppering`, `art`, `beloeb`, and `ejerforhold` where
it matters; a day's balance may be given once for the days from `fra` to `til`; of the income tax `udskrivningsprocent` and
`udskrivningsgrundlag`. Whoever has a row delivered every period of the years that rows are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.world import Code, Row, World

_ACCOUNT = {"function_key": "INTEGER", "main_account": "INTEGER", "main_function_key": "INTEGER"}
_FULL = {**_ACCOUNT, "dranst": "INTEGER", "ownership": "INTEGER", "grouping": "INTEGER", "art_key": "INTEGER", "main_art": "INTEGER"}
_MONEY = {"amount": "DECIMAL(18,2)"}
_UNIT = {"municipality_key": "INTEGER"}
_IN_FORCE = {"valid_from": "DATE", "valid_to": "DATE"}
COLUMNS = {
    "fct_posting": {**_UNIT, "is_opening": "BOOLEAN", **_FULL, **_MONEY},
    "fct_budget": {**_UNIT, "version": "VARCHAR", **_FULL, **_MONEY, **_IN_FORCE},
    "fct_forecast": {**_UNIT, **_ACCOUNT, "dranst": "INTEGER", **_MONEY, **_IN_FORCE},
    "fct_liquidity": {**_UNIT, **_ACCOUNT, "balance_amount": "DECIMAL(18,2)"},
    "fct_balance": {**_UNIT, **_ACCOUNT, "closing_amount": "DECIMAL(18,2)"},
    "fct_income_tax": {**_UNIT, "income_tax_rate_pct": "DECIMAL(5,2)", "tax_base_dkk": "BIGINT"},
}
TABLES = ("oko_postering", "oko_budget", "oko_forventet", "oko_likviditet", "oko_balance", "ref_skat")
_TRANSFERS = (546, 548, 557, 558, 568)
_ONE_DAY = timedelta(days=1)


def _tax_financed(row: Row) -> bool:
    return row["main_account"] in (0, 2, 3, 4, 5, 6)


def _no_elderly_housing(row: Row) -> bool:
    return row["function_key"] != 53230 or (row["dranst"] == 1 and row["grouping"] == 5)


def _service(row: Row) -> bool:
    if row["dranst"] != 1 or row["main_art"] == 0 or not _tax_financed(row):
        return False
    if row["function_key"] == 53230:
        return row["grouping"] == 5
    return row["main_function_key"] not in _TRANSFERS and row["function_key"] not in (52207, 46281)


def _result(row: Row) -> bool:
    if row["main_art"] == 0:
        return False
    match row["dranst"]:
        case 1 | 2:
            return _tax_financed(row) and row["main_function_key"] != 22 and _no_elderly_housing(row)
        case 4:
            return row["function_key"] != 75877
        case 7:
            return row["main_function_key"] in (762, 765, 768)
    return False


def _structural(row: Row) -> bool:
    if row["main_art"] == 0:
        return False
    if row["main_account"] == 7:
        return True
    pension = row["function_key"] == 65272 and row["grouping"] in (1, 2)
    return _tax_financed(row) and row["dranst"] in (1, 2) and _no_elderly_housing(row) and not pension


def _capital(row: Row) -> bool:
    spent = row["main_art"] in range(1, 7) or (row["main_art"] == 9 and row["art_key"] != 97)
    return _tax_financed(row) and row["dranst"] == 3 and row["function_key"] != 2519 and spent


def _administration(row: Row) -> bool:
    if row["dranst"] != 1 or row["main_art"] == 0:
        return False
    function = row["function_key"]
    return 64241 <= function <= 64243 or 64550 <= function <= 64558 or (_tax_financed(row) and row["grouping"] == 200)


def _tenderable(row: Row) -> bool:
    never = (522, 548, 557, 558, 642)
    return (
        _tax_financed(row)
        and row["dranst"] == 1
        and not (row["main_function_key"] in never or row["function_key"] in (46281, 52824) or row["is_opening"])
    )


def _bought(row: Row) -> bool:
    services = row["art_key"] in (40, 45, 49) and row["ownership"] != 3
    return services or (row["art_key"] in (46, 47, 48, 59) and row["ownership"] == 2)


def _produced(row: Row) -> bool:
    return row["main_art"] in (1, 9) or (row["main_art"] == 2 and row["art_key"] != 26)


def _operation(row: Row) -> bool:
    return _tax_financed(row) and row["dranst"] in (1, 2) and row.get("main_art") != 0


def _benefits(row: Row) -> bool:
    function = row["function_key"]
    is_benefit = function in (54661, 55771, 55773, 55778) or 54865 <= function <= 54868 or 55880 <= function <= 55883
    return row["dranst"] in (1, 2) and row["main_art"] != 0 and is_benefit


def _grants(row: Row) -> bool:
    return row["dranst"] == 7 and 76280 <= row["function_key"] <= 76286 and row["main_art"] != 0


FILTERS: dict[str, Callable[[Row], bool]] = {
    "service_expenditure": lambda row: _service(row) and not row["is_opening"],
    "operating_expenditure": lambda row: row["main_account"] <= 6 and row["dranst"] in (1, 2) and not row["is_opening"],
    "tax_financed_net_expenditure": lambda row: _result(row) and not row["is_opening"],
    "gross_capital_expenditure": lambda row: _capital(row) and not row["is_opening"],
    "administration_expenditure": lambda row: _administration(row) and not row["is_opening"],
    "grants_and_equalisation": lambda row: _grants(row) and not row["is_opening"],
    "exposed_purchases": lambda row: _tenderable(row) and _bought(row),
    "own_production": lambda row: _tenderable(row) and _produced(row),
    "benefit_expenditure": lambda row: _benefits(row) and not row["is_opening"],
    "service_budget": _service,
    "structural_net_expenditure": _structural,
    "operating_budget": _operation,
    "operating_forecast": _operation,
    "liquid_assets": lambda row: row["main_function_key"] == 922,
    "overdraft": lambda row: row["function_key"] == 95050,
    "long_term_debt": lambda row: row["main_function_key"] == 955 and row["function_key"] != 95577,
}


def readings(domain: Mapping[str, Any]) -> dict[str, Callable[[Row], Any]]:
    """What every filter and expression of the economy's measures says of a row, by the text that stands in the catalogue."""
    found: dict[str, Callable[[Row], Any]] = {
        "-balance_amount": lambda row: -row["balance_amount"],
        "-closing_amount": lambda row: -row["closing_amount"],
    }
    for fact in domain["facts"].values():
        found |= {measure["filter"]: FILTERS[name] for name, measure in fact["measures"].items() if "filter" in measure}
    return found


def members(accounts: Sequence[Mapping[str, str]], arts: Sequence[Mapping[str, str]]) -> dict[str, list[Code]]:
    """The account plan, the arts and the dranst as members of their dimensions, from the seeds."""
    plan = [
        Code(
            row["function_code"],
            date(int(row["first_account_year"]), 1, 1),
            date(int(row["last_account_year"]), 12, 31),
            (row["function_code"][0], row["function_code"][:4]),
            key=_key(row["function_code"]),
        )
        for row in accounts
    ]
    kinds = [Code(row["art_code"], above=(row["art_code"][0],), key=_key(row["art_code"])) for row in arts]
    return {"account": plan, "account_art": kinds, "dranst": [Code(str(number), key=number) for number in range(8)]}


def plant(world: World, rows: Mapping[str, Iterable[Row]]) -> None:
    """Put raw rows into the marts, and say what was delivered with them."""
    for table in TABLES:
        some = list(rows.get(table, ()))
        _deliver(world, table, some)
        if some:
            _PUT[table](world, some)


def _key(code: str) -> int:
    return int(code.replace(".", ""))


def _account(row: Row) -> dict[str, Any]:
    key = _key(row["funktion"])
    return {"municipality_key": int(row["unit"]), "function_key": key, "main_account": key // 10000, "main_function_key": key // 100}


def _full(row: Row) -> dict[str, Any]:
    art = _key(str(row["art"]))
    who = {"dranst": row["dranst"], "ownership": row.get("ejerforhold")}
    return {**_account(row), **who, "grouping": int(row["gruppering"]), "art_key": art, "main_art": art // 10}


def _amount(value: Any) -> Decimal:
    return Decimal(str(value))


def _postings(world: World, rows: list[Row]) -> None:
    for row in rows:
        month = max(1, min(12, row["periode"]))
        world.rows["fct_posting"].append(
            {"month": f"{row['aar']}-{month:02}", "is_opening": row["periode"] == 0, **_full(row), "amount": _amount(row["beloeb"])}
        )


def _budgets(world: World, rows: list[Row]) -> None:
    decided: dict[tuple[str, int], set[date]] = {}
    for row in rows:
        if row["version"] == "korrigeret":
            decided.setdefault((row["unit"], row["aar"]), set()).add(row["version_gyldig_fra"])
    for row in rows:
        first, last = date(row["aar"], 1, 1), date(row["aar"], 12, 31)
        dates = sorted(decided.get((row["unit"], row["aar"]), set()))
        put = {"year": str(row["aar"]), **_full(row), "amount": _amount(row["beloeb"])}
        if row["version"] == "oprindeligt":
            world.rows["fct_budget"].append({**put, "version": "original", "valid_from": first, "valid_to": last})
            begins = first
        elif row["version"] == "korrigeret":
            begins = row["version_gyldig_fra"]
        else:
            continue
        ends = next((day - _ONE_DAY for day in dates if day > begins), last)
        world.rows["fct_budget"].append({**put, "version": "revised", "valid_from": begins, "valid_to": ends})


def _forecasts(world: World, rows: list[Row]) -> None:
    made: dict[tuple[str, int], set[date]] = {}
    for row in rows:
        made.setdefault((row["unit"], row["aar"]), set()).add(row["opgjort_pr"])
    for row in rows:
        last = date(row["aar"], 12, 31)
        ends = next((day - _ONE_DAY for day in sorted(made[row["unit"], row["aar"]]) if day > row["opgjort_pr"]), last)
        held = {"valid_from": row["opgjort_pr"], "valid_to": ends, "dranst": row["dranst"], "amount": _amount(row["beloeb"])}
        world.rows["fct_forecast"].append({"year": str(row["aar"]), **_account(row), **held})


def _liquidity(world: World, rows: list[Row]) -> None:
    for row in rows:
        day = row["fra"]
        while day <= row["til"]:
            world.rows["fct_liquidity"].append({"day": day.isoformat(), **_account(row), "balance_amount": _amount(row["saldo"])})
            day += _ONE_DAY


def _balances(world: World, rows: list[Row]) -> None:
    for row in rows:
        month = f"{row['aar']}-{row['periode']:02}"
        world.rows["fct_balance"].append({"month": month, **_account(row), "closing_amount": _amount(row["ultimo"])})


def _income_tax(world: World, rows: list[Row]) -> None:
    for row in rows:
        put = {"income_tax_rate_pct": _amount(row["udskrivningsprocent"]), "tax_base_dkk": row["udskrivningsgrundlag"]}
        world.rows["fct_income_tax"].append({"municipality_key": int(row["unit"]), "year": str(row["aar"]), **put})


_PUT: dict[str, Callable[[World, list[Row]], None]] = {
    "oko_postering": _postings,
    "oko_budget": _budgets,
    "oko_forventet": _forecasts,
    "oko_likviditet": _liquidity,
    "oko_balance": _balances,
    "ref_skat": _income_tax,
}


def _deliver(world: World, table: str, rows: list[Row]) -> None:
    """Every period of the years that anybody has rows of, for whoever has any."""
    contract = world.contracts[table]
    years = {year for row in rows for year in ((row["fra"].year, row["til"].year) if "fra" in row else (row["aar"],))}
    labels = [label for year in sorted(years) for label in _labels(contract["base_period"], year)]
    starts = str(contract["starts"])
    world.reach[table, ""] = (starts, labels[-1] if labels else starts)
    for unit in {int(row["unit"]) for row in rows}:
        for label in labels:
            world.coverage[table, "", unit, label] = "delivered"


def _labels(grain: str, year: int) -> list[str]:
    if grain == "month":
        return [f"{year}-{month:02}" for month in range(1, 13)]
    if grain == "day":
        first = date(year, 1, 1)
        return [(first + timedelta(days=n)).isoformat() for n in range((date(year + 1, 1, 1) - first).days)]
    return [str(year)]
