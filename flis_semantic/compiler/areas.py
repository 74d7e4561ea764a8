"""Complete cases over areas: components summed over the members in the value, as the figure's group rule says."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from flis_semantic.compiler import states
from flis_semantic.compiler.plan import FigurePlan, Source, is_base, side_sum
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.sql import (
    EXACT,
    Expr,
    both,
    case,
    cast,
    col,
    count_rows,
    either,
    eq,
    ge,
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
    table,
    text,
    times,
    total,
    where_,
)
from flis_semantic.vocabulary.model import Level


def areas_query(plan: FigurePlan, level: Level, request: Request) -> exp.Select:
    """Sums over the complete members of each area of one level."""
    additive = is_base(level, request) or plan.figure.group_value.rule in ("ratio_of_sums", "none")
    cells = list(request.dimensions)
    members = _members_query(plan, level, request)
    is_in = lambda: col("is_in", "m")  # noqa: E731
    expected = lambda: exp.NEQ(this=col("state", "m"), expression=num(states.EXEMPT))  # noqa: E731
    keys: list[Expr] = [col("period_key", "m"), col("area", "m"), *(col(cell, "m") for cell in cells)]
    columns: list[Expr] = [
        col("period_key", "m"),
        named(text(level.id), "area_level"),
        col("area", "m"),
        *(col(cell, "m") for cell in cells),
    ]
    if additive:
        for source in (*plan.numerator, *plan.denominator):
            name = f"c{plan.number(source)}"
            columns.append(named(where_(total(col(name, "m")), is_in()), name))
        for source in plan.denominator:
            name = f"c{plan.number(source)}"
            known = both(expected(), col("is_known", "m"))
            columns.append(named(where_(total(col(name, "m")), known), f"{name}_expected"))
    else:
        columns.append(named(where_(total(cast(times(col("value", "m"), col("weight", "m")), EXACT)), is_in()), "numerator"))
        columns.append(named(where_(total(cast(col("weight", "m"), EXACT)), is_in()), "denominator"))
    columns += [
        named(where_(count_rows(), is_in()), "members"),
        named(where_(count_rows(), expected()), "members_expected"),
        named(where_(count_rows(), both(expected(), exp.Not(this=col("is_known", "m")))), "unknown_denominators"),
        named(where_(lowest(col("state", "m")), is_in()), "state_in"),
        named(lowest(col("state", "m")), "state_low"),
        named(highest(col("state", "m")), "state_high"),
        named(lowest(col("reason", "m")), "reason_low"),
    ]
    source = exp.Subquery(this=members, alias=exp.TableAlias(this=exp.to_identifier("m")))
    return select(columns, source, group=keys)


def _members_query(plan: FigurePlan, level: Level, request: Request) -> exp.Select:
    """The units of a level's areas with one state and reason each, and for unweighted and weighted means their own value."""
    base = is_base(level, request)
    rule = "ratio_of_sums" if base else plan.figure.group_value.rule
    used = plan.sources if rule == "weighted_by" else (*plan.numerator, *plan.denominator)
    numbers = [plan.number(source) for source in used]
    columns: list[Expr] = [
        col("period_key", "f"),
        named(col(f"area_{level.id}", "f"), "area"),
        *(col(cell, "f") for cell in request.dimensions),
    ]
    columns += [col(f"c{number}", "f") for number in numbers]
    state = lambda: least(*(col(f"s{number}", "f") for number in numbers))  # noqa: E731
    known = [col(f"s{plan.number(source)}", "f") for source in plan.denominator]
    in_value = both(ge(state(), num(states.HAS_VALUE)), *(not_null(col(f"c{number}", "f")) for number in numbers))
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
