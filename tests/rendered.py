"""Generated models as SQL that runs without dbt."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from types import SimpleNamespace

from jinja2 import Environment


def plain_sql(
    model: str,
    *,
    periods: Iterable[int] | None = None,
    units: Iterable[int] | None = None,
    figures: Collection[str] | None = None,
    this: str = "",
) -> str:
    """The text of a generated model with tables for its refs, of these periods, units and figures (None: all), the rest from `this`."""
    macros = SimpleNamespace(
        touched_rows=lambda: SimpleNamespace(figures=figures),
        touched_periods=lambda touched: _among("period_key", periods),
        touched_units=lambda touched, column: _among(column, units),
    )
    return Environment(autoescape=False).from_string(model).render(ref=lambda name: name, flis_project=macros, this=this)  # noqa: S701 - SQL


def _among(column: str, keys: Iterable[int] | None) -> str:
    return "true" if keys is None else f"{column} IN ({', '.join(map(str, keys))})"
