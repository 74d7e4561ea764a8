"""The compiled SQL over ten million postings against SQL written by hand that returns the same rows and columns.

Coverage, status, reason and members are in both; the plain sum without them is reported beside. The postings are those of the
built version, repeated; all else is read from it. Answers are compared first, column by column.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import measure
from flis_semantic import warehouse
from flis_semantic.compiler.metric import compile_request
from flis_semantic.compiler.request import Request
from flis_semantic.workspace import Project

POSTINGS = 10_000_000
FIRST, LAST = "2019-01", "2020-12"
FIGURE = "economy.service_expenditure_per_inhabitant"
SERVICE = """main_account in (0, 2, 3, 4, 5, 6) and main_function_key not in (546, 548, 557, 558, 568)
  and (function_key <> 53230 or (dranst = 1 and grouping = 5)) and function_key not in (52207, 46281)
  and dranst = 1 and main_art <> 0 and not is_opening"""

# What both questions share: the months, what had to be there by each of them, and the inhabitants of 1 January.
_BY_HAND = """
months as materialized (
  select p.period_key, p.period, p.end_date, p.label_year, y.period_key as year_key, p.label_year * 12 as january, s.due_key, s.data_to
  from dim_period p
  join dim_period y on y.grain = 'year' and y.label_year = p.label_year
  cross join (select due_key, data_to from source_status where source = 'oko_postering') s
  where p.grain = 'month' and p.period between '{first}' and '{last}'
),
units as (
  select distinct m.municipality_key, m.municipality_code, p.period_key
  from dim_municipality m
  join months p on m.valid_from <= p.end_date and (m.valid_to is null or m.valid_to >= p.end_date)
  where m.unit_kind = 'member'
),
came as (
  select municipality_key, base_period_key as month_key, base_period_key // 12 as year_key,
    cast(state in ('delivered', 'approved', 'reported_by_other') as int) as delivered, cast(state = 'exempt' as int) as exempt,
    cast(state = 'held' as int) as held, cast(state = 'approved' as int) as approved
  from coverage
  where source = 'oko_postering'
),
came_by as (
  select municipality_key, month_key,
    sum(delivered) over spent as delivered, sum(exempt) over spent as exempt,
    sum(held) over spent as held, sum(approved) over spent as approved
  from came
  window spent as (partition by municipality_key, year_key order by month_key)
),
inhabitants as (
  select p.municipality_key, p.quarter_key // 4 as year, sum(p.population_count) as count, max(c.state) as state
  from fct_population p
  join coverage c on c.source = 'bor_folketal' and c.municipality_key = p.municipality_key and c.base_period_key = p.quarter_key
  where p.vintage = 'frozen' and p.quarter_key % 4 = 0
  group by all
),
"""
_UNITS = """
states as (
  select u.municipality_key, u.municipality_code, m.period_key, m.period, {cut} n.value as numerator, i.count as denominator,
    case
      when least(m.period_key, m.due_key) - m.january + 1 <= 0 then 'missing'
      when coalesce(c.delivered + c.exempt + c.held, 0) < least(m.period_key, m.due_key) - m.january + 1 then 'missing'
      when i.state is null or i.state not in ('delivered', 'approved', 'reported_by_other') then 'missing'
      when c.exempt > 0 then 'exempt'
      when c.held > 0 then 'held'
      when m.end_date >= least(m.data_to, r.data_to) then 'provisional'
      when c.approved = least(m.period_key, m.due_key) - m.january + 1 and i.state = 'approved' then 'approved'
      else 'validated'
    end as status,
    case
      when i.state is null or i.state not in ('delivered', 'approved', 'reported_by_other') then 'reference_date_not_available'
      when coalesce(c.delivered + c.exempt + c.held, 0) < least(m.period_key, m.due_key) - m.january + 1 then 'base_period_missing'
      when coalesce(c.exempt, 0) + coalesce(c.held, 0) > 0 then null
      when m.end_date >= least(m.data_to, r.data_to) then 'period_unfinished'
    end as reason
  from units u
  join months m on m.period_key = u.period_key
  {cells}
  left join spent n on n.municipality_key = u.municipality_key and n.month_key = u.period_key {same_cut}
  left join came_by c on c.municipality_key = u.municipality_key and c.month_key = least(u.period_key, m.due_key)
  left join data_to r on r.source = 'oko_postering' and r.municipality_key = u.municipality_key
  left join inhabitants i on i.municipality_key = u.municipality_key and i.year = m.label_year
)
select '{figure}' as key_figure, 'municipality' as area_level, municipality_code as area, {cut_name} 'month' as grain, period,
  case when status in ('validated', 'approved', 'provisional') then cast(numerator as double) / nullif(denominator, 0) end as value,
  case when status in ('validated', 'approved', 'provisional') then cast(coalesce(numerator, 0) as double) end as numerator,
  case when status in ('validated', 'approved', 'provisional') then cast(denominator as double) end as denominator,
  status, case when status in ('validated', 'approved', 'provisional') and denominator = 0 then 'denominator_zero'
    when status in ('exempt', 'held') then null
    else reason end as reason,
  status in ('validated', 'approved') as complete,
  cast(status in ('validated', 'approved', 'provisional') as bigint) as members,
  cast(status <> 'exempt' as bigint) as members_expected,
  case when status = 'exempt' then null when status in ('validated', 'approved', 'provisional') then 1.0 else 0.0 end as denominator_share,
  cast(null as date) as series_break
