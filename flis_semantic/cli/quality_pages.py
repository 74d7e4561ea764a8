"""What `flis quality` writes by key, and for single units."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from flis_semantic.cli import output
from flis_semantic.cli.output import TextFormat
from flis_semantic.errors import ArgumentError, suggestion
from flis_semantic.workspace import Project


def write_figures(project: Project, by: list[str], units: list[str], form: TextFormat, language: str) -> None:
    """Counts and shares by keys, of all units or of some."""
    from flis_semantic.quality import figures as parts

    for name in by:
        if name not in parts.KEYS:
            raise ArgumentError(f"There is no key '{name}'.", where="--by", hint=suggestion(name, parts.KEYS), code="unknown_key")
    _check_units(project, units)
    keys = [key for key in dict.fromkeys(by) if key in parts.KEYS]
    cells = [cell for cell in parts.counted(project).cells if not units or cell.unit in units]
    if "rule" in keys:
        rows = parts.rule_rows(project, cells, keys, language)
        columns = [*dict.fromkeys([*(key for key in keys if key != "rule"), "source"]), "rule", *parts.RULE_COLUMNS]
    else:
        rows, columns = parts.figure_rows(cells, keys), [*keys, *parts.ROW_COLUMNS]
    _write(rows, columns, form)


def write_units(project: Project, units: list[str], on: date, folder: Path | None, form: TextFormat) -> None:
    """The report of each unit as text, or as a page in a folder."""
    from flis_semantic.quality.page import page_of
    from flis_semantic.quality.page_index import index_of
    from flis_semantic.quality.report import quality_report
    from flis_semantic.quality.unit import NEED_COLUMNS, unit_reports

    _check_units(project, units)
    kind = project.vocabulary.reporting_unit.member_kind
    chosen = units or sorted(code for code, unit_kind in project.units.items() if unit_kind == kind)
    with output.working("Adding up"):
        reports = unit_reports(project, chosen, on, quality_report(project, None, on).gaps)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for report in reports:
            (folder / f"{report.unit}.html").write_text(page_of(report, project.vocabulary.languages), encoding="utf-8")
        if len(reports) > 1:
            (folder / "index.html").write_text(index_of(reports, on, project.vocabulary.languages), encoding="utf-8")
        output.say(f"{len(reports):,} pages written to {folder}{', with index.html' if len(reports) > 1 else ''}.")
    elif form is TextFormat.json:
        output.write(output.json_text([asdict(report) for report in reports]))
    else:
        for report in reports:
            _write(report.needs, list(NEED_COLUMNS), form, f"{report.unit} {next(iter(report.names.values()), '')}")
            _write(report.sources, list(report.sources[0]) if report.sources else [], form)


def _check_units(project: Project, units: list[str]) -> None:
    for unit in units:
        if unit not in project.units:
            raise ArgumentError(f"There is no unit '{unit}'.", where="--unit", hint=suggestion(unit, project.units), code="unknown_unit")


def _write(rows: list[dict[str, Any]], columns: list[str], form: TextFormat, title: str | None = None) -> None:
    if form is TextFormat.json:
        output.write(output.json_text(rows))
    else:
        cells = [[str(row[name]) if name == "delivery" else output.shown(row[name]) for name in columns] for row in rows]
        output.write(output.table_text(columns, cells, title))
