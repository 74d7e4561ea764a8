"""At which grains a key figure has a meaning, by looking at the periods themselves."""

from __future__ import annotations

from tests.oracle.answer import Figure
from tests.oracle.component import Component
from tests.oracle.days import ONE_DAY, Span
from tests.oracle.spells import Spells

SOME_YEARS = (2016, 2021)


def some_periods(component: Component, grain: str) -> list[Span]:
    """Every period of the grain in some years, leap years and years of 53 weeks among them."""
    return [span for span in component.days.in_order[grain] if SOME_YEARS[0] <= span.first.year and span.last.year <= SOME_YEARS[1]]


def mean_length(component: Component, grain: str) -> float:
    """Days of a period of the grain, on average; the same for all years, whenever they start."""
    spans = some_periods(component, grain)
    return round(sum(len(span.days()) for span in spans) / len(spans), -1) if len(spans) < 30 else len(spans[0].days())


def has_meaning(component: Component, grain: str) -> bool:
    """Whether a component can be answered at a grain for every period of it."""
    spans = some_periods(component, grain)
    window = component.written.get("window") or {}
    if "months" in window.get("rolling", {}) and any((span.last + ONE_DAY).day != 1 for span in spans):
        return False
    if "to_date" in window and any(
        component.days.holding(window["to_date"], s.first) != component.days.holding(window["to_date"], s.last) for s in spans
    ):
        return False
    if isinstance(component, Spells):
        # Every day of a spell is known by itself.
        return True
    if component.published:
        return _published(component, grain, spans)
    if component.event:
        # Its rows have a day, or they are of whole base periods.
        return bool(component.dated) or _whole(component, spans)
    if component.from_to or "days" in window.get("rolling", {}):
        return True
    return component.reference is not None or mean_length(component, grain) >= mean_length(component, component.base)


def _published(component: Component, grain: str, spans: list[Span]) -> bool:
    """A value of whole periods stands for its own grain, or is put together from whole ones."""
    if grain != component.base and component.measure["over_time"] not in ("sum", "average"):
        return False
    return _whole(component, spans)


def _whole(component: Component, spans: list[Span]) -> bool:
    """Whether these periods, and their windows, are made of whole base periods."""
    read = [*spans, *(component.stretch(span) for span in spans)]
    return all(component.days.whole(component.base, span.first, span.last) for span in read)


def grains_of(figure: Figure) -> tuple[str, ...]:
    """Every grain at which all components have a meaning, finest first."""
    return tuple(grain for grain in figure.world.days.grains if all(has_meaning(component, grain) for component in figure.components))
