"""Small worlds written by hand: raw rows as a source delivers them, put where the package's SQL and the oracle find them."""

from __future__ import annotations

import atexit
import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.workspace import Project
from tests.oracle import citizens, economy, employment
from tests.oracle.compare import differences, expected_rows
from tests.oracle.days import Span
from tests.oracle.project import TITLE, ask, contract, load, vocabulary, write_periods, write_warehouse
from tests.oracle.world import Code, Row, Unit, World

ROOT = Path(__file__).resolve().parents[2]
EVER = date(2007, 1, 1)
COPENHAGEN = Unit("0101", "member", (("1084", EVER, None),))
FREDERIKSBERG = Unit("0147", "member", (("1084", EVER, None),))
AARHUS = Unit("0751", "member", (("1082", EVER, None),))
CHRISTIANSO = Unit("0411", "non_member", (("1084", EVER, None),))
FOUR = (COPENHAGEN, FREDERIKSBERG, AARHUS, CHRISTIANSO)
# Which column of the wide mart holds which series of Jobindsats.
WIDE = {
    "unemployment.total": "gross_unemployed_count",
    "unemployment.totalRate": "gross_unemployed_share_pct",
    "unemployment.dagpenge": "unemployment_insurance_count",
    "longterm.total": "long_term_unemployed_count",
    "cashAssistance.persons": "cash_benefit_person_count",
    "cashAssistance.fullTime": "cash_benefit_fte",
    "cashAssistance.workforceRate": "cash_benefit_workforce_share_pct",
    "activation.degree": "activation_degree_pct",
    "activation.affectedShare": "activation_affected_share_pct",
}
_SHARE = "gross_unemployed_count * 100 / nullif(gross_unemployed_share_pct, 0)"


