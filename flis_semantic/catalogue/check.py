"""What the catalogue's files say together: every name resolved, every component given a meaning, all errors at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from flis_semantic.catalogue.check_facts import FactChecker, Report
from flis_semantic.catalogue.conditions import Conditions
from flis_semantic.catalogue.facts import Measure
from flis_semantic.catalogue.grains import derived_grains, refusal
from flis_semantic.catalogue.model import Component, Domain, KeyFigureFile, Side
from flis_semantic.catalogue.resolved import KeyFigure, ResolvedComponent, ResolvedFact, SourceSeries
from flis_semantic.errors import suggestion
from flis_semantic.strict_yaml import Document, Location
from flis_semantic.vocabulary.model import RANGE_GRAIN


@dataclass
class Checker(FactChecker):
    """Collects errors while it resolves. Use once per load."""

    def domain(self, name: str, domain: Domain, document: Document) -> dict[str, ResolvedFact]:
        """The facts of one domain file, resolved; wrong ones are left out and reported."""
        report = self.reporter(document)
        self.all_languages(report, domain.title, ("title",))
        for index, grain in enumerate(domain.publish_grains):
            self.known_name(report, "grain", grain, self.calendar.grains, ("publish_grains", index))
        facts: dict[str, ResolvedFact] = {}
        conditions = Conditions(domain, report)
        roles = {role: None for fact in domain.facts.values() for role in fact.roles}
        for fact_name, fact in domain.facts.items():
            if fact.delivered_as is not None:
                self.known_name(report, f"role in {name}", fact.delivered_as, roles, ("facts", fact_name, "delivered_as"))
            resolved = self.fact(name, fact_name, fact, conditions, report)
            if resolved is not None:
                facts[resolved.id] = resolved
        return facts

    def figure(
        self, domain: str, name: str, file: KeyFigureFile, document: Document, facts: Mapping[str, ResolvedFact], owner: Domain | None
    ) -> KeyFigure | None:
        """One key figure, resolved, or None when something in it is wrong."""
        before = len(self.errors)
        report = self.reporter(document)
        self.all_languages(report, file.title, ("title",))
        self.all_languages(report, file.description, ("description",))
        self.known_name(report, "unit", file.unit, self.vocabulary.units, ("unit",))
        if owner is None and domain not in self.unreadable:
            report(f"The domain '{domain}' has no _domain.yml.", (), hint="Write one beside this file.")
        numerator = self._side(domain, file.numerator, "numerator", facts, report)
        denominator = self._side(domain, file.denominator, "denominator", facts, report) if file.denominator else ()
        weight: tuple[ResolvedComponent, ...] = ()
        if file.group_value.weighted_by is not None:
            resolved = self._component(domain, file.group_value.weighted_by, 1, ("group_value", "weighted_by"), facts, report)
            weight = (resolved,) if resolved is not None else ()
        self._figure_fields(file, report)
        if len(self.errors) > before or owner is None:
            return None
        components = (*numerator, *denominator, *weight)
        grains = derived_grains(components, file.only_grains, self.calendar)
        ranged = refusal(components, file.only_grains, RANGE_GRAIN, self.calendar)
        if not grains and ranged is not None:
            report(f"The figure has no value at any grain, nor for a range: {ranged}.", ("numerator",))
            return None
        publish = self._publish_grains(file, owner, components, grains, report)
        figure = KeyFigure(
            id=f"{domain}.{name}",
            domain=domain,
            name=name,
            file=file,
            numerator=numerator,
            denominator=denominator,
            weight=weight,
            unit=self.vocabulary.units[file.unit],
            grains=grains,
            publish_grains=publish,
            all_units=file.country_members is not None and file.country_members > self.vocabulary.reporting_unit.members,
            owner=file.owner or owner.owner,
        )
        self._cuts(figure, report)
        return figure if len(self.errors) == before else None

    def names_in(self, domain: str, document: Document, facts: Mapping[str, ResolvedFact]) -> None:
        """The names in a file that is wrong otherwise, so that its misspelt ones come in the same run."""
        report = self.reporter(document)
        data: Any = document.data
        if not isinstance(data, dict):
            return
        unit = cast(dict[str, Any], data).get("unit")
        if isinstance(unit, str):
            self.known_name(report, "unit", unit, self.vocabulary.units, ("unit",))
        for location, measure, edition in _measures_in(data, ()):
            path = measure.split(".")
            owner, *names = path if len(path) == 3 else (domain, *path)
            fact = facts.get(f"{owner}.{names[0]}")
            if fact is None:
                if owner not in self.unreadable:
                    known = [f.name if f.domain == domain else f.id for f in facts.values()]
                    report(f"There is no fact '{'.'.join(path[:-1])}'.", location, hint=suggestion(".".join(path[:-1]), known))
            elif self.known_name(report, f"measure of {fact.id}", names[-1], fact.definition.measures, location) and edition is not None:
                self.known_name(report, f"{fact.definition.edition_word} of {fact.id}", edition, fact.definition.editions, location)

    def unique_titles(self, figures: Iterable[tuple[KeyFigure, Document]]) -> None:
        """Two key figures with one title cannot be told apart by a reader."""
        seen: dict[tuple[str, str], str] = {}
        for figure, document in figures:
            for language, title in figure.file.title.items():
                other = seen.setdefault((language, title), figure.id)
                if other != figure.id:
                    self.reporter(document)(
                        f"The title '{title}' is also the title of {other}.", ("title", language), hint="Titles are unique."
                    )

    def _side(self, domain: str, side: Side, name: str, facts: Mapping[str, ResolvedFact], report: Report) -> tuple[ResolvedComponent, ...]:
        found: list[ResolvedComponent] = []
        for part, sign, components in (("plus", 1, side.plus), ("minus", -1, side.minus)):
            for index, component in enumerate(components):
                resolved = self._component(domain, component, sign, (name, part, index), facts, report)
                if resolved is not None:
                    found.append(resolved)
        return tuple(found)

    def _component(
        self, domain: str, component: Component, sign: int, at: Location, facts: Mapping[str, ResolvedFact], report: Report
    ) -> ResolvedComponent | None:
        path = component.measure.split(".")
        owner, fact_name, measure_name = (domain, *path) if len(path) == 2 else path
        # The single-component form has no plus/0 step in the file.
        at = (*at, "measure")
        fact = facts.get(f"{owner}.{fact_name}")
        if fact is None and owner in self.unreadable:
            return None
        if fact is None:
            known = [f.name if f.domain == domain else f.id for f in facts.values()]
            report(f"There is no fact '{'.'.join(path[:-1])}'.", at, hint=suggestion(".".join(path[:-1]), known))
            return None
        if not self.known_name(report, f"measure of {fact.id}", measure_name, fact.definition.measures, at):
            return None
        measure = fact.definition.measures[measure_name]
        before = len(self.errors)
        self._component_fields(component, fact, measure, at, report)
        if len(self.errors) > before:
            return None
        definition = fact.definition
        tables = definition.editions[component.edition] if component.edition else definition.sources
        return ResolvedComponent(
            sign=sign,
            fact=fact.of_edition(component.edition),
            measure=measure_name,
            aggregate=measure.aggregate,
            expression=measure.expression or (definition.person if measure.aggregate == "count_distinct" else None),
            weight=measure.weight,
            percentile=measure.percentile,
            condition=fact.conditions.get(measure_name),
            over_time=measure.over_time,
            merges=measure.overlaps == "merge",
            sources=tuple(SourceSeries(table, series) for table in tables for series in (measure.series or ("",))),
            filters=tuple(component.filter.items()),
            edition=(str(definition.edition_column), component.edition) if component.edition else None,
            unit_column=definition.roles[component.role or definition.default_role],
            by_others=(component.role or definition.default_role) != (definition.delivered_as or definition.default_role),
            reference=component.reference_date,
            window=component.window,
            offset=component.offset,
            broadcast=tuple(cut for name in component.broadcast for cut in self.vocabulary.cuts_of(name)),
        )

    def _component_fields(self, component: Component, fact: ResolvedFact, measure: Measure, at: Location, report: Report) -> None:
        if component.role is not None:
            self.known_name(report, f"role of {fact.id}", component.role, fact.definition.roles, at)
        self._edition(component, fact, at, report)
        for dimension in component.filter:
            self.known_name(report, f"dimension of {fact.id}", dimension, fact.dimensions, at)
        for dimension in component.broadcast:
            known = {**self.vocabulary.dimensions, **self.vocabulary.cuts}
            if self.known_name(report, "dimension", dimension, known, at) and any(
                cut in fact.dimensions for cut in self.vocabulary.cuts_of(dimension)
            ):
                report(f"{fact.id} has the dimension '{dimension}' and cannot be broadcast over it.", at)
        self._component_time(component, fact, measure, at, report)

    def _edition(self, component: Component, fact: ResolvedFact, at: Location, report: Report) -> None:
        word, editions = fact.definition.edition_word, fact.definition.editions
        given = component.version if word == "version" else component.vintage
        if component.edition is not None and (not editions or given is None or component.vintage and component.version):
            other = "versions" if component.version and (word == "vintage" or not editions) else "vintages"
            report(f"{fact.id} has no {other}.", at, hint=f"Name a {word} instead." if editions else "Leave it out.")
        elif editions and component.edition is None:
            report(f"{fact.id} has {word}s, and the component names none.", at, hint=f"Add {word}: one of {', '.join(editions)}.")
        elif component.edition is not None:
            self.known_name(report, f"{word} of {fact.id}", component.edition, editions, at)

    def _component_time(self, component: Component, fact: ResolvedFact, measure: Measure, at: Location, report: Report) -> None:
        reference = component.reference_date
        if reference is not None:
            why = {"published": "is published for whole periods", "event": "is made of events"}.get(fact.kind)
            if fact.definition.in_force is not None:
                why = "is read on the period's last day"
            if fact.kind == "spell" and reference.latest_known is not None:
                why = "is made of spells, of which every day is known up to the last,"
            if (fact.before or fact.after) and reference.latest_known is not None:
                why = "is computed from several base periods, of which the newest is not always enough,"
            if reference.of_period == "average" and not measure.adds:
                why = f"has a {measure.aggregate}, of which no mean over days is taken,"
            if why is not None:
                report(f"{fact.id} {why} and has no reference date.", at, hint="Use it without reference_date.")
            if reference.first_of is not None:
                self.known_name(report, "calendar", reference.first_of, self._years(), at)
        window = component.window
        if window is not None:
            if fact.definition.in_force is not None:
                report(f"{fact.id} is read on the period's last day and has no window.", at, hint="Use it without window.")
            if fact.kind == "published" and measure.over_time not in ("sum", "average"):
                report(
                    f"{fact.id}.{component.measure.split('.')[-1]} cannot be put together over a window.",
                    at,
                    hint=f"Its over_time is {measure.over_time}.",
                )
            if window.to_date is not None:
                self.known_name(report, "calendar", window.to_date, self._years(), at)

    def _years(self) -> tuple[str, ...]:
        return ("year", *self.vocabulary.calendars)

    def _figure_fields(self, file: KeyFigureFile, report: Report) -> None:
        for index, grain in enumerate(file.publish_grains or ()):
            self.known_name(report, "grain", grain, self.calendar.grains, ("publish_grains", index))
        for index, grain in enumerate(file.only_grains.grains if file.only_grains else ()):
            self.known_name(report, "grain", grain, self.calendar.grains, ("only_grains", "grains", index))
        for index, cut in enumerate(file.published_cuts):
            if not 1 <= len(cut) <= 2:
                report("A published cut is one or two dimensions.", ("published_cuts", index))
            for dimension in cut:
                self.known_name(report, "dimension", dimension, self.vocabulary.cuts, ("published_cuts", index))
        members = self.vocabulary.reporting_unit.members
        if file.country_members is not None and file.country_members < members:
            report(f"country_members is {file.country_members}, below the {members} members.", ("country_members",))
        if file.group_value.rule == "weighted_by" and file.denominator is not None:
            report(
                "A figure with a denominator is weighted by it; weighted_by is for published shares.",
                ("group_value",),
                hint="Leave one out.",
            )

    def _publish_grains(
        self, file: KeyFigureFile, owner: Domain, components: tuple[ResolvedComponent, ...], grains: tuple[str, ...], report: Report
    ) -> tuple[str, ...]:
        for index, grain in enumerate(file.publish_grains or ()):
            problem = refusal(components, file.only_grains, grain, self.calendar)
            if problem is not None:
                report(
                    f"The figure cannot be published by {grain}: {problem}.",
                    ("publish_grains", index),
                    hint=f"Its grains: {', '.join(grains)}.",
                )
        wanted = file.publish_grains or owner.publish_grains
        return tuple(grain for grain in grains if grain in wanted)

    def _cuts(self, figure: KeyFigure, report: Report) -> None:
        for index, cut in enumerate(figure.file.published_cuts):
            for dimension in cut:
                if dimension not in figure.dimensions:
                    lacking = next((c.label for c in figure.components if dimension not in c.fact.dimensions), figure.id)
                    report(f"The figure cannot be cut by '{dimension}': {lacking} does not have it.", ("published_cuts", index))


def _measures_in(data: Any, location: Location) -> list[tuple[Location, str, str | None]]:
    """Every component in unread data: its place, its measure, its vintage or version."""
    found: list[tuple[Location, str, str | None]] = []
    if isinstance(data, dict):
        mapping = cast(dict[str, Any], data)
        measure, edition = mapping.get("measure"), mapping.get("vintage") or mapping.get("version")
        if isinstance(measure, str) and "." in measure:
            found.append(((*location, "measure"), measure, edition if isinstance(edition, str) else None))
        for name, value in mapping.items():
            found += _measures_in(value, (*location, name))
    elif isinstance(data, list):
        for index, value in enumerate(cast(list[Any], data)):
            found += _measures_in(value, (*location, index))
    return found
