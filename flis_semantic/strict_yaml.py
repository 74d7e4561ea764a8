"""YAML that bends nothing: the reader of every vocabulary, contract and catalogue file.

Plain YAML turns `0101` into 65, `no` into False, `12:30` into 750, `2025-07-01` into a date, and lets a repeated key win
silently. Here a plain scalar is an integer or a decimal number only when it is written as one without ambiguity, `true`
and `false` are the only booleans, an ambiguous scalar is an error that says to quote it, and every value knows its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from flis_semantic.errors import DefinitionError, suggestion

Location = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_WORDS_YAML_BENDS = {"yes", "no", "on", "off", "y", "n"}
_AMBIGUOUS = re.compile(r"[-+]?0[0-9]+\Z|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\Z|0[xob][0-9a-fA-F]+\Z|[-+]?[0-9][0-9_]*_[0-9_]*\Z")
_QUOTES = ("'", '"', "|", ">")
IDENTIFIER = r"^[a-z][a-z0-9_]*$"
"""How ids are written; the vocabulary's own type has the same pattern."""
_EXPECTED = {
    "string_type": "text",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "true or false"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list: [...]"),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "a mapping: {field: value}"),
}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_parse_events: Any = getattr(yaml, "parse")  # noqa: B009 - as below
_compose: Any = getattr(yaml, "compose")  # noqa: B009 - the package has no types; its nodes are read by their documented names


@dataclass(frozen=True)
class Document:
    """One parsed file: its data, the line (1-based) of every value by its path in the data, and the keys in { } without a value."""

    path: Path
    name: str
    data: Any
    lines: dict[Location, int] = field(repr=False)
    bare: frozenset[Location] = field(default=frozenset(), repr=False)

    def where(self, location: Location = ()) -> str:
        """`file:line` of the value at `location`, or of its nearest ancestor that has a line."""
        while location and location not in self.lines:
            location = location[:-1]
        return f"{self.name}:{self.lines.get(location, 1)}"


