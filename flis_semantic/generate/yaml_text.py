"""YAML as dbt and Cube both read it: block style, the order as given, strings quoted wherever a reader could bend them."""

from __future__ import annotations

import re
from typing import Any

import yaml

from flis_semantic.errors import DefinitionError, DefinitionErrors

Node = dict[str, Any]
"""A mapping of a generated document."""

_WIDTH = 120
# YAML 1.1 and 1.2 disagree about what is a number (0o17, 1e3); a string that begins like one is always quoted.
_LIKE_A_NUMBER = re.compile(r"[-+.]?[0-9]")
_TEMPLATE = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")


class _Dumper(yaml.SafeDumper):
    """Block style with list items indented, no anchors."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - the signature of the parent
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else "'" if _LIKE_A_NUMBER.match(value) else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def document(header: str, content: Node) -> str:
    """A whole file: the header as a comment, then the content."""
    body = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_WIDTH)
    return f"# {header}\n{body}"


def without_templates(path: str, text: str) -> str:
    """The text, unless it holds what dbt or Cube would take for a template (`{{`, `{%`): then a DefinitionErrors.

    Cube hands such a file to another engine; the braces can only come from a title or an expression of the catalogue.
    """
    lines = [line.strip() for line in text.splitlines() if _TEMPLATE.search(line)]
    if lines:
        raise DefinitionErrors(
            [
                DefinitionError(
                    f"A text or expression holds template braces and would not survive in {path}: {lines[0]}",
                    where="catalogue",
                    hint="Write it without {{, }}, {% or %}.",
                )
            ]
        )
    return text
