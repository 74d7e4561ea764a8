"""Deliveries of every form of several tables, mistreated: cut, flipped, shuffled, written otherwise. Never a crash, nothing lost.

Of every file that is received, delivered = accepted + set aside, and the landing zone has the accepted rows and no others.
What another notation of the same rows is, is received as they were.
"""

from __future__ import annotations

import gzip
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flis_semantic.delivery.report import DeliveryResult
from flis_semantic.simulate import simulate_run
from flis_semantic.workspace import Project
from tests.delivery.parcel import ROOT, Desk
from tests.delivery.parcel import desk as new_desk
from tests.sampling import many

TABLES = ["oko_likviditet", "oko_postering", "ref_arbejdsstyrke", "bor_folketal_alder", "bes_job"]
# One small file per notation and table: the first of its kind that has rows.
PATTERNS = {
    "text by unit": "oko_likviditet_0*.csv",
    "parquet": "oko_likviditet_national_*.parquet",
    "changes": "oko_postering_delta_*.jsonl.gz",
    "text of another system": "finansposter_*.csv",
    "text without a period": "ref_arbejdsstyrke_*.csv",
    "aggregates": "bor_folketal_alder_*.csv",
    "persons": "bes_job_*.csv",
}
LONGEST = 60


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("simulated") / "out"
    simulate_run(Project(ROOT), TABLES, out=folder, scale=0.0005, seed=11, faults=False)
    found: dict[str, Path] = {}
    for name, pattern in PATTERNS.items():
        found[name] = next(path for path in sorted(folder.glob(pattern)) if len(lines_of(path)) > 2)
    return found


def lines_of(path: Path) -> list[bytes]:
    """The first lines of a file of text, or as many bytes of another as lines would be."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return data.splitlines(keepends=True)[:LONGEST]


def received(name: str, content: bytes, check: Callable[[Desk, DeliveryResult], None]) -> DeliveryResult:
    """Deliver it to a new desk, and look at what must be so of whatever was delivered."""
    with tempfile.TemporaryDirectory() as folder:
        desk = new_desk(Path(folder))
        desk.units = Project(ROOT).units
        result = desk.deliver(name, content)
        assert result.verdict in ("accepted", "accepted_with_warnings", "refused")
        assert result.rows_delivered == result.rows_accepted + result.rows_set_aside
        if result.contract is not None:
            assert len(desk.rows(result.contract, "1")) == result.rows_accepted
            assert len(desk.set_aside(result.contract)) == result.rows_set_aside
        check(desk, result)
    return result


def landed(desk: Desk, result: DeliveryResult) -> list[tuple[object, ...]]:
    """Everything that landed, without where in the file it stood."""
    assert result.contract is not None
    return sorted(desk.rows(result.contract, "* EXCLUDE (delivery_id, line_number)"), key=repr)


def rows_of(name: str, content: bytes) -> tuple[DeliveryResult, list[tuple[object, ...]]]:
    kept: list[tuple[object, ...]] = []
    result = received(name, content, lambda desk, result: kept.extend(landed(desk, result)) if result.contract is not None else None)
    return result, kept


TEXTS = sorted(set(PATTERNS) - {"parquet"})


@pytest.mark.parametrize("kind", sorted(PATTERNS))
def test_what_is_fuzzed_is_right_to_begin_with(files: dict[str, Path], kind: str) -> None:
    content = files[kind].read_bytes() if kind == "parquet" else b"".join(lines_of(files[kind]))
    result, rows = rows_of(files[kind].name, content)
    assert result.verdict.startswith("accepted"), result
    assert len(rows) == result.rows_accepted > 0
    assert result.rows_set_aside == 0


@pytest.mark.parametrize("kind", sorted(PATTERNS))
@settings(max_examples=many(3, 100))
@given(
    changes=st.lists(
        st.tuples(st.floats(0, 1), st.sampled_from(["cut", "flip", "insert", "drop"]), st.integers(0, 255)), min_size=1, max_size=4
    )
)
def test_bytes_may_change_anywhere(files: dict[str, Path], kind: str, changes: list[tuple[float, str, int]]) -> None:
    data = bytearray(files[kind].read_bytes() if kind == "parquet" else b"".join(lines_of(files[kind])))
    for share, change, value in changes:
        place = int(share * len(data))
        if change == "cut":
            del data[place:]
        elif change == "insert":
            data[place:place] = bytes([value])
        elif change == "drop":
            del data[place : place + value]
        elif place < len(data):
            data[place] ^= 1 << value % 8
    received(files[kind].name, bytes(data), lambda desk, result: None)


@pytest.mark.parametrize("kind", TEXTS)
@settings(max_examples=many(3, 100))
@given(random=st.randoms(use_true_random=False), end=st.sampled_from([b"\n", b"\r\n"]), blank=st.booleans())
def test_rows_in_another_order_and_with_other_line_ends_are_the_same_rows(
    files: dict[str, Path], kind: str, random: object, end: bytes, blank: bool
) -> None:
    lines = [line.rstrip(b"\n") for line in lines_of(files[kind])]
    first = [] if ".jsonl" in files[kind].name else [lines.pop(0)]
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = end.join([*first, *([b""] if blank else []), *shuffled]) + end
    result, rows = rows_of(files[kind].name, other)
    assert (result.rows_accepted, result.rows_set_aside) == (len(lines), 0), result
    assert rows == rows_of(files[kind].name, b"\n".join([*first, *lines]) + b"\n")[1]


@pytest.mark.parametrize("kind", [kind for kind in TEXTS if kind != "changes"])
@settings(max_examples=many(3, 100))
@given(keep=st.lists(st.booleans(), min_size=LONGEST, max_size=LONGEST), random=st.randoms(use_true_random=False))
def test_columns_may_stand_in_any_order_and_rows_may_lack(files: dict[str, Path], kind: str, keep: list[bool], random: object) -> None:
    header, *lines = [line.rstrip(b"\n").removeprefix(b"\xef\xbb\xbf").split(b";") for line in lines_of(files[kind])]
    if any(b'"' in cell for line in lines for cell in line):
        lines = [line for line in lines if not any(b'"' in cell for cell in line) and len(line) == len(header)]
    kept = [line for line, wanted in zip(lines, keep, strict=False) if wanted] or lines[:1]
    order = list(range(len(header)))
    random.shuffle(order)  # type: ignore[attr-defined]
    straight, other = (
        b"".join(b";".join(line[place] for place in places) + b"\n" for line in [header, *kept]) for places in (range(len(header)), order)
    )
    result, rows = rows_of(files[kind].name, other)
    assert result.rows_accepted == len(kept), result
    assert rows == rows_of(files[kind].name, straight)[1]


@settings(max_examples=many(3, 100))
@given(random=st.randoms(use_true_random=False), size=st.integers(1, 50), codec=st.sampled_from(["snappy", "zstd", "none"]))
def test_parquet_may_have_its_columns_and_row_groups_otherwise(files: dict[str, Path], random: object, size: int, codec: str) -> None:
    table = pq.read_table(files["parquet"])
    names = list(table.column_names)
    random.shuffle(names)  # type: ignore[attr-defined]
    buffer = io.BytesIO()
    pq.write_table(table.select(names), buffer, row_group_size=size, compression=codec)
    result, rows = rows_of(files["parquet"].name, buffer.getvalue())
    assert result.rows_accepted == pa.table(table).num_rows
    assert rows == rows_of(files["parquet"].name, files["parquet"].read_bytes())[1]