def read(path: Path, name: str) -> tuple[Document | None, list[DefinitionError]]:
    """Read one file. `name` is how errors call it. Returns the document (None when it is no YAML) and all errors."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [DefinitionError("The file is not UTF-8.", where=name, hint=f"Byte {error.start} cannot be read; save it as UTF-8.")]
    try:
        node: Any = _compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = getattr(error, "problem", None) or "cannot be read"
        return None, [DefinitionError(f"The file is not YAML: {problem}.", where=f"{name}:{line}")]
    if node is None:
        return None, [DefinitionError("The file is empty.", where=f"{name}:1", hint="See `flis catalogue schema` for what belongs in it.")]
    lines: dict[Location, int] = {}
    errors: list[DefinitionError] = _shortcuts(text, name)
    if errors:
        return None, errors
    data = _construct(node, (), name, lines, errors)
    return Document(path, name, data, lines, frozenset(_bare(node, ()))), errors


def parse(model: type[Model], document: Document) -> tuple[Model | None, list[DefinitionError]]:
    """Validate a document against a model; every error names file, line and field and suggests the nearest field."""
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        return None, _readable(model, document, error)


def _shortcuts(text: str, name: str) -> list[DefinitionError]:
    """Anchors, aliases, tags, merge keys and keys that are no text: a reader of the file would have to know YAML to follow them."""
    found: list[DefinitionError] = []
    for event in _parse_events(text, Loader=_LOADER):
        line = event.start_mark.line + 1
        marked = getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None
        # Quoted, the mark of a merge is a word like any other.
        merges = getattr(event, "value", None) == "<<" and not getattr(event, "style", None)
        if marked or merges:
            found.append(
                DefinitionError(
                    "An anchor, alias, tag or merge key stands here.", where=f"{name}:{line}", hint="Write the value out in each place."
                )
            )
    return found


def _construct(node: Any, location: Location, name: str, lines: dict[Location, int], errors: list[DefinitionError]) -> Any:
    lines[location] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = f"{name}:{key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                errors.append(DefinitionError("A key is a list or a mapping.", where=where, hint="A key is a word."))
                continue
            key = str(key_node.value)
            if key in mapping:
                errors.append(DefinitionError(f"The key '{key}' is there twice.", where=where, hint="Keep one of them."))
                continue
            mapping[key] = _construct(value_node, (*location, key), name, lines, errors)
            lines[(*location, key)] = key_node.start_mark.line + 1
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_construct(child, (*location, index), name, lines, errors) for index, child in enumerate(node.value)]
    return _scalar(node, name, errors)


def _bare(node: Any, location: Location) -> Iterator[Location]:
    """Keys inside { } that have no colon or nothing after it: mostly the rest of a text that a comma ended."""
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            here = (*location, str(key_node.value))
            if node.flow_style and isinstance(value_node, yaml.ScalarNode) and value_node.value == "" and value_node.style not in _QUOTES:
                yield here
            yield from _bare(value_node, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _bare(child, (*location, index))


def _scalar(node: Any, name: str, errors: list[DefinitionError]) -> Any:
    text = node.value
    if node.style in _QUOTES:
        return text
    if text in ("", "null", "~"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    if text.lower() in _WORDS_YAML_BENDS or _AMBIGUOUS.match(text):
        errors.append(
            DefinitionError(
                f"{text} without quotes is read differently by different YAML readers.",
                where=f"{name}:{node.start_mark.line + 1}",
                hint=f'Write "{text}" for the text, or true/false for a yes or no.',
            )
        )
    return text


def _readable(model: type[BaseModel], document: Document, error: ValidationError) -> list[DefinitionError]:
    found: list[DefinitionError] = []
    for item in error.errors():
        location = _in_document(tuple(item["loc"]), document.data)
        field_path = ".".join(str(part) for part in location) or "the file"
        if location in document.bare:
            message, hint = f"{field_path} has no value.", "If it belongs to the text before it, quote the text: a comma ends it."
        elif item["type"] == "missing":
            message, hint = f"{field_path} is missing.", "Add it; `flis catalogue schema` describes it."
        elif item["type"] == "extra_forbidden":
            message = f"{field_path} is not a field that exists here."
            hint = suggestion(str(location[-1]), _fields_at(model, tuple(item["loc"])[:-1]))
        else:
            message, hint = _wrong_value(field_path, item["type"], item["input"], item["msg"], item.get("ctx", {}))
        found.append(DefinitionError(message, where=document.where(location), hint=hint))
    return found


def _wrong_value(field_path: str, kind: str, value: Any, text: str, context: Mapping[str, Any]) -> tuple[str, str]:
    """The sentence and the hint about a value that is there: what it is, and what was expected."""
    shown = _shown(value)
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        form = "of an id: lower-case a-z, digits and _, starting with a letter" if pattern == IDENTIFIER else pattern
        return f"{field_path}: {shown} is not of the form {form}.", ""
    if kind in ("literal_error", "enum"):
        return f"{field_path} is {shown}, expected {context.get('expected', 'another value')}.", ""
    if kind in _EXPECTED:
        quoted = f'Write "{shown}" for the text.' if kind == "string_type" and isinstance(value, (bool, int, float)) else ""
        return f"{field_path} is {shown}, expected {_EXPECTED[kind]}.", quoted
    if kind == "too_short":
        least = context["min_length"]
        return f"{field_path} has {context['actual_length']} items, expected at least {least} item{'' if least == 1 else 's'}.", ""
    if text.startswith("Input should be "):
        return f"{field_path} is {shown}, expected {text.removeprefix('Input should be ')}.", ""
    sentence = text.removeprefix("Value error, ")
    place = field_path if isinstance(value, (dict, list, tuple, BaseModel)) or repr(value) in sentence else f"{field_path} is {shown}"
    return f"{place}: {sentence}{'' if sentence.endswith('.') else '.'}", ""


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, (list, tuple)) else repr(value)


def _in_document(location: Location, data: Any) -> Location:
    """A validation location without the steps that name a union's branch and not a place in the file."""
    kept: list[str | int] = []
    missing_last = location[-1:] if location else ()
    here: Any = data
    for index, part in enumerate(location):
        if isinstance(here, dict) and part in here:
            here = cast(dict[Any, Any], here)[part]
            kept.append(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(cast(list[Any], here)):
            here = cast(list[Any], here)[part]
            kept.append(part)
        elif index == len(location) - 1 and isinstance(here, dict):
            kept.extend(missing_last)
    return tuple(kept)


def _fields_at(model: Any, location: Location) -> list[str]:
    """Names of the fields of the model that sits at `location` inside `model` (best effort, for suggestions)."""
    here: list[Any] = [model]
    for part in location:
        step: list[Any] = []
        for candidate in here:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                info = candidate.model_fields.get(str(part)) or next((f for f in candidate.model_fields.values() if f.alias == part), None)
                step += _models_in(info.annotation) if info is not None else ([candidate] if candidate.__name__ == part else [])
        here = step or here
    names: list[str] = []
    for candidate in here:
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            names += [info.alias or name for name, info in candidate.model_fields.items()]
    return names


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    arguments: tuple[Any, ...] = getattr(cast(object, annotation), "__args__", ())
    return [model for argument in arguments for model in _models_in(argument)]
