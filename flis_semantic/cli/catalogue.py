"""`flis catalogue list | show | check | schema`."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer

from flis_semantic.catalogue.load import json_schemas
from flis_semantic.catalogue.model import ReferenceDate
from flis_semantic.catalogue.resolved import KeyFigure, ResolvedComponent
from flis_semantic.cli import output
from flis_semantic.cli.options import HERE, FormatOption, ProjectOption, TextFormatOption
from flis_semantic.cli.output import Format, TextFormat
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import RequestError, suggestion
from flis_semantic.workspace import Project

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List, read and check the definitions. Example: flis catalogue list")


@app.command("list")
def list_(form: FormatOption = Format.table, project: ProjectOption = HERE) -> None:
    """All key figures with unit, direction and the grains at which they are published.

    Example: flis catalogue list --format json
    """
    found = Project(project).catalogue
    languages = found.vocabulary.languages
    columns = ["id", "domain", *(f"title_{language}" for language in languages), "unit", "direction", "grains"]
    rows: list[list[Any]] = []
    for figure in found.figures.values():
        titles = [figure.file.title[language] for language in languages]
        grains: Any = list(figure.publish_grains)
        rows.append([figure.id, figure.domain, *titles, figure.file.unit, figure.file.direction, grains])
    if form in (Format.table, Format.csv):
        rows = [[*row[:-1], " ".join(row[-1])] for row in rows]
    output.write_rows(columns, rows, form)


@app.command()
def show(key_figure: str, form: TextFormatOption = TextFormat.table, project: ProjectOption = HERE) -> None:
    """One key figure: what it means, what it is made of, at which grains it can be asked.

    Example: flis catalogue show DOMAIN.KEY_FIGURE
    """
    found = Project(project).catalogue
    figure = found.figures.get(key_figure)
    if figure is None:
        hint = f"{suggestion(key_figure, found.figures)} `flis catalogue list` shows all of them.".strip()
        raise RequestError(f"There is no key figure '{key_figure}'.", hint=hint, code="unknown_key_figure")
    card = _card(figure)
    if form is TextFormat.json:
        output.write(output.json_text(card))
    else:
        output.write(
            output.table_text(["field", "value"], [[name, _line(value)] for name, value in card.items() if value not in (None, [], {})])
        )


@app.command()
def check(project: ProjectOption = HERE) -> None:
    """Check vocabulary, contracts and catalogue; all errors are shown with file and line.

    Example: flis catalogue check --project .
    """
    opened = Project(project)
    found = opened.catalogue
    output.say(f"{len(found.figures)} key figures in {len(found.domains)} domains on {len(opened.contracts)} contracts: no errors.")


@app.command()
def schema(
    file: Annotated[str | None, typer.Argument(help="One of the kinds of file; without, all of them.")] = None,
    project: ProjectOption = HERE,
) -> None:
    """The JSON Schema of the definition files, generated from the models that read them.

    Example: flis catalogue schema > catalogue.schema.json
    """
    schemas = {**json_schemas(), "contracts/<table>.yml": Contract.model_json_schema()}
    if file is not None and file not in schemas:
        raise RequestError(f"There is no kind of file '{file}'.", hint=suggestion(file, schemas), code="unknown_schema")
    output.write(output.json_text(schemas if file is None else schemas[file]))


def _card(figure: KeyFigure) -> dict[str, Any]:
    file = figure.file
    card: dict[str, Any] = {"id": figure.id, "domain": figure.domain}
    card |= {f"title_{language}": text for language, text in file.title.items()}
    card |= {f"description_{language}": text for language, text in file.description.items()}
    card["numerator"] = [_component(component) for component in figure.numerator]
    card["denominator"] = [_component(component) for component in figure.denominator]
    card |= {"unit": file.unit, "factor": figure.unit.factor, "direction": file.direction}
    card["group_value"] = file.group_value.rule
    card["weight"] = [_component(component) for component in figure.weight]
    card |= {"grains": list(figure.grains), "publish_grains": list(figure.publish_grains), "dimensions": list(figure.dimensions)}
    card["members"] = file.country_members
    card["publish_if"] = _line(file.publish_if.model_dump(exclude_none=True)) if file.publish_if else None
    card["series_breaks"] = [item.date for item in file.series_breaks]
    card |= {f"remarks_{language}": text for language, text in file.remarks.items()}
    card |= {"owner": figure.owner, "publisher": file.publisher, "legal_basis": file.legal_basis, "aliases": list(file.aliases)}
    card["sources"] = sorted({_source(line.table, line.series) for component in figure.components for line in component.sources})
    return card


def _component(component: ResolvedComponent) -> str:
    words = [("+ " if component.sign > 0 else "- ") + component.label, f"over time: {component.over_time}"]
    if component.edition:
        words.append(f"{component.fact.definition.edition_word} {component.edition[1]}")
    if component.reference is not None:
        words.append(f"on {_date(component.reference)}")
    for name, part in (("window", component.window), ("offset", component.offset)):
        if part is not None:
            words.append(f"{name} {_line(part.model_dump(exclude_none=True))}")
    words += [f"{dimension} in {', '.join(codes)}" for dimension, codes in component.filters]
    return "; ".join(words)


def _date(reference: ReferenceDate) -> str:
    if reference.latest_known is None:
        return _line(reference.model_dump(exclude_none=True))
    longest = reference.latest_known.max_age
    lengths = [
        f"{count} {unit if count == 1 else unit + 's'}" for unit, count in (("year", longest.years), ("month", longest.months)) if count
    ]
    return f"latest known, at most {' and '.join(lengths)} old"


def _source(table: str, series: str) -> str:
    return f"{table}/{series}" if series else table


def _line(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_line(part)}" for name, part in cast(dict[str, Any], value).items())
    return "\n".join(str(part) for part in cast(list[Any], value)) if isinstance(value, list) else str(value)
