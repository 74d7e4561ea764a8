"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from flis_semantic.cli.output import Format, TextFormat
from flis_semantic.errors import ArgumentError, suggestion
from flis_semantic.workspace import Project

ProjectOption = Annotated[Path, typer.Option("--project", metavar="DIR", help="The project's folder.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How rows are written to stdout.")]
TextFormatOption = Annotated[TextFormat, typer.Option("--format", help="How the report is written to stdout.")]
KeyFigures = Annotated[list[str], typer.Argument(metavar="KEY_FIGURE…", help="Ids, such as those `flis catalogue list` shows.")]
By = Annotated[
    list[str] | None, typer.Option("--by", help="An area level and dimensions; several with commas or repeated. Without: the whole.")
]
Grain = Annotated[str | None, typer.Option("--grain", help="day, week, month, quarter, year, a declared calendar, or range.")]
From = Annotated[str | None, typer.Option("--from", metavar="PERIOD", help="First period: 2025, 2025-Q1, 2025-01, 2025-W01 or 2025-01-01.")]
To = Annotated[str | None, typer.Option("--to", metavar="PERIOD", help="Last period, inclusive.")]
Where = Annotated[list[str] | None, typer.Option("--where", metavar="NAME=CODE,CODE", help="Only these areas or members; may be repeated.")]
Labels = Annotated[str | None, typer.Option("--labels", metavar="LANGUAGE", help="Add a column with the name of every code.")]

LanguageOption = Annotated[
    str | None, typer.Option("--lang", metavar="LANGUAGE", help="Language of titles and explanations; the vocabulary's first without.")
]

KnownOn = Annotated[
    str | None,
    typer.Option("--known-on", metavar="TIME", help="As it was known at the end of a day (YYYY-MM-DD) or at a time, in UTC."),
]

HERE = Path()


def moment(text: str | None) -> datetime | None:
    """A time as somebody writes it, in UTC without a zone: a day means its end.

    Raises:
        ArgumentError: it is no day and no time.
    """
    if text is None:
        return None
    try:
        if "T" not in text and ":" not in text:
            return datetime.combine(date.fromisoformat(text), time.max)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentError(
            f"'{text}' is no day and no time.", where="--known-on", hint="Write 2025-03-31 or 2025-03-31T12:00.", code="bad_time"
        ) from error
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo is not None else found


def day(text: str | None) -> date:
    """A day as somebody writes it; today in UTC without.

    Raises:
        ArgumentError: it is no day.
    """
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentError(f"'{text}' is no day.", where="--on", hint="Write 2025-03-31.", code="bad_day") from error


def chosen_language(language: str | None, project: Project) -> str:
    """The language asked for, or the vocabulary's first.

    Raises:
        ArgumentError: the project has no texts in it.
    """
    known = project.vocabulary.languages
    if language is not None and language not in known:
        raise ArgumentError(
            f"There are no texts in '{language}'.", where="--lang", hint=suggestion(language, known), code="unknown_language"
        )
    return language or known[0]


def names(values: list[str] | None) -> list[str]:
    """Values given with commas or by repeating the option."""
    return [part.strip() for value in values or [] for part in value.split(",") if part.strip()]


def filters(values: list[str] | None) -> dict[str, list[str]]:
    """NAME=CODE,CODE … as a mapping.

    Raises:
        ArgumentError: a filter without an equals sign.
    """
    found: dict[str, list[str]] = {}
    for value in values or []:
        name, equals, codes = value.partition("=")
        if not equals or not name.strip():
            raise ArgumentError(f"'{value}' is no filter.", where="--where", hint="Write NAME=CODE,CODE.", code="bad_filter")
        found.setdefault(name.strip(), []).extend(code.strip() for code in codes.split(","))
    return found
