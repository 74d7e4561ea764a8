"""However a build ends, and wherever: the version before answers as before, the next build works, nothing is half-published."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from flis_semantic.build import build
from flis_semantic.faults import MOMENTS, VARIABLE
from flis_semantic.generate import generate
from flis_semantic.warehouse import open_current
from flis_semantic.workspace import Project
from tests.integration.landed import REPOSITORY
from tests.integration.streams import JANUARY, START, Row, Sent, make_project, receive
from tests.projects import heed_interrupts

FLIS = "from flis_semantic.cli import main; main()"
# The same without dbt, whose work is between two moments and takes long; `{before}` is what it does instead.
WITHOUT_DBT = "import time; from tests.integration import no_dbt; no_dbt.patch(lambda: {before}); " + FLIS
OURS = [moment for moment in MOMENTS if moment.startswith(("build:", "switch:"))]
PART = ("0001", JANUARY, "")


@dataclass
class Ran:
    code: int
    err: str


def command(program: str, project: Project, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments, "--project", str(project.root)]


def run(program: str, project: Project, *arguments: str, killed_at: str = "", before: Callable[[], None] | None = None) -> Ran:
    done = subprocess.run(
        command(program, project, *arguments),
        env=os.environ | ({VARIABLE: killed_at} if killed_at else {}),
        preexec_fn=before,
        capture_output=True,
        check=False,
        timeout=300,
    )
    return Ran(done.returncode, done.stderr.decode())


def deliver(project: Project, number: int) -> None:
    """One delivery more; the versions are told apart by how many they know."""
    receive(project, [Sent(number, "full", (Row(PART, 1, number),), START, START + timedelta(days=number))])


def known(project: Project) -> int:
    """How many deliveries the current version knows."""
    connection = open_current(project.versions, project.pointer)
    try:
        return int(connection.sql("SELECT count(*) FROM landing.deliveries").fetchall()[0][0])
    finally:
        connection.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shops with one delivery, built by dbt."""
    project = make_project(tmp_path_factory.mktemp("shops"))
    generate(project)
    deliver(project, 1)
    assert build(project).version is not None
    return project


def test_every_moment_is_reached_in_the_package_and_has_a_name() -> None:
    files = (REPOSITORY / "flis_semantic").rglob("*.py")
    reached = [name for path in files for name in re.findall(r'reached\("([^"]+)"\)', path.read_text(encoding="utf-8"))]
    assert sorted(reached) == sorted(MOMENTS)
    assert len(OURS) == 11


