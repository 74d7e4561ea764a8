"""Killed at every named moment: what was accepted is there exactly once or not at all, and the next receive completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from flis_semantic.faults import MOMENTS, VARIABLE
from tests.delivery.ledger_desk import ledger_desk, month, posting
from tests.delivery.parcel import ROOT, Desk
from tests.delivery.test_reprocess import under

RECEIVE = """
import sys
from pathlib import Path
from tests.delivery.ledger_desk import ledger_desk
folder = Path(sys.argv[1])
(folder / "contracts" / "postings.yml").unlink()
(folder / "contracts").rmdir()
desk = ledger_desk(folder)
print([result.verdict for result in desk.receive(desk.inbox).results])
"""
REPROCESS = """
import sys
from pathlib import Path
from flis_semantic.delivery.reprocess import reprocess
from tests.delivery.ledger_desk import ledger_desk
from tests.delivery.test_reprocess import under
folder = Path(sys.argv[1])
(folder / "contracts" / "postings.yml").unlink()
(folder / "contracts").rmdir()
desk = ledger_desk(folder)
under(desk, "4.9", "2.2")
print([result.accepted_now for result in reprocess(desk, "postings")])
"""
AT_REPROCESS = [
    *(moment for moment in MOMENTS if moment.startswith("reprocess")),
    "receive: file half written",
    "receive: file written",
    "receive: file named",
    "receive: recording",
]
AT_RECEIVE = [moment for moment in MOMENTS if moment.startswith("receive")]


def run(program: str, folder: Path, killed_at: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: killed_at}
    return subprocess.run([sys.executable, "-c", program, str(folder)], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk where one month was received, and a newer one and another month lie in the inbox."""
    desk = ledger_desk(tmp_path)
    desk.deliver("postering_0101_2019-03.csv", month(posting(beloeb="1,00")))
    desk.put("postering_0101_2019-03.csv", month(posting(beloeb="2,00", udtraek="03-04-2019"), posting("B2", beloeb="x")))
    desk.put("postering_0147_2019-03.csv", month(posting(kommunekode="0147", beloeb="3,00")))
    return desk


def amounts(desk: Desk) -> list[Decimal]:
    return sorted(amount for (amount,) in desk.active("postings", "beloeb"))


def test_every_moment_of_a_receive_is_named_and_comes():
    assert len(AT_RECEIVE) >= 8 and len(set(MOMENTS)) == len(MOMENTS)


@pytest.mark.parametrize("moment", AT_RECEIVE)
def test_killed_at(desk: Desk, tmp_path: Path, moment: str):
    killed = run(RECEIVE, tmp_path, moment)
    assert killed.returncode == -signal.SIGKILL, (killed.stdout, killed.stderr)
    old, new = [Decimal(1)], [Decimal(2), Decimal(3)]
    assert amounts(desk) == (new if moment == "receive: recorded" else old)

    done = run(RECEIVE, tmp_path)
    assert done.returncode == 0, done.stderr
    expected = "['unchanged', 'unchanged']" if moment == "receive: recorded" else "['accepted_with_warnings', 'accepted']"
    # A row of the first file was set aside, but what was accepted of it is in force.
    assert done.stdout.strip() == expected
    assert amounts(desk) == new
    assert desk.files() == ["postings/00000001.parquet", "postings/00000002.parquet", "postings/set_aside/00000002.parquet"]
    assert not list(desk.work.glob("receive-*")) and not list(desk.work.rglob("*.partial"))
    with desk.ledger() as ledger:
        assert [delivery.delivery_id for delivery in ledger.deliveries()] == [1, 2, 3]


@pytest.mark.parametrize("moment", AT_REPROCESS)
def test_judging_again_killed_at(tmp_path: Path, moment: str):
    desk = ledger_desk(tmp_path)
    under(desk, "4.9")
    desk.deliver("postering_0101_2019-03.csv", month(posting("B1", beloeb="1,00"), posting("B2", beloeb="2,00", art="2.2")))
    first, corrected = [Decimal(1)], [Decimal(1), Decimal(2)]
    killed = run(REPROCESS, tmp_path, moment)
    assert killed.returncode == -signal.SIGKILL, (killed.stdout, killed.stderr)
    assert amounts(desk) == (corrected if moment == "reprocess: recorded" else first)

    done = run(REPROCESS, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ("[]" if moment == "reprocess: recorded" else "[1]")
    assert amounts(desk) == corrected
    assert not list(desk.work.glob("receive-*")) and not list(desk.work.rglob("*.partial"))
    with desk.ledger() as ledger:
        assert [delivery.delivery_id for delivery in ledger.deliveries()] == [1, 2]
