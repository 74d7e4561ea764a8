"""Complete cases over areas: components summed over the members in the value, as the figure's group rule says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from flis_semantic.compiler import states
from flis_semantic.compiler.plan import FigurePlan, Source, is_base, side_sum
from flis_semantic.compiler.recomputed import recomputed_query
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.spell_ctes import spell_ctes
from flis_semantic.compiler.spells import Members, Spells
from flis_semantic.compiler.sql import (
    FINE,
    Expr,
    both,
    case,
    cast,
    coalesce,
    col,
    count_rows,
    either,
    eq,
    ge,
    gt,
    highest,
    is_null,
    least,
    left_join,
    lowest,
    named,
    not_null,
    num,
    over,
    select,
    subquery,
    table,
    text,
    times,
    total,
    where_,
)
from flis_semantic.compiler.units import ZERO_WITHOUT_ROWS
from flis_semantic.vocabulary.model import Level

Cte = tuple[str, Expr]


def levels_alike(plan: FigurePlan, request: Request) -> list[tuple[Level, ...]]:
    """The request's levels, those together whose areas are computed by the same columns: one pass over the units serves them all."""
    alike: dict[object, list[Level]] = {}
    for level in request.levels:
        key = level.id if _taken_again(plan, level, request) else _adds_components(plan, level, request)
        alike.setdefault(key, []).append(level)
    return [tuple(levels) for levels in alike.values()]


def area_ctes(name: str, plan: FigurePlan, levels: Sequence[Level], request: Request) -> list[Cte]:
    """The CTEs of the areas of levels that are alike; the last one, `name`, has each side's components over the complete members."""
    again = _taken_again(plan, levels[0], request)
    if not again:
        return [(name, _sums_query(plan, levels, request))]
    (level,) = levels
    # What does not add up is taken again from the rows of the members, of which there are as many lists as periods.
    members = Members(f"{name}_in", by_cell=bool(request.dimensions) and any(source.may_be_blank for source in plan.sources))
    found: list[Cte] = [
        (members.name, _in_value_query(plan, level, request, members)),
        (f"{name}_sums", _sums_query(plan, levels, request)),
    ]
    for source in again:
        number = plan.number(source)
        assert source.detail is not None
        detail = replace(source.detail, members=members)
        value, column = f"{name}_c{number}", f"c{number}"
        found += spell_ctes(value, column, detail) if isinstance(detail, Spells) else [(value, recomputed_query(column, detail))]
    columns: list[Expr] = [col("*", "a")]
    joins: list[exp.Join] = []
    for source in again:
        number = plan.number(source)
        value = f"{name}_c{number}"
        same = both(
            *(eq(col(key, value), col(key, "a")) for key in ("period_key", "area")),
            *(eq(col(cell, value), col(cell, "a")) for cell in (*source.dimensions, *members.repeated(source.dimensions, request))),
        )
        assert same is not None
        joins.append(left_join(table(value), same))
        there: Expr = col(f"c{number}", value)
        if source.component.aggregate in ZERO_WITHOUT_ROWS:
            there = coalesce(there, num(0))
        columns.append(named(case((gt(col("members", "a"), num(0)), there)), f"c{number}"))
    found.append((name, select(columns, table(f"{name}_sums", "a"), joins=joins)))
    return found


def _adds_components(plan: FigurePlan, level: Level, request: Request) -> bool:
    """Whether an area has its units' components added up; else it has a mean of their values, or none."""
    return is_base(level, request) or plan.figure.group_value.rule == "ratio_of_sums"


def _taken_again(plan: FigurePlan, level: Level, request: Request) -> tuple[Source, ...]:
    """Components whose value of an area is not the sum of its units'."""
    if is_base(level, request) or not _adds_components(plan, level, request):
        return ()
    return tuple(source for source in (*plan.numerator, *plan.denominator) if source.component.recomputed)


def _in_value_query(plan: FigurePlan, level: Level, request: Request, members: Members) -> exp.Select:
    """The units that are in the value of their area, per period and, where that differs, per cell."""
    keys = [col(key, "m") for key in ("period_key", "unit_key", "area")]
    keys += [col(cell, "m") for cell in request.dimensions] if members.by_cell else []
    return select(
        [key.copy() for key in keys],
        subquery(_members_query(plan, (level,), request, keyed=True), "m"),
        where=col("is_in", "m"),
        group=keys,
    )


def _sums_query(plan: FigurePlan, levels: Sequence[Level], request: Request) -> exp.Select:
    """Sums over the complete members of each area of levels that are alike."""
    additive = _adds_components(plan, levels[0], request) or plan.figure.group_value.rule == "none"
    again = _taken_again(plan, levels[0], request)
    cells = list(request.dimensions)
    members = _members_query(plan, levels, request)
    is_in = lambda: col("is_in", "m")  # noqa: E731
    expected = lambda: exp.NEQ(this=col("state", "m"), expression=num(states.EXEMPT))  # noqa: E731
    level_name, area, keys = _grouped(levels, cells)
    columns: list[Expr] = [col("period_key", "m"), named(level_name, "area_level"), area, *(col(cell, "m") for cell in cells)]
    if additive:
        for source in (*plan.numerator, *plan.denominator):
            name = f"c{plan.number(source)}"
            if source not in again:
                columns.append(named(where_(total(col(name, "m")), is_in()), name))
        for source in plan.denominator:
            name = f"c{plan.number(source)}"
            known = both(expected(), col("is_known", "m"))
            columns.append(named(where_(total(col(name, "m")), known), f"{name}_expected"))
    else:
        columns.append(named(where_(total(cast(times(col("value", "m"), col("weight", "m")), FINE)), is_in()), "numerator"))
        columns.append(named(where_(total(cast(col("weight", "m"), FINE)), is_in()), "denominator"))
    columns += [
        named(where_(count_rows(), is_in()), "members"),
        named(where_(count_rows(), expected()), "members_expected"),
        # Denominators that do not add up over units have no sum of all expected ones; members are counted instead.
        named(
            where_(
                count_rows(), both(expected(), None if any(s in again for s in plan.denominator) else exp.Not(this=col("is_known", "m")))
            ),
            "unknown_denominators",
        ),
        named(where_(lowest(col("state", "m")), is_in()), "state_in"),
        named(lowest(col("state", "m")), "state_low"),
        named(highest(col("state", "m")), "state_high"),
        named(lowest(col("reason", "m")), "reason_low"),
    ]
    source = subquery(members, "m")
    return select(columns, source, group=keys)


