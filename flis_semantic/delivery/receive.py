"""Receive: recognise files, judge all files of one contract in one pass, give each its verdict, and make it visible at once.

Landing files are complete before the ledger names them, and one ledger transaction per contract makes its deliveries
visible. A receive that is killed leaves files that nobody knows, and the next receive sweeps them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from flis_semantic.contracts.model import Contract
from flis_semantic.delivery.arrival import Arrival, arrive
from flis_semantic.delivery.files import FoundFile, find_files, is_packed, state
from flis_semantic.delivery.history import History, InForce
from flis_semantic.delivery.judging import Group, Judging, Tally
from flis_semantic.delivery.landing import batch_names, claim_landing, sweep, write_batch, write_schema
from flis_semantic.delivery.losses import lost_series
from flis_semantic.delivery.recognise import named, recognise, unknown_file
from flis_semantic.delivery.report import FORMAT, TRUNCATED, UNCHANGED, UNKNOWN, DeliveryResult, ReceiveReport, Refusal
from flis_semantic.delivery.transcode import transcode
from flis_semantic.delivery.verdict import Admitted, Rejected
from flis_semantic.errors import ArgumentError, WarehouseError, suggestion
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Batch
from flis_semantic.warehouse import Connection, Error, connect
from flis_semantic.workspace import Project

_LOCK = "receive.lock"
_SCRATCH = "receive-"
_WAIT_SECONDS = 600


@dataclass(frozen=True)
class _Options:
    contract: str | None
    strict: bool
    supersede: bool
    synthetic: bool | None
    received_at: datetime


@dataclass
class _Intake:
    """The files of one contract: those whose rows are judged, and those refused before."""

    arrivals: list[Arrival] = field(default_factory=list[Arrival])
    rejected: list[Rejected] = field(default_factory=list[Rejected])


def receive(
    project: Project,
    paths: Sequence[Path],
    *,
    contract: str | None = None,
    strict: bool = False,
    supersede: bool = False,
    synthetic: bool | None = None,
    received_at: datetime | None = None,
) -> ReceiveReport:
    """Receive files and folders of files; returns a verdict on each.

    `contract` says which table the files are, instead of recognising it; `strict` makes a set-aside row an error (exit code
    1); `supersede` puts an older extract in force; `synthetic` marks the data as made up (default: what a manifest says);
    `received_at` (default: now) is the time of receipt.

    Raises ArgumentError for a path or contract that does not exist, DefinitionErrors for contracts that cannot be read,
    WarehouseError when the landing zone or the ledger cannot be used. What is wrong with a file is its verdict, no exception.
    """
    if contract is not None and contract not in project.contracts:
        raise ArgumentError(f"There is no contract '{contract}'.", hint=suggestion(contract, project.contracts), code="unknown_contract")
    found = find_files(paths)
    with _turn(project.work), Ledger(project.ledger_path) as ledger:
        # The time of receipt is taken when the turn has come, so that it grows with the deliveries' ids.
        moment = utc(received_at if received_at is not None else datetime.now(UTC))
        options = _Options(contract, strict, supersede, synthetic, moment)
        claim_landing(project.landing, ledger)
        results, intakes = _sort_out(project, found, options)
        try:
            for table in sorted(intakes):
                results |= _ContractReceive(project, ledger, project.contracts[table], intakes[table], options).run()
        except BaseException:
            # Whatever ended it: what was not recorded goes. Should that fail too, the next receive sweeps.
            with suppress(Exception):
                sweep(project.landing, ledger)
            raise
    return ReceiveReport(tuple(results[file.path] for file in found))


def _sort_out(project: Project, found: Sequence[FoundFile], options: _Options) -> tuple[dict[Path, DeliveryResult], dict[str, _Intake]]:
    """Verdicts on the files that no contract knows, and the others by contract."""
    results: dict[Path, DeliveryResult] = {}
    intakes: dict[str, _Intake] = {}
    for number, file in enumerate(found):
        outcome = _recognised(project, number, file, options)
        if isinstance(outcome, Arrival):
            intakes.setdefault(outcome.contract.table, _Intake()).arrivals.append(outcome)
        elif outcome.contract is not None:
            intakes.setdefault(outcome.contract, _Intake()).rejected.append(outcome)
        elif file.in_folder:
            message = "No contract knows this file: it was left alone."
            results[file.path] = DeliveryResult(file.path, None, None, "skipped", message, code=UNKNOWN)
        else:
            results[file.path] = outcome.result()
    return results, intakes


def _recognised(project: Project, number: int, file: FoundFile, options: _Options) -> Arrival | Rejected:
    """The file's contract, form, checksum and manifest, or why it is refused."""
    table, form = named(file, project.contracts, options.contract)
    try:
        candidate = recognise(file, project.contracts, options.contract)
        if candidate is None:
            raise unknown_file(project.contracts)
        table, form = candidate.contract.table, candidate.form_name
        return arrive(number, file, candidate, options.received_at, options.synthetic)
    except Refusal as refusal:
        return Rejected(file.path, refusal, table, form)
    except OSError as error:
        return Rejected(file.path, Refusal(FORMAT, f"The file cannot be read: {error.strerror}."), table, form)


