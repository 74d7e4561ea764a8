"""One key figure, from scans to finished rows: members, then areas, then value, status and coverage.

Three CTEs a figure. `…_units`: a row per unit, period and cell with its components and its state (complete cases in time).
`…_areas`: components summed over complete members only (complete cases over areas), as the figure's group rule says.
The third is the answer: one division in floating point at the very end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from flis_semantic.catalogue.resolved import KeyFigure, ResolvedComponent
from flis_semantic.compiler import states
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.spans import Span, reads_one
from flis_semantic.compiler.sql import (
    EXACT,
    Expr,
    both,
    case,
    cast,
    coalesce,
    col,
    count_rows,
    day,
    eq,
    ge,
    gt,
    is_null,
    join,
    le,
    least,
    left_join,
    lowest,
    highest,
    lt,
    minus,
    named,
    not_null,
    null,
    num,
    over,
    plus,
    select,
    table,
    text,
    times,
    total,
    where_,
)
from flis_semantic.vocabulary.model import Level

# state and reason stay numbers here; whoever selects from the answers turns them into words once.
ANSWER_COLUMNS = ("value", "numerator", "denominator", "state", "reason", "complete", "members", "members_expected", "denominator_share", "series_break")
_BLANK_STATE = {"suppressed": states.SUPPRESSED, "missing": states.MISSING, "not_applicable": states.EXEMPT}
_ABSENT_STATE = {"missing": states.MISSING, "suppressed": states.SUPPRESSED}


@dataclass(frozen=True)
class Source:
    """Where a component's numbers stand: CTE names of its span, coverage and scan, and its value's column."""

    component: ResolvedComponent
    span: Span
    span_name: str
    coverage_name: str
    scan_name: str
    value_name: str
    dimensions: tuple[str, ...]
    is_weighted: bool


@dataclass(frozen=True)
class FigurePlan:
    """A figure with the sources of its sides, in the order numerator, denominator, weight."""

    figure: KeyFigure
    name: str
    numerator: tuple[Source, ...]
    denominator: tuple[Source, ...]
    weight: tuple[Source, ...]

    @property
    def sources(self) -> tuple[Source, ...]:
        """All of them; component number i stands in column c<i>."""
        return (*self.numerator, *self.denominator, *self.weight)

    def number(self, source: Source) -> int:
        """Number of a source's column, from 1."""
        return next(index for index, other in enumerate(self.sources, start=1) if other is source)


def units_query(plan: FigurePlan, request: Request) -> exp.Select:
    """A row per period, unit and cell: components c<i>, their states s<i>."""
    cells = [col(dimension, "x") for dimension in request.dimensions]
    columns: list[Expr] = [col("period_key", "u"), *(col(f"area_{level.id}", "u") for level in request.levels), *cells]
    joins: list[exp.Join] = []
    if request.dimensions:
        joins.append(join(table("cells", "x"), eq(col("period_key", "x"), col("period_key", "u"))))
    seen: set[str] = set()
    for source in plan.sources:
        joins += [item for name, item in _source_joins(source) if not (name in seen or seen.add(name))]
    for index, source in enumerate(plan.sources, start=1):
        value: Expr = col(source.value_name, source.scan_name)
        if source.component.fact.absent == "zero":
            value = coalesce(value, num(0))
        columns += [named(value, f"c{index}"), named(_state(source, request), f"s{index}")]
    where = None if plan.figure.all_units else col("is_member", "u")
    return select(columns, table("units", "u"), joins=joins, where=where)


def areas_query(plan: FigurePlan, level: Level, request: Request) -> exp.Select:
    """Sums over the complete members of each area of one level."""
    additive = _is_base(level, request) or plan.figure.group_value.rule in ("ratio_of_sums", "none")
    cells = list(request.dimensions)
    members = _members_query(plan, level, request)
    is_in = lambda: col("is_in", "m")  # noqa: E731
    expected = lambda: exp.NEQ(this=col("state", "m"), expression=num(states.EXEMPT))  # noqa: E731
    keys: list[Expr] = [col("period_key", "m"), col("area", "m"), *(col(cell, "m") for cell in cells)]
    columns: list[Expr] = [col("period_key", "m"), named(text(level.id), "area_level"), col("area", "m"), *(col(cell, "m") for cell in cells)]
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


