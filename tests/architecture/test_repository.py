"""Locks, packaging and commands: what a fresh machine meets first."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT, documents

PYTHON_LOCKS = ("requirements.lock", "requirements-dev.lock")
NPM_LOCK = "tests/integration/cube/package-lock.json"
ADDRESS = re.compile(r"[a-z]+://", re.IGNORECASE)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)
COMMANDS = (
    *("demo", "new", "receive", "reprocess", "build", "generate", "simulate", "catalogue", "query", "sql"),
    *("quality", "coverage", "expected", "hold", "approve", "exempt"),
)
RUNNABLE = [command for command in COMMANDS if command not in ("catalogue", "new")] + [
    *(f"catalogue {verb}" for verb in ("list", "show", "check", "schema")),
    "new project",
]


def locked(file: str) -> dict[str, set[str]]:
    """Versions by package; more than one where they differ by Python version."""
    versions: dict[str, set[str]] = {}
    for package, version, _ in PINNED.findall((ROOT / file).read_text(encoding="utf-8")):
        versions.setdefault(canonicalize_name(package), set()).add(version)
    return versions


def code_in(document: Path) -> str:
    """What stands as code on a page: blocks and spans."""
    text = document.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```.*?```", text, re.DOTALL) + re.findall(r"`[^`\n]+`", text))


@pytest.mark.parametrize("file", [*PYTHON_LOCKS, NPM_LOCK])
def test_a_lock_file_holds_no_address(file: str) -> None:
    found = [line for line in (ROOT / file).read_text(encoding="utf-8").splitlines() if ADDRESS.search(line)]
    assert not found


@pytest.mark.parametrize("file", PYTHON_LOCKS)
def test_every_locked_package_has_a_hash(file: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / file).read_text(encoding="utf-8"))
    assert len(entries) > 20
    assert not [entry.split(" ")[0] for entry in entries if "--hash=sha256:" not in entry]


def test_every_npm_package_has_a_hash_and_no_place() -> None:
    packages = json.loads((ROOT / NPM_LOCK).read_text(encoding="utf-8"))["packages"]
    installed = {path: package for path, package in packages.items() if path}
    assert not [path for path, package in installed.items() if "integrity" not in package or "resolved" in package]


def test_what_runs_is_locked_alike_for_running_and_for_developing() -> None:
    runtime, developing = (locked(file) for file in PYTHON_LOCKS)
    assert {package: versions for package, versions in runtime.items() if developing.get(package) != versions} == {}


def test_every_dependency_of_the_package_is_locked_in_its_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    package = project["project"]
    wanted = [*package["dependencies"], *package["optional-dependencies"]["pandas"], *project["build-system"]["requires"]]
    versions = locked("requirements.lock")
    for requirement in map(Requirement, wanted):
        found = versions.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} is not in requirements.lock"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement} is locked at {found}"


def test_dbt_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert {"dbt-core==1.11.16", "dbt-duckdb==1.11.1"} <= set(project["project"]["dependencies"])


def test_every_make_command_of_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    used = {(page.name, target) for page in documents() for target in re.findall(r"(?:^|`)make ([a-z]+)", code_in(page), re.MULTILINE)}
    assert used
    assert not {(page, target) for page, target in used if target not in targets}


def test_the_readme_says_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [command for command in COMMANDS if f"flis {command}" not in readme]


def test_every_flis_command_of_the_pages_exists() -> None:
    used = {command for page in documents() for command in re.findall(r"(?:^|[`\s])flis ([a-z]+)", code_in(page), re.MULTILINE)}
    assert used <= set(COMMANDS)


@pytest.mark.parametrize("command", RUNNABLE)
def test_every_command_has_a_help_text_with_an_example(command: str) -> None:
    run = "import sys; sys.argv = ['flis', *sys.argv[1:]]; from flis_semantic.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", run, *command.split(), "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    explanation = " ".join(done.stdout.split("\n", 1)[1].split())
    assert f"flis {command}" in explanation.split("Options:")[0], "no example"


def test_continuous_integration_runs_the_tests() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    assert re.search(r"^make test$", script.read_text(encoding="utf-8"), re.MULTILINE)


def test_a_wrong_python_gives_one_sentence(tmp_path: Path) -> None:
    other = tmp_path / "python-other"
    as_if = f'exec {sys.executable} -c "import sys; sys.version_info = (3, 9, 1); $2"'
    other.write_text(f'#!/bin/sh\ncase "$1" in --version) echo Python 3.9.1 ;; -c) {as_if} ;; *) exit 1 ;; esac\n', encoding="utf-8")
    other.chmod(0o755)
    for file in ("Makefile", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / file).write_bytes((ROOT / file).read_bytes())
    done = subprocess.run(["/usr/bin/env", "make", "install", f"PYTHON={other}"], cwd=tmp_path, capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert done.returncode != 0
    assert len(said) == 1
    assert said[0].startswith(f"FLIS needs Python 3.11, and {other} is Python 3.9.1: ")
    assert not (tmp_path / ".venv").exists()
