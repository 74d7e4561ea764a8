"""Cube's compiler and planner, run in one node process: definitions and queries in, SQL out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
Query = dict[str, Any]
"""A query in Cube's JSON form."""


class CubeError(Exception):
    """Definitions that do not compile, in Cube's words."""


@dataclass(frozen=True)
class Planned:
    """What Cube made of a folder of definitions: members by cube or view, and per query its SQL and parameters, or its error."""

    members: Mapping[str, frozenset[str]]
    sql: Mapping[str, tuple[str, list[Any]]]
    errors: Mapping[str, str]


def need_cube() -> None:
    """Skip where node or its packages are absent."""
    if shutil.which("node") is None:
        pytest.skip("node is not here, so the Cube definitions are not compiled")
    home = Path(os.environ.get("FLIS_CUBE_HOME") or HERE)
    if not (home / "node_modules/@cubejs-backend/schema-compiler").is_dir():
        pytest.skip(f"Cube's compiler is not installed in {home}: `make cube` installs it")


def plan(folder: Path, queries: Mapping[str, Query]) -> Planned:
    """Compile a folder of definitions and plan every query.

    Raises:
        CubeError: the definitions do not compile.
    """
    asked = json.dumps({"folder": str(folder), "queries": queries})
    done = subprocess.run(
        ["node", str(HERE / "compile.js")],  # noqa: S607 - the node of the machine
        input=asked,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "TZ": "UTC"},
    )
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise CubeError(answer["error"])
    planned = answer["sql"]
    return Planned(
        members={name: frozenset(cube["members"]) for name, cube in answer["cubes"].items()},
        sql={name: (item["sql"], item["params"]) for name, item in planned.items() if "sql" in item},
        errors={name: item["error"] for name, item in planned.items() if "error" in item},
    )
