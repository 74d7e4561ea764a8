"""Period keys and days as SQL: the arithmetic of `vocabulary/calendar.py`, on date expressions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlglot import exp

from flis_semantic.compiler.sql import Expr, both, case, cast, day, eq, ge, le, lt, minus, num, plus, table, times
from flis_semantic.vocabulary.calendar import Calendar

Make = Callable[[], Expr]
"""A function that makes an expression anew each time, because a node can stand in one place only."""

PERIODS_MODEL = "dim_period"


def key_of(calendar: Calendar, grain: str, value: Make) -> Expr:
    """Key of the period of `grain` that contains the date."""
    if grain == "day":
        return days_since_epoch(value())
    if grain == "week":
        return exp.Paren(this=exp.IntDiv(this=exp.Paren(this=plus(days_since_epoch(value()), num(3))), expression=num(7)))
    if grain == "month":
        return minus(plus(times(part("year", value()), num(12)), part("month", value())), num(1))
    if grain == "quarter":
        return minus(plus(times(part("year", value()), num(4)), part("quarter", value())), num(1))
    start_month, start_day = calendar.starts(grain)
    if (start_month, start_day) == (1, 1):
        return part("year", value())
    month_day = plus(times(part("month", value()), num(100)), part("day", value()))
    return minus(part("year", value()), case((lt(month_day, num(start_month * 100 + start_day)), num(1)), otherwise=num(0)))


def part(name: str, value: Expr) -> Expr:
    """EXTRACT(name FROM value)"""
    return exp.Extract(this=exp.Var(this=name.upper()), expression=value)


def days_since_epoch(value: Expr) -> Expr:
    """Days from 1970-01-01 to a date."""
    return exp.DateDiff(this=value, expression=day(date(1970, 1, 1)), unit=exp.Var(this="DAY"))


def days_between(first: Expr, last: Expr) -> Expr:
    """Days from first to last, both counted."""
    return plus(exp.DateDiff(this=last, expression=first, unit=exp.Var(this="DAY")), num(1))


def days_after(value: Expr, count: int) -> Expr:
    """The date so many days after (before, when negative)."""
    shift: type[exp.Binary] = exp.Add if count >= 0 else exp.Sub
    return cast(shift(this=value, expression=_interval(abs(count), "DAY")), "DATE")


def age_on(born: Make, on: Make) -> Expr:
    """Completed years from a date of birth to a day."""

    def place(value: Make) -> Expr:
        return plus(times(part("month", value()), num(100)), part("day", value()))

    return minus(minus(part("year", on()), part("year", born())), case((lt(place(on), place(born)), num(1)), otherwise=num(0)))


def birthday_in(born: Make, year: Make) -> Expr:
    """The day in a year on which another year since the birth is completed: 1 March of a year that lacks the 29 February."""
    years = exp.Paren(this=minus(year(), part("year", born())))
    moved = cast(exp.DateAdd(this=born(), expression=years, unit=exp.Var(this="YEAR")), "DATE")
    shorter = both(eq(part("day", born()), num(29)), eq(part("day", moved), num(28)))
    assert shorter is not None
    return case((shorter, days_after(moved.copy(), 1)), otherwise=moved.copy())


def months_before(value: Expr, count: int) -> Expr:
    """The date so many months before; the last day of a shorter month where the day does not exist."""
    return cast(exp.Sub(this=value, expression=_interval(count, "MONTH")), "DATE")


def containing(alias: str, grain: Expr, value: Expr) -> exp.Join:
    """JOIN the period table's row of a grain that contains a date."""
    found = both(
        eq(exp.column("grain", alias), grain),
        le(exp.column("start_date", alias), value),
        ge(exp.column("end_date", alias), value.copy()),
    )
    return exp.Join(this=table(PERIODS_MODEL, alias), on=found, side="LEFT")


def _interval(count: int, unit: str) -> exp.Interval:
    return exp.Interval(this=exp.Literal.string(str(count)), unit=exp.Var(this=unit))
