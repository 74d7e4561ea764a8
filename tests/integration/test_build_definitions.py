"""What dbt itself lets pass: nothing that it would only warn of, and nothing that it does not even look at on this engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from jinja2 import Environment

from flis_semantic.build.dbt_command import install_packages
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.workspace import Project
from tests.integration.landed import REPOSITORY, project_in

# dbt checks YAML keys against its schema only for adapters in a private set; ours is not among them. In a process of its own.
STRICT_PARSE = """
import json, sys
import dbt.jsonschemas.jsonschemas as schemas
schemas._JSONSCHEMA_SUPPORTED_ADAPTERS.add("duckdb")
from dbt.cli.main import dbtRunner
found = []
keep = lambda event: found.append(event.info.msg) if event.info.level in ("warn", "error") else None
result = dbtRunner(callbacks=[keep]).invoke(["--quiet", "parse", "--no-partial-parse", "--show-all-deprecations"])
found += [] if result.success else [str(result.exception)]
json.dump(found, open(sys.argv[1], "w"))
"""


def strict_parse(project: Project) -> list[str]:
    """Everything that dbt has to say about the project's definitions."""
    project.work.mkdir(exist_ok=True)
    install_packages(project.root, project.work)
    said = project.work / "said.json"
    environment = os.environ | {"DBT_PROFILES_DIR": str(project.root), "DBT_TARGET_PATH": "work/strict", "DBT_LOG_PATH": "work/strict"}
    subprocess.run([sys.executable, "-c", STRICT_PARSE, str(said)], cwd=project.root, env=environment, capture_output=True, check=True)
    return list(json.loads(said.read_text()))


def test_dbt_finds_nothing_to_say_about_the_project(tmp_path: Path) -> None:
    assert strict_parse(project_in(tmp_path)) == []


def test_the_strict_parse_finds_what_dbt_lets_pass_on_this_engine(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    yaml = tmp_path / "models" / "marts" / "core" / "core.yml"
    text = yaml.read_text()
    text = text.replace("  - name: dim_municipality\n", "  - name: dim_municipality\n    meta: {owner: nobody}\n    invented_key: 1\n", 1)
    text = text.replace("          arguments: {columns: [visitation_category_key]}\n", "          columns: [visitation_category_key]\n", 1)
    yaml.write_text(text)
    (yaml.parent / "orphan.yml").write_text("version: 2\nmodels:\n  - name: nowhere\n    description: No such model.\n")
    said = "\n".join(strict_parse(project))
    for fault in ("invented_key", "meta", "unique_key", "nowhere"):
        assert fault in said, fault


def test_tests_stand_under_data_tests() -> None:
    # The old key `tests:` still works, and dbt reports it nowhere.
    files = [
        *(REPOSITORY / "models").rglob("*.yml"),
        *(REPOSITORY / "seeds").glob("*.yml"),
        *(REPOSITORY / "flis_semantic" / "project").rglob("*.yml"),
    ]
    assert len(files) > 8
    assert [str(path) for path in files if re.search(r"^\s*tests:", path.read_text(encoding="utf-8"), re.MULTILINE)] == []


def macro(call: str) -> str:
    """The SQL that a macro of the shipped package gives on DuckDB."""

    class Adapter:
        def dispatch(self, name: str, package: str) -> object:
            return getattr(module, f"default__{name}")

    folder = REPOSITORY / "flis_semantic" / "project" / "macros"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("period_*.sql")))
    environment = Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 - SQL, no web page
    context: dict[str, object] = {"adapter": Adapter()}
    module = environment.from_string(text.replace("flis_project.", "")).make_module(context)
    name, _, arguments = call.partition("(")
    return str(getattr(module, name)(*[int(part) if part.isdigit() else part for part in arguments.rstrip(")").split(", ")])).strip()


@pytest.mark.parametrize(
    ("grain", "call"),
    [
        ("day", "day_key(d)"),
        ("week", "week_key(d)"),
        ("month", "month_key(d)"),
        ("quarter", "quarter_key(d)"),
        ("year", "year_key(d)"),
        ("school_year", "calendar_key(d, 8, 1)"),
    ],
)
def test_keys_in_sql_are_the_calendar_s(grain: str, call: str) -> None:
    calendar: Calendar = Project(REPOSITORY).calendar
    days = [date(1969, 12, 20) + timedelta(days=n) for n in range(0, 365 * 70)]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE days AS SELECT unnest(?) AS d", [days])
        keys = [key for (key,) in connection.execute(f"SELECT {macro(call)} FROM days ORDER BY d").fetchall()]
    assert keys == [calendar.key(grain, day) for day in days]


@pytest.mark.parametrize(("grain", "call"), [("month", "month_start(k)"), ("quarter", "quarter_start(k)")])
def test_starts_in_sql_are_the_calendar_s(grain: str, call: str) -> None:
    calendar: Calendar = Project(REPOSITORY).calendar
    keys = list(range(calendar.key(grain, date(1950, 1, 1)), calendar.key(grain, date(2060, 1, 1))))
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE keys AS SELECT unnest(?)::INTEGER AS k", [keys])
        starts = [start for (start,) in connection.execute(f"SELECT {macro(call)} FROM keys ORDER BY k").fetchall()]
    assert starts == [calendar.period(grain, key).start for key in keys]
