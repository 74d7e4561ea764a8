"""Receive: recognise files, judge all files of one contract in one pass, give each its verdict, and make it visible at once.

Landing files are complete before the ledger names them, and one ledger transaction per contract makes its deliveries
visible. A receive that is killed leaves files that nobody knows, and the next receive sweeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from flis_semantic.contracts.model import Contract
from flis_semantic.delivery.arrival import Arrival, arrive
from flis_semantic.delivery.cells import Group
from flis_semantic.delivery.delta_history import Standing
from flis_semantic.delivery.files import FoundFile, find_files
from flis_semantic.delivery.history import History, InForce
from flis_semantic.delivery.judging import InColumns, Judging, Tally
from flis_semantic.delivery.landing import batch_names, claim_landing, sweep, write_batch, write_schema
from flis_semantic.delivery.losses import lost_series
from flis_semantic.delivery.masks import masks_of
from flis_semantic.delivery.parquet import ParquetReader
from flis_semantic.delivery.pseudonyms import PseudonymKey, key_for
from flis_semantic.delivery.recognise import named, recognise, unknown_file
from flis_semantic.delivery.report import FORMAT, MANIFEST, NAME, UNCHANGED, UNKNOWN, DeliveryResult, ReceiveReport, Refusal
from flis_semantic.delivery.scratch import Scratch
from flis_semantic.delivery.transcribing import Transcribing
from flis_semantic.delivery.turn import engine, turn
from flis_semantic.delivery.verdict import Admitted, Rejected
from flis_semantic.errors import ArgumentError, WarehouseError, suggestion
from flis_semantic.faults import reached
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Batch, Confirmation
from flis_semantic.warehouse import Connection, Error, is_about_the_disk
from flis_semantic.workspace import Project


@dataclass(frozen=True)
class _Options:
    contract: str | None
    strict: bool
    supersede: bool
    synthetic: bool | None
    received_at: datetime
    key: PseudonymKey | None


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
    key: PseudonymKey | None = None,
) -> ReceiveReport:
    """Receive files and folders of files; returns a verdict on each.

    `contract` says which table the files are, instead of recognising it; `strict` makes a set-aside row an error (exit code
    1); `supersede` puts an older extract in force; `synthetic` marks the data as made up (default: what a manifest says);
    `received_at` (default: now) is the time of receipt; `key` is that of the pseudonyms (default: the environment's).

    Raises ArgumentError for a path or contract that does not exist, or where personal numbers come without the right key;
    DefinitionErrors for contracts that cannot be read,
    WarehouseError when the landing zone or the ledger cannot be used. What is wrong with a file is its verdict, no exception.
    """
    if contract is not None and contract not in project.contracts:
        raise ArgumentError(f"There is no contract '{contract}'.", hint=suggestion(contract, project.contracts), code="unknown_contract")
    found = find_files(paths)
    try:
        with turn(project.work), Ledger(project.ledger_path) as ledger:
            # The time of receipt is taken when the turn has come, so that it grows with the deliveries' ids.
            moment = utc(received_at if received_at is not None else datetime.now(UTC))
            results = _receive(project, ledger, found, _Options(contract, strict, supersede, synthetic, moment, key))
    except OSError as error:
        raise WarehouseError(
            f"{error.filename or project.work} cannot be used: {error.strerror}.",
            hint="What was recorded before stays; give the folder room and the right to write, and receive again.",
            code="receive_failed",
        ) from error
    masks = masks_of(project.vocabulary)
    return ReceiveReport(tuple(masks.result(results[file.path]) for file in found))


def _receive(project: Project, ledger: Ledger, found: Sequence[FoundFile], options: _Options) -> dict[Path, DeliveryResult]:
    claim_landing(project.landing, ledger)
    reached("receive: claimed")
    results, intakes = _sort_out(project, found, options)
    if any(project.contracts[table].pseudonyms for table in intakes):
        options = replace(options, key=key_for(ledger, options.key))
    try:
        for table in sorted(intakes):
            results |= _ContractReceive(project, ledger, project.contracts[table], intakes[table], options).run()
    except BaseException:
        # Whatever ended it: what was not recorded goes. Should that fail too, the next receive sweeps.
        with suppress(Exception):
            sweep(project.landing, ledger)
        raise
    return results


def _sort_out(project: Project, found: Sequence[FoundFile], options: _Options) -> tuple[dict[Path, DeliveryResult], dict[str, _Intake]]:
    """Verdicts on the files that no contract knows, and the others by contract."""
    results: dict[Path, DeliveryResult] = {}
    intakes: dict[str, _Intake] = {}
    with ParquetReader() as reader:
        outcomes = [_recognised(project, number, file, options, reader) for number, file in enumerate(found)]
    for file, outcome in zip(found, outcomes, strict=True):
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


def _recognised(project: Project, number: int, file: FoundFile, options: _Options, reader: ParquetReader) -> Arrival | Rejected:
    """The file's contract, form, checksum and manifest, or why it is refused."""
    table, form = named(file, project.contracts, options.contract)
    try:
        candidate = recognise(file, project.contracts, options.contract, reader.columns)
        if candidate is None:
            raise unknown_file(project.contracts)
        table, form = candidate.contract.table, candidate.form_name
        return arrive(project, number, file, candidate, options.received_at, options.synthetic)
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
        self._confirmations: list[Confirmation] = []

    def run(self) -> dict[Path, DeliveryResult]:
        """The verdict on each of the contract's files, after they were made visible."""
        self._skip_unchanged()
        try:
            admitted, batch = self._take_in()
        except (Error, OSError) as error:
            raise WarehouseError(
                f"Receiving {self._contract.table} failed: {self._told(error)}",
                where=str(self._project.work),
                hint=f"Nothing of it was recorded; {_advice(error)}",
                code="receive_failed",
            ) from error
        reached("receive: written")
        self._record(admitted, batch)
        reached("receive: recorded")
        return self._results

    def _told(self, error: Error | OSError) -> str:
        """The error's first line; of the engine's about values only its kind, where values may be personal."""
        told = str(error).splitlines()[0] if _is_about_room(error) or not self._contract.personal_columns else type(error).__name__
        return masks_of(self._project.vocabulary).text(told)

    def _take_in(self) -> tuple[list[Admitted], Batch | None]:
        """Judge the rows and write the landing files, which stay invisible until they are recorded."""
        if not self._arrivals:
            return [], None
        with engine(self._project.work) as (connection, scratch):
            groups = self._transcribe(connection, scratch)
            reached("receive: transcribed")
            judging = Judging(connection, self._project, self._contract, groups, self._options.key)
            admitted = self._with_losses(connection, self._decide(self._judge(judging))) if groups else []
            admitted = [replace(item, standing=self._standing(item)) for item in admitted]
            reached("receive: judged")
            batch = self._batch(admitted)
            if batch is not None:
                landing = self._project.landing / self._contract.table
                write_schema(connection, self._contract, landing)
                write_batch(judging, landing, batch, {item.arrival.number: item.delivery_id for item in admitted})
        return admitted, batch

    def _judge(self, judging: Judging) -> dict[int, Tally]:
        """The tally of each file; what its columns say about it may refuse it, and settles its place among the others."""
        in_columns = judging.read(self._arrivals)
        readable: list[Arrival] = []
        for arrival in self._arrivals:
            said = in_columns.get(arrival.number, InColumns())
            try:
                arrival.learn(said.extracted_at, said.sequences)
                readable.append(arrival)
            except Refusal as refusal:
                self._reject(arrival, refusal)
        tallies = judging.judge(self._arrivals)
        self._arrivals = sorted(readable, key=lambda arrival: arrival.order)
        return tallies

    def _standing(self, item: Admitted) -> Standing:
        if item.arrival.mode != "delta" or not item.admitted:
            return Standing()
        return self._history.deltas.standing(item.arrival.stream, item.rank, list(item.tally.partitions))

    def _skip_unchanged(self) -> None:
        """Set unchanged files aside before the pass, as long as no file judged before them could change what is in force."""
        while self._arrivals and self._found_unchanged(self._arrivals[0]):
            self._arrivals.pop(0)

    def _found_unchanged(self, arrival: Arrival) -> bool:
        message = self._history.unchanged(arrival, self._options.supersede)
        if message is not None:
            path = arrival.file.path
            confirmation = self._history.confirm(arrival, self._options.received_at)
            if confirmation is not None:
                self._confirmations.append(confirmation)
                message += f" It now counts as of {arrival.extracted_at:%Y-%m-%d}."
            self._results[path] = DeliveryResult(path, arrival.contract.table, arrival.form_name, "unchanged", message, code=UNCHANGED)
        return message is not None

    def _transcribe(self, connection: Connection, scratch: Scratch) -> list[Group]:
        """Write every file's rows to its group's file, and leave out the files that turn out to be refused."""
        readable: list[Arrival] = []
        with Transcribing(connection, scratch) as transcribing:
            for arrival in self._arrivals:
                try:
                    transcribing.take(arrival)
                    readable.append(arrival)
                except Refusal as refusal:
                    self._reject(arrival, refusal)
        self._arrivals = readable
        return transcribing.groups if readable else []

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
                self._add_named(arrival, tally)
                rank = self._history.rank(arrival, next_id, tally.partitions, self._options.supersede)
            except Refusal as refusal:
                self._reject(arrival, refusal)
                continue
            item = Admitted(arrival, tally, rank, InForce(), self._options.received_at)
            # A file without an accepted row is refused; should it come again after a correction of ours, it is judged again.
            if item.admitted:
                item = replace(item, in_force=self._history.admit(arrival, rank, tally.partitions))
            admitted.append(item)
            next_id += 1
        return admitted

    def _add_named(self, arrival: Arrival, tally: Tally) -> None:
        """Add the parts that name or manifest say to the tally: delivered, also without a row. Raises Refusal when they disagree."""
        contract, calendar = self._contract, self._project.calendar
        if arrival.mode == "delta" or (arrival.transcript.rows and not tally.accepted):
            return
        parts, base = arrival.named.parts, contract.base_period
        other = next((part for part in tally.partitions if part not in parts), None) if parts else None
        if other is not None:
            where = f"{other[0]}, {calendar.period(base, other[1]).label}{f' ({other[2]})' if other[2] else ''}"
            raise Refusal(MANIFEST, f"The file has rows of {where}, which is not among the manifest's parts.", "Correct one of them.")
        last = calendar.key(base, arrival.extracted_at.date()) + contract.periods_ahead
        for part in parts:
            if part[1] > last:
                label = calendar.period(base, part[1]).label
                raise Refusal(NAME, f"The file is said to be of {label}, which begins after its extract.", "Correct one of them.")
            tally.partitions.setdefault(part, 0)

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
        if entries or self._confirmations:
            masks = masks_of(self._project.vocabulary)
            accepted = any(item.tally.accepted for item in admitted)
            fingerprint = self._key_fingerprint if accepted else None
            self._ledger.record([masks.entry(entry) for entry in entries], batch, self._confirmations, fingerprint)

    @property
    def _key_fingerprint(self) -> str | None:
        key = self._options.key if self._contract.pseudonyms else None
        return key.fingerprint(self._ledger.identity) if key is not None else None

    def _reject(self, arrival: Arrival, refusal: Refusal) -> None:
        self._rejected.append(Rejected(arrival.file.path, refusal, arrival.contract.table, arrival.form_name, arrival.sha256))


def _is_about_room(error: Error | OSError) -> bool:
    return isinstance(error, OSError) or is_about_the_disk(error) or type(error).__name__ == "OutOfMemoryException"


def _advice(error: Error | OSError) -> str:
    if _is_about_room(error):
        return "is there room on the disk, and may the folder be written?"
    return "this is a fault of the program: report it with the file."
