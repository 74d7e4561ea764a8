"""Finished rows of a figure: one division in floating point at the very end, status, reason and coverage."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from flis_semantic.catalogue.resolved import KeyFigure
from flis_semantic.compiler import states
from flis_semantic.compiler.coverage import EVERYBODY, everybody_name
from flis_semantic.compiler.plan import FigurePlan, is_base, side_sum
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import (
    Expr,
    both,
    case,
    cast,
    coalesce,
    col,
    day,
    either,
    eq,
    ge,
    gt,
    is_null,
    join,
    least,
    left_join,
    lt,
    named,
    null,
    num,
    over,
    select,
    subquery,
    table,
    text,
    times,
)
from flis_semantic.vocabulary.model import Level

# state and reason stay numbers here; whoever selects from the answers turns them into words once.
ANSWER_COLUMNS = (
    "value",
    "numerator",
    "denominator",
    "state",
    "reason",
    "complete",
    "members",
    "members_expected",
    "denominator_share",
    "series_break",
)

_OUTSIDE = "outside_publication_limits"


def answer_query(plan: FigurePlan, levels: Sequence[Level], areas_name: str, position: int, request: Request) -> exp.Select:
    """Finished rows of one figure at levels that are alike. In floating point: answers of several figures and levels share a column."""
    figure, level = plan.figure, levels[0]
    refused = figure.group_value.rule == "none" and not is_base(level, request)
    numerator, denominator, expected = _sides(plan, level, request)
    others = _others(plan, level, request)
    parts = _refused() if refused else _finish(figure, numerator, denominator, expected, others)
    parts |= {name: cast(parts[name], "DOUBLE") for name in ("numerator", "denominator")}
    series_break, joins = _series_break(plan)
    periods = EVERYBODY if others and not refused else "periods"
    joins = [join(table(periods, "p"), eq(col("period_key", "p"), col("period_key", "a"))), *joins]
    for name in _divisor_spans(plan, level, request):
        joins.append(left_join(table(name), eq(col("period_key", name), col("period_key", "a"))))
    columns = [
        named(num(position), "figure_position"),
        named(text(figure.id), "key_figure"),
        col("area_level", "a"),
        col("area", "a"),
        *(col(cell, "a") for cell in request.dimensions),
        col("period_key", "a"),
        col("period", "p"),
        *(named(parts[name], name) for name in ANSWER_COLUMNS if name != "series_break"),
        named(series_break, "series_break"),
    ]
    source: Expr = table(areas_name, "a")
    if not refused:
        state, reason = _judgement(figure, numerator, denominator, expected)
        judged = select(
            [col("*", "a"), named(state, "state"), named(reason, "reason")],
            source,
            joins=_judgement_joins(plan, level, request),
        )
        source = subquery(judged, "a")
    return select(columns, source, joins=joins)


def _sides(
    plan: FigurePlan, level: Level, request: Request
) -> tuple[Callable[[], Expr], Callable[[], Expr] | None, Callable[[], Expr] | None]:
    """Numerator, denominator, and the denominator of all expected members, as columns of the areas CTE."""
    if not (is_base(level, request) or plan.figure.group_value.rule == "ratio_of_sums"):
        return (lambda: col("numerator", "a")), (lambda: col("denominator", "a")), None

    def column(number: int) -> Expr:
        return col(f"c{number}", "a")

    numerator = lambda: side_sum(plan, plan.numerator, column, exact=True)  # noqa: E731
    if not plan.denominator:
        return numerator, None, None
    denominator = lambda: side_sum(plan, plan.denominator, column, exact=True)  # noqa: E731
    expected = lambda: side_sum(plan, plan.denominator, lambda number: col(f"c{number}_expected", "a"), exact=True)  # noqa: E731
    return numerator, denominator, expected


def _finish(
    figure: KeyFigure,
    numerator: Callable[[], Expr],
    denominator: Callable[[], Expr] | None,
    expected: Callable[[], Expr] | None,
    others: Sequence[str],
) -> dict[str, Expr]:
    """The answer's columns but the series break."""
    value = _value(figure, numerator, denominator, expected)
    share = _share(denominator, expected)
    if figure.file.publish_if is not None:
        value = case((eq(col("reason", "a"), num(states.reason_number(_OUTSIDE))), null()), otherwise=value)
    if figure.file.min_share:
        value = case((lt(share(), num(figure.file.min_share)), null()), otherwise=value)
    finished = both(
        gt(_members(), num(0)),
        eq(_members(), _wanted()),
        ge(col("state_in", "a"), num(states.VALIDATED)),
        # What is asked for in another role than delivered may lack rows of anybody.
        *(col(name, "p") for name in others),
    )
    assert finished is not None
    return {
        "value": value,
        "numerator": numerator(),
        "denominator": denominator() if denominator is not None else cast(null(), "DOUBLE"),
        "state": col("state", "a"),
        "reason": col("reason", "a"),
        "complete": coalesce(finished, exp.false()),
        "members": _members(),
        "members_expected": _wanted(),
        "denominator_share": share(),
    }


