"""From counts to a verdict: the result a user reads, and the entry the ledger keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flis_semantic.contracts.model import FromColumn
from flis_semantic.delivery.arrival import Arrival
from flis_semantic.delivery.delta_history import Standing
from flis_semantic.delivery.history import InForce, Rank
from flis_semantic.delivery.judging import Tally
from flis_semantic.delivery.losses import Lost
from flis_semantic.delivery.report import EXTRACT, FUTURE, NOTHING, SERIES, WINDOW, DeliveryResult, Refusal, counted, printable, shortened
from flis_semantic.ledger_records import Delivery, Entry, UnitCount, Verdict

_MOST_RULES_NAMED = 5
_MOST_SERIES_NAMED = 5
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Rejected:
    """A file that was refused as a whole, and what is known of it."""

    path: Path
    refusal: Refusal
    contract: str | None = None
    form: str | None = None
    sha256: str = ""

    def result(self, delivery_id: int | None = None) -> DeliveryResult:
        """The verdict that the user reads."""
        refusal = self.refusal
        return DeliveryResult(
            file=self.path,
            contract=self.contract,
            form=self.form,
            verdict="refused",
            message=refusal.message,
            hint=refusal.hint,
            code=refusal.code,
            delivery_id=delivery_id,
            rule_counts={refusal.code: 1},
            exit_code=refusal.exit_code,
        )

    def entry(self, delivery_id: int, received_at: datetime) -> Entry:
        """What the ledger keeps: that it came, and why it is not here."""
        delivery = Delivery(
            delivery_id=delivery_id,
            contract=self.contract or "",
            form=self.form or "",
            file_name=printable(self.path.name),
            content_sha256=self.sha256,
            extracted_at=received_at,
            extracted_from="receipt",
            received_at=received_at,
            rank_at=received_at,
            sequence=None,
            verdict="refused",
            code=self.refusal.code,
            message=self.refusal.message,
            rows_delivered=0,
            rows_accepted=0,
            rows_control=0,
            rows_set_aside=0,
            encoding="",
            synthetic=False,
            has_manifest=False,
            batch=None,
        )
        return Entry(delivery, {self.refusal.code: 1})


@dataclass(frozen=True)
class Admitted:
    """A file whose rows were judged: the accepted ones go into the landing zone. Without any it is refused, and its rows are kept."""

    arrival: Arrival
    tally: Tally
    rank: Rank
    in_force: InForce
    received_at: datetime
    lost: Lost = Lost()
    standing: Standing = Standing()
    """Of a delta only."""

    @property
    def admitted(self) -> bool:
        """Whether it is in the landing zone: with accepted rows, or with none delivered."""
        return not self._code

    @property
    def delivery_id(self) -> int:
        """The delivery's id."""
        return self.rank[2]

    def result(self, strict: bool) -> DeliveryResult:
        """The verdict that the user reads."""
        arrival, tally = self.arrival, self.tally
        return DeliveryResult(
            file=arrival.file.path,
            contract=arrival.contract.table,
            form=arrival.form_name,
            verdict=self._verdict,
            message=self._message,
            hint="They are kept with rule, line and reason; correct them at the source and deliver again." if tally.set_aside else "",
            code=self._code,
            delivery_id=self.delivery_id,
            rows_delivered=arrival.transcript.rows,
            rows_accepted=tally.accepted,
            rows_control=tally.control,
            rows_set_aside=tally.set_aside,
            rule_counts=self._rule_counts,
            synthetic=arrival.synthetic,
            exit_code=1 if self._code or (strict and tally.set_aside) else 0,
        )

    def entry(self, batch: str) -> Entry:
        """What the ledger keeps."""
        arrival, tally = self.arrival, self.tally
        delivery = Delivery(
            delivery_id=self.delivery_id,
            contract=arrival.contract.table,
            form=arrival.form_name,
            file_name=printable(arrival.file.path.name),
            content_sha256=arrival.sha256,
            extracted_at=arrival.extracted_at,
            extracted_from=arrival.extracted_from,
            received_at=self.received_at,
            rank_at=self.rank[0],
            sequence=arrival.sequence,
            verdict=self._verdict,
            code=self._code,
            message=self._message,
            rows_delivered=arrival.transcript.rows,
            rows_accepted=tally.accepted,
            rows_control=tally.control,
            rows_set_aside=tally.set_aside,
            encoding=arrival.transcript.encoding,
            synthetic=arrival.synthetic,
            has_manifest=arrival.manifest is not None and arrival.manifest.has_control_figures,
            batch=batch,
            mode=arrival.mode,
            stream=arrival.stream,
        )
        return Entry(delivery, self._rule_counts, tally.partitions, self._unit_counts)

    @property
    def _unit_counts(self) -> list[UnitCount]:
        """The rows by unit and supplier: what the manifest says of all of them, else what a row says, else what the form says."""
        manifest, form = self.arrival.manifest, self.arrival.form
        said = manifest.supplier if manifest is not None else None
        found: dict[tuple[str, str], UnitCount] = {}
        for count in self.tally.units:
            # Lines that are no record are of the unit that the whole file is of.
            unit, supplier = count.unit_code or self.arrival.named.unit or "", said or count.supplier or form.supplier or ""
            found[unit, supplier] = found.get((unit, supplier), UnitCount(unit, supplier)).with_rows_of(count)
        return list(found.values())

    @property
    def _code(self) -> str:
        return "" if self.tally.accepted or not self.arrival.transcript.rows else NOTHING

    @property
    def _verdict(self) -> Verdict:
        if self._code:
            return "refused"
        return "accepted_with_warnings" if self._rule_counts else "accepted"

    @property
    def _rule_counts(self) -> dict[str, int]:
        counts = dict(self.tally.rule_counts)
        if self._rows_outside_window:
            counts[WINDOW] = self._rows_outside_window
        if self.arrival.extracted_at > self.received_at:
            counts[FUTURE] = 1
        if self.arrival.extract_unknown:
            counts[EXTRACT] = 1
        if self.lost.parts:
            counts[SERIES] = self.lost.parts
        if self._code:
            counts[self._code] = 1
        return counts

    @property
    def _rows_outside_window(self) -> int:
        """Rows of periods further back from the latest than the form's declared length; they are kept."""
        length, parts = self.arrival.form.length, self.tally.partitions
        if length is None or not parts:
            return 0
        first = max(key for _, key, _ in parts) - length
        return sum(rows for (_, key, _), rows in parts.items() if key <= first)

    @property
    def _message(self) -> str:
        delivered, accepted = self.arrival.transcript.rows, self.tally.accepted
        if accepted == delivered:
            text = f"{counted(accepted, 'row')} accepted"
        else:
            text = f"{accepted:,} of {counted(delivered, 'row')} accepted, {self.tally.set_aside:,} set aside"
            if not accepted:
                text = f"None of the {counted(delivered, 'row')} could be accepted"
            text += f": {self._rules_named}; first {shortened(self.tally.first_reason, _LONGEST_REASON)}"
        return f"{text}{self._notes}.{self._waits}"

    @property
    def _waits(self) -> str:
        gap = self.standing.gap
        if not gap.count:
            return ""
        named = ", ".join(str(number) for number in gap.first)
        more = f" and {gap.count - len(gap.first):,} more" if gap.count > len(gap.first) else ""
        return f" Delta {self.arrival.sequence} waits: {named}{more} {'has' if gap.count == 1 else 'have'} not come."

    @property
    def _delta_notes(self) -> str:
        notes = ""
        if self.standing.outdated:
            notes += f"; a later full extract is in force in {self.standing.outdated:,} of {counted(self.standing.parts, 'part')}"
        return notes + self._notes_on_extract

    @property
    def _rules_named(self) -> str:
        ranked = sorted(self.tally.rule_counts.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{rule} × {rows:,}" for rule, rows in ranked[:_MOST_RULES_NAMED])
        return f"{named} and {len(ranked) - _MOST_RULES_NAMED} more rules" if len(ranked) > _MOST_RULES_NAMED else named

    @property
    def _notes_on_extract(self) -> str:
        notes = ""
        if self.arrival.extracted_at > self.received_at:
            notes += f"; the extract date {self.arrival.extracted_at.date()} is later than the receipt"
        if self.arrival.extract_unknown:
            place = "a manifest" if isinstance(self.arrival.form.extracted_at, FromColumn) else "the name or a manifest"
            notes += f"; its extract time is unknown, the time of receipt stands in for it: give the date in {place}"
        return notes

    @property
    def _notes(self) -> str:
        notes = ""
        parts = len(self.tally.partitions)
        warned = {rule.id for rule in self.arrival.contract.row_rules if rule.action == "warn"}
        hits = [f"{rule} × {rows:,}" for rule, rows in self.tally.rule_counts.items() if rule in warned]
        if hits and self.tally.accepted:
            notes += f"; kept with a warning: {', '.join(hits[:_MOST_RULES_NAMED])}"
        if self.arrival.mode == "delta":
            return notes + self._delta_notes
        if self.in_force.parts < parts:
            notes += f"; newer extracts stay in force for {parts - self.in_force.parts:,} of {parts:,} parts"
        if self._rows_outside_window:
            length, grain = self.arrival.form.length, self.arrival.contract.base_period
            notes += f"; {counted(self._rows_outside_window, 'row')} before the window of {length} periods ({grain}) that the form declares"
        notes += self._notes_on_extract
        if self.lost.parts:
            grain = self.arrival.contract.base_period
            more = ", …" if len(self.lost.series) > _MOST_SERIES_NAMED else ""
            notes += (
                f"; {counted(self.lost.parts, 'part')} (unit × {grain}) no longer {'has' if self.lost.parts == 1 else 'have'} series "
                f"{', '.join(self.lost.series[:_MOST_SERIES_NAMED])}{more} that were there: deliver all series of a {grain} together"
            )
        return notes
