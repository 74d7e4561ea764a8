"""`flis new`: a small complete project to begin with, written from the templates that ship with the package."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from flis_semantic.cli import output
from flis_semantic.cli.options import names
from flis_semantic.errors import ArgumentError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Begin something new. Example: flis new project DIR")

_TEMPLATES = ("templates", "project")
_WRITTEN_AS = {"gitignore": ".gitignore"}
_DANISH = "da"
_DEFAULT_LANGUAGE = "en"
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_TEXTS = re.compile(r"\[\[(.+?) \| (.+?)\]\]")
_NAMES = re.compile(r"<<names:(\w+)>>")


@app.callback()
def start() -> None:
    """Begin something new.

    Example: flis new project DIR
    """


@app.command()
def project(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that is empty or not there yet.")],
    language: Annotated[
        list[str] | None,
        typer.Option("--lang", metavar="LANGUAGE", help="Languages of titles, the default first; several with commas. Without: en."),
    ] = None,
) -> None:
    """Write a small project that goes through the whole line at once: receive, build, query.

    Units, a contract, a delivered file, models, one domain and one key figure; to be changed into your own.

    Example: flis new project my_figures --lang en,fr
    """
    written = new_project(folder, names(language) or [_DEFAULT_LANGUAGE])
    output.say(f"Wrote {written} files in {folder}. Next:")
    place = "" if folder.resolve() == Path.cwd() else f" --project {folder}"
    output.say(f"  flis receive {folder / 'deliveries'}{place}")
    output.say(f"  flis build{place}")
    output.say(f"  flis query libraries.visits --by district --grain month{place}")


def new_project(folder: Path, languages: Sequence[str]) -> int:
    """Write the project into `folder`, generated files and a delivered file included; how many files.

    Raises:
        ArgumentError: the folder holds something, or a language is no language code.
    """
    from flis_semantic.generate import generate
    from flis_semantic.simulate import recipes, simulate
    from flis_semantic.workspace import Project

    _check(folder, languages)
    there = folder.is_dir()
    texts = {path: written(text, folder.resolve(), languages) for path, text in _templates().items()}
    try:
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        opened = Project(folder)
        generate(opened)
        for table in recipes(opened):
            simulate(opened, table, out=folder / "deliveries")
    except BaseException:
        # All of it or nothing: half a project would be refused as a folder that is not empty.
        for entry in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        if folder.is_dir() and not there:
            folder.rmdir()
        raise
    return sum(path.is_file() for path in folder.rglob("*"))


def written(template: str, folder: Path, languages: Sequence[str]) -> str:
    """A template's text: `<<…>>` replaced, and `[[English | Danish]]` as a text in each of the languages."""
    words = {
        "name": project_name(folder.name),
        "title": folder.name,
        "package": str(files("flis_semantic") / "project"),
        "language": languages[0],
        "languages": ", ".join(languages),
    }
    for word, value in words.items():
        template = template.replace(f"<<{word}>>", value)
    template = _NAMES.sub(lambda match: _mapping(dict.fromkeys(languages, match[1])), template)
    return _TEXTS.sub(lambda match: _mapping({language: _text(match, language) for language in languages}), template)


def _text(match: re.Match[str], language: str) -> str:
    return json.dumps(match[2 if language == _DANISH else 1], ensure_ascii=False)


def project_name(folder: str) -> str:
    """The folder's name as dbt accepts it: small letters, digits, underscores; never that of the shipped package."""
    name = re.sub(r"[^a-z0-9]+", "_", folder.lower()).strip("_")
    return name if name and name[0].isalpha() and name not in ("flis_project", "dbt") else f"project_{name}".rstrip("_")


def _mapping(texts: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{language}: {text}' for language, text in texts.items())}}}"


def _check(folder: Path, languages: Sequence[str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"{folder} is a file.", hint="Name a folder that is empty or not there yet.", code="folder_not_empty")
    if folder.is_dir() and any(folder.iterdir()):
        raise ArgumentError(
            f"{folder} is not empty, and a project would mix with what is there.",
            hint="Name a folder that is empty or not there yet.",
            code="folder_not_empty",
        )
    for language in languages:
        if not _LANGUAGE.fullmatch(language) or languages.count(language) > 1:
            raise ArgumentError(
                f"'{language}' is no language code, or is there twice.",
                where="--lang",
                hint="Write two or three small letters each, such as en,fr.",
                code="bad_language",
            )


def _templates() -> dict[str, str]:
    """Text of every template, by the path at which it is written."""
    root = Path(str(files("flis_semantic").joinpath(*_TEMPLATES)))
    found = {path.relative_to(root): path for path in sorted(root.rglob("*")) if path.is_file()}
    return {
        (relative.parent / _WRITTEN_AS.get(relative.name, relative.name)).as_posix(): path.read_text(encoding="utf-8")
        for relative, path in found.items()
    }