def answer_query(plan: FigurePlan, level: Level, areas_name: str, position: int, request: Request) -> exp.Select:
    """Finished rows of one figure at one level."""
    figure = plan.figure
    refused = figure.group_value.rule == "none" and not _is_base(level, request)
    numerator, denominator, expected = _sides(plan, level, request)
    parts = _refused() if refused else _finish(figure, numerator, denominator, expected)
    series_break, joins = _series_break(plan)
    joins = [join(table("periods", "p"), eq(col("period_key", "p"), col("period_key", "a"))), *joins]
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
        state, reason = _judgement(figure, denominator, _share(denominator, expected))
        judged = select(
            [col("*", "a"), named(state, "state"), named(reason, "reason")],
            source,
            joins=_judgement_joins(plan, level, request),
        )
        source = exp.Subquery(this=judged, alias=exp.TableAlias(this=exp.to_identifier("a")))
    return select(columns, source, joins=joins)


def _source_joins(source: Source) -> list[tuple[str, exp.Join]]:
    def on_period(name: str) -> Expr:
        return eq(col("period_key", name), col("period_key", "u"))

    def on_unit(name: str) -> Expr | None:
        return both(on_period(name), eq(col("unit_key", name), col("unit_key", "u")))

    def on_cell(name: str) -> Expr:
        found = both(on_unit(name), *(eq(col(dimension, name), col(dimension, "x")) for dimension in source.dimensions))
        assert found is not None
        return found

    unit_on = on_unit(source.coverage_name)
    assert unit_on is not None
    return [
        (source.span_name, join(table(source.span_name), on_period(source.span_name))),
        (source.coverage_name, left_join(table(source.coverage_name), unit_on)),
        (source.scan_name, left_join(table(source.scan_name), on_cell(source.scan_name))),
    ]


def _state(source: Source, request: Request) -> Expr:
    """State of one component for one unit: the first that applies."""
    fact = source.component.fact
    span, coverage, scan = source.span_name, source.coverage_name, source.scan_name
    lines = len(source.span.sources)

    def covered(name: str) -> Expr:
        return coalesce(col(name, coverage), num(0))

    def needed() -> Expr:
        return times(num(lines), col("required", span)) if lines > 1 else col("required", span)

    absent = _ABSENT_STATE.get(fact.absent)
    single = reads_one(source.span, request)
    waits = source.span.snapshot and source.component.over_time == "last" and single
    branches: list[tuple[Expr | None, int]] = [
        (is_null(col("first_key", span)) if source.component.offset is not None else None, states.NOT_VALID),
        (gt(col(f"{source.value_name}_blanks", scan), num(0)), _BLANK_STATE[fact.blank]),
        (col("is_waiting", span) if waits else None, states.WAITING),
        (le(col("required", span), num(0)) if not single else None, states.MISSING),
        (lt(plus(plus(covered("delivered"), covered("exempt")), covered("held")), needed()), states.MISSING),
        (gt(covered("exempt"), num(0)), states.EXEMPT),
        (gt(covered("held"), num(0)), states.HELD),
        (is_null(col(source.value_name, scan)) if absent is not None else None, absent if absent is not None else 0),
        (col("is_unfinished", span) if not single else None, states.PROVISIONAL),
        (eq(covered("approved"), needed()), states.APPROVED),
    ]
    return case(*((condition, num(state)) for condition, state in branches if condition is not None), otherwise=num(states.VALIDATED))


