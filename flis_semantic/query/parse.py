"""From the words of a request to a checked one. What has no meaning is refused with the reason, never guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from flis_semantic.catalogue.grains import given_by, refusal
from flis_semantic.catalogue.resolved import Catalogue, KeyFigure, ResolvedComponent
from flis_semantic.compiler.request import Request
from flis_semantic.errors import RequestError, suggestion
from flis_semantic.vocabulary.calendar import Calendar, Period
from flis_semantic.vocabulary.model import RANGE_GRAIN, Level

_SHAPES = "2026, 2026-Q3, 2026-07, 2026-W31 or 2026-07-15"


@dataclass(frozen=True)
class Asked:
    """A request in words, as every front end takes it.

    Args of the same names everywhere: `key_figures` are ids; `by` one level of the area hierarchy and any dimensions; `grain`
    a period length or `range`; `start` and `end` are labels of periods of any grain, both inside; `where` maps a level or a
    dimension to the codes that count.
    """

    key_figures: Sequence[str]
    by: Sequence[str] = ()
    grain: str | None = None
    start: str | None = None
    end: str | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])


def parse_request(asked: Asked, catalogue: Catalogue) -> tuple[Request, list[str]]:
    """The checked request, and notes on how it was read.

    Raises:
        RequestError: an unknown name, or a request without meaning.
    """
    figures = _figures(asked.key_figures, catalogue)
    level, dimensions = _by(asked.by, catalogue)
    areas, cells = _where(asked.where, catalogue)
    for dimension in (*dimensions, *cells):
        _has_dimension(figures, dimension)
    _adds_up(figures, level, catalogue)
    grain = _grain(asked.grain, figures, catalogue)
    first, last, notes = _bounds(asked, grain, catalogue.calendar)
    if grain == RANGE_GRAIN:
        assert first is not None
        _range_has_meaning(figures, first, catalogue.calendar)
    broadcast = {d for f in figures for c in f.components for d in c.broadcast if d in (*dimensions, *cells)}
    notes += [f"A component without the dimension '{d}' is repeated over it, as its key figure says." for d in sorted(broadcast)]
    request = Request(
        catalogue=catalogue,
        figures=figures,
        levels=(level,),
        dimensions=dimensions,
        grain=grain,
        first=first,
        last=last,
        area_filters=areas,
        dimension_filters=cells,
    )
    return request, notes


def _figures(names: Sequence[str], catalogue: Catalogue) -> tuple[KeyFigure, ...]:
    if not names:
        raise RequestError(
            "No key figure is asked for.", where="key_figures", hint="`flis catalogue list` shows them.", code="no_key_figure"
        )
    for name in names:
        if name not in catalogue.figures:
            raise RequestError(
                f"There is no key figure '{name}'.",
                where="key_figures",
                hint=suggestion(name, catalogue.figures),
                code="unknown_key_figure",
            )
    return tuple(catalogue.figures[name] for name in dict.fromkeys(names))


def _by(names: Sequence[str], catalogue: Catalogue) -> tuple[Level, tuple[str, ...]]:
    unit = catalogue.vocabulary.reporting_unit
    levels: list[Level] = []
    dimensions: list[str] = []
    for name in dict.fromkeys(names):
        level = unit.level(name)
        if level is not None:
            levels.append(level)
        elif name in catalogue.vocabulary.cuts:
            dimensions.append(name)
        else:
            known = [level.id for level in unit.levels] + list(catalogue.vocabulary.cuts)
            raise RequestError(
                f"'{name}' is neither an area level nor a dimension.", where="by", hint=suggestion(name, known), code="unknown_dimension"
            )
    if len(levels) > 1:
        asked = " and ".join(level.id for level in levels)
        raise RequestError(
            f"An answer has one area level, and {asked} were asked for.", where="by", hint="Ask once for each.", code="several_area_levels"
        )
    return (levels[0] if levels else unit.top), tuple(dimensions)


def _where(where: Mapping[str, Sequence[str]], catalogue: Catalogue) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    unit = catalogue.vocabulary.reporting_unit
    areas: dict[str, tuple[str, ...]] = {}
    cells: dict[str, tuple[str, ...]] = {}
    for name, values in where.items():
        codes = tuple(dict.fromkeys(values))
        if not codes or not all(codes):
            raise RequestError(
                f"The filter on '{name}' names no value.", where="where", hint=f"Write {name}=CODE,CODE.", code="empty_filter"
            )
        if unit.level(name) is not None:
            areas[name] = codes
        elif name in catalogue.vocabulary.cuts:
            cells[name] = codes
        else:
            known = [level.id for level in unit.levels] + list(catalogue.vocabulary.cuts)
            raise RequestError(
                f"'{name}' is neither an area level nor a dimension.", where="where", hint=suggestion(name, known), code="unknown_dimension"
            )
    return areas, cells


def _has_dimension(figures: Sequence[KeyFigure], dimension: str) -> None:
    for figure in figures:
        for component in figure.components:
            if dimension not in component.fact.dimensions and dimension not in component.broadcast:
                raise RequestError(
                    f"{figure.id} cannot be cut or filtered by '{dimension}': its component {component.label} does not have it.",
                    where="by",
                    hint=f"It can be cut by: {', '.join(figure.dimensions) or 'areas and periods only'}.",
                    code="dimension_not_available",
                )
        if dimension not in figure.dimensions:
            raise RequestError(
                f"{figure.id} is the same for every {dimension}: all of its components are repeated over it.",
                where="by",
                hint=f"It can be cut by: {', '.join(figure.dimensions) or 'areas and periods only'}.",
                code="dimension_not_available",
            )


def _adds_up(figures: Sequence[KeyFigure], level: Level, catalogue: Catalogue) -> None:
    base = catalogue.vocabulary.reporting_unit.base
    for figure in figures:
        if level.id != base.id and figure.group_value.rule == "none":
            raise RequestError(
                f"{figure.id} has no value for a {level.id}: its values for each {base.id} do not add up.",
                where="by",
                hint=f"Ask for it by {base.id}.",
                code="not_additive_over_areas",
            )


def _grain(name: str | None, figures: Sequence[KeyFigure], catalogue: Catalogue) -> str:
    calendar = catalogue.calendar
    if name is None:
        common = [g for g in calendar.grains if all(g in f.publish_grains for f in figures)]
        common = common or [g for g in calendar.grains if all(g in f.grains for f in figures)]
        if not common:
            raise RequestError("The key figures share no grain.", where="grain", hint="Ask for them one by one.", code="no_common_grain")
        return common[0]
    known = (*calendar.grains, RANGE_GRAIN)
    if name not in known:
        raise RequestError(f"There is no grain '{name}'.", where="grain", hint=suggestion(name, known), code="unknown_grain")
    for figure in figures:
        problem = refusal(figure.components, figure.file.only_grains, name, calendar)
        if problem is not None:
            raise RequestError(
                f"{figure.id} has no value by {name}: {problem}.",
                where="grain",
                hint=f"Its grains: {', '.join(figure.grains)}.",
                code="grain_not_available",
            )
    return name


def _bounds(asked: Asked, grain: str, calendar: Calendar) -> tuple[Period | None, Period | None, list[str]]:
    first = _label(asked.start, "from", grain, calendar) if asked.start is not None else None
    last = _label(asked.end, "to", grain, calendar) if asked.end is not None else None
    if first and last and first.start > last.end:
        raise RequestError(
            f"The range ends ({asked.end}) before it begins ({asked.start}).", where="to", hint="Exchange them.", code="empty_range"
        )
    if grain == RANGE_GRAIN:
        if first is None or last is None:
            raise RequestError("A range needs both ends.", where="from", hint="Give --from and --to.", code="open_range")
        whole = calendar.range(first.start, last.end)
        return whole, whole, []
    notes: list[str] = []
    start = calendar.containing(grain, first.start) if first else None
    end = calendar.containing(grain, last.end) if last else None
    if first and start and start.start < first.start:
        notes.append(f"The range was widened to begin with the whole {grain} {start.label}.")
    if last and end and end.end > last.end:
        notes.append(f"The range was widened to end with the whole {grain} {end.label}.")
    return start, end, notes


def _label(label: str, where: str, grain: str, calendar: Calendar) -> Period:
    period = calendar.parse(label, grain)
    if period is None:
        raise RequestError(f"'{label}' is not a period.", where=where, hint=f"Write {_SHAPES}.", code="unknown_period")
    if period.start < calendar.first_day or period.end > calendar.last_day:
        raise RequestError(
            f"'{label}' lies outside the calendar.",
            where=where,
            hint=f"It runs from {calendar.first_day.isoformat()} to {calendar.last_day.isoformat()}.",
            code="outside_calendar",
        )
    return period


def _range_has_meaning(figures: Sequence[KeyFigure], period: Period, calendar: Calendar) -> None:
    for figure in figures:
        for component in figure.components:
            problem = _range_problem(component, period, calendar)
            if problem is not None:
                raise RequestError(
                    f"{figure.id} has no value for {period.label}: {component.label} {problem}.",
                    where="grain",
                    hint="Choose other ends or a calendar grain.",
                    code="range_without_meaning",
                )


def _range_problem(component: ResolvedComponent, period: Period, calendar: Calendar) -> str | None:
    base = component.fact.base_grain
    reference = component.reference
    if component.offset is not None:
        if component.offset.periods is not None:
            return "is compared with an earlier period, and a free range has none before it"
        earlier = calendar.same_label_years_earlier(period, component.offset.years or 0)
        if earlier is None:
            return "is compared with a date that does not exist"
        # What is read is the earlier range, so it is that which must fit.
        period = earlier
    if reference is not None and (reference.first_of or reference.month_day) and _longer_than_a_year(period):
        return "is read on one date a year, and the range is longer than a year"
    if component.fact.in_force:
        first, last = calendar.containing(base, period.start), calendar.containing(base, period.end)
        return f"has one amount a {base}, and the range touches several" if first.key != last.key else None
    if component.fact.kind == "spell" or (component.fact.kind == "event" and not component.fact.whole_periods):
        return None
    if component.fact.whole_periods:
        first, last = calendar.containing(base, period.start), calendar.containing(base, period.end)
        if first.start != period.start or last.end != period.end:
            return f"is {given_by(component)} {base}, and the range cuts one"
        if component.fact.kind == "published" and component.over_time == "recompute" and first.key != last.key:
            return f"is {given_by(component)} {base} and cannot be put together for several"
    elif reference is None and component.over_time != "average" and not _has_status_date(component, period, calendar):
        return f"has one state a {base}, and none falls into the range"
    return None


def _longer_than_a_year(period: Period) -> bool:
    try:
        year_later = period.start.replace(year=period.start.year + 1)
    except ValueError:
        year_later = date(period.start.year + 1, 3, 1)
    return period.end >= year_later


def _has_status_date(component: ResolvedComponent, period: Period, calendar: Calendar) -> bool:
    last = calendar.containing(component.fact.base_grain, period.end)
    if component.fact.opening:
        return last.start >= period.start
    return last.end == period.end or calendar.period(component.fact.base_grain, last.key - 1).end >= period.start
