"""`flis query` and `flis sql`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import (
    HERE,
    By,
    FormatOption,
    From,
    Grain,
    KeyFigures,
    KnownOn,
    Labels,
    LanguageOption,
    ProjectOption,
    To,
    Where,
    chosen_language,
    filters,
    moment,
    names,
)
from flis_semantic.cli.output import Format
from flis_semantic.compiler.dialects import DIALECTS, DUCKDB, known_dialects, translate
from flis_semantic.errors import ArgumentError, suggestion
from flis_semantic.query import QueryResult, Session
from flis_semantic.workspace import Project

_SHORT = (
    "key_figure",
    "area_level",
    "area",
    "area_label",
    "period",
    "value",
    "numerator",
    "denominator",
    "status",
    "reason",
    "members",
    "series_break",
)
_NOT_EXECUTED = {
    "da": "Ikke udført: skrevet til {name} ({version} eller nyere) ud fra DuckDB-teksten. Parametre skrives {binding}.",
    "en": "Not executed: written for {name} ({version} or later) from the DuckDB text. Parameters are written {binding}.",
}


def query(  # noqa: PLR0913, PLR0917 - a command has as many options as it has
    key_figures: KeyFigures,
    by: By = None,
    grain: Grain = None,
    from_: From = None,
    to: To = None,
    where: Where = None,
    labels: Labels = None,
    language: LanguageOption = None,
    form: FormatOption = Format.table,
    wide: Annotated[bool, typer.Option("--wide", help="One row per area and period, a column per key figure.")] = False,
    known_on: KnownOn = None,
    project: ProjectOption = HERE,
) -> None:
    """Ask for key figures. A row per key figure, area and period, with status and coverage.

    Example: flis query DOMAIN.KEY_FIGURE --by LEVEL --grain year --from 2019 --to 2020 --format csv
    """
    with _opened(project, known_on) as session:
        spoken = chosen_language(language, session.project)
        shown = labels or (spoken if form is Format.table and not wide else None)
        result = session.query(key_figures, names(by), grain, from_=from_, to=to, where=filters(where), labels=shown, lang=spoken)
        if wide:
            columns, rows = pivoted(result)
            if form is Format.table:
                rows = [_in_units(columns, row, session) for row in rows]
            output.write_rows(columns, rows, form)
        elif form is Format.table:
            output.write(answer_table([result], session))
        elif form in (Format.parquet, Format.arrow):
            output.write_arrow(result.to_arrow(), form)
        else:
            output.write_rows(result.columns, result.tuples(), form)
        for note in result.notes:
            output.say(f"note: {note}")


def sql(  # noqa: PLR0913, PLR0917 - likewise
    key_figures: KeyFigures,
    by: By = None,
    grain: Grain = None,
    from_: From = None,
    to: To = None,
    where: Where = None,
    labels: Labels = None,
    language: LanguageOption = None,
    form: Annotated[Format, typer.Option("--format", help="table: the text; json: the text, its parameters and columns.")] = Format.table,
    wide: Annotated[
        bool, typer.Option("--wide", help="As for a query; the SQL is of the long rows, which are pivoted afterwards.")
    ] = False,
    known_on: KnownOn = None,
    dialect: Annotated[
        str, typer.Option("--dialect", help="duckdb; or postgres, spark, tsql: what that engine would be asked. Written, not executed.")
    ] = DUCKDB,
    project: ProjectOption = HERE,
) -> None:
    """The SQL behind an answer, with the values of its parameters as comments. Takes the arguments of a query.

    Example: flis sql DOMAIN.KEY_FIGURE --by LEVEL --grain year --from 2019 --to 2020 --dialect postgres
    """
    if dialect not in known_dialects():
        raise ArgumentError(
            f"There is no dialect '{dialect}'.", where="--dialect", hint=suggestion(dialect, known_dialects()), code="unknown_dialect"
        )
    with _opened(project, known_on) as session:
        spoken = chosen_language(language, session.project)
        compiled, notes = session.sql(key_figures, names(by), grain, from_=from_, to=to, where=filters(where), labels=labels)
        text = translate(compiled.sql, dialect)
        if dialect != DUCKDB:
            text = f"{_not_executed(dialect, spoken)}\n{text}"
        if form is Format.json:
            output.write(output.json_text({"sql": text, "parameters": dict(compiled.parameters), "columns": compiled.columns}))
            return
        if form is not Format.table:
            raise ArgumentError(
                f"SQL is text and cannot be written as {form}.", where="--format", hint="Use table or json.", code="bad_format"
            )
        if wide:
            notes = [*notes, "The SQL gives the long rows; --wide pivots them afterwards."]
        output.write(with_values(text, compiled.parameters, dialect))
        for note in notes:
            output.say(f"note: {note}")


def _opened(project: Path, known_on: str | None) -> Session:
    """The project's current version, or the one that holds what was known then, built now unless it is there already."""
    then = moment(known_on)
    if then is None:
        return Session(project)
    from flis_semantic.cli.run_line import build_known_on

    report = build_known_on(Project(project), then)
    built = "built before from the same input" if report.is_reused else "built now"
    output.say(f"As it was known on {then.isoformat(sep=' ', timespec='seconds')} UTC, under today's definitions ({built}).")
    return Session(project, then)


