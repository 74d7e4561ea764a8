"""A country that is not Denmark goes through the whole line without a change of Python.

Other units and codes, another hierarchy, other languages, another year, sources in notations of their own. Every expected number
is added by hand from `project/deliveries`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import flis_semantic
from flis_semantic.compiler.dialects import DIALECTS, translate
from flis_semantic.query import Session
from tests.foreign.norland import flis, found
from tests.integration.cube.planner import need_cube, plan

# Anything that only Denmark would say. The letters stand in no English or French word.
DANISH = re.compile(r"[æøåÆØÅ]|kommun|municipal|\bregions?\b|danmark|denmark|danish|dansk|\bDK\b|_da\b|\bda\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def norland(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Founded, received and built once."""
    folder = found(tmp_path_factory.mktemp("country") / "norland")
    for command in (["catalogue", "check"], ["generate"], ["receive", "deliveries"], ["build"]):
        ran = flis(*command, folder=folder)
        assert ran.code == 0, ran.err
    return folder


@pytest.fixture(scope="module")
def session(norland: Path) -> Iterator[Session]:
    with flis_semantic.open(norland) as opened:
        yield opened


def answers(session: Session, figure: str, level: str, grain: str, first: str, last: str, *by: str) -> dict[Any, Any]:
    """(area, period) → (value, status, members of expected), or (area, cells …, period) → value."""
    result = session.query(figure, [level, *by], grain, from_=first, to=last)
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.tuples()]
    if by:
        return {(row["area"], *(row[name] for name in by), row["period"]): row["value"] for row in rows}
    return {(row["area"], row["period"]): (row["value"], row["status"], f"{row['members']}/{row['members_expected']}") for row in rows}


def test_an_event_by_month(session: Session) -> None:
    # Helmark 10.5 + 4; then 2.25 + 1 + 3. Vanholm sent nothing for September, which is not zero.
    assert answers(session, "fishery.catch_tonnes", "county", "month", "2022-08", "2022-09") == {
        ("HEL", "2022-08"): (14.5, "validated", "1/1"),
        ("HEL", "2022-09"): (6.25, "validated", "1/1"),
        ("KYR", "2022-08"): (20, "validated", "1/1"),
        ("KYR", "2022-09"): (8, "validated", "1/1"),
        ("VAN", "2022-08"): (1, "validated", "1/1"),
        ("VAN", "2022-09"): (None, "missing", "0/1"),
    }


def test_an_event_by_day_and_by_week_over_the_end_of_a_month(session: Session) -> None:
    assert answers(session, "fishery.catch_tonnes", "realm", "day", "2022-08-31", "2022-09-02") == {
        ("NORLAND", "2022-08-31"): (24, "validated", "3/3"),
        ("NORLAND", "2022-09-01"): (2.25, "validated", "2/3"),
        # Nobody landed anything, and two counties have said so.
        ("NORLAND", "2022-09-02"): (0, "validated", "2/3"),
    }
    # Monday 29 August to Sunday 4 September: 4 + 20 + 2.25 + 1.
    assert answers(session, "fishery.catch_tonnes", "realm", "week", "2022-W35", "2022-W36") == {
        ("NORLAND", "2022-W35"): (27.25, "validated", "2/3"),
        ("NORLAND", "2022-W36"): (3, "validated", "2/3"),
    }


def test_a_year_that_begins_in_september(session: Session) -> None:
    # Eleven months of one tonne each before August; the next year has begun and is not over.
    assert answers(session, "fishery.catch_tonnes", "county", "term_year", "2021-09-01", "2022-09-01") == {
        ("HEL", "2021-2022"): (25.5, "validated", "1/1"),
        # September and October: 6.25 + 2.5, 8 + 1.25 + 0.1.
        ("HEL", "2022-2023"): (8.75, "provisional", "1/1"),
        ("KYR", "2021-2022"): (31, "validated", "1/1"),
        ("KYR", "2022-2023"): (9.35, "provisional", "1/1"),
        ("VAN", "2021-2022"): (12, "validated", "1/1"),
        ("VAN", "2022-2023"): (None, "missing", "0/1"),
    }


def test_a_county_counts_in_the_province_that_it_belongs_to_in_the_period(session: Session) -> None:
    # Kyrvik moved south on 1 September 2022.
    assert answers(session, "fishery.catch_tonnes", "province", "month", "2022-08", "2022-09") == {
        ("N", "2022-08"): (34.5, "validated", "2/2"),
        ("N", "2022-09"): (6.25, "validated", "1/1"),
        ("S", "2022-08"): (1, "validated", "1/1"),
        ("S", "2022-09"): (8, "validated", "1/2"),
    }


def test_a_ratio_takes_the_fleet_of_the_day_on_which_the_year_began(session: Session) -> None:
    # August 2022 is of the year that began on 1 September 2021 (5, 10 and 2 boats), September of the next (4, 8 and 2).
    found = answers(session, "fishery.catch_per_boat", "realm", "month", "2022-08", "2022-09")
    assert found == {
        ("NORLAND", "2022-08"): (pytest.approx(35.5 / 17), "validated", "3/3"),
        ("NORLAND", "2022-09"): (pytest.approx(14.25 / 12), "validated", "2/3"),
    }
    assert answers(session, "fishery.catch_per_boat", "county", "term_year", "2021-09-01", "2021-09-01")["HEL", "2021-2022"][0] == 5.1


