"""Quality by supplier, unit, rule and month equals what was planted; a unit's page says the same as its report, and nothing else."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import asdict
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flis_semantic.cli.main import app
from flis_semantic.delivery.receive import receive
from flis_semantic.errors import ArgumentError
from flis_semantic.quality.figures import counted, figure_rows, rule_rows, totals
from flis_semantic.quality.page import page_of
from flis_semantic.quality.unit import UnitReport, unit_reports
from flis_semantic.workspace import Project
from tests.delivery.parcel import day
from tests.projects import copy_project

HEADER = (
    "kommunekode;regnskabsaar;periode;posteringsdato;bogfoeringsdato;bilagsnr;linjenr;konto_lokal;funktion;dranst;ejerforhold;"
    "omkostningssted;gruppering;art;beloeb;posteringstype;leverandoer_cvr;modpart_kommune;tekst;cpr;kildesystem;udtraekstid"
)
SUPPLIERS = ("System A", "System B & Sønner", "<script>alert(1)</script>")
UNITS = ("0101", "0147", "0751")
FAULTS = {
    "V-OKO-36": ("art", "x"),
    "V-OKO-29": ("posteringsdato", "30-02-2019"),
    "V-OKO-38": ("beloeb", "1,234"),
    "V-OKO-50": ("leverandoer_cvr", "12"),
}
WARNS = ("V-OKO-50",)
Planted = Counter[tuple[str, str, str, str]]
"""Month of receipt, unit, supplier, rule ('' for a row without a fault) → rows."""


def row(number: int, unit: str, supplier: str, month: int, **wrong: str) -> str:
    values = dict.fromkeys(HEADER.split(";"), "")
    values |= {"kommunekode": unit, "regnskabsaar": "2019", "periode": str(month), "posteringsdato": f"2019-0{month}-05"}
    values |= {"bilagsnr": f"B{number}", "linjenr": "1", "funktion": "3.22.01", "dranst": "1", "gruppering": "000", "art": "1.0"}
    values |= {"beloeb": "10,00", "kildesystem": supplier, "udtraekstid": f"2019-0{month + 1}-0{number % 5 + 1} 06:00"}
    return ";".join((values | wrong).values())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Planted]:
    folder = copy_project(tmp_path_factory.mktemp("quality"))
    project, found, source = Project(folder), Planted(), random.Random(4)  # noqa: S311
    for month in (1, 2):
        lines = [HEADER]
        for number in range(120):
            unit, supplier = source.choice(UNITS), source.choice(SUPPLIERS)
            rule = source.choice(("", "", "", *FAULTS))
            lines.append(row(number, unit, supplier, month, **dict([FAULTS[rule]] if rule else [])))
            found[f"2019-0{month + 1}", unit, supplier, rule] += 1
        path = folder / f"finansposter_<b>&{month}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert receive(project, [path], received_at=day(f"2019-0{month + 1}-09")).results[0].rows_set_aside
    return project, found


def expected(planted: Planted, *places: int) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Rows delivered, set aside and warned of by some of month, unit, supplier."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for place, rows in planted.items():
        entry = sums.setdefault(tuple(place[n] for n in places), [0, 0, 0])
        entry[0] += rows
        entry[1] += rows if place[3] and place[3] not in WARNS else 0
        entry[2] += rows if place[3] in WARNS else 0
    return {key: (entry[0], entry[1], entry[2]) for key, entry in sums.items()}


@pytest.mark.parametrize(
    ("keys", "places"), [(("supplier",), (2,)), (("unit", "supplier"), (1, 2)), (("month",), (0,)), (("unit", "month"), (1, 0))]
)
def test_quality_by_any_key_is_what_was_planted(planted: tuple[Project, Planted], keys: tuple[str, ...], places: tuple[int, ...]):
    rows = figure_rows(counted(planted[0]).cells, keys)
    found = {tuple(line[key] for key in keys): (line["delivered"], line["set_aside"], line["warned"]) for line in rows}
    assert found == expected(planted[1], *places)
    for line in rows:
        assert line["accepted"] == line["delivered"] - line["set_aside"]
        assert line["set_aside_pct"] == round(100 * line["set_aside"] / line["delivered"], 3)


def test_quality_by_rule_is_what_was_planted(planted: tuple[Project, Planted]):
    project, sums = planted
    rows = rule_rows(project, counted(project).cells, ("supplier",), "en")
    found = {(line["supplier"], line["rule"]): line["rows"] for line in rows if line["stage"] == "row"}
    by_rule: Counter[tuple[str, str]] = Counter()
    for (_, _, supplier, rule), n in sums.items():
        by_rule[supplier, rule] += n
    assert found == {key: n for key, n in by_rule.items() if key[1]}
    art = next(line for line in rows if (line["supplier"], line["rule"]) == ("System A", "V-OKO-36"))
    delivered = sum(n for key, n in by_rule.items() if key[0] == "System A")
    assert (art["title"], art["action"], art["deliveries"]) == ("The art is not written h.a", "set_aside", 2)
    assert art["rows_pct"] == round(100 * by_rule["System A", "V-OKO-36"] / delivered, 3)


def test_domain_and_everything_at_once(planted: tuple[Project, Planted]):
    cells = counted(planted[0]).cells
    (line,) = figure_rows(cells, ("domain", "source"))
    assert (line["domain"], line["source"], line["deliveries"], line["delivered"]) == ("economy", "oko_postering", 2, 240)
    assert totals(cells) == {name: value for name, value in line.items() if name not in ("domain", "source")}


def test_the_command_says_the_same_in_every_form(planted: tuple[Project, Planted], tmp_path: Path):
    here = ["--project", str(planted[0].root)]
    written = CliRunner().invoke(app, ["quality", "--by", "supplier,month", "--format", "json", *here])
    assert json.loads(written.stdout) == figure_rows(counted(planted[0]).cells, ("supplier", "month"))
    pages = CliRunner().invoke(app, ["quality", "--unit", "0101", "--html", str(tmp_path), "--on", "2019-05-20", *here])
    assert (pages.exit_code, [path.name for path in tmp_path.iterdir()]) == (0, ["0101.html"])
    told = json.loads(CliRunner().invoke(app, ["quality", "--unit", "0101", "--format", "json", "--on", "2019-05-20", *here]).stdout)
    (report,) = unit_reports(planted[0], ["0101"], date(2019, 5, 20))
    assert told[0]["own"] == report.own and [need["kind"] for need in told[0]["needs"]] == [need["kind"] for need in report.needs]
    for wrong in (["--by", "colour"], ["--unit", "9999"], ["--by", "unit", "--html", str(tmp_path)]):
        error = CliRunner().invoke(app, ["quality", *wrong, *here]).exception
        assert isinstance(error, ArgumentError)


def test_pages_of_several_units_have_an_index_that_leads_to_each_of_them(planted: tuple[Project, Planted], tmp_path: Path):
    units = ["0101", "0147", "0151"]
    asked = ["--html", str(tmp_path), "--on", "2019-05-20", "--project", str(planted[0].root)]
    assert CliRunner().invoke(app, ["quality", *(word for unit in units for word in ("--unit", unit)), *asked]).exit_code == 0
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'href="([^"]*)"', page) == [f"{unit}.html" for unit in units]
    assert sorted(path.name for path in tmp_path.iterdir()) == [*(f"{unit}.html" for unit in units), "index.html"]
    told = []
    for report in unit_reports(planted[0], units, date(2019, 5, 20)):
        kinds = Counter(need["kind"] for need in report.needs)
        told += [kinds[kind] for kind in ("overdue", "held", "correct", "gap", "check") if kinds[kind]]
        told += [report.own[name] for name in ("deliveries", "delivered", "set_aside", "set_aside_pct") if report.own[name] is not None]
    assert told and Reader(page).numbers == {"index": told}


class Reader(HTMLParser):
    """Numbers by section, text, and whether every element ends."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.numbers: dict[str, list[float]] = {}
        self.text: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self._section = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.attributes |= set(values)
        if tag == "section":
            self._section = values.get("id") or "needs"
        if tag == "data":
            self.numbers.setdefault(self._section, []).append(float(values["value"] or "nan"))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def report(planted: tuple[Project, Planted]) -> UnitReport:
    (found,) = unit_reports(planted[0], ["0101"], date(2019, 5, 20))
    return found


