"""The JSON Schema that editors complete from accepts what the loader accepts, and refuses what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flis_semantic import strict_yaml
from flis_semantic.catalogue.load import json_schemas

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for path in (ROOT / "catalogue").rglob("*.yml"))


def kind(path: Path) -> str:
    return (
        path.name
        if path.name == "_vocabulary.yml"
        else "<domain>/_domain.yml"
        if path.name == "_domain.yml"
        else "<domain>/<key_figure>.yml"
    )


def data(path: Path) -> Any:
    document, errors = strict_yaml.read(path, path.name)
    assert document is not None
    assert not errors
    return json.loads(json.dumps(document.data))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_the_catalogue_fits_the_schema(path: Path) -> None:
    jsonschema.validate(data(path), json_schemas()[kind(path)])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("numerator", {"measure": "a.b", "windows": {"rolling": {"months": 12}}}),
        ("numerator", {"plus": [], "mines": []}),
        ("numerator", {"measure": "a.b", "reference_date": "last_of_period"}),
        ("group_value", "mean"),
        ("group_value", {"weight": "a.b"}),
        ("direction", "downwards"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(field: str, value: Any) -> None:
    figure = data(ROOT / "catalogue" / "employment" / "gross_unemployed_published.yml")
    schema = json_schemas()["<domain>/<key_figure>.yml"]
    jsonschema.validate(figure, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**figure, field: value}, schema)


@pytest.mark.parametrize(
    "component",
    [
        {"measure": "a.b", "reference_date": "first_of_period"},
        {"measure": "d.a.b", "reference_date": {"first_of": "year"}},
        {"measure": "a.b", "window": {"rolling": {"months": 12}}, "offset": {"years": 1}},
    ],
)
def test_the_schema_accepts_the_short_forms(component: Any) -> None:
    figure = data(ROOT / "catalogue" / "employment" / "gross_unemployed_published.yml")
    schema = json_schemas()["<domain>/<key_figure>.yml"]
    for side in (component, {"plus": [component], "minus": [component]}):
        jsonschema.validate({**figure, "numerator": side, "group_value": {"weighted_by": "a.b"}}, schema)
