"""What a domain's facts say beside the vocabulary and the contracts: every name known, every measure with a meaning in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flis_semantic.catalogue.conditions import OWN_COLUMNS, Conditions, expression_problem
from flis_semantic.catalogue.facts import Fact, Measure
from flis_semantic.catalogue.resolved import ResolvedFact, Rhythm
from flis_semantic.contracts.model import Contract
from flis_semantic.errors import DefinitionError, suggestion
from flis_semantic.strict_yaml import Document, Location
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import Vocabulary

Report = Callable[..., None]

_OVER_TIME = {
    "event": ("sum",),
    "snapshot": ("first", "last", "average"),
    "spell": ("sum", "first", "last", "average", "started", "ended", "any"),
    "published": ("sum", "average", "first", "last", "recompute"),
}
"""Of sums and counts."""
_RECOMPUTED_OVER_TIME = {
    "event": ("recompute",),
    "snapshot": ("first", "last"),
    "spell": ("first", "last", "started", "ended", "any"),
    "published": (),
}
"""Of what is taken from the single rows: distinct counts, averages, medians."""


@dataclass
class FactChecker:
    """Collects errors while it resolves facts. Use once per load."""

    vocabulary: Vocabulary
    calendar: Calendar
    contracts: Mapping[str, Contract]
    errors: list[DefinitionError] = field(default_factory=list[DefinitionError])
    unreadable: set[str] = field(default_factory=set[str])
    """Domains whose own file is wrong: what it would have said cannot be missed in the files beside it."""

    def reporter(self, document: Document) -> Report:
        """How an error in a file is reported: message, place in the file, hint."""

        def report(message: str, location: Location, *, hint: str = "") -> None:
            self.errors.append(DefinitionError(message, where=document.where(location), hint=hint))

        return report

    @staticmethod
    def known_name(report: Report, what: str, name: str, known: Iterable[str], location: Location) -> bool:
        """Whether a name is known; one that is not is reported with the nearest."""
        names = list(known)
        if name in names:
            return True
        report(f"There is no {what} '{name}'.", location, hint=suggestion(name, names))
        return False

    def all_languages(self, report: Report, texts: Mapping[str, str], location: Location) -> None:
        """Report languages of the vocabulary that a text lacks, and those that it does not have."""
        for language in self.vocabulary.languages:
            if not texts.get(language):
                report(
                    f"{'.'.join(map(str, location))} has no text in '{language}'.",
                    location,
                    hint="Every language of the vocabulary is required.",
                )
        for language in texts:
            self.known_name(report, "language", language, self.vocabulary.languages, (*location, language))

    def fact(self, domain: str, name: str, fact: Fact, conditions: Conditions, report: Report) -> ResolvedFact | None:
        """One fact, resolved, or None when something in it is wrong."""
        at: Location = ("facts", name)
        ok = True
        tables = fact.sources or tuple(table for tables in fact.editions.values() for table in tables)
        for table in tables:
            ok &= self.known_name(report, "contract", table, self.contracts, at)
        for dimension in fact.dimensions:
            ok &= self.known_name(report, "dimension", dimension, self.vocabulary.dimensions, (*at, "dimensions", dimension))
        self.all_languages(report, fact.title, (*at, "title"))
        if not ok:
            return None
        contracts = [self.contracts[table] for table in tables]
        sparse = next((contract for contract in contracts if contract.absent != "zero"), None)
        if fact.reads is not None and sparse is not None:
            report(
                f"'{name}' is computed from several base periods, and in {sparse.table} an absent row is {sparse.absent}.",
                at,
                hint="Such a fact needs sources in which an absent row is none: absent: zero.",
            )
        rhythms = self._rhythms(name, fact, at, report)
        if rhythms is None:
            return None
        filters: dict[str, str] = {}
        for measure_name, measure in fact.measures.items():
            place: Location = (*at, "measures", measure_name)
            if measure.filter is not None:
                filters[measure_name] = conditions.written_out(measure.filter, (*place, "filter"))
            self._measure(fact, measure_name, measure, contracts, place, report)
        return ResolvedFact(
            domain=domain,
            name=name,
            definition=fact,
            rhythm=min(rhythms.values(), key=lambda rhythm: self.calendar.rank(rhythm.base_grain)),
            rhythms=rhythms,
            dimensions={
                cut: spec.column or spec.born or self.vocabulary.dimensions[dimension].key
                for dimension, spec in fact.dimensions.items()
                for cut in self.vocabulary.cuts_of(dimension)
            },
            conditions=filters,
        )

    def _rhythms(self, name: str, fact: Fact, at: Location, report: Report) -> dict[str, Rhythm] | None:
        """How each edition is delivered; one without a name where the fact has no editions."""
        found: dict[str, Rhythm] = {}
        for edition, tables in (fact.editions or {"": fact.sources}).items():
            contracts = [self.contracts[table] for table in tables]
            alike = {Rhythm(c.base_period, c.status_date != "closing", c.absent, c.blank) for c in contracts}
            if len(alike) > 1:
                of = f"'{edition}' of '{name}'" if edition else f"'{name}'"
                report(
                    f"The sources of {of} differ in base_period, status_date, absent or blank.", at, hint="Feed one fact from like sources."
                )
                return None
            silent = next((contract.table for contract in contracts if contract.status_date is None), None)
            if fact.kind == "snapshot" and silent is not None:
                report(
                    f"'{name}' is a snapshot, but the contract '{silent}' says no status_date.", at, hint="Say opening or closing there."
                )
                return None
            (found[edition],) = alike
        return found

    def _measure(self, fact: Fact, name: str, measure: Measure, contracts: list[Contract], at: Location, report: Report) -> None:
        self.all_languages(report, measure.title, (*at, "title"))
        self.known_name(report, "unit", measure.unit, self.vocabulary.units, (*at, "unit"))
        self._over_time(fact, name, measure, at, report)
        for field_name in ("expression", "weight"):
            expression: str | None = getattr(measure, field_name)
            problem = expression_problem(expression) if expression is not None else None
            if problem:
                report(f"{field_name} of '{name}' {problem}", (*at, field_name), hint=OWN_COLUMNS)
        if not measure.adds or fact.kind == "spell":
            sparse = next((contract for contract in contracts if contract.absent != "zero"), None)
            if sparse is not None:
                report(
                    f"'{name}' is computed from single rows, and in {sparse.table} an absent row is {sparse.absent}.",
                    at,
                    hint="Such a measure needs sources in which an absent row is none: absent: zero.",
                )
        with_series = [contract for contract in contracts if contract.series]
        if with_series and not measure.series:
            report(f"'{name}' names no series, but {with_series[0].table} has several.", at, hint="Add series: [...].")
        for index, series in enumerate(measure.series):
            # Every source has to deliver every one of them.
            for contract in contracts:
                if not self.known_name(report, f"series of {contract.table}", series, contract.series_starts, (*at, "series", index)):
                    break

    def _over_time(self, fact: Fact, name: str, measure: Measure, at: Location, report: Report) -> None:
        """What time does to a measure, and whether a spell of somebody who has another counts."""
        allowed = (_OVER_TIME if measure.adds else _RECOMPUTED_OVER_TIME)[fact.kind]
        kind = fact.kind
        if fact.in_force is not None:
            allowed, kind = (("last",) if measure.adds else ()), f"{fact.kind} with in_force"
        if measure.over_time not in allowed:
            what = "over_time " + measure.over_time if allowed else f"aggregate {measure.aggregate}"
            of = "" if measure.adds or not allowed else f" of a {measure.aggregate}"
            hint = f"One of {', '.join(allowed)}." if allowed else "Only sums and counts."
            report(f"{what}{of} has no meaning for a {kind} fact.", (*at, "over_time"), hint=hint)
        if measure.aggregate == "count_distinct" and measure.expression is None and fact.person is None:
            report(
                f"'{name}' counts distinct values of nothing: the fact names no person.",
                at,
                hint="Give an expression, or person in the fact.",
            )
        if (measure.overlaps is not None) != (fact.kind == "spell"):
            report(
                f"'{name}' does not say whether overlapping spells of one person count once or twice."
                if measure.overlaps is None
                else f"'{name}' says what becomes of overlapping spells, and the fact has none.",
                at,
                hint="overlaps: count or merge." if measure.overlaps is None else "Leave out overlaps.",
            )
        if measure.overlaps == "merge" and fact.person is None:
            report(f"'{name}' merges the spells of one person, and the fact names no person.", at, hint="Name person in the fact.")
        problem = _overlapping_problem(fact, measure)
        if problem is not None:
            report(f"'{name}' {problem[0]}.", at, hint=problem[1])
        if measure.over_time == "any" and measure.aggregate == "sum":
            report(f"'{name}' adds an amount over whoever has a day in the period, which is not one amount.", at, hint="aggregate: count.")


def _overlapping_problem(fact: Fact, measure: Measure) -> tuple[str, str] | None:
    """What is wrong with a measure of spells that overlap or come in pieces, and what to do; None when nothing is."""
    if measure.overlaps == "merge":
        once = measure.aggregate == "count_distinct" and measure.over_time in ("first", "last", "any")
        if not measure.adds and not once:
            return f"merges spells, of which no {measure.aggregate} is taken", "overlaps: count."
        if measure.aggregate == "sum" and measure.over_time in ("started", "ended"):
            return "adds an amount of merged spells that begin or end, which have none", "aggregate: count, or overlaps: count."
    if fact.pieces_of is not None and measure.over_time == "any" and measure.overlaps == "count":
        if measure.aggregate == "count" and fact.person is None:
            return "counts spells that come in pieces, and nothing tells which belong together", "Name person in the fact."
        if measure.aggregate in ("average", "median", "percentile"):
            return f"takes the {measure.aggregate} of pieces, of which a spell has several", "Use first, last, started or ended."
    return None
