"""At which grains a component has a meaning: derived from the kind of its fact, never typed in per key figure.

Every refusal is a sentence that names the component, because a user who asked for a year must learn why it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from flis_semantic.catalogue.model import OnlyGrains
from flis_semantic.catalogue.resolved import ResolvedComponent
from flis_semantic.vocabulary.calendar import Calendar
from flis_semantic.vocabulary.model import RANGE_GRAIN


def derived_grains(components: Sequence[ResolvedComponent], only: OnlyGrains | None, calendar: Calendar) -> tuple[str, ...]:
    """Grains at which every component can be answered, finest first."""
    return tuple(grain for grain in calendar.grains if refusal(components, only, grain, calendar) is None)


def refusal(components: Sequence[ResolvedComponent], only: OnlyGrains | None, grain: str, calendar: Calendar) -> str | None:
    """Why a figure with these components has no value at `grain`; None when it has one."""
    if only is not None and grain not in only.grains:
        reason = (only.reason.get("en") or next(iter(only.reason.values()))).removesuffix(".")
        return f"the figure is defined for {', '.join(only.grains)} only: {reason}"
    for component in components:
        problem = _component_refusal(component, grain, calendar)
        if problem is not None:
            return f"{component.label} {problem}"
    return None


def _component_refusal(component: ResolvedComponent, grain: str, calendar: Calendar) -> str | None:
    if component.window is not None:
        problem = _window_refusal(component, grain, calendar)
        if problem is not None:
            return problem
    fact = component.fact
    if component.rolling_days is not None or fact.in_force:
        return None
    if fact.whole_periods:
        return _whole_periods_refusal(component, grain, calendar)
    if fact.kind in ("event", "spell"):
        return None
    if component.reference is None and grain != RANGE_GRAIN and calendar.rank(grain) < calendar.rank(component.fact.base_grain):
        return f"has one state a {component.fact.base_grain}; a {grain} is finer, and a state is not carried forward"
    return None


def _whole_periods_refusal(component: ResolvedComponent, grain: str, calendar: Calendar) -> str | None:
    base = component.fact.base_grain
    if grain == base:
        return None
    if component.fact.kind == "published" and component.over_time not in ("sum", "average"):
        return f"is {given_by(component)} {base} and cannot be put together for another period ({component.over_time})"
    if grain != RANGE_GRAIN and not calendar.nests(base, grain):
        return f"is {given_by(component)} {base}, and a {base} does not lie inside a {grain}"
    return None


def given_by(component: ResolvedComponent) -> str:
    """How a message says that a component comes in whole base periods only."""
    return "published by" if component.fact.kind == "published" else "recorded by"


def _window_refusal(component: ResolvedComponent, grain: str, calendar: Calendar) -> str | None:
    base = component.fact.base_grain
    window = component.window
    assert window is not None
    if grain == RANGE_GRAIN:
        return "covers a window that ends with a calendar period, and a free range is none"
    whole = component.fact.whole_periods
    if component.rolling_days is not None:
        return f"covers a number of days and is {given_by(component)} {base}" if whole and base != "day" else None
    if window.rolling is not None and (grain != "month" and not calendar.nests("month", grain)):
        return f"covers whole months, and a {grain} does not end with a month"
    if window.to_date is not None and not calendar.nests(grain, window.to_date):
        return f"runs from the start of the {window.to_date}, and a {grain} does not lie inside one"
    stretch = window.to_date or "month"
    if whole and not calendar.nests(base, stretch) and base != stretch:
        return f"is {given_by(component)} {base}, which does not fit into a {stretch}"
    return None
