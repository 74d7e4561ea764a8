"""The key of the pseudonyms goes to a receive and to nobody else; a demonstration has one of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flis_semantic.build import dbt_command
from flis_semantic.cli import demonstration
from flis_semantic.delivery.pseudonyms import DEMONSTRATION_KEY, PseudonymKey
from flis_semantic.workspace import Project


class Called(Exception):
    """What was to be watched was called."""


def test_dbt_is_not_given_the_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: dict[str, str] = {}

    def run(*_: Any, env: dict[str, str], **__: Any) -> None:
        seen.update(env)
        raise Called

    monkeypatch.setenv("FLIS_PSEUDONYM_KEY", "a key that nobody may see, long enough")
    monkeypatch.setenv("FLIS_PSEUDONYM_KEY_FILE", "/etc/key")
    monkeypatch.setenv("FLIS_SOMETHING", "else")
    monkeypatch.setattr(dbt_command.subprocess, "Popen", run)
    with pytest.raises(Called):
        dbt_command.Dbt(tmp_path, tmp_path / "work")
    assert seen["FLIS_SOMETHING"] == "else" and not [name for name in seen if "PSEUDONYM" in name]


def test_a_demonstration_receives_under_its_own_key_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    seen: list[PseudonymKey] = []

    def receive(*_: Any, key: PseudonymKey, **__: Any) -> None:
        seen.append(key)
        raise Called

    monkeypatch.setenv("FLIS_PSEUDONYM_KEY", "a key that nobody may see, long enough")
    monkeypatch.setattr(demonstration, "receive", receive)
    monkeypatch.setattr("flis_semantic.simulate.demo.Demo.deliveries", lambda *_: [])
    with pytest.raises(Called):
        demonstration.run_demo(Project(root))
    assert [key.pseudonyms(["1"]) for key in seen] == [PseudonymKey(DEMONSTRATION_KEY).pseudonyms(["1"])]