class _ContractReceive:
    """One receive of one contract: one pass, one batch of files, one transaction."""

    def __init__(self, project: Project, ledger: Ledger, contract: Contract, intake: _Intake, options: _Options) -> None:
        self._project = project
        self._ledger = ledger
        self._contract = contract
        self._options = options
        self._arrivals = sorted(intake.arrivals, key=lambda arrival: arrival.order)
        self._rejected = list(intake.rejected)
        self._history = History(ledger, contract.table)
        self._results: dict[Path, DeliveryResult] = {}

    def run(self) -> dict[Path, DeliveryResult]:
        """The verdict on each of the contract's files, after they were made visible."""
        self._skip_unchanged()
        try:
            admitted, batch = self._take_in()
        except (Error, OSError) as error:
            raise WarehouseError(
                f"Receiving {self._contract.table} failed: {str(error).splitlines()[0]}",
                where=str(self._project.work),
                hint="Nothing of it was recorded; is there room on the disk, and may the folder be written?",
                code="receive_failed",
            ) from error
        self._record(admitted, batch)
        return self._results

    def _take_in(self) -> tuple[list[Admitted], Batch | None]:
        """Judge the rows and write the landing files, which stay invisible until they are recorded."""
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=self._project.work) as folder, closing(connect()) as connection:
            scratch = Path(folder)
            connection.execute("SET temp_directory = ?", [str(scratch / "spill")])
            groups = self._transcribe(scratch)
            judging = Judging(connection, self._project, self._contract)
            tallies = judging.judge(groups, self._arrivals) if groups else {}
            admitted = self._with_losses(connection, self._decide(tallies))
            batch = self._batch(admitted)
            if batch is not None:
                landing = self._project.landing / self._contract.table
                write_schema(connection, self._contract, landing)
                write_batch(judging, landing, batch, {item.arrival.number: item.delivery_id for item in admitted})
        return admitted, batch

    def _skip_unchanged(self) -> None:
        """Set unchanged files aside before the pass, as long as no file judged before them could change what is in force."""
        while self._arrivals and self._found_unchanged(self._arrivals[0]):
            self._arrivals.pop(0)

    def _found_unchanged(self, arrival: Arrival) -> bool:
        message = self._history.unchanged(arrival, self._options.supersede)
        if message is not None:
            path = arrival.file.path
            self._results[path] = DeliveryResult(path, arrival.contract.table, arrival.form_name, "unchanged", message, code=UNCHANGED)
        return message is not None

    def _transcribe(self, scratch: Path) -> list[Group]:
        """Write every file's rows to its group's file, and leave out the files that turn out to be refused."""
        groups: dict[tuple[str, tuple[str, ...]], tuple[Group, BinaryIO]] = {}
        readable: list[Arrival] = []
        with ExitStack() as open_files:
            for arrival in self._arrivals:
                key = (arrival.form_name, arrival.header)
                if key not in groups:
                    group = Group(arrival.form_name, arrival.form, arrival.header, scratch / f"{len(groups)}.csv")
                    groups[key] = (group, open_files.enter_context(group.path.open("wb")))
                try:
                    _transcribe_one(arrival, groups[key][1])
                    readable.append(arrival)
                except Refusal as refusal:
                    self._reject(arrival, refusal)
        self._arrivals = readable
        return [group for group, _ in groups.values()] if readable else []

    def _decide(self, tallies: Mapping[int, Tally]) -> list[Admitted]:
        """Verdicts in the order of extraction: each against what is in force after those before it."""
        admitted: list[Admitted] = []
        next_id = self._ledger.next_delivery_id()
        for arrival in self._arrivals:
            if self._found_unchanged(arrival):
                continue
            tally = tallies[arrival.number]
            try:
                if arrival.manifest is not None:
                    arrival.manifest.check_sums(tally.sums)
                rank = self._history.rank(arrival, next_id, tally.partitions, self._options.supersede)
            except Refusal as refusal:
                self._reject(arrival, refusal)
                continue
            # A file without an accepted row is refused; should it come again after a correction of ours, it is judged again.
            in_force = self._history.admit(arrival, rank, tally.partitions, tally.set_aside) if tally.accepted else InForce()
            admitted.append(Admitted(arrival, tally, rank, in_force, self._options.received_at))
            next_id += 1
        return admitted

    def _with_losses(self, connection: Connection, admitted: Sequence[Admitted]) -> list[Admitted]:
        """The same, each with the series that it drops from the parts it takes over."""
        table = self._contract.table
        files = [self._project.landing / table / name for name in self._ledger.active_files(table)]
        losses = lost_series(
            connection,
            self._contract,
            # A landing file that was lost is for the build to report; it must not keep its own replacement out.
            [file for file in files if file.is_file()],
            {item.arrival.number: item.delivery_id for item in admitted},
            {item.arrival.number: item.in_force for item in admitted},
        )
        return [replace(item, lost=losses.get(item.arrival.number, item.lost)) for item in admitted]

    def _batch(self, admitted: Sequence[Admitted]) -> Batch | None:
        if not admitted:
            return None
        with_set_aside = any(item.tally.set_aside for item in admitted)
        return batch_names(f"{admitted[0].delivery_id:08}", self._contract.table, with_set_aside)

    def _record(self, admitted: Sequence[Admitted], batch: Batch | None) -> None:
        entries = [item.entry(batch.batch) for item in admitted] if batch is not None else []
        for item in admitted:
            self._results[item.arrival.file.path] = item.result(self._options.strict)
        next_id = self._ledger.next_delivery_id() + len(admitted)
        for delivery_id, rejected in enumerate(self._rejected, start=next_id):
            entries.append(rejected.entry(delivery_id, self._options.received_at))
            self._results[rejected.path] = rejected.result(delivery_id)
        if entries:
            self._ledger.record(entries, batch)

    def _reject(self, arrival: Arrival, refusal: Refusal) -> None:
        self._rejected.append(Rejected(arrival.file.path, refusal, arrival.contract.table, arrival.form_name, arrival.sha256))


