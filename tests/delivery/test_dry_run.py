"""A dry run says what a receive would say, and leaves no trace: not one byte, not one time of a file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flis_semantic.delivery.dry_run import dry_run, without_ids
from flis_semantic.delivery.receive import receive
from flis_semantic.delivery.report import ReceiveReport
from flis_semantic.ledger import Ledger
from flis_semantic.ledger_records import Confirmation
from tests.delivery.parcel import MEASURES_HEADER, MEASURES_ROWS, POPULATION_ROWS, Desk, day, table


def rehearse(desk: Desk, *paths: Path, **options: Any) -> ReceiveReport:
    with dry_run(desk) as place:  # pyright: ignore[reportArgumentType]
        return without_ids(receive(place, paths, **options))


def trace(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Every file and folder with its content, its time and its place on the disk."""
    found = [folder, *folder.rglob("*")] if folder.exists() else []
    return {
        str(path.relative_to(folder)): (path.read_bytes() if path.is_file() else b"", path.stat().st_mtime_ns, path.stat().st_ino)
        for path in found
    }


def bad_month(desk: Desk) -> list[Path]:
    """Files of every kind: unchanged from a newer extract, one row set aside, refused, a newer one that loses a series, unknown."""
    rows = [*MEASURES_ROWS[1:], "101,København,unemployment,total,2026M06,twelve"]
    return [
        desk.put("jobindsats_2026-08-30.csv", table(MEASURES_HEADER, MEASURES_ROWS)),
        desk.put("jobindsats_2026-09-01.csv", table(MEASURES_HEADER, rows)),
        desk.put("jobindsats_2026-09-02.csv", table(MEASURES_HEADER, ["101,København,unemployment,total,2026M07,11962"])),
        desk.put("jobindsats_2026-09-03.csv", "kommunekode;navn\n"),
        desk.put("population_by_quarter_2021.csv", table("kommunekode,navn,kvartal,folketal", ["101,København,2020Q1,x"])),
        desk.put("notes.csv", "a,b\n1,2\n"),
    ]


def test_a_dry_run_leaves_every_byte_and_says_what_receive_says(desk: Desk):
    desk.measures()
    desk.population(*POPULATION_ROWS)
    paths = bad_month(desk)
    moment = day("2026-10-01")
    before = trace(desk.work)
    rehearsed = rehearse(desk, *paths, received_at=moment)
    assert trace(desk.work) == before
    assert rehearse(desk, *paths, received_at=moment) == rehearsed
    received = desk.receive(*paths, received_at=moment)
    assert trace(desk.work) != before
    assert rehearsed.results == tuple(replace(result, delivery_id=None) for result in received.results)
    assert [result.verdict for result in rehearsed.results] == [
        *("unchanged", "accepted_with_warnings", "accepted_with_warnings", "refused", "refused", "refused"),
    ]
    assert "FILE-SERIES" in rehearsed.results[2].rule_counts and rehearsed.exit_code == received.exit_code == 1


def test_strict_ends_a_dry_run_as_it_ends_a_receive(desk: Desk):
    path = desk.put("jobindsats_2026-09-01.csv", table(MEASURES_HEADER, [*MEASURES_ROWS, "101,København,unemployment,total,2026M06,x"]))
    assert (rehearse(desk, path).exit_code, rehearse(desk, path, strict=True).exit_code) == (0, 1)
    assert not desk.work.exists()


def test_nothing_stays_in_the_folder_of_temporary_files(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    left = tmp_path / "temporary" / f"flis-dry-run-{_ended_process()}-x"
    left.mkdir()
    (left / "row").write_text("of a dry run that was killed")
    rehearse(desk, *bad_month(desk))
    assert not [*(tmp_path / "temporary").iterdir()]


def test_what_another_process_has_only_written_to_the_log_is_known(desk: Desk):
    desk.measures()
    with Ledger(desk.ledger_path) as writer:
        # As long as the ledger is open, what it writes stands in the log beside it.
        writer.record([], None, [Confirmation(1, day("2026-09-15"), day("2026-09-16"))])
        assert Path(f"{desk.ledger_path}-wal").stat().st_size
        before = trace(desk.work)
        older = desk.put("jobindsats_2026-09-10.csv", table(MEASURES_HEADER, [*MEASURES_ROWS[:3], MEASURES_ROWS[3] + "1"]))
        assert [result.code for result in rehearse(desk, older).results] == ["FILE-OLDER"]
        assert trace(desk.work) == before


def _ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
