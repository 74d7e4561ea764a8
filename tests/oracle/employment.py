"""Benefits and what goes with them as the marts hold them: read from the domain's reference, in Python.

Raw rows. `bes_ydelsesforloeb`: unit (where the person lives), person, ydelse, start, slut (empty: going on), grad, visitation,
foedt. `bes_tilbud`: unit, person, ydelse (that the person has), start, slut, timer. `bes_sygedagpenge_sag`: unit, person, start,
slut. `bes_samtale`: unit, person, dato. `bes_job`: unit, person, maaned, timer, stoettet. `bes_refusion`: unit, uge, ydelse, udgift,
refusion. `ref_arbejdsstyrke`: unit, aar, antal. Whoever has a row of a table delivered every month of the years that rows are of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.oracle.world import Code, Row, World

_UNIT = {"municipality_key": "INTEGER", "acting_municipality_key": "INTEGER"}
_LASTS = {"person_key": "BIGINT", "start_date": "DATE", "end_date": "DATE", "spell_start_date": "DATE", "spell_end_date": "DATE"}
_CUT = {"benefit_key": "INTEGER", "visitation_category_key": "INTEGER", "age_key": "INTEGER"}
COLUMNS = {
    "fct_benefit_spell": {**_UNIT, **_LASTS, **_CUT, "degree": "DECIMAL(5,4)"},
    "fct_active_offer": {**_UNIT, **_LASTS, "benefit_key": "INTEGER", "offer_type_key": "INTEGER", "degree": "DECIMAL(5,4)"},
    "fct_sickness_case": {**_UNIT, **_LASTS, "is_over_52_weeks": "BOOLEAN"},
    "fct_long_term_unemployed": {"municipality_key": "INTEGER", "person_key": "BIGINT", "age_key": "INTEGER"},
    "fct_interview_cohort": {
        "municipality_key": "INTEGER",
        "person_key": "BIGINT",
        "benefit_key": "INTEGER",
        "interview_count": "BIGINT",
    },
    "fct_cash_benefit_cohort": {
        "municipality_key": "INTEGER",
        "person_key": "BIGINT",
        "benefit_key": "INTEGER",
        "is_in_job_or_upgraded": "BOOLEAN",
    },
    "fct_reimbursement": {
        "municipality_key": "INTEGER",
        "benefit_key": "INTEGER",
        "reimbursement_step": "INTEGER",
        "entitled_amount": "DECIMAL(18,2)",
        "reimbursed_amount": "DECIMAL(18,2)",
        "week_start_date": "DATE",
    },
    "fct_labour_force": {"municipality_key": "INTEGER", "labour_force_count": "BIGINT"},
}
TABLES = ("bes_ydelsesforloeb", "bes_tilbud", "bes_sygedagpenge_sag", "bes_samtale", "bes_job", "bes_refusion")
_ONE_DAY = timedelta(days=1)
_CASH = ("kth", "udh", "sho", "ovg")
_ACTIVE = ("led", "res", "jaf", "rev", "frv", "syg", "dag", *_CASH)
_BETTER = ("Jobparat", "Uddannelsesparat", "Åbenlys uddannelsesparat")
_NUMBERS = {
    code: number
    for number, code in enumerate(
        ("fop", "sen", "tid", "eft", "flx", "led", "res", "jaf", "rev", "frv", "syg", "barsel", "dag", *_CASH, "su"), start=1
    )
}
_CODES = {number: code for code, number in _NUMBERS.items()}
_CATEGORIES = {
    category: number
    for number, category in enumerate(("Jobparat", "Aktivitetsparat", "Uddannelsesparat", "Åbenlys uddannelsesparat", "Uoplyst"), start=1)
}


def _benefit(row: Row) -> str | None:
    return _CODES.get(row["benefit_key"])


def _of_working_age(row: Row) -> bool:
    return row["age_key"] is not None and 16 <= row["age_key"] < 67


def _gross_unemployed(row: Row) -> bool:
    return _benefit(row) == "dag" or (_benefit(row) in _CASH and row["visitation_category_key"] == _CATEGORIES["Jobparat"])


FILTERS: dict[tuple[str, str], Callable[[Row], Any]] = {
    ("benefit_spells", "supported_16_66"): lambda row: _benefit(row) not in ("barsel", "su") and _of_working_age(row),
    ("benefit_spells", "gross_unemployed"): lambda row: _gross_unemployed(row) and _of_working_age(row),
    ("benefit_spells", "cash_benefit"): lambda row: _benefit(row) == "kth",
    ("benefit_spells", "sickness_benefit_16_66"): lambda row: _benefit(row) == "syg" and _of_working_age(row),
    ("benefit_spells", "resource_and_job_clarification"): lambda row: _benefit(row) in ("res", "jaf"),
    ("benefit_spells", "new_disability_pensions"): lambda row: _benefit(row) == "fop" and 18 <= row["age_key"] < 67,
    ("benefit_spells", "flex_job_unemployment"): lambda row: _benefit(row) == "led",
    ("benefit_spells", "flex_job_approved"): lambda row: _benefit(row) in ("led", "flx"),
    ("benefit_spells", "days_with_activation"): lambda row: _benefit(row) in _ACTIVE,
    ("active_offers", "full_time_days"): lambda row: row["benefit_key"] is not None,
    ("sickness_cases", "ongoing_over_52_weeks"): lambda row: row["is_over_52_weeks"],
    ("cash_benefit_cohort", "in_job_or_upgraded"): lambda row: row["is_in_job_or_upgraded"],
}


def readings(domain: Mapping[str, Any]) -> dict[str, Callable[[Row], Any]]:
    """What every filter of the measures says of a row, by the text that stands in the catalogue."""
    written = {(fact, name): m["filter"] for fact, file in domain["facts"].items() for name, m in file["measures"].items() if "filter" in m}
    assert written.keys() == FILTERS.keys()
    return {text: FILTERS[name] for name, text in written.items()}


def members(benefits: Iterable[Mapping[str, str]]) -> dict[str, list[Code]]:
    """Benefits by the days of the law, contact forms and steps as members of their dimensions."""
    return {
        "benefit": [
            Code(
                row["benefit_code"],
                date.fromisoformat(row["valid_from"]),
                date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
                (row["benefit_group_code"],),
                key=_NUMBERS[row["source_code"]],
            )
            for row in benefits
        ],
        "contact_form": [Code("in_person"), Code("telephone"), Code("video"), Code("letter")],
        "reimbursement_step": [Code(str(step), key=step) for step in range(1, 5)],
    }


def plant(world: World, rows: Mapping[str, Iterable[Row]]) -> None:
    """Put raw rows into the marts, and say what was delivered with them."""
    some = {table: list(rows.get(table, ())) for table in TABLES}
    spells, last = some["bes_ydelsesforloeb"], date(1, 1, 1)
    for table, found in some.items():
        years = _deliver(world, table, found)
        if table == "bes_ydelsesforloeb" and years:
            last = date(max(years), 12, 31)
    for row in spells:
        world.rows["fct_benefit_spell"] += _pieces(row, last, _age_and_benefit)
    _long_term(world, spells, last)
    _interviews(world, spells, some["bes_samtale"], last)
    _cash_benefit(world, spells, some["bes_job"], last)
    for row in some["bes_tilbud"]:
        full = {"degree": min(Decimal(1), Decimal(str(row["timer"])) / 37), "benefit_key": _NUMBERS.get(row.get("ydelse") or "")}
        world.rows["fct_active_offer"] += [{**piece, **full} for piece in _pieces(row, row["slut"], lambda row, day: {})]
    for row in some["bes_sygedagpenge_sag"]:
        end = date(max(year for _, year in _years(some["bes_sygedagpenge_sag"])), 12, 31)
        world.rows["fct_sickness_case"] += _pieces(row, end, lambda row, day: {"is_over_52_weeks": (day - row["start"]).days >= 364})
    for row in some["bes_refusion"]:
        world.rows["fct_reimbursement"].append(
            {
                "municipality_key": int(row["unit"]),
                "month": f"{row['uge']:%Y-%m}",
                "benefit_key": _NUMBERS[row["ydelse"]],
                "entitled_amount": Decimal(str(row["udgift"])),
                "reimbursed_amount": Decimal(str(row["refusion"])),
                "week_start_date": row["uge"],
            }
        )
    _labour_force(world, list(rows.get("ref_arbejdsstyrke", ())))


def _days(row: Row, last: date) -> Iterator[date]:
    """Every day of a spell up to the last that is known."""
    day = row["start"]
    while day <= min(row.get("slut") or last, last):
        yield day
        day += _ONE_DAY


def _pieces(row: Row, last: date, told: Callable[[Row, date], dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts of a spell that lie in one month each and of which the same is told, from the first month of the source."""
    found: list[dict[str, Any]] = []
    for day in _days(row, last):
        same = {"month": f"{day:%Y-%m}", **told(row, day)}
        if found and all(found[-1][name] == value for name, value in same.items()):
            found[-1]["end_date"] = day
            continue
        whole = {"spell_start_date": row["start"], "spell_end_date": row.get("slut"), "person_key": row["person"]}
        found.append({"municipality_key": int(row["unit"]), **same, **whole, "start_date": day, "end_date": day})
    if found and row.get("slut") is None:
        found[-1]["end_date"] = None
    return [piece for piece in found if piece["month"] >= "2024-01"]