def _grouped(levels: Sequence[Level], cells: Sequence[str]) -> tuple[Expr, Expr, list[Expr]]:
    """Of members m: the name of the level, the area, and by what they are grouped: of several levels, by each of them in turn."""

    def keys(area: str) -> list[Expr]:
        return [col("period_key", "m"), col(area, "m"), *(col(cell, "m") for cell in cells)]

    if len(levels) == 1:
        return text(levels[0].id), col("area", "m"), keys("area")
    names = [f"area_{level.id}" for level in levels]
    grouped = [(eq(exp.Grouping(expressions=[col(name, "m")]), num(0)), text(level.id)) for name, level in zip(names, levels, strict=True)]
    # All but the one that is grouped by are NULL.
    area = named(coalesce(*(col(name, "m") for name in names)), "area")
    return case(*grouped), area, [exp.GroupingSets(expressions=[exp.Tuple(expressions=keys(name)) for name in names])]


def _members_query(plan: FigurePlan, levels: Sequence[Level], request: Request, *, keyed: bool = False) -> exp.Select:
    """The units of the levels' areas with one state and reason each, and for unweighted and weighted means their own value."""
    rule = "ratio_of_sums" if is_base(levels[0], request) else plan.figure.group_value.rule
    used = plan.sources if rule == "weighted_by" else (*plan.numerator, *plan.denominator)
    numbers = [plan.number(source) for source in used]
    areas: list[Expr] = [col(f"area_{level.id}", "f") for level in levels]
    areas = [named(areas[0], "area")] if len(areas) == 1 else areas
    columns: list[Expr] = [col("period_key", "f"), *areas, *(col(cell, "f") for cell in request.dimensions)]
    columns += [col("unit_key", "f")] if keyed else []
    columns += [col(f"c{number}", "f") for number in numbers]
    state = lambda: least(*(col(f"s{number}", "f") for number in numbers))  # noqa: E731
    known = [col(f"s{plan.number(source)}", "f") for source in plan.denominator]
    # A unit that delivered is in the value also when there is nobody of whom to take a median.
    added = [f"c{plan.number(source)}" for source in used if not source.component.recomputed]
    in_value = both(ge(state(), num(states.HAS_VALUE)), *(not_null(col(name, "f")) for name in added))
    joins: list[exp.Join] = []
    reasons = [_reason(source, plan.number(source)) for source in used]
    if rule in ("mean_of_members", "weighted_by"):
        value, weight = _unit_value(plan), _unit_weight(plan)
        for name in _all_divisor_spans(plan):
            joins.append(left_join(table(name), eq(col("period_key", name), col("period_key", "f"))))
        columns += [named(value(), "value"), named(weight(), "weight")]
        empty = both(ge(state(), num(states.HAS_VALUE)), either(is_null(value()), is_null(weight())))
        assert empty is not None
        reasons.append(case((empty, num(states.reason_number("denominator_zero")))))
        in_value = both(in_value, not_null(value()), not_null(weight()))
    columns += [
        named(state(), "state"),
        named(least(*reasons), "reason"),
        named(in_value if in_value is not None else exp.true(), "is_in"),
        named(ge(least(*known), num(states.HAS_VALUE)) if known else exp.false(), "is_known"),
    ]
    return select(columns, table(f"{plan.name}_units", "f"), joins=joins)


def _reason(source: Source, number: int) -> Expr:
    missing = "reference_date_not_available" if source.span.looks_up else "base_period_missing"
    pairs = {
        states.NOT_VALID: "offset_label_missing",
        states.SUPPRESSED: "suppressed_at_source",
        states.MISSING: missing,
        states.WAITING: "period_unfinished",
        states.PROVISIONAL: "period_unfinished",
    }
    # Delivered, and no value can be made of it: a division by zero.
    empty = both(ge(col(f"s{number}", "f"), num(states.HAS_VALUE)), is_null(col(f"c{number}", "f")))
    assert empty is not None
    return case(
        (empty, num(states.reason_number("denominator_zero"))),
        *((eq(col(f"s{number}", "f"), num(state)), num(states.reason_number(name))) for state, name in pairs.items()),
    )


def _unit_value(plan: FigurePlan) -> Callable[[], Expr]:
    def value() -> Expr:
        def column(number: int) -> Expr:
            return col(f"c{number}", "f")

        numerator: Expr = side_sum(plan, plan.numerator, column, exact=False)
        if plan.figure.unit.factor != 1:
            numerator = times(num(plan.figure.unit.factor), numerator)
        return over(numerator, side_sum(plan, plan.denominator, column, exact=True)) if plan.denominator else numerator

    return value


def _unit_weight(plan: FigurePlan) -> Callable[[], Expr]:
    if not plan.weight:
        return lambda: cast(num(1), "DOUBLE")
    return lambda: side_sum(plan, plan.weight, lambda number: col(f"c{number}", "f"), exact=False)


def _all_divisor_spans(plan: FigurePlan) -> list[str]:
    return sorted({source.span_name for source in plan.sources if source.is_weighted})
