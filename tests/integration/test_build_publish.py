"""A build that ends at any point leaves the previous version current; readers and a second builder are told the truth."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from flis_semantic.build import build, publish, run
from flis_semantic.build.publish import remove_old
from flis_semantic.errors import BuildError, WarehouseError
from flis_semantic.warehouse import current_version, open_current
from flis_semantic.workspace import Project
from tests.integration.landed import Landing, project_in
from tests.integration.no_dbt import NoDbt


class Killed(BaseException):
    """Not an Exception: like a process that ends, nothing catches it."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose dbt does nothing: these tests are about the file."""
    monkeypatch.setattr(run, "install_packages", lambda root, work: None)
    monkeypatch.setattr(run, "Dbt", NoDbt)
    return project_in(tmp_path)


def deliver(project: Project) -> None:
    """One delivery more, so that there is something to build."""
    row = "SELECT 0 AS delivery_id, 1 AS line_number, '0101' AS unit_code, 8080 AS base_period_key, '' AS series, false AS is_control"
    Landing(project).land("bor_folketal", row, extracted_at=datetime(2020, 4, 1))


def kill(*args: Any, **kwargs: Any) -> None:
    raise Killed


@pytest.mark.parametrize("step", ["copy_version", "write_landing", "write_plan", "close_warehouse", "move_to_versions", "switch_to"])
def test_killed_before_the_switch_the_previous_version_stays_current(project: Project, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    first = build(project).version
    deliver(project)
    with monkeypatch.context() as patch:
        patch.setattr(run, step, kill)
        with pytest.raises(Killed):
            build(project)
    assert current_version(project.versions, project.pointer) == project.versions / str(first)
    open_current(project.versions, project.pointer).close()
    again = build(project).version
    assert again != first
    assert sorted(path.name for path in project.versions.iterdir()) == [first, again]


@pytest.mark.parametrize("moment", ["pointer written", "pointer in place"])
def test_killed_inside_the_switch_readers_see_one_whole_version(project: Project, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    first = build(project).version
    deliver(project)
    synced: list[Path] = []
    wanted = project.pointer.with_name("current.tmp") if moment == "pointer written" else project.pointer.parent

    def sync(path: Path) -> None:
        synced.append(path)
        if path == wanted and project.pointer.with_name("current.tmp") in synced:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(publish, "_sync", sync)
        with pytest.raises(Killed):
            build(project)
    current = current_version(project.versions, project.pointer)
    assert current is not None
    assert (current.name == first) == (moment == "pointer written")
    open_current(project.versions, project.pointer).close()


def test_killed_after_the_switch_the_new_version_is_current(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(project).version
    deliver(project)
    monkeypatch.setattr(run, "remove_old", kill)
    with pytest.raises(Killed):
        build(project)
    current = current_version(project.versions, project.pointer)
    assert current is not None
    assert current.name != first


def test_the_newest_versions_stay(project: Project) -> None:
    versions = [str(build(project, keep=3, full=True).version) for _ in range(4)]
    assert sorted(path.name for path in project.versions.iterdir()) == versions[1:]
    assert remove_old(project.versions, project.pointer, keep=1) == [project.versions / versions[2], project.versions / versions[1]]
    assert [path.name for path in project.versions.iterdir()] == [versions[3]]


def test_a_build_mends_a_pointer_to_a_lost_version(project: Project) -> None:
    project.work.mkdir()
    project.pointer.write_text("20260101T000000000000.duckdb")
    assert build(project).version == project.pointer.read_text()
    open_current(project.versions, project.pointer).close()


def test_a_build_of_the_same_input_takes_the_version_that_is_there(project: Project) -> None:
    first = build(project)
    again = build(project)
    assert (again.version, again.is_reused) == (first.version, True)
    assert [path.name for path in project.versions.iterdir()] == [first.version]


def test_an_unfinished_build_file_is_no_obstacle(project: Project) -> None:
    project.work.mkdir()
    project.build_file.write_bytes(b"half a file")
    project.build_file.with_name("wh.duckdb.wal").write_bytes(b"half a log")
    assert build(project).exit_code == 0


def test_a_second_builder_is_told(project: Project) -> None:
    project.work.mkdir()
    with FileLock(project.work / "build.lock"), pytest.raises(BuildError, match="Another build of this project is running"):
        build(project)


def test_before_the_first_build_a_reader_is_told_what_to_do(project: Project) -> None:
    with pytest.raises(WarehouseError, match="There is no warehouse yet.*flis build"):
        open_current(project.versions, project.pointer)


def test_a_pointer_to_a_lost_version_is_an_error_not_an_empty_warehouse(project: Project) -> None:
    project.work.mkdir()
    project.pointer.write_text("20260101T000000000000.duckdb")
    with pytest.raises(WarehouseError, match=r"20260101T000000000000\.duckdb' is not there"):
        open_current(project.versions, project.pointer)


def test_a_project_that_dbt_cannot_read_is_one_error_with_dbt_s_words(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (tmp_path / "models" / "broken.sql").write_text("select * from {{ ref('nowhere') }}\n")
    with pytest.raises(BuildError, match="(?s)dbt could not read the project.*nowhere"):
        build(project)
    assert not project.pointer.exists()
    assert not json.dumps([str(path) for path in project.work.iterdir()]).count("versions")