def _refused() -> dict[str, Expr]:
    """The answer of a figure for an area whose members do not add up to it."""
    empty = {name: cast(null(), "DOUBLE") for name in ("value", "numerator", "denominator", "denominator_share")}
    return {
        **empty,
        "state": num(states.NOT_VALID),
        "reason": num(states.reason_number("not_additive_over_areas")),
        "complete": exp.false(),
        "members": cast(num(0), "BIGINT"),
        "members_expected": _wanted(),
    }


def _judgement(
    figure: KeyFigure, numerator: Callable[[], Expr], denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None
) -> tuple[Expr, Expr]:
    """State and reason number of an area: of the members in its value; without any, what they all are, else missing."""
    share = _share(denominator, expected)
    state_in: Expr = col("state_in", "a")
    reasons: list[Expr] = []
    if figure.file.publish_if is not None:
        outside = _outside(figure, numerator, denominator, expected)
        state_in = case((outside, num(states.MISSING)), otherwise=state_in)
        reasons.append(case((outside.copy(), num(states.reason_number(_OUTSIDE)))))
    if figure.file.min_share:
        state_in = case((lt(share(), num(figure.file.min_share)), num(states.MISSING)), otherwise=state_in)
    alike = both(eq(col("state_low", "a"), col("state_high", "a")), lt(col("state_low", "a"), num(states.HAS_VALUE)))
    assert alike is not None
    state = case((gt(_members(), num(0)), state_in), (alike, col("state_low", "a")), otherwise=num(states.MISSING))
    reasons.append(case((lt(_members(), _wanted()), num(states.reason_number("member_missing")))))
    if denominator is not None:
        reasons.append(case((eq(denominator(), num(0)), num(states.reason_number("denominator_zero")))))
    if any(component.recomputed for component in figure.components):
        # Everything was delivered, and there is nothing of which to take a median or a mean.
        sides = [is_null(side()) for side in (numerator, denominator) if side is not None]
        nothing = either(*sides)
        assert nothing is not None
        reasons.append(case((nothing, num(states.reason_number("denominator_zero")))))
    reasons.append(case((eq(col("state_in", "a"), num(states.PROVISIONAL)), num(states.reason_number("period_unfinished")))))
    # Every member delivered, and none has a value: nothing but an empty denominator or weight is left.
    empty_weight = case((ge(col("state_high", "a"), num(states.HAS_VALUE)), num(states.reason_number("denominator_zero"))))
    reason = case((eq(_members(), num(0)), coalesce(col("reason_low", "a"), empty_weight)), otherwise=least(*reasons))
    return state, reason


