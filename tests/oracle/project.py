"""A world as the package sees it: definitions written as files and loaded, rows in the relations that its SQL reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

from flis_semantic.catalogue.load import load_catalogue
from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.compiler import Request, compile_request
from flis_semantic.contracts.load import load_contracts
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.load import load_vocabulary
from tests.oracle.world import World

TITLE = {"da": "Titel", "en": "Title"}


def vocabulary(members: int, first_year: int, last_year: int, **more: Any) -> dict[str, Any]:
    """A vocabulary with municipalities, regions and a country, as a dictionary."""
    return {
        "languages": ["da", "en"],
        "reporting_unit": {
            "model": "dim_municipality",
            "key": "municipality_key",
            "code_format": "[0-9]{4}",
            "code_width": 4,
            "seed": "municipalities",
            "seed_code": "municipality_code",
            "seed_kind": "unit_kind",
            "kind": "unit_kind",
            "member_kind": "member",
            "members": members,
            "valid_from": "valid_from",
            "valid_to": "valid_to",
            "levels": [
                {"id": "municipality", "title": TITLE, "code": "municipality_code"},
                {"id": "region", "title": TITLE, "code": "region_code"},
                {"id": "country", "title": TITLE, "constant": "DK"},
            ],
        },
        "calendar": {"first_year": first_year, "last_year": last_year},
        "units": {"persons": {"title": TITLE}, "percent": {"title": TITLE, "factor": 100, "decimals": 1}},
        **more,
    }


def contract(table: str, base_period: str, starts: str | Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A contract with the least that the loader accepts. `starts` by series where the table has series."""
    text = {"da": "Tekst", "en": "Text"}
    columns: dict[str, Any] = {
        "enhed": {"type": "unit_code", "role": "unit", "required": True, "title": text},
        "periode": {"type": "period", "role": "period", "required": True, "title": text},
    }
    rules = [{"check": check} for check in ("row_shape", "unique_key")]
    rules += [{"check": check, "column": "enhed"} for check in ("known_unit", "required")]
    rules += [{"check": check, "column": "periode"} for check in ("known_period", "required")]
    start: dict[str, Any] = {"starts": starts}
    if not isinstance(starts, str):
        columns["serie"] = {"type": "text", "required": True, "title": text}
        rules += [{"check": "required", "column": "serie"}, {"check": "known_series"}]
        start = {"series": ["serie"], "series_starts": dict(starts)}
    written = {
        **{"table": table, "title": TITLE, "description": text, "publisher": "P", "licence": "L", "owner": "O"},
        **{"base_period": base_period, "absent": "missing", "blank": "suppressed"},
        **start,
        "key": list(columns),
        "columns": columns,
        "forms": {
            "file": {
                **{"file_name": f"{table}_*.csv", "mode": "full", "extracted_at": "receipt"},
                **{"header": {name: name for name in columns}, "period": ["{year}"]},
            }
        },
        **more,
    }
    if written.get("units") != "all":
        rules.append({"check": "member_unit", "column": "enhed"})
    rules = [{"id": f"V-{table.upper().replace('_', '-')}-{number}", "title": text, **rule} for number, rule in enumerate(rules, 1)]
    return {**written, "rules": rules}


def load(world: World, folder: Path) -> Catalogue:
    """The world's definitions, written as files and read by the package. JSON is YAML."""
    files = {"catalogue/_vocabulary": world.vocabulary}
    files |= {f"contracts/{table}": written for table, written in world.contracts.items()}
    files |= {f"catalogue/{domain}/_domain": written for domain, written in world.domains.items()}
    files |= {f"catalogue/{figure.replace('.', '/')}": written for figure, written in world.figures.items()}
    for name, written in files.items():
        path = folder / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    words = load_vocabulary(folder / "catalogue")
    calendar = Calendar(words)
    return load_catalogue(folder / "catalogue", words, calendar, load_contracts(folder / "contracts", words, calendar))


def literal(value: Any) -> str:
    """A Python value as SQL."""
    match value:
        case None:
            return "NULL"
        case bool() | int():
            return str(value)
        case Decimal():
            return f"CAST('{value}' AS DECIMAL(18,2))"
        case date():
            return f"DATE '{value}'"
    quoted = str(value).replace("'", "''")
    return f"'{quoted}'"


def create(connection: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
    """A table with these columns and rows."""
    quoted = {f'"{name}"': kind for name, kind in types.items()}
    connection.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in quoted.items())})")
    values = ",\n".join(f"({', '.join(map(literal, row))})" for row in rows)
    if values:
        connection.execute(f"INSERT INTO {table} VALUES {values}")


def write_periods(connection: duckdb.DuckDBPyConnection, calendar: Calendar) -> None:
    """The period table."""
    names = ("grain", "period_key", "period", "start_date", "end_date", "day_count", "label_year", "label_position")
    periods = [p for grain in calendar.grains for p in calendar.periods(grain)]
    rows = [(p.grain, p.key, p.label, p.start, p.end, p.days, *calendar.label_parts(p)) for p in periods]
    connection.register("some_periods", pyarrow.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))))
    types = {"period_key": "INTEGER", "day_count": "INTEGER", "label_year": "INTEGER", "label_position": "INTEGER"}
    columns = ", ".join(f"CAST({name} AS {types[name]}) AS {name}" if name in types else name for name in names)
    connection.execute(f"CREATE OR REPLACE TABLE dim_period AS SELECT {columns} FROM some_periods")
    connection.unregister("some_periods")


