"""Interleaved runs, so that a busy machine slows every candidate alike; medians, and ratios to the first candidate."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Timing:
    """Median of the runs, in seconds: by the clock, and of processor time."""

    wall: float
    cpu: float


def commands(candidates: Mapping[str, Sequence[str]], runs: int, folder: Path) -> dict[str, Timing]:
    """Run every command `runs` times in turn, each in a process of its own. A command that fails stops the benchmark."""
    taken: dict[str, list[Timing]] = {name: [] for name in candidates}
    for turn in range(runs + 1):
        for name, command in candidates.items():
            timing = _run(command, folder)
            if turn:  # the first turn fills the file cache
                taken[name].append(timing)
    return {name: _median(timings) for name, timings in taken.items()}


def calls(candidates: Mapping[str, Callable[[], object]], runs: int) -> dict[str, Timing]:
    """Call every candidate `runs` times in turn, in this process."""
    taken: dict[str, list[Timing]] = {name: [] for name in candidates}
    for turn in range(runs + 2):
        for name, call in candidates.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            timing = Timing(time.perf_counter() - wall, time.process_time() - cpu)
            if turn > 1:
                taken[name].append(timing)
    return {name: _median(timings) for name, timings in taken.items()}


def _run(command: Sequence[str], folder: Path) -> Timing:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(list(command), cwd=folder, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return Timing(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _median(timings: Sequence[Timing]) -> Timing:
    return Timing(statistics.median(timing.wall for timing in timings), statistics.median(timing.cpu for timing in timings))


def show(title: str, timings: Mapping[str, Timing], *, unit: str = "s", aims: Mapping[str, float] | None = None) -> None:
    """Print a table: median by the clock, processor time, ratio of processor time to the first row, and the aim where there is one."""
    factor = {"s": 1.0, "ms": 1000.0}[unit]
    first = next(iter(timings.values()))
    width = max(len(name) for name in timings)
    print(f"\n{title}\n{'':{width}}  {f'clock {unit}':>10} {f'cpu {unit}':>10} {'cpu ratio':>10}  aim ({unit}, clock)")
    for name, timing in timings.items():
        aim = (aims or {}).get(name)
        verdict = "" if aim is None else f"{aim * factor:g} {'reached' if timing.wall <= aim else 'MISSED'}"
        ratio = timing.cpu / first.cpu if first.cpu else float("nan")
        print(f"{name:{width}}  {timing.wall * factor:10.3f} {timing.cpu * factor:10.3f} {ratio:10.2f}  {verdict}".rstrip())
