"""Commands that run the line: demo, receive, build, generate; and those that look at it: quality, coverage."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, FormatOption, LanguageOption, ProjectOption, TextFormatOption, chosen_language
from flis_semantic.cli.output import Format, TextFormat
from flis_semantic.errors import ArgumentError, DefinitionError, DefinitionErrors
from flis_semantic.workspace import Project

_TITLES = {
    "da": {
        "chain": "Hver leverance, fra fil til mart (rækker)",
        "rules": "Rækker sat til side, efter regel",
        "files": "Fund om hele filer",
        "controls": "Offentliggjorte tal ved siden af beregnede (seneste periode; alle er sammenlignet)",
    },
    "en": {
        "chain": "Every delivery, from file to mart (rows)",
        "rules": "Rows set aside, by rule",
        "files": "Findings about whole files",
        "controls": "Published figures beside computed ones (latest period; all compared)",
    },
}

Files = Annotated[list[Path], typer.Argument(metavar="FILE|DIR…", help="Delivered files, or folders of them.")]


def demo(project: ProjectOption = HERE) -> None:
    """The whole line once: receive, build, and ask for key figures of some areas.

    Published files are taken where they are; otherwise deliveries are generated, and marked as synthetic wherever shown.

    Example: flis demo
    """
    from flis_semantic.cli.demonstration import run_demo

    run_demo(Project(project))


def receive(
    files: Files,
    contract: Annotated[str | None, typer.Option("--contract", help="What the files are, instead of recognising it.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 when a row was set aside.")] = False,
    supersede: Annotated[bool, typer.Option("--supersede", help="Put an older extract in force again.")] = False,
    form: TextFormatOption = TextFormat.table,
    project: ProjectOption = HERE,
) -> None:
    """Receive deliveries: check them against their contracts, keep what is right, set aside what is not.

    Exit code 1 when a file is refused; the others are received all the same.

    Example: flis receive deliveries/2026-08 --strict
    """
    from flis_semantic.delivery.receive import receive as receive_files

    with output.working("Receiving"):
        report = receive_files(Project(project), files, contract=contract, strict=strict, supersede=supersede)
    rows: list[dict[str, Any]] = [
        {
            "file": result.file.name,
            "contract": result.contract,
            "verdict": result.verdict,
            "delivered": result.rows_delivered,
            "accepted": result.rows_accepted,
            "set_aside": result.rows_set_aside,
            "rules": " ".join(f"{rule}:{count}" for rule, count in sorted(result.rule_counts.items())),
            "synthetic": result.synthetic,
            "code": result.code,
            "message": result.message,
            "hint": result.hint,
        }
        for result in report.results
    ]
    if form is TextFormat.json:
        output.write(output.json_text(rows))
    else:
        columns = ("file", "contract", "verdict", "delivered", "accepted", "set_aside", "rules")
        output.write(output.table_text(columns, [[output.shown(row[name]) for name in columns] for row in rows]))
        for result in report.results:
            if result.exit_code or result.rows_set_aside or result.verdict in ("unchanged", "skipped"):
                output.say(str(result))
    raise typer.Exit(report.exit_code)


def build(
    select: Annotated[
        list[str] | None, typer.Option("--select", help="Build and test only these (dbt's notation); publishes nothing.")
    ] = None,
    project: ProjectOption = HERE,
) -> None:
    """Build marts and key figures from what was received into a new version, test it, and make it current.

    A broken invariant keeps the previous version; findings about data are warnings.

    Example: flis build
    """
    from flis_semantic.build import build as build_version

    opened = Project(project)
    refuse_stale(opened)
    with output.working("Building") as step:
        report = build_version(opened, select=select, on_step=step)
    if select and not report.models and not report.tests and not report.exit_code:
        raise ArgumentError(
            f"Nothing matches {' '.join(select)}.", where="--select", hint="Name a model, or tag:KEY_FIGURE.", code="nothing_selected"
        )
    for line in report.lines:
        output.say(line)
    raise typer.Exit(report.exit_code)


def refuse_stale(project: Project) -> None:
    """Models that are not what the catalogue says would give another number than a query does.

    Raises:
        DefinitionErrors: a generated file is stale, missing or orphaned.
    """
    from flis_semantic.generate import check as check_generated

    report = check_generated(project)
    if report.exit_code:
        found = [DefinitionError(finding) for finding in report.findings]
        raise DefinitionErrors(
            [*found, DefinitionError("The generated models are not the catalogue's.", hint="Run `flis generate`, then build.")]
        )


def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 when a generated file is stale or orphaned.")] = False,
    project: ProjectOption = HERE,
) -> None:
    """Write the key-figure models and the Cube definitions from the catalogue.

    Example: flis generate --check
    """
    from flis_semantic.generate import check as check_generated
    from flis_semantic.generate import generate as write_generated

    opened = Project(project)
    report = check_generated(opened) if check else write_generated(opened)
    for line in report.lines:
        output.say(line)
    raise typer.Exit(report.exit_code)


def quality(
    set_aside: Annotated[bool, typer.Option("--set-aside", help="List the rows set aside, with line, rules, reason and the row.")] = False,
    form: TextFormatOption = TextFormat.table,
    language: LanguageOption = None,
    project: ProjectOption = HERE,
) -> None:
    """What became of every delivered row, what was set aside and why, and published totals beside computed ones.

    Exit code 1 when the chain does not add up for a delivery.

    Example: flis quality --format json
    """
    from flis_semantic.quality.report import CHAIN_COLUMNS, RULE_COLUMNS, quality_report

    opened = Project(project)
    spoken = chosen_language(language, opened)
    if set_aside:
        _write_set_aside(opened, form)
        return
    report = quality_report(opened, spoken)
    if form is TextFormat.json:
        output.write(output.json_text(asdict(report)))
    else:
        titles = _TITLES.get(spoken, _TITLES["en"])
        chain = [name for name in CHAIN_COLUMNS if name != "message"]
        output.write(output.table_text(chain, _cells(report.deliveries, chain), titles["chain"]))
        if report.rules:
            output.write(output.table_text(RULE_COLUMNS, _cells(report.rules, RULE_COLUMNS), titles["rules"]))
        if report.files:
            output.write(output.table_text(RULE_COLUMNS, _cells(report.files, RULE_COLUMNS), titles["files"]))
        if report.controls:
            _write_controls(report.controls, titles["controls"])
    for note in report.notes:
        output.say(f"note: {note}")
    raise typer.Exit(0 if report.adds_up else 1)


def coverage(
    source: Annotated[str | None, typer.Option("--source", help="Only this contract.")] = None,
    missing: Annotated[bool, typer.Option("--missing", help="List every unit and base period that is not there.")] = False,
    form: FormatOption = Format.table,
    project: ProjectOption = HERE,
) -> None:
    """How complete the sources are: base periods expected of every unit, and what was delivered.

    Example: flis coverage --source TABLE --missing --format csv
    """
    from flis_semantic.quality.coverage import coverage_rows, missing_rows

    opened = Project(project)
    columns, rows = missing_rows(opened, source) if missing else coverage_rows(opened, source)
    output.write_rows(columns, rows, form)


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
