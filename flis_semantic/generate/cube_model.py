"""The files of `cube_schema/`: a cube per domain and grain, per fact and per dimension, and a view per domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flis_semantic.catalogue.resolved import Catalogue
from flis_semantic.compiler import GeneratedTable
from flis_semantic.errors import DefinitionError, DefinitionErrors
from flis_semantic.generate import wording as words
from flis_semantic.generate.cube_dimensions import code_cubes, dimension_cubes
from flis_semantic.generate.cube_facts import fact_cube
from flis_semantic.generate.cube_tables import table_cubes
from flis_semantic.generate.wording import Wording, grain_title
from flis_semantic.generate.yaml_text import Node, document, without_templates

_FOLDER = "cube_schema"


def cube_files(catalogue: Catalogue, tables_of: Mapping[str, Sequence[GeneratedTable]], mark: str) -> dict[str, str]:
    """Every Cube definition: path relative to the project, and text.

    Raises:
        DefinitionErrors: two cubes or two members of one cube would have the same name, or a text holds template braces.
    """
    files: dict[str, str] = {}
    places: dict[str, list[str]] = {}

    def add(path: str, source: str, content: Node) -> None:
        header = f"{mark} from {source}. Do not edit: change the catalogue and generate again."
        files[path] = without_templates(path, document(header, content))
        for item in (*content.get("cubes", []), *content.get("views", [])):
            places.setdefault(str(item["name"]), []).append(path)

    cuts = dict.fromkeys(name for tables in tables_of.values() for table in tables for cut, _ in table.cuts for name in cut)
    for cube in (*dimension_cubes(catalogue), *code_cubes(catalogue, cuts)):
        add(f"{_FOLDER}/dimensions/{cube['name']}.yml", "catalogue/_vocabulary.yml", {"cubes": [cube]})
    for domain, tables in tables_of.items():
        source = f"catalogue/{domain}/*.yml and catalogue/_vocabulary.yml"
        grains: dict[str, list[Node]] = {}
        for table in tables:
            grains.setdefault(table.grain, []).extend(table_cubes(catalogue, table))
        for grain, cubes in grains.items():
            add(f"{_FOLDER}/{domain}/{domain}_{grain}.yml", source, {"cubes": cubes})
        # Spells are rows with two ends: what is added up from them in a tool is no state of any day. Key figures have them.
        facts = [fact_cube(catalogue, fact) for fact in catalogue.facts.values() if fact.domain == domain and fact.kind != "spell"]
        for cube in facts:
            add(f"{_FOLDER}/facts/{cube['name']}.yml", source, {"cubes": [cube]})
        if grains or facts:
            add(f"{_FOLDER}/views/{domain}.yml", source, {"views": [_view(catalogue, domain, grains, facts)]})
    _refuse_repeats(places)
    return files


def _view(catalogue: Catalogue, domain: str, grains: dict[str, list[Node]], facts: list[Node]) -> Node:
    """All of a domain in one place. Its cubes are not joined: a query takes members of one of them."""
    wording = Wording(catalogue.vocabulary.languages)
    definition = catalogue.domains[domain]
    folders = [_folder(wording.main(grain_title(catalogue.vocabulary, grain)), cubes) for grain, cubes in grains.items()]
    if facts:
        folders.append(_folder(wording.main(words.FACTS), facts))
    about = {"description": wording.main(definition.description)} if definition.description else {}
    return {
        "name": domain,
        "title": wording.main(definition.title),
        **about,
        "meta": {**wording.others("title", definition.title), **wording.others("description", definition.description)},
        "cubes": [_included(cube) for cube in (*(cube for cubes in grains.values() for cube in cubes), *facts)],
        "folders": folders,
    }


def _included(cube: Node) -> Node:
    included: Node = {"join_path": cube["name"], "prefix": True, "includes": "*"}
    # What a cube hides, a view that includes everything would show.
    hidden = [member["name"] for member in cube["dimensions"] if member.get("public") is False]
    return included | {"excludes": hidden} if hidden else included


def _folder(title: str, cubes: list[Node]) -> Node:
    return {"name": title, "includes": [{"join_path": cube["name"]} for cube in cubes]}


def _refuse_repeats(places: dict[str, list[str]]) -> None:
    errors = [
        DefinitionError(
            f"Two Cube definitions would be named '{name}': {' and '.join(paths)}.", where="catalogue", hint="Rename one of them."
        )
        for name, paths in places.items()
        if len(paths) > 1
    ]
    if errors:
        raise DefinitionErrors(errors)
