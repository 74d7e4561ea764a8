"""Judge again what was set aside, after a contract, a code list or a rule was corrected. The ledger keeps both verdicts.

A new verdict is a delivery of its own with the rows that were accepted before and those that are right now. It has the place of
the first verdict among the others, so what came later stays in force, and who asks what was known before gets the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from flis_semantic.contracts.model import Contract
from flis_semantic.delivery import rules
from flis_semantic.delivery.again import Earlier, JudgingAgain, KeptRow, Moved, moved_counts, read_kept, written_again
from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.files import FoundFile
from flis_semantic.delivery.judging import Tally
from flis_semantic.delivery.landing import batch_names, claim_landing, sweep, write_batch, write_schema
from flis_semantic.delivery.masks import masks_of
from flis_semantic.delivery.naming import Named, read_name
from flis_semantic.delivery.pseudonyms import PseudonymKey, key_for
from flis_semantic.delivery.report import MASK, NOTHING, Refusal, counted
from flis_semantic.delivery.transcript import Transcript
from flis_semantic.delivery.turn import engine, turn
from flis_semantic.errors import ArgumentError, WarehouseError, suggestion
from flis_semantic.faults import reached
from flis_semantic.ledger import Ledger, utc
from flis_semantic.ledger_records import Batch, Delivery, Entry, UnitCount
from flis_semantic.warehouse import Error
from flis_semantic.workspace import Project

COLUMNS = ("delivery_id", "judged_as", "file", "set_aside", "accepted_now", "left", "unreadable", "message")


@dataclass(frozen=True)
class Rejudged:
    """What came of one delivery: how many of its set-aside rows are accepted now, how many are left, how many of these are unreadable.

    `judged_as` is the id of the new verdict, None where nothing changed. Unreadable rows need the delivered file: personal values
    are masked in them, or they are no record of the form.
    """

    delivery_id: int
    file: str
    set_aside: int
    accepted_now: int
    left: int
    unreadable: int
    message: str
    judged_as: int | None = None


@dataclass
class _Work:
    """What is being judged again: deliveries by number, with their rows."""

    deliveries: dict[int, Delivery] = field(default_factory=dict[int, Delivery])
    earlier: dict[int, Earlier] = field(default_factory=dict[int, Earlier])


def reprocess(project: Project, contract: str, *, judged_at: datetime | None = None, key: PseudonymKey | None = None) -> list[Rejudged]:
    """Judge the set-aside rows of every delivery of a contract again; a result for each delivery that has any.

    Rows that were accepted stay accepted: a stricter rule is for the delivered file, received again with `supersede`.
    `judged_at` (default: now) is the time of the new verdicts; `key` that of the pseudonyms (default: the environment's).

    Raises ArgumentError for an unknown contract, WarehouseError when landing zone or ledger cannot be used; nothing is recorded then.
    """
    if contract not in project.contracts:
        raise ArgumentError(
            f"There is no contract '{contract}'.", where="--contract", hint=suggestion(contract, project.contracts), code="unknown_contract"
        )
    if not project.ledger_path.is_file():
        return []
    with turn(project.work), Ledger(project.ledger_path) as ledger:
        moment = utc(judged_at if judged_at is not None else datetime.now(UTC))
        claim_landing(project.landing, ledger)
        try:
            return _Reprocess(project, ledger, project.contracts[contract], moment, key).run()
        except (Error, OSError) as error:
            raise WarehouseError(
                f"Judging {contract} again failed: {type(error).__name__}.",
                where=str(project.landing),
                hint="Nothing of it was recorded: is there room on the disk, and are all landing files there?",
                code="reprocess_failed",
            ) from error
        finally:
            with suppress(Exception):
                sweep(project.landing, ledger)


class _Reprocess:
    def __init__(self, project: Project, ledger: Ledger, contract: Contract, moment: datetime, key: PseudonymKey | None) -> None:
        self._project = project
        self._ledger = ledger
        self._contract = contract
        self._moment = moment
        self._key = key_for(ledger, key) if contract.pseudonyms else None
        self._folder = project.landing / contract.table
        self._batches = {batch.batch: batch for batch in ledger.batches(contract.table)}

    def run(self) -> list[Rejudged]:
        deliveries = standing_verdicts(self._ledger.deliveries(self._contract.table))
        chosen = [d for d in deliveries if d.rows_set_aside and d.batch is not None and not self._is_replaced(d, deliveries)]
        if not chosen:
            return []
        with engine(self._project.work) as (connection, scratch):
            left = self._files(chosen, of_set_aside=True)
            kept = read_kept(connection, left, [delivery.delivery_id for delivery in chosen])
            work = self._read(chosen, kept)
            groups = written_again(work.earlier, scratch.folder)
            if not groups:
                return [self._unchanged(work.deliveries[d], item) for d, item in work.earlier.items()]
            arrivals = [item.arrival for item in work.earlier.values() if item.arrival is not None and item.cells]
            judging = JudgingAgain(connection, self._project, self._contract, groups, self._key)
            judging.carry(
                {d: delivery.delivery_id for d, delivery in work.deliveries.items()},
                self._files(chosen, of_set_aside=False),
                left,
                {d: list(item.cells) for d, item in work.earlier.items()},
            )
            judging.read(arrivals)
            tallies = judging.judge(arrivals)
            reached("reprocess: judged")
            return self._settle(work, tallies, judging)

    def _is_replaced(self, delivery: Delivery, others: Sequence[Delivery]) -> bool:
        """Whether the same content, or of a delta the same number, was admitted later: then that one is the one to judge."""
        later = [other for other in others if other.admitted and _first(other) > _first(delivery)]
        if delivery.mode == "delta":
            return any((other.mode, other.stream, other.sequence) == ("delta", delivery.stream, delivery.sequence) for other in later)
        return any(other.content_sha256 == delivery.content_sha256 for other in later)

    def _files(self, deliveries: Sequence[Delivery], *, of_set_aside: bool) -> list[Path]:
        batches = [self._batches[name] for name in dict.fromkeys(d.batch for d in deliveries if d.batch is not None)]
        names = [batch.set_aside_file if of_set_aside else batch.file for batch in batches]
        return [self._folder / name for name in names if name is not None]

    def _read(self, chosen: Sequence[Delivery], kept: Mapping[int, list[KeptRow]]) -> _Work:
        work, shape = _Work(), self._contract.rule("row_shape").id
        for d, delivery in enumerate(chosen):
            rows = kept[delivery.delivery_id]
            item = Earlier(self._arrival(d, delivery, rows), rows)
            if item.arrival is not None:
                form = self._contract.forms[delivery.form]
                cells = {row.line: row.cells(form, shape) for row in rows if row.header == item.arrival.header}
                item.cells = {line: found for line, found in cells.items() if found is not None}
                item.arrival.transcript = Transcript(delivery.encoding, records=len(item.cells))
            item.masked = sum(MASK in row.raw_row for row in rows)
            work.deliveries[d], work.earlier[d] = delivery, item
        return work

    def _arrival(self, number: int, delivery: Delivery, rows: Sequence[KeptRow]) -> Arrival | None:
        """The delivery as it came, without its manifest; None where what is kept of it does not say how it is to be read."""
        form = self._contract.forms.get(delivery.form)
        header = next((row.header for row in rows if row.header is not None), None)
        if form is None or header is None or sorted(header) != sorted(form.header):
            return None
        file = FoundFile(Path(delivery.file_name), in_folder=False)
        try:
            named = read_name(self._project, file, self._contract, delivery.form, None)
        except Refusal:
            return None
        # What is kept of a Parquet file's rows is JSON.
        form = form.model_copy(update={"kind": "json_lines"}) if form.kind == "parquet" else form
        return Arrival(
            number=number,
            file=file,
            contract=self._contract,
            form_name=delivery.form,
            form=form,
            header=header,
            sha256=delivery.content_sha256,
            state=(0, 0),
            manifest=None,
            named=named,
            extracted_at=delivery.extracted_at,
            extracted_from=delivery.extracted_from,
            synthetic=delivery.synthetic,
            sequence=delivery.sequence,
        )

    def _settle(self, work: _Work, tallies: Mapping[int, Tally], judging: JudgingAgain) -> list[Rejudged]:
        """Write and record the new verdicts, all of them or none."""
        moved = judging.moved()
        counts = self._ledger.rule_counts(self._contract.table)
        units = self._ledger.unit_counts(self._contract.table)
        parts = self._ledger.partitions(delivery.delivery_id for delivery in work.deliveries.values())
        next_id = self._ledger.next_delivery_id()
        entries: dict[int, Entry] = {}
        for d, tally in tallies.items():
            delivery, item = work.deliveries[d], work.earlier[d]
            before = _hits(item)
            if not tally.accepted and tally.rule_counts == before:
                continue
            hits = {rule: rows - before.get(rule, 0) for rule, rows in counts.get(delivery.delivery_id, {}).items()}
            for rule, rows in tally.rule_counts.items():
                hits[rule] = hits.get(rule, 0) + rows
            accepted = delivery.rows_accepted + tally.accepted
            partitions = dict(parts[delivery.delivery_id])
            named = item.arrival.named if item.arrival is not None else Named()
            for part, rows in {
                **dict.fromkeys(named.parts if accepted and delivery.mode != "delta" else (), 0),
                **tally.partitions,
            }.items():
                partitions[part] = partitions.get(part, 0) + rows
            judged = self._judged(delivery, tally, next_id + len(entries))
            entries[d] = Entry(
                judged,
                {rule: rows for rule, rows in hits.items() if rows and not (rule == NOTHING and accepted)},
                partitions,
                self._units(units.get(delivery.delivery_id, []), [row for row in moved if row[0] == d]),
            )
        if entries:
            self._record(entries, judging)
        return [
            self._result(work.deliveries[d], item, entries[d].delivery, tallies[d])
            if d in entries
            else self._unchanged(work.deliveries[d], item)
            for d, item in work.earlier.items()
        ]

    def _units(self, before: Sequence[UnitCount], moved: Sequence[Moved]) -> list[UnitCount]:
        bits = {rule.id: rules.bit(self._contract, rule) for rule in self._contract.row_rules}
        return moved_counts(before, moved, bits, rules.set_aside_bits(self._contract)) if before else []

    def _judged(self, delivery: Delivery, tally: Tally, delivery_id: int) -> Delivery:
        """The new verdict: the rows that were accepted before, and those that are now."""
        accepted, set_aside = delivery.rows_accepted + tally.accepted, delivery.rows_set_aside - tally.accepted
        text = f"Judged again: {counted(tally.accepted, 'row')} of delivery {delivery.delivery_id} more accepted, {set_aside:,} set aside"
        return replace(
            delivery,
            delivery_id=delivery_id,
            received_at=self._moment,
            verdict="refused" if not accepted else "accepted_with_warnings" if set_aside else "accepted",
            code="" if accepted else NOTHING,
            message=f"{text}.",
            rows_accepted=accepted,
            rows_control=delivery.rows_control + tally.control,
            rows_set_aside=set_aside,
            rejudges=_first(delivery),
        )

    def _record(self, entries: Mapping[int, Entry], judging: JudgingAgain) -> None:
        ids = {d: entry.delivery.delivery_id for d, entry in entries.items()}
        with_set_aside = any(entry.delivery.rows_set_aside for entry in entries.values())
        batch: Batch = batch_names(f"{min(ids.values()):08}", self._contract.table, with_set_aside)
        write_schema(judging.connection, self._contract, self._folder)
        write_batch(judging, self._folder, batch, ids)
        reached("reprocess: written")
        masks = masks_of(self._project.vocabulary)
        recorded = [replace(entry, delivery=replace(entry.delivery, batch=batch.batch)) for entry in entries.values()]
        fingerprint = self._key.fingerprint(self._ledger.identity) if self._key is not None else None
        self._ledger.record([masks.entry(entry) for entry in recorded], batch, (), fingerprint)
        reached("reprocess: recorded")

    def _result(self, delivery: Delivery, item: Earlier, judged: Delivery, tally: Tally) -> Rejudged:
        return Rejudged(
            delivery.delivery_id,
            delivery.file_name,
            delivery.rows_set_aside,
            tally.accepted,
            judged.rows_set_aside,
            len(item.rows) - len(item.cells),
            f"{judged.message}{_unreadable(item)}",
            judged.delivery_id,
        )

    def _unchanged(self, delivery: Delivery, item: Earlier) -> Rejudged:
        rows = delivery.rows_set_aside
        message = f"Nothing changed: {counted(rows, 'row')} stay set aside.{_unreadable(item)}"
        return Rejudged(delivery.delivery_id, delivery.file_name, rows, 0, rows, len(item.rows) - len(item.cells), message)


def standing_verdicts(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Of each delivery its newest verdict, in the order in which they came."""
    newest = {_first(delivery): delivery for delivery in sorted(deliveries, key=lambda delivery: delivery.delivery_id)}
    return [newest[first] for first in sorted(newest)]


def _first(delivery: Delivery) -> int:
    """Id of the delivery's first verdict."""
    return delivery.rejudges if delivery.rejudges is not None else delivery.delivery_id


def _hits(item: Earlier) -> dict[str, int]:
    """Hits by rule of the rows that are judged again, as they were."""
    found: dict[str, int] = {}
    for row in item.rows:
        for rule in row.rule_ids if row.line in item.cells else ():
            found[rule] = found.get(rule, 0) + 1
    return found


def _unreadable(item: Earlier) -> str:
    unreadable = len(item.rows) - len(item.cells)
    if not unreadable:
        return ""
    masked = f", {item.masked:,} of them because values are masked" if item.masked else ""
    return f" {counted(unreadable, 'row')} cannot be judged from what is kept{masked}: receive the delivered file again with --supersede."
