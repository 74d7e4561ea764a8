"""What is read of a component: a value with its state, for a cell of codes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

STATES = (
    "not_valid",
    "suppressed",
    "missing",
    "exempt",
    "held",
    "not_comparable",
    "waiting",
    "provisional",
    "unsettled",
    "validated",
    "approved",
    "final",
)
# An unfinished period whose value only its end can give: it is shown as provisional, and is no part of an area's value.
WAITING = "waiting"
WITH_A_VALUE = STATES[STATES.index("provisional") :]
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Reading:
    """A component's value for one unit, or why there is none."""

    state: str
    reasons: frozenset[str] = frozenset()
    value: Fraction | None = None


@dataclass(frozen=True)
class Cell:
    """The codes that a row must have: one of each cut, some of each filter."""

    cuts: tuple[tuple[str, str], ...] = ()
    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()


def first_that_applies(states: list[str]) -> str:
    """The state that is shown of several."""
    return min(states, key=STATES.index)
