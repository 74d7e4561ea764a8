"""Bad input and bad machines at volume: one sentence, exit code 1, nothing half-written, and the next receive works."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from flis_semantic.errors import WarehouseError
from tests.delivery.ledger_desk import ledger_desk, month, posting
from tests.delivery.parcel import ROOT, Desk
from tests.projects import heed_interrupts

FLIS = """
import resource, sys
from pathlib import Path
from flis_semantic.errors import FlisError
from tests.delivery.ledger_desk import ledger_desk
folder, limit = Path(sys.argv[1]), int(sys.argv[2])
(folder / "contracts" / "postings.yml").unlink()
(folder / "contracts").rmdir()
desk = ledger_desk(folder)
if len(sys.argv) > 3:
    import os
    os.seteuid(65534)
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
print("ready", flush=True)
try:
    report = desk.receive(desk.inbox)
except FlisError as error:
    print(f"one sentence: {error}")
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
sys.exit(report.exit_code)
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return ledger_desk(tmp_path)


def run(folder: Path, limit: int = 0, as_nobody: bool = False) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-c", FLIS, str(folder), str(limit), *(["as nobody"] if as_nobody and os.geteuid() == 0 else [])]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)


def nothing_left(desk: Desk) -> bool:
    return not list(desk.work.glob("receive-*")) and not list(desk.work.rglob("*.partial")) and desk.files() == []


def many_rows(count: int) -> str:
    return month(*(posting(f"B{n}", tekst=f"tekst {n * 7919 % 1000003}") for n in range(count)))


@pytest.mark.parametrize("limit", [0, 2_000, 200_000, 700_000])
def test_a_full_disk_is_one_sentence_wherever_it_shows(desk: Desk, tmp_path: Path, limit: int):
    with desk.ledger():  # laid out before there is no room
        pass
    desk.put("postering_0101_2019-03.csv", many_rows(20_000))
    done = run(tmp_path, limit)
    if not limit:
        assert done.returncode == 0
        return
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert done.stdout.count("one sentence") == 1 and "Traceback" not in done.stdout + done.stderr
    assert nothing_left(desk)
    with desk.ledger() as ledger:
        assert ledger.deliveries() == [] and ledger.batches() == []
    assert run(tmp_path).returncode == 0
    assert len(desk.active("postings", "bilag")) == 20_000


def test_a_landing_file_that_does_not_fit_is_taken_away(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    """/dev/full: every write fails as on a full disk."""
    from flis_semantic.delivery import landing

    real = landing._partial
    desk.deliver("postering_0101_2019-02.csv", month(posting(maaned="2")))
    files = desk.files()
    with monkeypatch.context() as patch:
        patch.setattr(landing, "_partial", lambda path: Path("/dev/full") if path.name.startswith("0") else real(path))
        with pytest.raises(WarehouseError, match="Receiving postings failed: .*No space left on device"):
            desk.deliver("postering_0101_2019-03.csv", month(posting()))
    assert desk.files() == files
    assert desk.receive(desk.inbox).exit_code == 0


@pytest.mark.parametrize("closed", ["work", "work/landing/postings"])
def test_a_folder_that_may_not_be_written(closed: str):
    # The tests may run as root, who may write everywhere: the receive then runs as nobody.
    folder = Path(tempfile.mkdtemp(prefix="flis_closed_"))
    try:
        folder.chmod(0o777)
        desk = ledger_desk(folder)
        desk.put("postering_0101_2019-03.csv", month(posting()))
        desk.deliver("other/postering_0147_2019-03.csv", month(posting(kommunekode="0147")))
        _give(folder, 0o777)
        (folder / closed).chmod(0o555)
        done = run(folder, as_nobody=True)
        assert done.returncode == 1 and done.stdout.count("one sentence") == 1, (done.stdout, done.stderr)
        assert "Traceback" not in done.stdout + done.stderr and closed.rpartition("/")[2] in done.stdout
        (folder / closed).chmod(0o777)
        assert run(folder, as_nobody=True).returncode == 0
        assert len(desk.active("postings", "1")) == 2
    finally:
        shutil.rmtree(folder)


def _give(folder: Path, mode: int) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(mode)


@pytest.mark.parametrize("place", ["work", "landing", "ledger.sqlite"])
def test_something_else_stands_where_a_folder_or_file_should(desk: Desk, place: str):
    path = desk.work if place == "work" else desk.work / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if place == "ledger.sqlite":
        path.mkdir()
    else:
        path.write_text("in the way")
    with pytest.raises(WarehouseError) as error:
        desk.deliver("postering_0101_2019-03.csv", month(posting()))
    assert "\n" not in str(error.value) and error.value.hint
    path.rmdir() if place == "ledger.sqlite" else path.unlink()
    assert desk.receive(desk.inbox).exit_code == 0


def test_one_bad_file_among_thousands_is_told_and_the_others_are_in(desk: Desk):
    units = [f"{n:04}" for n in range(1000, 3000)]
    desk.units.update(dict.fromkeys(units, "member"))
    for unit in units:
        desk.put(f"postering_{unit}_2019-03.csv", month(posting(kommunekode=unit)))
    desk.put("postering_2000_2019-03.csv", month(posting(kommunekode="2000"))[:-9])
    report = desk.receive(desk.inbox)
    bad = [result for result in report.results if result.exit_code]
    assert report.exit_code == 1 and [(result.file.name, result.code) for result in bad] == [
        ("postering_2000_2019-03.csv", "FILE-TRUNCATED")
    ]
    assert len(desk.active("postings", "1")) == len(units) - 1
    desk.put("postering_2000_2019-03.csv", month(posting(kommunekode="2000")))
    again = desk.receive(desk.inbox)
    assert [result.verdict for result in again.results].count("unchanged") == len(units) - 1 and again.exit_code == 0
    assert len(desk.active("postings", "1")) == len(units)


@pytest.mark.parametrize("wait", [0.0, 0.3, 0.8])
def test_an_interrupt_in_the_middle(desk: Desk, tmp_path: Path, wait: float):
    desk.put("postering_0101_2019-03.csv", many_rows(150_000))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", FLIS, str(tmp_path), "0"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        process.wait()
    # The command line has a sentence for it; here it may also come when the receive is over and the process on its way out.
    assert process.returncode in (0, 1, 130, -signal.SIGINT)
    assert len(desk.active("postings", "1")) == 150_000 or nothing_left(desk)
    assert run(tmp_path).returncode == 0
    assert len(desk.active("postings", "1")) == 150_000


def test_the_limit_of_this_process_was_left_alone():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