def test_the_page_fetches_nothing_and_escapes_everything(planted: tuple[Project, Planted], report: UnitReport):
    page = page_of(report, planted[0].vocabulary.languages)
    reader = Reader(page)
    assert not reader.open
    assert reader.attributes <= {"lang", "charset", "name", "content", "class", "id", "style", "value", "data-kind"}
    assert not re.search(r"<(script|link|img|iframe|object|base|a)\b|url\(|@import|https?:|//", page)
    text = " ".join(reader.text)
    assert all(supplier in text for supplier in SUPPLIERS) and "finansposter_<b>&1.csv" in text
    assert page.index("Det har vi brug for fra jer") < page.index("What we need from you")
    assert "København" in text


def test_the_page_has_the_numbers_of_the_report(planted: tuple[Project, Planted], report: UnitReport):
    numbers = Reader(page_of(report, planted[0].vocabulary.languages)).numbers
    found = asdict(report)

    def of(rows: list[dict[str, Any]], *names: str) -> list[float]:
        return [float(line[name]) for line in rows for name in names if line[name] is not None]

    columns = ("deliveries", "delivered", "accepted", "set_aside", "set_aside_pct", "warned", "flagged")
    assert numbers["totals"] == of([found["own"], found["everybody"]], *columns)
    assert numbers["suppliers"] == of(found["suppliers"], "deliveries", "delivered", "set_aside", "set_aside_pct")
    assert numbers["months"] == of(found["months"], "deliveries", "delivered", "set_aside", "set_aside_pct")
    assert sum(numbers["rules"][::3]) == sum(line["rows"] for line in found["rules"])
    delivered, set_aside, warned = expected(planted[1], 1)["0101",]
    assert numbers["totals"][1:4] == [delivered, delivered - set_aside, set_aside] and numbers["totals"][5] == warned


