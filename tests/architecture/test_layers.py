"""Layers import downwards only, and a cold start loads only what it needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGE, ROOT

HEAVY = ("dbt", "pandas", "pyarrow")
RUN = """
import sys
sys.argv = ["flis", *{arguments!r}]
try:
    {statement}
except SystemExit as end:
    code = end.code
else:
    code = 0
loaded = sorted({{module.split(".")[0] for module in sys.modules}} & set({heavy!r}))
print("LOADED", code, loaded, file=sys.stderr)
"""


def test_import_linter_finds_every_contract_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
    found = [path for path in PACKAGE.rglob("*") if path.stem in vague]
    assert not found


def heavy_modules_of(statement: str, *arguments: str) -> tuple[str, str]:
    """Run a statement in a fresh interpreter. Returns the exit code it ended with and the heavy modules it loaded, as printed."""
    code = RUN.format(arguments=list(arguments), statement=statement, heavy=HEAVY)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, env=environment)
    report = [line for line in done.stderr.splitlines() if line.startswith("LOADED")]
    assert report, done.stderr
    _, exit_code, loaded = report[-1].split(" ", 2)
    return f"{exit_code} {done.stderr if exit_code != '0' else ''}".strip(), loaded


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert heavy_modules_of("import flis_semantic") == ("0", "[]")


def test_help_loads_nothing_heavy() -> None:
    assert heavy_modules_of("from flis_semantic.cli import main; main()", "--help") == ("0", "[]")


@pytest.mark.parametrize("output", ["table", "json", "csv"])
def test_a_query_loads_no_dbt_pandas_or_pyarrow(demo_project: Path, output: str) -> None:
    request = ("citizens.population", "--grain", "year", "--from", "2020", "--to", "2020", "--format", output)
    assert heavy_modules_of("from flis_semantic.cli import main; main()", "query", *request, "--project", str(demo_project)) == ("0", "[]")


def test_the_sql_of_a_query_loads_no_dbt_pandas_or_pyarrow(demo_project: Path) -> None:
    request = ("citizens.population", "--grain", "year", "--from", "2020", "--to", "2020")
    assert heavy_modules_of("from flis_semantic.cli import main; main()", "sql", *request, "--project", str(demo_project)) == ("0", "[]")