def test_a_state_on_the_first_day_of_a_quarter(session: Session) -> None:
    assert answers(session, "fishery.boats", "realm", "quarter", "2022-Q1", "2022-Q3") == {
        ("NORLAND", "2022-Q1"): (17, "validated", "3/3"),
        ("NORLAND", "2022-Q2"): (16, "validated", "3/3"),
        ("NORLAND", "2022-Q3"): (14, "validated", "3/3"),
    }


def test_a_published_value_that_is_withheld_is_in_no_total(session: Session) -> None:
    assert answers(session, "tourism.nights", "realm", "month", "2022-07", "2022-08") == {
        ("NORLAND", "2022-07"): (350, "validated", "3/3"),
        ("NORLAND", "2022-08"): (300, "validated", "2/3"),
    }
    assert answers(session, "tourism.nights", "county", "month", "2022-08", "2022-08")["VAN", "2022-08"] == (None, "suppressed", "0/1")


def test_the_same_tables_as_parquet_and_as_zipped_json_lines(session: Session) -> None:
    assert answers(session, "fishery.catch_tonnes", "county", "month", "2022-10", "2022-10") == {
        ("HEL", "2022-10"): (2.5, "validated", "1/1"),
        ("KYR", "2022-10"): (1.35, "validated", "1/1"),
        # The 99 tonnes of an unknown species are set aside.
        ("VAN", "2022-10"): (0.75, "validated", "1/1"),
    }
    assert answers(session, "fishery.catch_tonnes", "realm", "day", "2022-10-03", "2022-10-03") == {
        ("NORLAND", "2022-10-03"): (2.5, "validated", "3/3")
    }
    by_species = answers(session, "fishery.catch_tonnes", "county", "month", "2022-10", "2022-10", "species")
    assert {key: value for key, value in by_species.items() if value} == {
        ("HEL", "cod", "2022-10"): 2.5,
        ("KYR", "herring", "2022-10"): 1.35,
        ("VAN", "lobster", "2022-10"): 0.75,
    }
    assert answers(session, "tourism.nights", "county", "month", "2022-09", "2022-09") == {
        ("HEL", "2022-09"): (90, "validated", "1/1"),
        ("KYR", "2022-09"): (None, "suppressed", "0/1"),
        ("VAN", "2022-09"): (None, "suppressed", "0/1"),
    }


def test_a_hierarchy_of_its_own(session: Session) -> None:
    by_family = answers(session, "fishery.catch_tonnes", "realm", "month", "2022-08", "2022-08", "fish_family")
    assert by_family == {
        ("NORLAND", "clupeidae", "2022-08"): 4,
        ("NORLAND", "crustacea", "2022-08"): 0,
        ("NORLAND", "gadidae", "2022-08"): 31.5,
    }
    assert answers(session, "fishery.catch_tonnes", "county", "month", "2022-09", "2022-09", "species")["KYR", "lobster", "2022-09"] == 8


def test_bad_rows_are_set_aside_with_the_rule_in_the_readers_language(norland: Path) -> None:
    for language, titles in (
        ("en", ["Unknown county", "Not a county of the realm", "Unknown species", "Unknown species"]),
        ("fr", ["Comté inconnu", "Comté hors du royaume", "Espèce inconnue", "Espèce inconnue"]),
    ):
        ran = flis("quality", "--format", "json", "--lang", language, folder=norland)
        assert ran.code == 0, ran.err
        report = json.loads(ran.out)
        hits = [(rule["rule_id"], rule["rows"]) for rule in report["rules"]]
        assert hits == [("N-PRI-03", 1), ("N-PRI-04", 1), ("N-PRI-09", 1), ("N-PRI-09", 1)]
        assert [rule["title"] for rule in report["rules"]] == titles
        assert all(delivery["adds_up"] for delivery in report["deliveries"])
        chain = {
            delivery["file"]: [delivery[stage] for stage in ("delivered", "accepted", "control", "mart")]
            for delivery in report["deliveries"]
        }
        # The rows of the realm are controls and in no mart.
        assert chain == {
            "flotte_2022.csv": [15, 15, 0, 15],
            "prises_2022-10-05.csv": [44, 41, 0, 41],
            "prises_2022-11-05.parquet": [5, 4, 0, 4],
            "nuitees_2022-09-20.csv": [8, 8, 2, 6],
            "nuitees_2022-10-20.jsonl.gz": [4, 4, 1, 3],
        }