def test_what_is_needed_is_what_still_counts(planted: tuple[Project, Planted], report: UnitReport, tmp_path: Path):
    project, sums = planted
    wrong: Counter[str] = Counter()
    for (_, unit, _, rule), rows in sums.items():
        if unit == "0101" and rule and rule not in WARNS:
            wrong[rule] += rows
    assert {need["rule"]: need["rows"] for need in report.needs if need["kind"] == "correct"} == wrong
    late = [need for need in report.needs if need["kind"] == "overdue" and need["source"] == "oko_postering"]
    # January and February came; March was due ten workdays after it, and April's day had come by 20 May 2019.
    assert [(need["from"], need["to"], need["periods"]) for need in late] == [("2019-03", "2019-04", 2)]
    # A right file of both months takes the place of both: nothing of them is to be corrected any more.
    path = tmp_path / "finansposter_new.csv"
    lines = [HEADER, *(row(n, "0101", "System A", month, udtraekstid="2019-04-01 06:00") for n, month in ((1, 1), (2, 2)))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert receive(project, [path], received_at=day("2019-04-02")).results[0].verdict == "accepted"
    (after,) = unit_reports(project, ["0101"], date(2019, 5, 20))
    assert [need["kind"] for need in after.needs if need["source"] == "oko_postering"] == ["overdue"]
    assert after.own["set_aside"] == report.own["set_aside"]
