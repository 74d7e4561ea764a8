"""The way into the pages of many units: one line each, with what is needed from it and how much of its rows was set aside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape

from flis_semantic.quality.page_parts import Cell, Parts
from flis_semantic.quality.page_words import WORDS
from flis_semantic.quality.unit import UnitReport

_KINDS = ("overdue", "held", "correct", "gap", "check")
_FIGURES = ("deliveries", "delivered", "set_aside", "set_aside_pct")


def index_of(reports: Sequence[UnitReport], on: date, languages: Sequence[str]) -> str:
    """A page that leads to `<unit>.html` of every report, in the order given. How many needs of each kind: lines of that page."""
    page = Parts(languages)
    rows: list[list[Cell]] = []
    for report in reports:
        name, code = escape(page.name(report.names) or report.unit), escape(report.unit)
        link = f'<a href="{code}.html">{name}</a> <small>{code}</small>'
        needs = [sum(need["kind"] == kind for need in report.needs) for kind in _KINDS]
        counts = [(page.number(count) if count else "", True) for count in needs]
        rows.append([(link, False), *counts, *((page.number(report.own[name]), True) for name in _FIGURES)])
    columns = ("unit", *(f"index_{kind}" for kind in _KINDS), *_FIGURES)
    made_up = any(row["synthetic"] for report in reports for row in report.deliveries)
    note = f'<p class="note">{page.word("synthetic")}</p>' if made_up else ""
    header = f"<h1>{page.word('title')}</h1><p>{page.word('as_of')} {page.shown(on)}</p>{note}"
    return page.document(WORDS["title"][page.languages[0]], header, [page.section("index", columns, rows)])
