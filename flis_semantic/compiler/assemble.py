"""From a request to its CTEs: what all figures share (periods, units, cells, spans, coverage, scans), then the figures."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from flis_semantic.catalogue.resolved import ResolvedComponent, SourceSeries
from flis_semantic.compiler import states
from flis_semantic.compiler.answer import answer_query
from flis_semantic.compiler.areas import area_ctes, levels_alike
from flis_semantic.compiler.codes import UNKNOWN
from flis_semantic.compiler.coverage import (
    EVERYBODY,
    coverage_query,
    delivered_query,
    everybody_name,
    everybody_periods,
    everybody_query,
    expected_query,
    unit_exists,
)
from flis_semantic.compiler.details import Detail, detail_of, details_query
from flis_semantic.compiler.keys import PERIODS_MODEL
from flis_semantic.compiler.plan import FigurePlan, Source
from flis_semantic.compiler.recomputed import Recomputed, recomputed_query
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import Rows, Value, filter_parameters, rows_query, touched_units, value_of
from flis_semantic.compiler.scans import Names, Scan, codes_query, needs_delivered, scan_of, scan_query
from flis_semantic.compiler.spans import base_periods_query, reads_one, source_condition, span_of, span_query
from flis_semantic.compiler.spell_ctes import spell_ctes
from flis_semantic.compiler.spells import Spells
from flis_semantic.compiler.sql import (
    Expr,
    among,
    both,
    cast,
    col,
    either,
    eq,
    ge,
    highest,
    is_null,
    join,
    le,
    lowest,
    lt,
    named,
    not_null,
    num,
    parameter,
    scalar,
    select,
    table,
    text,
)
from flis_semantic.compiler.stretch import Span
from flis_semantic.compiler.units import units_query

Cte = tuple[str, Expr]
_VALUE = "v1"
"""Column of a value that is computed from single rows: each has its own CTE."""


@dataclass(frozen=True)
class Through:
    """A model that is read through a span, the column of its that names the unit, and whether days beside the span are looked at."""

    span: Span
    model: str
    unit_column: str
    reads_beside: bool = False


@dataclass
class Assembly:
    """The CTEs of one request, in order, and the values of its parameters.

    `units_only` ends with `f<i>_units`, where each figure has its components for single units: for whoever adds them up.
    """

    request: Request
    units_only: bool = False
    parameters: dict[str, object] = field(default_factory=dict[str, object])
    plans: list[FigurePlan] = field(default_factory=list[FigurePlan])
    _spans: dict[Span, str] = field(default_factory=dict[Span, str])
    _rows: dict[Rows, tuple[str, dict[Value, str]]] = field(default_factory=dict[Rows, tuple[str, dict[Value, str]]])
    _details: dict[Detail, str] = field(default_factory=dict[Detail, str])
    _values: dict[object, tuple[str, Spells | Recomputed]] = field(default_factory=dict[object, tuple[str, "Spells | Recomputed"]])
    _scans: dict[Scan, tuple[str, dict[str, Value]]] = field(default_factory=dict[Scan, tuple[str, dict[str, Value]]])

    def ctes(self) -> list[Cte]:
        """Every CTE up to the figures' answers (or units); figure i (from 1) answers in `f<i>`."""
        for position, figure in enumerate(self.request.figures, start=1):
            sides = [tuple(self._source(component) for component in side) for side in (figure.numerator, figure.denominator, figure.weight)]
            self.plans.append(FigurePlan(figure, f"f{position}", *sides))
        found: list[Cte] = [("periods", self._periods()), ("units", self._units())]
        expected: dict[tuple[SourceSeries, ...], str] = {}
        sources = [] if self.units_only else [source for plan in self.plans for source in plan.sources]
        told = list(dict.fromkeys(source.span_name for source in sources if source.component.by_others))
        for span, name in self._spans.items():
            found.append((name, span_query(span, self.request)))
            if span.averages and not reads_one(span, self.request):
                found.append((f"{name}_days", base_periods_query(span, name)))
            found.append((f"{name}_coverage", coverage_query(span, name, self.request)))
            if name in told:
                if span.sources not in expected:
                    expected[span.sources] = f"expected_{len(expected) + 1}"
                    found.append((expected[span.sources], expected_query(span.sources, self.request)))
                found.append((everybody_name(name), everybody_query(span, name, expected[span.sources])))
        if told:
            found.append((EVERYBODY, everybody_periods(told)))
        for rows, (name, values) in self._rows.items():
            spans = [self._spans[scan.span] for scan in self._scans if scan.rows == rows]
            columns = [(column, value) for value, column in values.items()]
            found.append((name, rows_query(rows, columns, list(dict.fromkeys(spans)), self.request, some_units=self.units_only)))
        found += self._scan_ctes()
        found += self._detail_ctes()
        found += self._cells()
        for position, plan in enumerate(self.plans, start=1):
            keyed = self.units_only or any(source.component.recomputed for source in plan.sources)
            found.append((f"{plan.name}_units", units_query(plan, self.request, keyed=keyed)))
            if self.units_only:
                continue
            answers: list[exp.Select] = []
            alike = levels_alike(plan, self.request)
            for levels in alike:
                name = f"{plan.name}_areas" if len(alike) == 1 else "_".join((plan.name, *(level.id for level in levels)))
                found += area_ctes(name, plan, levels, self.request)
                answers.append(answer_query(plan, levels, name, position, self.request))
            found.append((plan.name, _union(answers)))
        return found

    def read_through(self) -> list[tuple[Span, list[Through]]]:
        """Every span, with what is read through it."""
        scanned = [Through(s.span, s.rows.fact.model, s.rows.unit_column) for s in self._scans]
        detailed = [
            Through(asked.span, asked.detail.rows.fact.model, asked.detail.rows.unit_column, asked.component.merges)
            for _, asked in self._values.values()
        ]
        return [(span, [through for through in (*scanned, *detailed) if through.span == span]) for span in self._spans]

    def figures_through(self, span: Span) -> list[str]:
        """Names of the figures that read something through a span."""
        return [plan.figure.name for plan in self.plans if any(source.span == span for source in plan.sources)]

    def _source(self, component: ResolvedComponent) -> Source:
        span = span_of(component)
        span_name = self._spans.setdefault(span, f"w{len(self._spans) + 1}")
        if component.recomputed or component.fact.kind == "spell":
            return self._detailed(component, span, span_name)
        scan = scan_of(component, self.request)
        scan_name, used = self._scans.setdefault(scan, (f"s{len(self._scans) + 1}", {}))
        _, values = self._rows.setdefault(scan.rows, (f"r{len(self._rows) + 1}", {}))
        value = value_of(component)
        value_name = values.setdefault(value, f"v{len(values) + 1}")
        used[value_name] = value
        return Source(
            component=component,
            span=span,
            span_name=span_name,
            coverage_name=f"{span_name}_coverage",
            scan_name=scan_name,
            value_name=value_name,
            dimensions=scan.dimensions,
            is_weighted=span.averages and not reads_one(span, self.request),
        )

    def _detailed(self, component: ResolvedComponent, span: Span, span_name: str) -> Source:
        """A component that is computed from single rows. Equal values of one request share their CTEs."""
        detail = detail_of(component, self.request)
        rows = self._details.setdefault(detail, f"rows_{len(self._details) + 1}")
        dimensions = tuple(d for d in self.request.dimensions if d in component.fact.dimensions)
        asked: Spells | Recomputed
        if component.fact.kind == "spell":
            asked = Spells(component, span, span_name, detail, rows, dimensions, self.request)
        else:
            asked = Recomputed(component, span, span_name, f"{span_name}_coverage", detail, rows, dimensions, self.request)
        alike = (detail, span, component.aggregate, component.percentile, component.over_time, component.merges, component.filters)
        name, _ = self._values.setdefault(alike, (f"values_{len(self._values) + 1}", asked))
        return Source(
            component=component,
            span=span,
            span_name=span_name,
            coverage_name=f"{span_name}_coverage",
            scan_name=name,
            value_name=_VALUE,
            dimensions=dimensions,
            is_weighted=span.averages and not reads_one(span, self.request),
            detail=asked,
        )

    def _detail_ctes(self) -> list[Cte]:
        found: list[Cte] = []
        for detail, name in self._details.items():
            spans = [asked.span_name for _, asked in self._values.values() if asked.detail == detail]
            found.append((name, details_query(detail, list(dict.fromkeys(spans)), self.request, some_units=self.units_only)))
        for name, asked in self._values.values():
            found += spell_ctes(name, _VALUE, asked) if isinstance(asked, Spells) else [(name, recomputed_query(_VALUE, asked))]
        return found

    def _scan_ctes(self) -> list[Cte]:
        found: list[Cte] = []
        delivered: dict[tuple[SourceSeries, ...], str] = {}
        coded: dict[tuple[Rows, tuple[str, ...]], str] = {}
        for scan, (name, values) in self._scans.items():
            span, lines, columns = self._spans[scan.span], scan.span.sources, list(values.items())
            there = None
            if needs_delivered(scan, columns):
                if lines not in delivered:
                    delivered[lines] = f"delivered_{len(delivered) + 1}"
                    found.append((delivered[lines], delivered_query(lines, self.request)))
                there = delivered[lines]
            rows, read = self._rows[scan.rows]
            if scan.dimensions:
                by = (scan.rows, scan.dimensions)
                if by not in coded:
                    coded[by] = f"{rows}_by_code"
                    found.append((coded[by], codes_query(scan, [(column, value) for value, column in read.items()], rows, self.request)))
                rows = coded[by]
            names = Names(rows, span, f"{span}_days", f"{span}_coverage", there)
            found.append((name, scan_query(scan, columns, names, self.request)))
        return found

    def _periods(self) -> exp.Select:
        request = self.request
        if request.is_range:
            assert request.first is not None
            self.parameters |= {"range_label": request.first.label, "range_start": request.first.start, "range_end": request.first.end}
            return exp.Select(
                expressions=[
                    named(num(0), "period_key"),
                    named(parameter("range_label"), "period"),
                    named(cast(parameter("range_start"), "DATE"), "start_date"),
                    named(cast(parameter("range_end"), "DATE"), "end_date"),
                ]
            )
        columns = ("period_key", "period", "start_date", "end_date", "label_year", "label_position")
        legend = f"s<n> and state: {', '.join(f'{number} {word}' for number, word in states.LEGEND.items())}"
        return select([col(name) for name in columns], table(PERIODS_MODEL), where=self._asked(), comment=legend)

    def periods_there(self) -> exp.Select:
        """Keys of the periods that are answered."""
        return select([col("period_key")], table(PERIODS_MODEL), where=self._asked())

    def _asked(self) -> Expr | None:
        return both(eq(col("grain"), text(self.request.grain)), self._from(), self._to())

    def _from(self) -> Expr:
        if self.request.first is None:
            return ge(col("end_date"), scalar(self._reach(lowest(col("starts_date", "s")))))
        self.parameters["first_period"] = self.request.first.key
        return ge(col("period_key"), parameter("first_period"))

    def _to(self) -> Expr:
        if self.request.last is None:
            return lt(col("start_date"), scalar(self._reach(highest(col("data_to", "s")))))
        self.parameters["last_period"] = self.request.last.key
        return le(col("period_key"), parameter("last_period"))

    def _reach(self, value: Expr) -> exp.Select:
        """How far the numerators' sources go: what a request without bounds is about."""
        lines: dict[SourceSeries, None] = {}
        for figure in self.request.figures:
            lines |= dict.fromkeys(line for component in figure.numerator for line in component.sources)
        return select([value], table("source_status", "s"), where=source_condition(tuple(lines), "s"))

    def _units(self) -> exp.Select:
        unit = self.request.vocabulary.reporting_unit
        columns: list[Expr] = [
            col("period_key", "p"),
            named(col(unit.key, "u"), "unit_key"),
            named(eq(col(unit.kind, "u"), text(unit.member_kind)), "is_member"),
        ]
        for level in self.request.levels:
            area = col(level.code, "u") if level.code else text(str(level.constant))
            columns.append(named(area, f"area_{level.id}"))
        conditions: list[Expr | None] = []
        for level_id, codes in self.request.area_filters.items():
            level = unit.level(level_id)
            if level is not None and level.code is not None:
                conditions.append(among(col(level.code, "u"), self._bound(level_id, codes)))
        if not any(figure.all_units for figure in self.request.figures):
            conditions.append(eq(col(unit.kind, "u"), text(unit.member_kind)))
        if self.units_only:
            conditions.append(touched_units(col(unit.key, "u")))
        joins = [join(table(unit.model, "u"), unit_exists(self.request))]
        return select(columns, table("periods", "p"), joins=joins, where=both(*conditions))

    def _cells(self) -> list[Cte]:
        """Members of each dimension that are valid in the period, and whatever else rows have: `unknown`, or a member that has ceased."""
        request = self.request
        found: list[Cte] = []
        hierarchies: dict[str, list[str]] = {}
        for dimension in request.dimensions:
            hierarchies.setdefault(request.vocabulary.cuts[dimension].dimension, []).append(dimension)
        for dimension, cuts in hierarchies.items():
            found.append((f"cells_{dimension}", self._members(dimension, cuts)))
        if found:
            first, *rest = [name for name, _ in found]
            columns = [col("period_key", first), *(col(d, f"cells_{request.vocabulary.cuts[d].dimension}") for d in request.dimensions)]
            joins = [join(table(name), eq(col("period_key", name), col("period_key", first))) for name in rest]
            found.append(("cells", select(columns, table(first), joins=joins)))
        for dimension, codes in request.dimension_filters.items():
            self._bound(dimension, codes)
        return found

    def _members(self, dimension: str, cuts: list[str]) -> Expr:
        """Codes of one dimension, of a hierarchy in the combinations that its members have."""
        vocabulary = self.request.vocabulary
        spec = vocabulary.cuts[cuts[0]]
        valid = None
        if spec.valid_from and spec.valid_to:
            # A code that was abolished within the period has rows in it.
            valid = both(
                le(col(spec.valid_from, "d"), col("end_date", "p")),
                either(is_null(col(spec.valid_to, "d")), ge(col(spec.valid_to, "d"), col("start_date", "p"))),
            )
        codes = {cut: col(vocabulary.cuts[cut].code, "d") for cut in cuts}
        where = both(
            # A member that a level leaves out has no cell there, unless a fact has rows of it.
            *(not_null(code.copy()) for code in codes.values() if vocabulary.dimensions[dimension].levels),
            *(
                among(col(vocabulary.cuts[name].code, "d"), self._bound(name, values))
                for name, values in self.request.dimension_filters.items()
                if vocabulary.cuts[name].dimension == dimension
            ),
        )
        members: Expr = select(
            [col("period_key", "p"), *(named(code, cut) for cut, code in codes.items())],
            table("periods", "p"),
            joins=[join(table(spec.model, "d"), valid)],
            where=where,
            # A dated code has a row per validity interval, a coarser level one per finer member.
            group=[col("period_key", "p"), *(code.copy() for code in codes.values())],
        )
        scans = [(name, scan.dimensions) for scan, (name, _) in self._scans.items()]
        scans += [(name, asked.dimensions) for name, asked in self._values.values()]
        for name, has in scans:
            if cuts[0] in has:
                # One that has ceased can have rows that the period reads: earlier in its window, or late ones.
                stray = either(*(eq(col(cut), text(UNKNOWN)) for cut in cuts)) if valid is None else None
                read = select([col("period_key"), *(col(cut) for cut in cuts)], table(name), where=stray)
                members = exp.Union(this=members, expression=read, distinct=True)
        return members

    def _bound(self, name: str, values: tuple[str, ...]) -> list[Expr]:
        names = filter_parameters(name, values)
        # A code that stands for rows without a member is compared by itself, never as a member's code.
        self.parameters |= {key: value for key, value in zip(names, values, strict=True) if value != UNKNOWN}
        return [parameter(key) if value != UNKNOWN else text(UNKNOWN) for key, value in zip(names, values, strict=True)]


def _union(queries: list[exp.Select]) -> Expr:
    result: Expr = queries[0]
    for query in queries[1:]:
        result = exp.Union(this=result, expression=query, distinct=False)
    return result