def test_what_did_not_come_is_listed(norland: Path) -> None:
    ran = flis("coverage", "--missing", "--format", "json", folder=norland)
    assert json.loads(ran.out) == [
        {"source": "prises", "series": "", "unit": "VAN", "period": "2022-09", "state": "missing", "reason": None, "due_date": "2022-10-18"}
    ]
    # Twelve workdays after April 2022: 2 to 6, 9 to 13 and 16 May, and the 18th, since the 17th is Constitution Day.
    listed = ("expected", "--overdue", "--source", "prises", "--format", "json", "--on")
    april = [row for row in json.loads(flis(*listed, "2022-05-20", folder=norland).out) if row["period"] == "2022-04"]
    assert [(row["unit"], row["due_date"], row["days_late"]) for row in april] == [
        (unit, "2022-05-18", 2) for unit in ("HEL", "KYR", "VAN")
    ]
    in_time = json.loads(flis(*listed, "2022-05-18", folder=norland).out)
    assert in_time and "2022-04" not in {row["period"] for row in in_time}


def test_labels_and_the_default_language_are_the_projects_own(norland: Path) -> None:
    ran = flis(
        "query", "fishery.catch_per_boat", "--by", "county", "--grain", "month", "--from", "2022-08", "--to", "2022-08", folder=norland
    )
    assert "Helmark" in ran.out
    assert "2.900" in ran.out
    french = ("--labels", "fr", "--format", "json")
    ran = flis(
        "query",
        "fishery.catch_tonnes",
        "--by",
        "realm,fish_family",
        "--grain",
        "month",
        "--from",
        "2022-08",
        "--to",
        "2022-08",
        *french,
        folder=norland,
    )
    row = json.loads(ran.out)[0]
    assert (row["key_figure_label"], row["area_label"], row["fish_family_label"]) == ("Prises", "Le Norland", "Clupéidés")


def test_generated_files_are_what_the_catalogue_says(norland: Path) -> None:
    assert flis("generate", "--check", folder=norland).code == 0


def test_cube_compiles_the_definitions(norland: Path) -> None:
    need_cube()
    query = {"measures": ["fishery_month.catch_tonnes"], "dimensions": ["fishery_month.province_name_fr"]}
    planned = plan(norland / "cube_schema", {"by province": query, "facts": {"measures": ["fishery_catches.tonnes"]}})
    assert not planned.errors
    assert {"fishery_month", "fishery_term_year", "tourism_month", "county", "province"} <= set(planned.members)


def test_every_figure_can_be_said_in_every_dialect(session: Session) -> None:
    for figure in session.catalogue.figures.values():
        for grain in figure.grains:
            compiled, _ = session.sql(figure.id, ["county", *figure.dimensions], grain, labels="fr")
            for dialect in DIALECTS:
                assert translate(compiled.sql, dialect)


MISTAKES = [
    ("query", "fishery.catch_tonnes", "--by", "region"),
    ("query", "fishery.catch_tonnes", "--lang", "da"),
    ("query", "fishery.catch_tonnes", "--where", "county=0101"),
    ("query", "fishery.catch_tonnes", "--grain", "school_year"),
    ("query", "fishery.boats", "--grain", "week"),
    ("query", "fishery.cach_tonnes"),
    ("sql", "fishery.catch_tonnes", "--dialect", "oracle"),
    ("receive", "catalogue/_vocabulary.yml"),
    ("coverage", "--source", "folketal"),
]


@pytest.mark.parametrize("arguments", MISTAKES, ids=" ".join)
def test_a_mistake_is_answered_in_words_of_the_project(norland: Path, arguments: tuple[str, ...]) -> None:
    ran = flis(*arguments, folder=norland)
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err
    given = re.compile("|".join(re.escape(word) for word in arguments[1:]))
    assert not DANISH.search(given.sub("", ran.out + ran.err)), ran.err


READING = [
    ("catalogue", "list"),
    ("catalogue", "show", "fishery.catch_per_boat"),
    ("query", "fishery.catch_per_boat", "--by", "province", "--grain", "term_year"),
    ("query", "fishery.catch_per_boat", "--by", "province", "--grain", "term_year", "--labels", "fr", "--lang", "fr", "--wide"),
    ("sql", "fishery.catch_tonnes", "--by", "province", "--grain", "term_year", "--dialect", "postgres", "--lang", "fr"),
    ("quality",),
    ("quality", "--lang", "fr"),
    ("quality", "--set-aside"),
    ("coverage",),
]


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_nothing_danish_is_shown(norland: Path, arguments: tuple[str, ...]) -> None:
    ran = flis(*arguments, folder=norland)
    assert ran.code == 0, ran.err
    assert ran.out
    assert not DANISH.search(ran.out + ran.err)


def test_nothing_danish_is_written(norland: Path, session: Session) -> None:
    texts = [path for folder in ("models", "cube_schema", "tests", "macros") for path in (norland / folder).rglob("*") if path.is_file()]
    assert len(texts) > 20
    assert not [path for path in texts if DANISH.search(path.read_text(encoding="utf-8"))]
    package = Path(flis_semantic.__file__).parent / "project"
    assert not [path for path in package.rglob("*") if path.is_file() and DANISH.search(path.read_text(encoding="utf-8"))]
    columns = {str(name) for (name,) in session.connection.sql("SELECT column_name FROM information_schema.columns").fetchall()}
    assert not [name for name in columns if DANISH.search(name)]
    assert {"holiday_en", "holiday_fr"} <= columns