from states
order by area, {cut_name} period_key
"""
_SPENT = """
posted as (
  select municipality_key, month_key, {cut} sum(amount) as amount
  from fct_posting
  where month_key between (select min(january) from months) and (select max(period_key) from months) and {service}
  group by all
),
dense as (
  select u.municipality_key, u.period_key as month_key, {cell_cut} coalesce(p.amount, 0) as amount
  from units u {cells}
  left join posted p on p.municipality_key = u.municipality_key and p.month_key = u.period_key {same_cut}
),
spent as (
  select municipality_key, month_key, {cut} sum(amount) over (
    partition by municipality_key, {cut} month_key // 12 order by month_key) as value
  from dense
),
"""


def _by_hand(cut: bool) -> str:
    cells = "cross join (select distinct main_account_code as main_account from dim_account_function) x" if cut else ""
    fields = {
        "cut": "main_account," if cut else "",
        "cell_cut": "x.main_account," if cut else "",
        "cells": cells,
        "same_cut": "and p.main_account = x.main_account" if cut else "",
        "service": SERVICE,
    }
    spent = _SPENT.format(**fields)
    if cut:
        spent = spent.replace("month_key, main_account, sum(", "month_key, cast(main_account as varchar) as main_account, sum(")
    units = _UNITS.format(
        figure=FIGURE,
        cut="x.main_account," if cut else "",
        cut_name="main_account," if cut else "",
        cells=cells,
        same_cut="and n.main_account = x.main_account" if cut else "",
    )
    return "with " + _BY_HAND.format(first=FIRST, last=LAST) + spent + units


PLAIN = f"select municipality_key, month_key, sum(amount) from fct_posting where {SERVICE} group by all"
PLAIN_CUT = f"select municipality_key, month_key, main_account, sum(amount) from fct_posting where {SERVICE} group by all"


def run(root: Path, runs: int) -> None:
    """Measure and print."""
    project = Project(root)
    if FIGURE not in project.catalogue.figures:
        print(f"\n{FIGURE} is not in this catalogue: skipped")
        return
    with tempfile.TemporaryDirectory() as folder:
        connection = warehouse.open_current(project.versions, project.pointer)
        rows = _repeat_postings(connection, Path(folder) / "postings.duckdb")
        for cut, plain in ((False, PLAIN), (True, PLAIN_CUT)):
            _one(project, connection, cut, plain, rows, runs)
        connection.close()


def _repeat_postings(connection: warehouse.Connection, file: Path) -> int:
    """A copy of the version's postings in a file of its own, so often that there are ten million; its name goes before the version's."""
    connection.execute(f"ATTACH {warehouse.quoted(str(file))} AS many")
    ((there,),) = connection.execute("SELECT count(*) FROM wh.fct_posting").fetchall()
    times = -(-POSTINGS // there)
    repeated = "SELECT p.* FROM wh.fct_posting p CROSS JOIN range($1) ORDER BY municipality_key, month_key"
    connection.execute(f"CREATE TABLE many.fct_posting AS {repeated}", [times])
    connection.execute("CREATE OR REPLACE TEMP VIEW fct_posting AS FROM many.fct_posting")
    return there * times


def _one(project: Project, connection: warehouse.Connection, cut: bool, plain: str, rows: int, runs: int) -> None:
    level = project.vocabulary.reporting_unit.base
    parse = project.calendar.parse
    figure = project.catalogue.figures[FIGURE]
    by = ("main_account",) if cut else ()
    compiled = compile_request(Request(project.catalogue, (figure,), (level,), by, "month", parse(FIRST), parse(LAST)))
    by_hand = _by_hand(cut)

    def asked(sql: str, parameters: dict[str, object] | None = None) -> Callable[[], list[tuple[object, ...]]]:
        return lambda: connection.execute(sql, parameters).fetchall() if parameters else connection.execute(sql).fetchall()

    ours = asked(compiled.sql, dict(compiled.parameters))
    _same(compiled.columns, ours(), asked(by_hand)())
    candidates = {"SQL by hand, same rows and columns": asked(by_hand), "our SQL": ours, "plain sum by hand": asked(plain)}
    title = f"{FIGURE} by {' and '.join([level.id, *by])} and month over {rows:,} postings: {len(ours()):,} rows, median of {runs} runs"
    measure.show(title, measure.calls(candidates, runs), unit="ms")


def _same(columns: Sequence[str], ours: list[tuple[object, ...]], by_hand: list[tuple[object, ...]]) -> None:
    """Stop where the two answers differ in any row or column."""
    if len(ours) != len(by_hand):
        raise SystemExit(f"our SQL gives {len(ours)} rows, the SQL by hand {len(by_hand)}")
    for left, right in zip(ours, by_hand, strict=True):
        for name, a, b in zip(columns, left, right, strict=True):
            if a != b and not (isinstance(a, float) and isinstance(b, float) and math.isclose(a, b, rel_tol=1e-12)):
                raise SystemExit(f"{name} is {a!r}, by hand {b!r}: {left}")