class Planting:
    """A world under construction. `deliver` says what arrived; `row` puts a row into a mart; `ask` runs the package's SQL."""

    def __init__(self, world: World, catalogue: Catalogue | None = None, folder: Path | None = None) -> None:
        self.world = world
        self._catalogue = catalogue
        self._folder = folder

    # -- definitions ----------------------------------------------------------------------------------------------------

    def source(self, table: str, base: str, first: str, last: str, *, series: Iterable[str] = (), **more: Any) -> None:
        """A contract with its first and last base period due."""
        lines = list(series)
        self.world.contracts[table] = contract(table, base, dict.fromkeys(lines, first) if lines else first, **more)
        self.world.reach |= {(table, line): (first, last) for line in lines or [""]}

    def fact(
        self, name: str, kind: str, table: str, measures: Mapping[str, Mapping[str, Any]], columns: Mapping[str, str], **more: Any
    ) -> None:
        """A fact of one contract; its model is `fct_<name>`."""
        written = {measure: {"title": TITLE, "unit": "persons", **spec} for measure, spec in measures.items()}
        roles = {"roles": {"residence": "municipality_key"}, "default_role": "residence"}
        fed = {} if "vintages" in more or "versions" in more else {"sources": [table]}
        fact = {"title": TITLE, "kind": kind, "model": f"fct_{name}", **fed, **roles, "measures": written, **more}
        self.world.domains["d"]["facts"][name] = fact
        self.world.columns[f"fct_{name}"] = {"municipality_key": "INTEGER", **columns}
        self.world.rows[f"fct_{name}"] = []

    def hierarchy(self, name: str, levels: Sequence[str], members: Sequence[Code]) -> None:
        """A dimension of several levels, the coarsest first; a member's key is its place, from 1."""
        codes = [{"id": level, "title": TITLE, "code": f"{level}_code"} for level in levels]
        dated = {"valid_from": "valid_from", "valid_to": "valid_to"}
        self.world.vocabulary["dimensions"][name] = {"title": TITLE, "model": f"dim_{name}", "key": f"{name}_key", **dated, "levels": codes}
        self.world.dimensions[name] = list(members)

    def figure(self, name: str, numerator: Any, **more: Any) -> str:
        """A key figure; its id."""
        text = {"da": f"Nøgletal {name}", "en": f"Figure {name}"}
        written = {
            "title": text,
            "description": text,
            "numerator": numerator,
            "unit": "persons",
            "direction": "up",
            "publisher": "P",
            **more,
        }
        self.world.figures[f"d.{name}"] = written
        if self._folder is not None:
            self._catalogue = None
        return f"d.{name}"

    # -- data -----------------------------------------------------------------------------------------------------------

    def put(self, fact: str, label: str, values: Mapping[str, Any], column: str = "n", state: str = "delivered", **more: Any) -> None:
        """One base period of a fact: a value by unit code, delivered with it."""
        written = self.world.domains["d"]["facts"][fact]
        table = written["sources"][0]
        base = self.world.contracts[table]["base_period"]
        for code, value in values.items():
            self.world.rows[written["model"]].append({"municipality_key": int(code), base: label, column: value, **more})
            for (source, line), _ in list(self.world.reach.items()):
                if source == table:
                    self.world.coverage[table, line, int(code), label] = state

    def row(self, fact: str, label: str, code: str, **columns: Any) -> None:
        """A row of a fact, in a base period that need not have been delivered."""
        written = self.world.domains["d"]["facts"][fact]
        tables = written.get("sources") or next(iter(written["versions"].values()))
        base = self.world.contracts[tables[0]]["base_period"]
        self.world.rows[written["model"]].append({"municipality_key": int(code), base: label, **columns})

    def deliver(
        self, table: str, first: str, last: str | None = None, *, codes: Iterable[str] | None = None, but: str | None = None
    ) -> None:
        """Base periods of a table as delivered, with or without rows, by all units or some; `but` was not."""
        spans = self.world.days.in_order[self.world.contracts[table]["base_period"]]
        labels = [span.label for span in spans]
        for label in labels[labels.index(first) : labels.index(last or first) + 1]:
            for code in codes or [unit.code for unit in self.world.units]:
                if label != but:
                    self.state(table, label, code, "delivered")

    def state(self, table: str, label: str, code: str, state: str, series: str = "") -> None:
        """What coverage says of one unit and base period."""
        self.world.coverage[table, series, int(code), label] = state

    # -- answers --------------------------------------------------------------------------------------------------------

    @property
    def catalogue(self) -> Catalogue:
        """The definitions as the package reads them."""
        if self._catalogue is None:
            assert self._folder is not None
            self._catalogue = load(self.world, self._folder)
        return self._catalogue

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The world as a warehouse."""
        words = self.world.vocabulary
        key = (*words["calendar"].values(), *((name, spec["starts"]) for name, spec in words.get("calendars", {}).items()))
        connection = _CONNECTIONS.get(key)
        if connection is None:
            connection = _CONNECTIONS[key] = duckdb.connect()
            # Left open, it is reported as leaked when the interpreter ends.
            atexit.register(connection.close)
            write_periods(connection, self.catalogue.calendar)
        write_warehouse(connection, self.world, self.catalogue.calendar)
        return connection

    def ask(
        self, figure: str, level: str, grain: str, first: str, last: str | None = None, **more: Any
    ) -> dict[tuple[str, ...], dict[str, Any]]:
        """The package's rows by area, codes of the cuts, and period."""
        rows = ask(self.connect(), self.catalogue, [figure], [level], grain, first, last or first, **more)
        return {(row["area"], *(row[cut] for cut in more.get("by", ())), row["period"]): row for row in rows}

    def checked(
        self, figure: str, level: str, grain: str, first: str, last: str | None = None, **more: Any
    ) -> dict[tuple[str, ...], dict[str, Any]]:
        """The package's rows, after the oracle has said the same."""
        found = self.ask(figure, level, grain, first, last, **more)
        periods = self._periods(grain, first, last or first)
        wrong = differences(list(found.values()), expected_rows(self.world, figure, [level], periods, **more), more.get("by", ()))
        assert not wrong, "\n".join(wrong)
        return found

    def _periods(self, grain: str, first: str, last: str) -> list[Span]:
        if grain == "range":
            return [Span("range", f"{first}/{last}", date.fromisoformat(first), date.fromisoformat(last))]
        ends = [self.world.days.named(grain, label) for label in (first, last)]
        places = [self.world.days.place[end] for end in ends if end is not None]
        return self.world.days.in_order[grain][places[0] : places[1] + 1]

    def one(self, figure: str, level: str, grain: str, period: str, last: str | None = None, **more: Any) -> dict[str, Any]:
        """The only row of an answer, after the oracle has said the same. A range has a first and a last day."""
        (row,) = self.checked(figure, level, grain, period, last, **more).values()
        return row


_CONNECTIONS: dict[tuple[Any, ...], duckdb.DuckDBPyConnection] = {}


def small(folder: Path, units: Sequence[Unit] = FOUR, **more: Any) -> Planting:
    """An empty world of a few municipalities, with a school year and one dimension `kind` of codes a and b."""
    kind = {"title": TITLE, "model": "dim_kind", "key": "kind_key", "code": "kind_code", "valid_from": "valid_from", "valid_to": "valid_to"}
    words = vocabulary(
        sum(unit.kind == "member" for unit in units),
        2012,
        2027,
        calendars={"school_year": {"title": TITLE, "starts": "08-01"}},
        dimensions={"kind": kind},
    )
    text = {"da": "Tekst", "en": "Text"}
    domains = {"d": {"title": text, "owner": "O", "publish_grains": ["month", "quarter", "year"], "facts": {}}}
    world = World(words, {}, domains, {}, units, {}, {}, {}, {}, {"kind": [Code("a"), Code("b")]}, dict(more.get("python", {})))
    return Planting(world, folder=folder)


@cache
def _definitions() -> tuple[dict[str, Any], Catalogue]:
    files = {
        path.relative_to(ROOT).with_suffix("").as_posix(): path
        for name in ("catalogue", "contracts")
        for path in (ROOT / name).rglob("*.yml")
    }
    return {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in files.items()}, Project(ROOT).catalogue