def _transcribe_one(arrival: Arrival, out: BinaryIO) -> None:
    path = arrival.file.path
    start = out.tell()
    try:
        arrival.transcript = transcode(path, arrival.number, arrival.form.delimiter, arrival.form.encodings, out)
        if arrival.manifest is not None:
            arrival.manifest.check_rows(arrival.transcript.rows)
        if state(path) != arrival.state:
            raise Refusal(FORMAT, "The file was changed while it was being read.", "Receive it again when the sender is done.")
        _check_end(arrival)
    except OSError as error:
        out.truncate(out.seek(start))
        raise Refusal(FORMAT, f"The file cannot be read: {error.strerror}.") from error
    except Refusal:
        out.truncate(out.seek(start))
        raise


def _check_end(arrival: Arrival) -> None:
    """Refuse a file whose last value may be the beginning of a longer one: nothing in the file itself could tell."""
    line, manifest = arrival.transcript.open_line, arrival.manifest
    if line is None or is_packed(arrival.file.path) or (manifest is not None and manifest.confirms_every_byte):
        return
    raise Refusal(
        TRUNCATED,
        f"The file's last line ({line}) has no line end, so it may have been cut.",
        "End the file with a line end, or send a manifest with its sha256.",
    )


def _clear_scratch(work: Path) -> None:
    for left in work.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _turn(work: Path) -> Generator[None]:
    """One receiver at a time; scratch folders are removed, also those of receivers that were killed or interrupted."""
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / _LOCK, timeout=_WAIT_SECONDS):
            _clear_scratch(work)
            try:
                yield
            finally:
                _clear_scratch(work)
    except Timeout as error:
        raise WarehouseError(
            f"Another receive has been running for more than {_WAIT_SECONDS // 60} minutes.",
            where=str(work / _LOCK),
            hint="Wait until it is done, or end it.",
            code="receive_locked",
        ) from error