def _members_query(plan: FigurePlan, level: Level, request: Request) -> exp.Select:
    """The units of a level's areas with one state and reason each, and for unweighted and weighted means their own value."""
    base = _is_base(level, request)
    rule = "ratio_of_sums" if base else plan.figure.group_value.rule
    used = plan.sources if rule == "weighted_by" else (*plan.numerator, *plan.denominator)
    numbers = [plan.number(source) for source in used]
    columns: list[Expr] = [col("period_key", "f"), named(col(f"area_{level.id}", "f"), "area"), *(col(cell, "f") for cell in request.dimensions)]
    columns += [col(f"c{number}", "f") for number in numbers]
    state = lambda: least(*(col(f"s{number}", "f") for number in numbers))  # noqa: E731
    known = [col(f"s{plan.number(source)}", "f") for source in plan.denominator]
    in_value: Expr | None = ge(state(), num(states.HAS_VALUE))
    joins: list[exp.Join] = []
    reasons = [_reason(source, col(f"s{plan.number(source)}", "f")) for source in used]
    if rule in ("mean_of_members", "weighted_by"):
        value, weight = _unit_value(plan), _unit_weight(plan)
        for name in _all_divisor_spans(plan):
            joins.append(left_join(table(name), eq(col("period_key", name), col("period_key", "f"))))
        columns += [named(value(), "value"), named(weight(), "weight")]
        in_value = both(in_value, not_null(value()), not_null(weight()))
    columns += [
        named(state(), "state"),
        named(least(*reasons), "reason"),
        named(in_value if in_value is not None else exp.true(), "is_in"),
        named(ge(least(*known), num(states.HAS_VALUE)) if known else exp.false(), "is_known"),
    ]
    return select(columns, table(f"{plan.name}_units", "f"), joins=joins)


def _reason(source: Source, state: Expr) -> Expr:
    missing = "reference_date_not_available" if source.span.looks_up else "base_period_missing"
    pairs = {
        states.NOT_VALID: "offset_label_missing",
        states.SUPPRESSED: "suppressed_at_source",
        states.MISSING: missing,
        states.WAITING: "period_unfinished",
        states.PROVISIONAL: "period_unfinished",
    }
    return case(*((eq(state.copy(), num(number)), num(states.reason_number(name))) for number, name in pairs.items()))


def _side(plan: FigurePlan, side: Sequence[Source], column: Callable[[int], Expr], *, exact: bool) -> Expr:
    """A signed sum of components, each divided by the days of its span where it is a day-weighted mean."""
    result: Expr | None = None
    for source in side:
        term: Expr = column(plan.number(source))
        if source.is_weighted:
            term = over(cast(term, "DOUBLE"), _divisor(source.span_name))
        if result is None:
            result = term if source.component.sign > 0 else exp.Neg(this=_bracket(term))
        else:
            result = (plus if source.component.sign > 0 else minus)(result, term)
    assert result is not None
    return result if exact or isinstance(result, exp.Div) else cast(result, "DOUBLE")


def _unit_value(plan: FigurePlan) -> Callable[[], Expr]:
    def value() -> Expr:
        column = lambda number: col(f"c{number}", "f")  # noqa: E731
        numerator: Expr = _side(plan, plan.numerator, column, exact=False)
        if plan.figure.unit.factor != 1:
            numerator = times(num(plan.figure.unit.factor), numerator)
        return over(numerator, _side(plan, plan.denominator, column, exact=True)) if plan.denominator else numerator

    return value


def _unit_weight(plan: FigurePlan) -> Callable[[], Expr]:
    if not plan.weight:
        return lambda: cast(num(1), "DOUBLE")
    return lambda: _side(plan, plan.weight, lambda number: col(f"c{number}", "f"), exact=False)


def _sides(plan: FigurePlan, level: Level, request: Request) -> tuple[Callable[[], Expr], Callable[[], Expr] | None, Callable[[], Expr] | None]:
    """Numerator, denominator, and the denominator of all expected members, as columns of the areas CTE."""
    if not (_is_base(level, request) or plan.figure.group_value.rule == "ratio_of_sums"):
        return (lambda: col("numerator", "a")), (lambda: col("denominator", "a")), None
    column = lambda number: col(f"c{number}", "a")  # noqa: E731
    numerator = lambda: _side(plan, plan.numerator, column, exact=True)  # noqa: E731
    if not plan.denominator:
        return numerator, None, None
    denominator = lambda: _side(plan, plan.denominator, column, exact=True)  # noqa: E731
    expected = lambda: _side(plan, plan.denominator, lambda number: col(f"c{number}_expected", "a"), exact=True)  # noqa: E731
    return numerator, denominator, expected


