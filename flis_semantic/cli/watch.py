"""Commands that look at what the line did: quality, coverage, expected."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, FormatOption, LanguageOption, ProjectOption, TextFormatOption, chosen_language, day, names
from flis_semantic.cli.output import Format, TextFormat
from flis_semantic.cli.quality_pages import write_figures, write_units
from flis_semantic.errors import ArgumentError
from flis_semantic.workspace import Project

_TITLES = {
    "da": {
        "chain": "Hver leverance, fra fil til mart (rækker)",
        "rules": "Rækker ramt af en regel, efter leverance og regel",
        "files": "Fund om hele filer",
        "gaps": "Huller i rækken af ændringsleverancer, og hvad der venter",
        "deletes": "Sletninger af noget, der ikke er der",
        "deadlines": "Ikke modtaget til tiden",
        "controls": "Offentliggjorte tal ved siden af beregnede (seneste periode; alle er sammenlignet)",
    },
    "en": {
        "chain": "Every delivery, from file to mart (rows)",
        "rules": "Rows hit by a rule, by delivery and rule",
        "files": "Findings about whole files",
        "gaps": "Gaps between deltas, and what waits for them",
        "deletes": "Deletes of what is not there",
        "deadlines": "Not received in time",
        "controls": "Published figures beside computed ones (latest period; all compared)",
    },
}
_MOST_ROWS = 40
"""More rows than this are added up in a table for the terminal; JSON has every one."""

_LATE_COLUMNS = ("source", "period", "due_date", "status", "units", "most_days_late")
OnOption = Annotated[str | None, typer.Option("--on", metavar="DATE", help="The day that deadlines are compared with; today without.")]


def quality(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    by: Annotated[
        list[str] | None,
        typer.Option("--by", metavar="KEY", help="Counts and shares by domain, source, unit, supplier, delivery, rule or month; several."),
    ] = None,
    unit: Annotated[list[str] | None, typer.Option("--unit", metavar="CODE", help="Only these units; without --by a whole report.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="DIR", help="Write a page for each unit, or those of --unit.")] = None,
    set_aside: Annotated[bool, typer.Option("--set-aside", help="List the rows set aside, with line, rules, reason and the row.")] = False,
    on: OnOption = None,
    form: TextFormatOption = TextFormat.table,
    language: LanguageOption = None,
    project: ProjectOption = HERE,
) -> None:
    """What became of every delivered row, what rules hit, what waits, what is late, and published totals beside computed ones.

    With --by the same in counts and shares, by month for a trend; with --html a page for each unit that says what is needed from it.
    Exit code 1 when the chain does not add up for a delivery.

    Example: flis quality --by supplier,month --format json
    """
    from flis_semantic.quality import report as parts

    opened = Project(project)
    spoken = chosen_language(language, opened)
    if set_aside + bool(by) + (html is not None) > 1:
        raise ArgumentError("One report at a time.", where="--by, --html, --set-aside", hint="Choose one.", code="several_reports")
    if set_aside:
        _write_set_aside(opened, form)
        return
    if by:
        write_figures(opened, names(by), names(unit), form, spoken)
        return
    if html is not None or unit:
        write_units(opened, names(unit), day(on), html, form)
        return
    report = parts.quality_report(opened, spoken, day(on))
    if form is TextFormat.json:
        output.write(output.json_text(asdict(report)))
    else:
        titles = _TITLES.get(spoken, _TITLES["en"])
        chain = tuple(name for name in parts.CHAIN_COLUMNS if name != "message")
        for rows, columns, title in ((report.deliveries, chain, "chain"), (report.rules, parts.RULE_COLUMNS, "rules")):
            _write_part(*_summed(rows, columns, ("contract", "verdict", "stage", "rule_id", "action", "title")), titles[title])
        _write_part(*_summed(report.files, parts.FILE_COLUMNS, ("contract", "rule_id", "title")), titles["files"])
        _write_part(report.gaps, parts.GAP_COLUMNS, titles["gaps"])
        _write_part(report.deletes, parts.DELETE_COLUMNS, titles["deletes"])
        _write_part(_late_by_period(report.deadlines), _LATE_COLUMNS, titles["deadlines"])
        if report.controls:
            _write_controls(report.controls, titles["controls"])
    for note in report.notes:
        output.say(f"note: {note}")
    raise typer.Exit(0 if report.adds_up else 1)


def coverage(
    source: Annotated[str | None, typer.Option("--source", help="Only this contract.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="List every unit and base period that is not there, or is held.")] = False,
    decisions: Annotated[bool, typer.Option("--decisions", help="List what was held, approved and exempted.")] = False,
    form: FormatOption = Format.table,
    project: ProjectOption = HERE,
) -> None:
    """How complete the sources are: base periods expected of every unit, and what was delivered, held, approved and exempted.

    Example: flis coverage --source TABLE --missing --format csv
    """
    from flis_semantic.quality import coverage as parts

    if missing and decisions:
        raise ArgumentError("One list at a time.", where="--missing, --decisions", hint="Choose one.", code="several_lists")
    opened = Project(project)
    if decisions:
        columns, rows = parts.decided_rows(opened, source)
    else:
        columns, rows = parts.missing_rows(opened, source) if missing else parts.coverage_rows(opened, source)
    output.write_rows(columns, rows, form)


def expected(
    overdue: Annotated[
        bool, typer.Option("--overdue", help="List what is past its deadline and has not come, and how late it is.")
    ] = False,
    unit: Annotated[list[str] | None, typer.Option("--unit", metavar="CODE", help="List what is expected of these units.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Only this contract.")] = None,
    on: OnOption = None,
    form: FormatOption = Format.table,
    project: ProjectOption = HERE,
) -> None:
    """The calendar of deliveries: when each source is due, and how many units came in time, late, not at all, or need not.

    Of what has begun by the day. A deadline's own day is in time.

    Example: flis expected --overdue --source TABLE --on 2025-04-15 --format csv
    """
    from flis_semantic.quality import deadlines as parts

    opened = Project(project)
    rows = parts.expected_rows(opened, day(on), source, names(unit) or None)
    columns = parts.COLUMNS
    if overdue:
        rows, columns = [row for row in rows if row["status"] == "overdue"], ("source", "unit", "period", "due_date", "days_late")
    elif not unit:
        rows, columns = parts.by_period(rows), parts.CALENDAR_COLUMNS
    output.write_rows(columns, [[row[name] for name in columns] for row in rows], form)
    lacking = [table for table in parts.without_deadline(opened) if source in (None, table)]
    if lacking:
        output.say(f"note: No deadline is agreed for {', '.join(lacking)}.")


def _summed(rows: list[dict[str, Any]], columns: tuple[str, ...], kept: tuple[str, ...]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Rows of more deliveries than anybody reads, by what they have in common: how many, their numbers added, and whether all add up."""
    if len(rows) <= _MOST_ROWS:
        return rows, columns
    keys = [name for name in columns if name in kept]
    numbers = [name for name in columns if name not in (*kept, "delivery_id") and all(type(row[name]) in (int, type(None)) for row in rows)]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        group = found.setdefault(tuple(row[name] for name in keys), {**{name: row[name] for name in keys}, "deliveries": 0})
        group["deliveries"] += 1
        for name in numbers:
            group[name] = group.get(name, 0) + (row[name] or 0)
        if "adds_up" in columns:
            group["adds_up"] = group.get("adds_up", True) and row["adds_up"] is not False
    said = [name for name in ("adds_up", "title") if name in columns]
    ordered = (*(name for name in keys if name not in said), "deliveries", *numbers, *said)
    return sorted(found.values(), key=lambda group: [str(group[name]) for name in keys]), ordered