def published(rows: Mapping[str, Sequence[Row]], units: Sequence[Unit] = FOUR) -> Planting:
    """This repository's own catalogue over a few raw rows.

    `rows["bor_folketal"]`: unit, period (2020Q1), value. `rows["bes_jobindsats"]`: unit, period (2026M07), series, category,
    value. Codes and periods are as delivered; row 000 is the published total, which the marts never hold. The other tables are
    described in `citizens.py`, `economy.py` and `employment.py`.
    """
    files, catalogue = _definitions()
    facts = {name.split("/")[1]: file for name, file in files.items() if name.endswith("_domain")}
    world = World(
        vocabulary=files["catalogue/_vocabulary"],
        contracts={name.split("/")[1]: file for name, file in files.items() if name.startswith("contracts/")},
        domains=facts,
        figures={".".join(name.split("/")[1:]): file for name, file in files.items() if name.count("/") == 2 and "/_" not in name},
        units=units,
        rows={
            model: []
            for model in (
                "fct_labour_market_published",
                "fct_cash_benefit_visitation_published",
                *citizens.COLUMNS,
                *economy.COLUMNS,
                *employment.COLUMNS,
            )
        },
        columns={
            **citizens.COLUMNS,
            **economy.COLUMNS,
            **employment.COLUMNS,
            "fct_labour_market_published": {"municipality_key": "INTEGER", **{c: "DECIMAL(18,2)" for c in WIDE.values()}},
            "fct_cash_benefit_visitation_published": {
                "municipality_key": "INTEGER",
                "visitation_category_key": "INTEGER",
                "cash_benefit_fte": "DECIMAL(18,2)",
            },
        },
        coverage={},
        reach={},
        dimensions={
            "visitation_category": [Code(row["visitation_category_code"]) for row in _seed("visitation_categories")],
            "offer_type": [],
            **citizens.members(),
            **economy.members(_seed("ref_kontoplan"), _seed("account_arts")),
            **employment.members(_seed("benefits")),
        },
        python={
            _SHARE: lambda row: _implied(row["gross_unemployed_count"], row["gross_unemployed_share_pct"]),
            **citizens.readings(facts["citizens"]),
            **economy.readings(facts["economy"]),
            **employment.readings(facts["employment"]),
        },
    )
    delivered = {table: [row for row in some if row["unit"] != "000"] for table, some in rows.items()}
    _population(world, delivered.get("bor_folketal", ()))
    _jobindsats(world, delivered.get("bes_jobindsats", ()))
    citizens.plant(world, delivered)
    economy.plant(world, delivered)
    employment.plant(world, delivered)
    return Planting(world, catalogue)


def _implied(count: Decimal | None, share: Decimal | None) -> Decimal | None:
    return None if count is None or not share else Decimal(count) * 100 / share


def _seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _population(world: World, rows: Iterable[Row]) -> None:
    by_unit = {(int(row["unit"]), row["period"].replace("Q", "-Q")): row["value"] for row in rows}
    starts = world.contracts["bor_folketal"]["starts"]
    world.reach["bor_folketal", ""] = (starts, max((label for _, label in by_unit), default=starts))
    for (unit, label), value in by_unit.items():
        world.coverage["bor_folketal", "", unit, label] = "delivered"
        world.rows["fct_population"].append({"municipality_key": unit, "quarter": label, "vintage": "frozen", "population_count": value})
    for exemption in world.contracts["bor_folketal"].get("exemptions", ()):
        world.coverage.setdefault(("bor_folketal", "", int(exemption["unit"]), exemption["from"]), "exempt")


def _jobindsats(world: World, rows: Iterable[Row]) -> None:
    table = "bes_jobindsats"
    categories = {row["source_category"]: int(row["visitation_category_key"]) for row in _seed("visitation_categories")}
    wide: dict[tuple[int, str], dict[str, Any]] = {}
    latest: dict[str, str] = {}
    for row in rows:
        unit, label, series = int(row["unit"]), row["period"].replace("M", "-"), row["series"]
        value = None if row.get("value") is None else Decimal(str(row["value"]))
        world.coverage[table, series, unit, label] = "delivered"
        latest[series] = max(label, latest.get(series, label))
        if series in WIDE:
            wide.setdefault((unit, label), {})[WIDE[series]] = value
        else:
            cell = {
                "municipality_key": unit,
                "month": label,
                "visitation_category_key": categories[row["category"]],
                "cash_benefit_fte": value,
            }
            world.rows["fct_cash_benefit_visitation_published"].append(cell)
    for (unit, label), values in wide.items():
        world.rows["fct_labour_market_published"].append(
            {"municipality_key": unit, "month": label, **dict.fromkeys(WIDE.values()), **values}
        )
    for series, starts in world.contracts[table]["series_starts"].items():
        if series in latest:
            world.reach[table, series] = (starts, latest[series])