def _finish(
    figure: KeyFigure, numerator: Callable[[], Expr], denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None
) -> dict[str, Expr]:
    """The answer's columns but the series break."""
    mean = denominator is not None and expected is None
    scaled = _scaled(figure, numerator, mean=mean)
    value = over(scaled, denominator()) if denominator is not None else scaled
    share = _share(denominator, expected)
    if figure.file.min_share:
        value = case((lt(share(), num(figure.file.min_share)), null()), otherwise=value)
    finished = both(gt(_members(), num(0)), eq(_members(), _wanted()), gt(col("state_in", "a"), num(states.PROVISIONAL)))
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


def _judgement(figure: KeyFigure, denominator: Callable[[], Expr] | None, share: Callable[[], Expr]) -> tuple[Expr, Expr]:
    """State and reason number of an area: of the members in its value; without any, what they all are, else missing."""
    state_in: Expr = col("state_in", "a")
    if figure.file.min_share:
        state_in = case((lt(share(), num(figure.file.min_share)), num(states.MISSING)), otherwise=state_in)
    alike = both(eq(col("state_low", "a"), col("state_high", "a")), lt(col("state_low", "a"), num(states.HAS_VALUE)))
    assert alike is not None
    state = case((gt(_members(), num(0)), state_in), (alike, col("state_low", "a")), otherwise=num(states.MISSING))
    reasons = [case((lt(_members(), _wanted()), num(states.reason_number("member_missing"))))]
    if denominator is not None:
        reasons.append(case((eq(denominator(), num(0)), num(states.reason_number("denominator_zero")))))
    reasons.append(case((eq(col("state_in", "a"), num(states.PROVISIONAL)), num(states.reason_number("period_unfinished")))))
    # Every member delivered, and none has a value: nothing but an empty denominator or weight is left.
    empty_weight = case((ge(col("state_high", "a"), num(states.HAS_VALUE)), num(states.reason_number("denominator_zero"))))
    reason = case((eq(_members(), num(0)), coalesce(col("reason_low", "a"), empty_weight)), otherwise=least(*reasons))
    return state, reason


def _judgement_joins(plan: FigurePlan, level: Level, request: Request) -> list[exp.Join]:
    if not (plan.denominator or plan.figure.file.min_share):
        return []
    return [left_join(table(name), eq(col("period_key", name), col("period_key", "a"))) for name in _divisor_spans(plan, level, request)]


def _share(denominator: Callable[[], Expr] | None, expected: Callable[[], Expr] | None) -> Callable[[], Expr]:
    """Denominators of the members in the value over those of all expected; of members, where a denominator is not known."""

    def share() -> Expr:
        members = over(cast(_members(), "DOUBLE"), _wanted())
        if denominator is None or expected is None:
            return members
        known = over(coalesce(cast(denominator(), "DOUBLE"), num(0)), expected())
        return case((eq(col("unknown_denominators", "a"), num(0)), known), otherwise=members)

    return share


def _members() -> Expr:
    return col("members", "a")


def _wanted() -> Expr:
    return col("members_expected", "a")


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
    joins = [left_join(table(name, alias), eq(col("period_key", alias), col("period_key", "a"))) for name, alias in zip(names, aliases, strict=True)]
    earliest = lambda: least(*(col("from_date", alias) for alias in aliases))  # noqa: E731
    branches = [
        (both(lt(earliest(), day(broken)), ge(col("end_date", "p"), day(broken))), day(broken)) for broken in reversed(plan.figure.breaks)
    ]
    return case(*((condition, value) for condition, value in branches if condition is not None)), joins


def _is_base(level: Level, request: Request) -> bool:
    return level.id == request.vocabulary.reporting_unit.base.id


def _divisor(span_name: str) -> Expr:
    return exp.Paren(this=plus(exp.DateDiff(this=col("to_date", span_name), expression=col("from_date", span_name), unit=exp.Var(this="DAY")), num(1)))


def _all_divisor_spans(plan: FigurePlan) -> list[str]:
    return sorted({source.span_name for source in plan.sources if source.is_weighted})


def _divisor_spans(plan: FigurePlan, level: Level, request: Request) -> list[str]:
    if not (_is_base(level, request) or plan.figure.group_value.rule == "ratio_of_sums"):
        return []
    return sorted({source.span_name for source in (*plan.numerator, *plan.denominator) if source.is_weighted})


def _bracket(term: Expr) -> Expr:
    return exp.Paren(this=term) if isinstance(term, exp.Div | exp.Add | exp.Sub) else term