def _judgement_joins(plan: FigurePlan, level: Level, request: Request) -> list[exp.Join]:
    recomputed = any(component.recomputed for component in plan.figure.components)
    if not (plan.denominator or plan.figure.file.min_share or plan.figure.file.publish_if or recomputed):
        return []
    return [left_join(table(name), eq(col("period_key", name), col("period_key", "a"))) for name in _divisor_spans(plan, level, request)]


def _share(denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None) -> Callable[[], Expr]:
    """Denominators of the members in the value over those of all expected; of members, where a denominator is not known."""

    def share() -> Expr:
        members = over(cast(_members(), "DOUBLE"), _wanted())
        if denominator is None or expected is None:
            return members
        known = over(coalesce(cast(denominator(), "DOUBLE"), num(0)), expected())
        return case((eq(col("unknown_denominators", "a"), num(0)), coalesce(known, members.copy())), otherwise=members)

    return share


def _members() -> Expr:
    return col("members", "a")


def _wanted() -> Expr:
    return col("members_expected", "a")


def _value(
    figure: KeyFigure, numerator: Callable[[], Expr], denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None
) -> Expr:
    """The value in floating point, whether it is published or not."""
    scaled = _scaled(figure, numerator, mean=denominator is not None and expected is None)
    return over(scaled, denominator()) if denominator is not None else scaled


def _outside(
    figure: KeyFigure, numerator: Callable[[], Expr], denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None
) -> Expr:
    """Whether there is a value, and the figure is not published with it; an area's own value counts, not its members'."""
    limits = figure.file.publish_if
    assert limits is not None
    value = lambda: _value(figure, numerator, denominator, expected)  # noqa: E731
    below = None if limits.lowest is None else lt(value(), num(limits.lowest))
    above = None if limits.highest is None else gt(value(), num(limits.highest))
    # What is withheld for its members has no value that could be outside.
    enough = ge(_share(denominator, expected)(), num(figure.file.min_share)) if figure.file.min_share else None
    outside = both(either(below, above), enough)
    assert outside is not None
    return outside


def _scaled(figure: KeyFigure, numerator: Callable[[], Expr], *, mean: bool) -> Expr:
    """The numerator as floating point, with the unit's factor unless members' values already carry it."""
    value = cast(numerator(), "DOUBLE")
    return value if mean or figure.unit.factor == 1 else times(num(figure.unit.factor), value)


def _series_break(plan: FigurePlan) -> tuple[Expr, list[exp.Join]]:
    """The latest day on which the series broke inside what the numerator reads."""
    spans = {source.span_name for source in plan.numerator if not source.span.looks_up}
    if not plan.figure.breaks or not spans:
        return cast(null(), "DATE"), []
    names = sorted(spans)
    aliases = [f"from_{name}" for name in names]
    joins = [
        left_join(table(name, alias), eq(col("period_key", alias), col("period_key", "a")))
        for name, alias in zip(names, aliases, strict=True)
    ]
    earliest = lambda: least(*(col("from_date", alias) for alias in aliases))  # noqa: E731
    branches = [
        (both(lt(earliest(), day(broken)), ge(col("end_date", "p"), day(broken))), day(broken)) for broken in reversed(plan.figure.breaks)
    ]
    return case(*((condition, value) for condition, value in branches if condition is not None)), joins


def _others(plan: FigurePlan, level: Level, request: Request) -> list[str]:
    """Columns that say whether everybody has delivered, of components that are asked for in another role than delivered."""
    weighing = not is_base(level, request) and plan.figure.group_value.rule == "weighted_by"
    read = plan.sources if weighing else (*plan.numerator, *plan.denominator)
    return sorted({everybody_name(source.span_name) for source in read if source.component.by_others})


def _divisor_spans(plan: FigurePlan, level: Level, request: Request) -> list[str]:
    if not (is_base(level, request) or plan.figure.group_value.rule == "ratio_of_sums"):
        return []
    return sorted({source.span_name for source in (*plan.numerator, *plan.denominator) if source.is_weighted})
