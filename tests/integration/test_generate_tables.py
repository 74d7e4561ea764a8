"""The generated key-figure tables as dbt builds them: documented to the last column, and tested before they are published."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from flis_semantic.build import build
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted((REPOSITORY / "models/key_figures").rglob("*.yml"))
FIGURE, TABLE, COLUMN = "citizens.population", "citizens/kf_citizens__year", r"(THEN \w+\.c1) (END AS population__num)"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_documented_columns_are_those_of_the_built_table(demo_project: Path, page: Path) -> None:
    project = Project(demo_project)
    with open_current(project.versions, project.pointer) as connection:
        for model in yaml.safe_load(page.read_text(encoding="utf-8"))["models"]:
            built = [name for name, *_ in connection.sql(f"DESCRIBE {model['name']}").fetchall()]
            assert [column["name"] for column in model["columns"]] == built


def test_one_key_figures_tables_are_built_and_tested_alone_and_a_wrong_sum_is_found(demo_project: Path, tmp_path: Path) -> None:
    shutil.copytree(demo_project, tmp_path / "project", symlinks=True)
    project = Project(tmp_path / "project")
    model = project.root / f"models/key_figures/{TABLE}.sql"
    text = model.read_text(encoding="utf-8")
    wrong, found = re.subn(COLUMN, r"\1 + 1 \2", text)
    assert found == 1
    model.write_text(wrong, encoding="utf-8")
    report = build(project, select=[f"tag:{FIGURE}"])
    assert [(finding.kind, finding.name) for finding in report.failures] == [("invariant", "key_figure_units of kf_citizens__year")]
    assert "key_figure=population" in report.failures[0].examples[0]
    assert "broken_rule=the numerators of the units do not add up to the area" in report.failures[0].examples[0]