def _age(row: Row, day: date) -> int | None:
    born = row.get("foedt")
    return None if born is None else day.year - born.year - ((born.month, born.day) > (day.month, day.day))


def _age_and_benefit(row: Row, day: date) -> dict[str, Any]:
    return {
        "benefit_key": _NUMBERS[row["ydelse"]],
        "visitation_category_key": _CATEGORIES.get(row.get("visitation") or ""),
        "age_key": _age(row, day),
        "degree": Decimal(str(row.get("grad") or 1)),
    }


def _months(last: date) -> Iterator[tuple[date, date]]:
    """First and last day of every month from 2024 on."""
    for year in range(2024, last.year + 1):
        for month in range(1, 13):
            first = date(year, month, 1)
            yield first, (date(year + month // 12, month % 12 + 1, 1) - _ONE_DAY)


def _on(spells: list[Row], day: date) -> list[Row]:
    return [row for row in spells if row["start"] <= day and (row.get("slut") is None or day <= row["slut"])]


def _long_term(world: World, spells: list[Row], last: date) -> None:
    for first, end in _months(last):
        days: dict[int, list[Row]] = {}
        for row in spells:
            unemployed = row["ydelse"] == "dag" or (row["ydelse"] in _CASH and row.get("visitation") == "Jobparat")
            counted = [row for day in _days(row, end) if unemployed and day > end - 364 * _ONE_DAY]
            days.setdefault(row["person"], []).extend(counted)
        for person, found in days.items():
            if 10 * len(found) >= 8 * 364:
                row = max(found, key=lambda row: row["start"])
                world.rows["fct_long_term_unemployed"].append(
                    {"municipality_key": int(row["unit"]), "month": f"{first:%Y-%m}", "person_key": person, "age_key": _age(row, end)}
                )


def _later(day: date, months: int) -> date:
    """The same day so many months later."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    longest = (date(year + month // 12, month % 12 + 1, 1) - _ONE_DAY).day
    return date(year, month, min(day.day, longest))


def _interviews(world: World, spells: list[Row], interviews: list[Row], last: date) -> None:
    for first, end in _months(last):
        for row in _on(spells, end):
            start = row["start"]
            if row["ydelse"] not in ("dag", *_CASH) or not _later(start, 6) <= end + _ONE_DAY <= _later(start, 9):
                continue
            held = [i for i in interviews if i["person"] == row["person"] and start <= i["dato"] < _later(start, 6)]
            world.rows["fct_interview_cohort"].append(
                {
                    "municipality_key": int(row["unit"]),
                    "month": f"{first:%Y-%m}",
                    "person_key": row["person"],
                    "benefit_key": _NUMBERS[row["ydelse"]],
                    "interview_count": len(held),
                }
            )


def _cash_benefit(world: World, spells: list[Row], jobs: list[Row], last: date) -> None:
    for first, _ in _months(last):
        months = [f"{_later(first, n):%Y-%m}" for n in range(3)]
        for row in _on(spells, first):
            age = _age(row, first)
            if row["ydelse"] not in _CASH or age is None or not 16 <= age <= 66:
                continue
            own = [other for other in spells if other["person"] == row["person"]]
            in_job = any(
                job["person"] == row["person"] and job["maaned"] in months and not job["stoettet"] and job["timer"] for job in jobs
            )
            later = [r for r in own if r["start"] < _later(first, 3) and (r.get("slut") is None or r["slut"] >= first)]
            better = row.get("visitation") == "Aktivitetsparat" and any(
                r["ydelse"] in _CASH and r.get("visitation") in _BETTER for r in later
            )
            world.rows["fct_cash_benefit_cohort"].append(
                {
                    "municipality_key": int(row["unit"]),
                    "month": f"{first:%Y-%m}",
                    "person_key": row["person"],
                    "benefit_key": _NUMBERS[row["ydelse"]],
                    "is_in_job_or_upgraded": in_job or better,
                }
            )


def _labour_force(world: World, rows: list[Row]) -> None:
    starts = str(world.contracts["ref_arbejdsstyrke"]["starts"])
    world.reach["ref_arbejdsstyrke", ""] = (starts, max((str(row["aar"]) for row in rows), default=starts))
    for row in rows:
        world.coverage["ref_arbejdsstyrke", "", int(row["unit"]), str(row["aar"])] = "delivered"
        put = {"municipality_key": int(row["unit"]), "year": str(row["aar"]), "labour_force_count": row["antal"]}
        world.rows["fct_labour_force"].append(put)


def _years(rows: Iterable[Row]) -> set[tuple[int, int]]:
    """Units and years that rows are of."""
    found: set[tuple[int, int]] = set()
    for row in rows:
        days = [row[name] for name in ("slut", "dato", "uge") if row.get(name)] or ([] if "maaned" in row else [row["start"]])
        years = {day.year for day in days} | ({int(row["maaned"][:4])} if "maaned" in row else set())
        found |= {(int(row["unit"]), max(2024, year)) for year in years}
    return found


def _deliver(world: World, table: str, rows: list[Row]) -> set[int]:
    """Every month of the years that anybody has rows of, for whoever has any; the years."""
    starts = str(world.contracts[table]["starts"])
    found = _years(rows)
    years = set(range(2024, max((year for _, year in found), default=2023) + 1))
    world.reach[table, ""] = (starts, f"{max(years)}-12" if years else starts)
    for unit in {unit for unit, _ in found}:
        for year in years:
            for month in range(1, 13):
                world.coverage[table, "", unit, f"{year}-{month:02}"] = "delivered"
    return years
