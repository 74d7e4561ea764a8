"""A dbt that does nothing, for tests that are about what happens around it; also for processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from flis_semantic.build import run


class NoDbt:
    """Reads a project without models. `before` is done instead of running them."""

    before: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, root: Path, work: Path) -> None:
        self._manifest = work / "no_dbt.json"

    def __enter__(self) -> NoDbt:
        return self

    def __exit__(self, *_: object) -> None:
        self._manifest.unlink(missing_ok=True)

    def manifest(self) -> Path:
        self._manifest.write_text(json.dumps({"nodes": {}, "sources": {}, "macros": {}}))
        return self._manifest

    def run(self, arguments: Sequence[str]) -> tuple[bool, list[Any]]:
        self.before()
        return True, []


def patch(before: Callable[[], object] = lambda: None) -> None:
    """Have builds of this process do without dbt."""
    NoDbt.before = staticmethod(before)
    vars(run).update(Dbt=NoDbt, install_packages=lambda root, work: None)