def write_warehouse(connection: duckdb.DuckDBPyConnection, world: World, calendar: Calendar) -> None:
    """Every relation that compiled SQL reads, but the period table."""
    types = {"municipality_key": "INTEGER", "municipality_code": "VARCHAR", "unit_kind": "VARCHAR"}
    types |= {"region_code": "VARCHAR", "valid_from": "DATE", "valid_to": "DATE"}
    units = [(unit.key, unit.code, unit.kind, *stay) for unit in world.units for stay in unit.regions]
    create(connection, "dim_municipality", types, units)
    for dimension, codes in world.dimensions.items():
        spec = world.vocabulary["dimensions"][dimension]
        columns = [level["code"] for level in spec.get("levels", ())] or [spec["code"]]
        types = {spec["key"]: "INTEGER", **dict.fromkeys(columns, "VARCHAR"), "valid_from": "DATE", "valid_to": "DATE"}
        rows = [(code.key or place, *own, *days) for place, code in enumerate(codes, start=1) for *days, own in code.stays]
        create(connection, spec["model"], types, rows)
    for model, (columns, rows) in mart_tables(world, calendar).items():
        create(connection, model, columns, rows)
    _write_coverage(connection, world, calendar)


def mart_tables(world: World, calendar: Calendar) -> dict[str, tuple[dict[str, str], list[list[Any]]]]:
    """Types of columns and rows of every mart, base periods as keys. Editions of a mart may have base periods of their own."""
    bases: dict[str, dict[str, None]] = {}
    for domain in world.domains.values():
        for fact in domain["facts"].values():
            named = fact.get("vintages") or fact.get("versions") or {"": fact.get("sources")}
            tables = [table for tables in named.values() for table in tables]
            # A spell that is not cut into pieces lies in no base period.
            whole = fact["kind"] == "spell" and "pieces_of" not in fact
            grains = () if whole else [world.contracts[table]["base_period"] for table in tables]
            bases.setdefault(fact["model"], {}).update(dict.fromkeys(grains))
    found: dict[str, tuple[dict[str, str], list[list[Any]]]] = {}
    for model, grains in bases.items():
        types = world.columns[model]
        assert all(not grains or any(row.get(grain) for grain in grains) for row in world.rows[model]), model
        rows = [
            [*(_key(calendar, row[grain]) if grain in row else None for grain in grains), *(row.get(name) for name in types)]
            for row in world.rows[model]
        ]
        found[model] = ({**{f"{grain}_key": "INTEGER" for grain in grains}, **types}, rows)
    return found


def _key(calendar: Calendar, label: str) -> int:
    period = calendar.parse(label)
    assert period is not None, label
    return period.key


def _write_coverage(connection: duckdb.DuckDBPyConnection, world: World, calendar: Calendar) -> None:
    keyed = [(source, series, unit, _key(calendar, label), state) for (source, series, unit, label), state in world.coverage.items()]
    types = {"source": "VARCHAR", "series": "VARCHAR", "municipality_key": "INTEGER", "base_period_key": "INTEGER", "state": "VARCHAR"}
    create(connection, "coverage", types, keyed)
    status: list[tuple[Any, ...]] = []
    for (source, series), (starts, due) in world.reach.items():
        first, last = calendar.parse(starts), calendar.parse(due)
        assert first is not None and last is not None
        data_to = world.data_to.get((source, series), date.fromordinal(last.end.toordinal() + 1))
        status.append((source, series, first.grain, first.key, last.key, first.start, data_to))
    types = {"source": "VARCHAR", "series": "VARCHAR", "base_grain": "VARCHAR", "starts_key": "INTEGER", "due_key": "INTEGER"}
    create(connection, "source_status", {**types, "starts_date": "DATE", "data_to": "DATE"}, status)
    reached = {(source, series): row[-1] for (source, series), row in zip(world.reach, status, strict=True)}
    lines = {(source, series, unit) for source, series, unit, _ in world.coverage if (source, series) in reached}
    known = [(*line, world.unit_data_to.get(line, reached[line[:2]])) for line in sorted(lines)]
    types = {"source": "VARCHAR", "series": "VARCHAR", "municipality_key": "INTEGER", "data_to": "DATE"}
    create(connection, "data_to", types, known)


def ask(
    connection: duckdb.DuckDBPyConnection,
    catalogue: Catalogue,
    figures: Sequence[str],
    levels: Sequence[str],
    grain: str,
    first: str | None,
    last: str | None,
    *,
    by: Sequence[str] = (),
    areas: Mapping[str, tuple[str, ...]] | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
) -> list[dict[str, Any]]:
    """The package's answer, a dictionary per row. For the grain `range`, first and last are its days."""
    unit = catalogue.vocabulary.reporting_unit
    if grain == "range":
        assert first and last
        ends = [catalogue.calendar.range(date.fromisoformat(first), date.fromisoformat(last))] * 2
    else:
        ends = [catalogue.calendar.parse(label) if label else None for label in (first, last)]
    known = [unit.level(level) for level in levels]
    request = Request(
        catalogue,
        tuple(catalogue.figures[figure] for figure in figures),
        tuple(level for level in known if level is not None),
        tuple(by),
        grain,
        *ends,
        area_filters=areas or {},
        dimension_filters=where or {},
    )
    compiled = compile_request(request)
    cursor = connection.execute(compiled.sql, dict(compiled.parameters))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