def _write_part(rows: list[dict[str, Any]], columns: tuple[str, ...], title: str) -> None:
    if rows:
        output.write(output.table_text(columns, _cells(rows, columns), title))


def _late_by_period(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of every source, period and status how many units, and how late the latest of them."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault(
            (row["source"], row["due_date"], row["status"]),
            {name: row.get(name) for name in _LATE_COLUMNS} | {"units": 0, "most_days_late": 0},
        )
        entry["units"] += 1
        entry["most_days_late"] = max(entry["most_days_late"], row["days_late"])
    by_period = [found[key] for key in sorted(found)]
    return by_period if len(by_period) <= _MOST_ROWS else _late_by_source(by_period)


def _late_by_source(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of every source and status from which period to which, the most units in one of them, and how late the latest is."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        entry = found.setdefault((row["source"], row["status"]), dict(row))
        first = str(entry["period"]).split(" – ")[0]
        entry["period"] = first if first == row["period"] else f"{first} – {row['period']}"
        entry["due_date"] = row["due_date"]
        entry["units"] = max(entry["units"], row["units"])
        entry["most_days_late"] = max(entry["most_days_late"], row["most_days_late"])
    return [found[key] for key in sorted(found)]


def _write_set_aside(project: Project, form: TextFormat) -> None:
    from flis_semantic.quality.set_aside import COLUMNS, set_aside_rows

    rows = set_aside_rows(project)
    if form is TextFormat.json:
        output.write(output.json_text(rows))
    else:
        output.write(output.table_text(COLUMNS, _cells([{**row, "rule_ids": " ".join(row["rule_ids"])} for row in rows], COLUMNS)))


def _cells(rows: list[dict[str, Any]], columns: tuple[str, ...] | list[str]) -> list[list[str]]:
    return [[output.shown(row[name]) for name in columns] for row in rows]


def _write_controls(controls: list[dict[str, Any]], title: str) -> None:
    """The latest control of every series, with how many of all its controls are within tolerance."""
    columns = [
        "source",
        "series",
        "category",
        "period",
        "published_value",
        "computed_value",
        "difference",
        "member_count",
        "within_tolerance",
    ]
    latest: dict[tuple[Any, ...], dict[str, Any]] = {}
    within: dict[tuple[Any, ...], list[bool]] = {}
    for row in controls:
        key = (row["source"], row["series"], row["category"])
        latest[key] = row
        within.setdefault(key, []).append(bool(row["is_within_tolerance"]))
    rows = [{**row, "within_tolerance": f"{sum(within[key])} of {len(within[key])}"} for key, row in latest.items()]
    output.write(output.table_text(columns, _cells(rows, columns), title))