def with_values(text: str, parameters: Mapping[str, object], dialect: str) -> str:
    """The SQL with the values of its parameters as comments, after a first line that says that it was not executed."""
    lines: list[str] = []
    for name, value in parameters.items():
        shown = str(value.isoformat() if isinstance(value, date) else value)
        # A value from the command line must not end the comment, nor be read as a parameter by a driver.
        shown = (shown.splitlines() or [""])[0].replace("%", "%%" if dialect == "postgres" else "%")
        lines.append(f"-- {'$' if dialect == DUCKDB else ''}{name} = {shown}")
    first, newline, rest = text.partition("\n")
    return "\n".join([*lines, text]) if dialect == DUCKDB else "\n".join([first, *lines, rest if newline else ""])


def _not_executed(dialect: str, language: str) -> str:
    """The line that every translated text begins with."""
    target = DIALECTS[dialect]
    return f"-- {_NOT_EXECUTED.get(language, _NOT_EXECUTED['en']).format(name=target.name, version=target.version, binding=target.binding)}"


def answer_table(results: Sequence[QueryResult], session: Session, title: str | None = None) -> str:
    """Answers with the same columns for a reader: values in the decimals of their unit, members as `97 of 98`."""
    figures = session.catalogue.figures
    found = results[0].columns
    position = {name: index for index, name in enumerate(found)}
    columns = sorted((name for name in found if name in _SHORT or _is_cut(name, found)), key=lambda name: _reading_order(name, position))
    rows: list[list[str]] = []
    order = list(figures)
    everything = sorted((row for result in results for row in result.tuples()), key=lambda row: order.index(str(row[0])))
    for row in everything:
        unit = figures[str(row[position["key_figure"]])].unit
        cells: list[str] = []
        for name in columns:
            value = row[position[name]]
            if name == "value":
                cells.append(output.shown(value, unit.decimals))
            elif name == "members":
                cells.append(f"{value} of {row[position['members_expected']]}")
            else:
                cells.append(output.shown(value))
        rows.append(cells)
    kept = [index for index, name in enumerate(columns) if name not in ("series_break", "reason") or any(row[index] != "–" for row in rows)]
    return output.table_text([columns[index] for index in kept], [[row[index] for index in kept] for row in rows], title)


def _in_units(columns: Sequence[str], row: Sequence[Any], session: Session) -> list[Any]:
    """Values of key figures as text in the decimals of their unit."""
    figures = session.catalogue.figures
    return [
        output.shown(value, figures[name].unit.decimals) if name in figures and value is not None else value
        for name, value in zip(columns, row, strict=True)
    ]


def _reading_order(name: str, position: Mapping[str, int]) -> float:
    """A name stands right after its code."""
    return position[name.removesuffix("_label")] + 0.5 if name.endswith("_label") else position[name]


def pivoted(result: QueryResult) -> tuple[list[str], list[Sequence[Any]]]:
    """A row per area, cell and period; per key figure a column with its value and one with its status."""
    position = {name: index for index, name in enumerate(result.columns)}
    keys = [
        name for name in result.columns if name in ("area_level", "area", "area_label", "grain", "period") or _is_cut(name, result.columns)
    ]
    figures: dict[str, None] = {}
    rows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in result.tuples():
        figure = str(row[position["key_figure"]])
        figures[figure] = None
        cells = rows.setdefault(tuple(row[position[name]] for name in keys), {})
        cells[figure] = row[position["value"]]
        cells[f"{figure}__status"] = row[position["status"]]
    columns = [name for figure in figures for name in (figure, f"{figure}__status")]
    return [*keys, *columns], [[*key, *(cells.get(name) for name in columns)] for key, cells in rows.items()]


def _is_cut(name: str, columns: Sequence[str]) -> bool:
    """Whether a column is a dimension: those stand between area and grain, and their labels at the end."""
    cuts = columns[columns.index("area") + 1 : columns.index("grain")]
    return name in cuts or any(name == f"{cut}_label" for cut in cuts)
