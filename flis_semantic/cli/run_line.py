"""Commands that run the line: demo, receive, build, generate."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, KnownOn, ProjectOption, TextFormatOption, moment
from flis_semantic.cli.output import TextFormat
from flis_semantic.errors import ArgumentError, BuildError, DefinitionError, DefinitionErrors
from flis_semantic.workspace import Project

if TYPE_CHECKING:
    from flis_semantic.build import BuildReport
    from flis_semantic.delivery.report import ReceiveReport

_WAIT_SECONDS = 600
"""How long a question waits for a build that is running."""

_MOST_FILES = 30
"""More files than this are not listed one by one."""

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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge only: the same report and exit code, and nothing is kept.")] = False,
    form: TextFormatOption = TextFormat.table,
    project: ProjectOption = HERE,
) -> None:
    """Receive deliveries: check them against their contracts, keep what is right, set aside what is not.

    Exit code 1 when a file is refused; the others are received all the same.

    Example: flis receive deliveries/2026-08 --dry-run --strict
    """
    from flis_semantic.delivery import dry_run as dry
    from flis_semantic.delivery.receive import receive as receive_files

    opened = Project(project)
    with output.working("Judging" if dry_run else "Receiving"), dry.dry_run(opened) if dry_run else nullcontext(opened) as place:
        key = dry.passing_key(place) if dry_run else None
        report = receive_files(place, files, contract=contract, strict=strict, supersede=supersede, key=key)
    if dry_run:
        output.say("Dry run: nothing was received.")
    rows: list[dict[str, Any]] = [
        {
            "file": result.shown_name,
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
        if len(rows) <= _MOST_FILES:
            columns = ("file", "contract", "verdict", "delivered", "accepted", "set_aside", "rules")
            output.write(output.table_text(columns, [[output.shown(row[name]) for name in columns] for row in rows]))
        else:
            output.write(totals_table(report))
        for result in report.findings[:_MOST_FILES]:
            output.say(str(result))
        if len(report.findings) > _MOST_FILES:
            output.say(f"and {len(report.findings) - _MOST_FILES:,} more: --format json has every file.")
    raise typer.Exit(report.exit_code)


def reprocess(
    contract: Annotated[str, typer.Option("--contract", metavar="TABLE", help="Whose set-aside rows are judged again.")],
    form: TextFormatOption = TextFormat.table,
    project: ProjectOption = HERE,
) -> None:
    """Judge set-aside rows again, after a contract, a code list or a rule was corrected. The ledger keeps both verdicts.

    Rows whose personal values are masked need the delivered file: receive it again with --supersede.

    Example: flis reprocess --contract TABLE
    """
    from dataclasses import asdict

    from flis_semantic.delivery.reprocess import COLUMNS
    from flis_semantic.delivery.reprocess import reprocess as judge_again

    with output.working("Judging again"):
        results = [asdict(result) for result in judge_again(Project(project), contract)]
    if form is TextFormat.json:
        output.write(output.json_text([{name: row[name] for name in COLUMNS} for row in results]))
        return
    columns = [name for name in COLUMNS if name != "message"]
    output.write(output.table_text(columns, [[output.shown(row[name]) for name in columns] for row in results]))
    for row in results[:_MOST_FILES]:
        output.say(f"{row['file']}: {row['message']}")
    output.say("It counts from the next `flis build`." if any(row["judged_as"] for row in results) else "Nothing changed.")


def totals_table(report: ReceiveReport) -> str:
    """Files and rows by contract and verdict, when there are too many files to list."""
    columns = ("contract", "verdict", "files", "delivered", "accepted", "set_aside")
    rows = [
        (contract or "–", verdict, total.files, total.rows_delivered, total.rows_accepted, total.rows_set_aside)
        for (contract, verdict), total in report.totals.items()
    ]
    return output.table_text(columns, [[output.shown(value) for value in row] for row in rows])


def build(
    select: Annotated[
        list[str] | None, typer.Option("--select", help="Build and test only these (dbt's notation); publishes nothing.")
    ] = None,
    known_on: KnownOn = None,
    full: Annotated[bool, typer.Option("--full", help="Build everything, whatever changed.")] = False,
    project: ProjectOption = HERE,
) -> None:
    """Build marts and key figures from what was received into a new version, test it, and make it current.

    Only what changed deliveries, decisions, models and seeds touch is rewritten; the rows are those of a full build. A broken
    invariant keeps the previous version; findings about data are warnings. With --known-on the version holds what had been
    received and decided by then, and the current one stays current.

    Example: flis build
    """
    from flis_semantic.build import build as build_version

    opened = Project(project)
    refuse_stale(opened)
    with output.working("Building") as step:
        report = build_version(opened, select=select, known_on=moment(known_on), full=full, on_step=step)
    if select and not report.models and not report.tests and not report.exit_code:
        raise ArgumentError(
            f"Nothing matches {' '.join(select)}.", where="--select", hint="Name a model, or tag:KEY_FIGURE.", code="nothing_selected"
        )
    for line in report.lines:
        output.say(line)
    raise typer.Exit(report.exit_code)


def build_known_on(project: Project, known_on: datetime) -> BuildReport:
    """The version that holds what was known then, built now or before from the same input.

    Raises:
        ArgumentError: nothing can have been known then.
        BuildError: it could not be built.
    """
    from flis_semantic.build import build as build_version

    refuse_stale(project)
    with output.working("Building what was known") as step:
        report = build_version(project, known_on=known_on, wait_seconds=_WAIT_SECONDS, on_step=step)
    if report.exit_code:
        for line in report.lines:
            output.say(line)
        raise BuildError("What was known then could not be built.", hint="The lines above say why.", code="known_not_built")
    return report


def refuse_stale(project: Project) -> None:
    """Models that are not what the catalogue says would give another number than a query does.

    Raises:
        DefinitionErrors: a generated file is stale, missing or orphaned.
    """
    from flis_semantic.generate import check_once

    report = check_once(project)
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