def test_killed_at_every_moment_of_build_and_switch(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    generate(project)
    deliver(project, 1)
    program = WITHOUT_DBT.format(before="None")
    assert run(program, project, "build").code == 0
    before = 1
    for number, moment in enumerate(OURS, start=2):
        deliver(project, number)
        assert run(program, project, "build", killed_at=moment).code == -signal.SIGKILL, moment
        switched = moment in ("switch: pointer moved", "switch: old versions removed")
        assert known(project) == (number if switched else before), moment
        assert run(program, project, "build").code == 0, moment
        assert known(project) == number, moment
        before = number
    left = {path.name for path in project.work.iterdir()}
    assert left == {"build.lock", "checked", "current", "landing", "ledger.sqlite", "versions"}
    assert len(list(project.versions.iterdir())) == 3


def test_killed_at_every_moment_of_a_build_of_what_was_known_the_current_version_stays(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    generate(project)
    deliver(project, 1)
    program = WITHOUT_DBT.format(before="None")
    assert run(program, project, "build").code == 0
    deliver(project, 2)
    current = project.pointer.read_text()
    for moment in OURS[:8]:
        assert run(program, project, "build", "--known-on", "2020-02-02", killed_at=moment).code == -signal.SIGKILL, moment
        assert (project.pointer.read_text(), known(project)) == (current, 1), moment
    ran = run(program, project, "build", "--known-on", "2020-02-02")
    # Killed after its file was in place, it had been built already.
    assert (ran.code, "used as it is" in ran.err) == (0, True)
    assert sorted(path.name for path in project.versions.iterdir()) == [current, "known_20200202T235959999999.duckdb"]


def test_of_two_builders_at_once_one_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    generate(project)
    deliver(project, 1)
    arguments = command(WITHOUT_DBT.format(before="time.sleep(6)"), project, "build")
    both = [subprocess.Popen(arguments, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=120)[1].decode() for process in both]
    assert sorted(process.returncode for process in both) == [0, 1]
    refused = said[0] if both[0].returncode else said[1]
    assert refused.startswith("error[build_running]: ") and refused.count("\n") == 1
    assert known(project) == 1


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for(happened: Callable[[], object], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def started(project: Project) -> tuple[subprocess.Popen[bytes], int]:
    """A build by the command, in a process group of its own, with dbt at work; and dbt's process."""
    (project.work / "logs" / "dbt.log").unlink(missing_ok=True)
    process = subprocess.Popen(
        command(FLIS, project, "build", "--full"), stderr=subprocess.PIPE, start_new_session=True, preexec_fn=heed_interrupts
    )
    wait_for(lambda: (project.work / "logs" / "dbt.log").exists())
    return process, children(process.pid)[0]


@pytest.mark.parametrize("group", [True, False], ids=["terminal", "only flis"])
def test_ctrl_c_ends_dbt_too(project: Project, group: bool) -> None:
    process, dbt = started(project)
    if group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        os.kill(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1].decode()
    assert (process.returncode, said) == (130, "Stopped. What was finished stays; nothing is half-written.\n")
    wait_for(lambda: not alive(dbt), 10)
    assert known(project) == 1
    assert not project.build_file.exists()


def test_ctrl_c_in_a_receive_takes_nothing_half(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    file = tmp_path / "ledger_2020-02-01.csv"
    file.write_text("shop,month,number,amount\n" + "".join(f"0001,2020-01,{number},5\n" for number in range(400_000)))
    process = subprocess.Popen(
        command(FLIS, project, "receive", str(file)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    wait_for(lambda: list(project.work.glob("receive-*/*")))
    os.killpg(process.pid, signal.SIGINT)
    out, said = process.communicate(timeout=60)
    assert (process.returncode, out, said.decode()) == (130, b"", "Stopped. What was finished stays; nothing is half-written.\n")
    assert not list(project.work.glob("receive-*")) and not list(project.landing.glob("ledger/0*"))
    assert run(FLIS, project, "receive", str(file)).code == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_dbt_does_not_outlive_a_builder_that_is_killed(project: Project, how: signal.Signals) -> None:
    process, dbt = started(project)
    process.send_signal(how)
    process.communicate(timeout=60)
    wait_for(lambda: not alive(dbt), 10)
    assert known(project) == 1


@pytest.mark.parametrize("room", [4_096, 2_000_000], ids=["for nothing", "for a part"])
def test_a_full_disk_is_one_sentence(project: Project, room: int) -> None:
    ran = run(FLIS, project, "build", "--full", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)))
    assert ran.code == 1
    # The ledger is the first to find no room; it does not say why.
    words = "disk I/O error" if room == 4_096 else "File too large"
    assert re.fullmatch(rf"error\[\w+\]: .*{words}.*\n", ran.err), ran.err
    assert known(project) == 1
    assert not project.build_file.exists()


def test_after_all_that_the_next_build_works(project: Project) -> None:
    deliver(project, 2)
    assert run(FLIS, project, "build").code == 0
    assert known(project) == 2


@pytest.mark.parametrize("arguments", [["build"], ["receive", "ledger_2020-02-01.csv"]])
def test_a_work_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    project = make_project(tmp_path)
    generate(project)
    file = tmp_path / "ledger_2020-02-01.csv"
    file.write_text("shop,month,number,amount\n0001,2020-01,1,5\n")
    # Nobody, not even root, can write there.
    project.work.symlink_to("/sys/kernel")
    ran = run(FLIS, project, *(str(file) if name == file.name else name for name in arguments))
    assert ran.code == 1
    assert re.fullmatch(r"error\[\w+\]: .*\n", ran.err), ran.err


def test_landing_files_that_are_gone_are_named(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    generate(project)
    deliver(project, 1)
    (project.landing / "ledger" / "batch_1.parquet").unlink()
    ran = run(FLIS, project, "build")
    assert ran.code == 1
    assert "1 landing file with rows in force is gone: ledger/batch_1.parquet." in ran.err
    assert ran.err.count("\n") == 1
