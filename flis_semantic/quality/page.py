"""One unit's quality as one page of HTML: nothing is fetched from elsewhere, everything reads on paper, two languages beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from flis_semantic.quality.page_parts import Cell, Parts
from flis_semantic.quality.page_words import WORDS
from flis_semantic.quality.unit import UnitReport

_MOST_MONTHS = 24
_MOST_PERIODS = 24


def page_of(report: UnitReport, languages: Sequence[str]) -> str:
    """The whole page. The first of the languages stands first; those without words of ours are left out."""
    return _Page(report, languages).html()


class _Page(Parts):
    def __init__(self, report: UnitReport, languages: Sequence[str]) -> None:
        super().__init__(languages)
        self._report = report

    def html(self) -> str:
        report, name = self._report, self.name(self._report.names)
        parts = [self._needs(), self._totals(), self._months(), self._sources(), self._suppliers(), self._rules(), self._calendar()]
        parts += [self._deliveries(), f"<section>{self.heading('reading')}{self.paragraphs('how')}</section>"]
        header = (
            f"<p>{self.word('title')}</p><h1>{escape(name or report.unit)} <small>{escape(report.unit)}</small></h1>"
            f"<p>{self.word('as_of')} {self.shown(report.on)}</p>{self._synthetic()}"
        )
        return self.document(f"{name or report.unit}: {WORDS['title'][self.languages[0]]}", header, parts)

    def _synthetic(self) -> str:
        made_up = any(row["synthetic"] for row in self._report.deliveries)
        return f'<p class="note">{self.word("synthetic")}</p>' if made_up else ""

    def _needs(self) -> str:
        needs = self._report.needs
        if not needs:
            return f'<section class="needs">{self.heading("needs")}<p>{self.word("nothing_needed")}</p></section>'
        parts: list[str] = []
        for kind in dict.fromkeys(need["kind"] for need in needs):
            rows = [need for need in needs if need["kind"] == kind]
            items = "".join(f'<li data-kind="{escape(kind)}">{self._need(need)}</li>' for need in rows)
            parts.append(f"<h3>{self.word(f'need_{kind}')}</h3><ul>{items}</ul>")
        return f'<section class="needs">{self.heading("needs")}{"".join(parts)}</section>'

    def _need(self, need: Mapping[str, Any]) -> str:
        """One thing that is asked for, in a line."""
        source = f"<b>{self._titled(need['source'])}</b>"
        span = need["from"] if need["from"] == need["to"] else f"{need['from']} – {need['to']}"
        match need["kind"]:
            case "overdue":
                count = f" ({self.number(need['periods'])} {self.word('periods')})" if need["periods"] > 1 else ""
                due = f"{self.word('was_due')} {self.shown(need['due_date'])}, {self.number(need['days_late'])} {self.word('days_late')}"
                return f"{source}: {escape(span)}{count}; {due}"
            case "held":
                title = self._titled(f"{need['source']} {need['rule']}") if need["rule"] else ""
                return f"{source}: {escape(span)}. {title} {escape(str(need['reason'] or ''))}"
            case "gap":
                return f"{source}: {self.word('numbers')} {escape(span)}; {self.number(need['rows'])} {self.word('rows_wait')}"
            case _:
                rule = self._titled(f"{need['source']} {need['rule']}")
                return f"{source}: {self.number(need['rows'])} {self.word('rows')} – {rule} <code>{escape(need['rule'])}</code>"

    def _totals(self) -> str:
        own, everybody = self._report.own, self._report.everybody
        columns = ("deliveries", "delivered", "accepted", "set_aside", "set_aside_pct", "warned", "flagged")
        rows = [(self.word("you"), own), (self.word("everybody"), everybody)]
        cells = [[(label, False), *((self.number(row[name]), True) for name in columns)] for label, row in rows]
        return f'<section id="totals">{self.heading("totals")}{self.table(["", *columns], cells)}</section>'

    def _months(self) -> str:
        months = self._report.months[-_MOST_MONTHS:]
        largest = max((row["set_aside_pct"] or 0 for row in months), default=0)
        rows: list[list[Cell]] = []
        for row in months:
            width = 100 * (row["set_aside_pct"] or 0) / largest if largest else 0
            bar = f'<div class="bar" style="width:{width:.1f}%"></div>' if width else ""
            numbers = [(self.number(row[name]), True) for name in ("deliveries", "delivered", "set_aside", "set_aside_pct")]
            rows.append([(escape(row["month"]), False), *numbers, (bar, False)])
        columns = ["month", "deliveries", "delivered", "set_aside", "set_aside_pct", ""]
        return self.section("months", columns, rows)

    def _sources(self) -> str:
        columns = ("deliveries", "delivered", "accepted", "set_aside", "set_aside_pct", "everybody_set_aside_pct")
        return self._part("sources", self._report.sources, ("source",), columns)

    def _suppliers(self) -> str:
        rows = self._report.suppliers if any(row["supplier"] for row in self._report.suppliers) else []
        return self._part("suppliers", rows, ("source", "supplier"), ("deliveries", "delivered", "set_aside", "set_aside_pct"))

    def _part(self, name: str, rows: Sequence[Mapping[str, Any]], texts: Sequence[str], numbers: Sequence[str]) -> str:
        """A section of figures: text columns, then numbers."""
        cells: list[list[Cell]] = []
        for row in rows:
            words = [self._titled(row[text]) if text == "source" else self.shown(row[text] or None) for text in texts]
            cells.append([*((word, False) for word in words), *((self.number(row[number]), True) for number in numbers)])
        return self.section(name, [*texts, *numbers], cells)

    def _rules(self) -> str:
        rows: list[list[Cell]] = []
        for row in sorted(self._report.rules, key=lambda row: (row["source"], -row["rows"], row["rule"])):
            action = self.word(f"action_{row['action']}")
            title = self._titled(f"{row['source']} {row['rule']}") or escape(row["title"])
            told = f"<code>{escape(row['rule'])}</code> {title}"
            numbers = [(self.number(row[name]), True) for name in ("rows", "rows_pct", "deliveries")]
            rows.append([(self._titled(row["source"]), False), (told, False), (action, False), *numbers])
        return self.section("rules", ["source", "rule", "action", "rows_hit", "rows_pct", "deliveries"], rows)

    def _calendar(self) -> str:
        """The latest periods of each source."""
        rows: list[list[Cell]] = []
        by_source: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._report.calendar:
            by_source.setdefault(row["source"], []).append(row)
        for found in by_source.values():
            for row in reversed(found[-_MOST_PERIODS:]):
                name = row["status"]
                status = f'<span class="{escape(name)}">{self.word(f"status_{name}")}</span>'
                days = self.shown(row["due_date"]), self.shown(row["received_on"])
                texts = [self._titled(row["source"]), escape(row["period"]), days[0], status, days[1]]
                late = self.number(row["days_late"]) if row["days_late"] else ""
                rows.append([*((text, False) for text in texts), (late, True), (escape(row["reason"] or ""), False)])
        return self.section("calendar", ["source", "period", "due_date", "status", "received_on", "late", "reason"], rows)

    def _deliveries(self) -> str:
        rows: list[list[Cell]] = []
        for row in self._report.deliveries:
            texts = [self.shown(row["received_at"]), self._titled(row["source"]), f"<code>{escape(row['file'])}</code>"]
            texts.append(self.word(f"verdict_{row['verdict']}"))
            numbers = [(self.number(row[name]), True) for name in ("delivered", "accepted", "set_aside")]
            rows.append([(self.number(row["delivery_id"]), True), *((text, False) for text in texts), *numbers])
        columns = ["delivery_id", "received_at", "source", "file", "verdict", "delivered", "accepted", "set_aside"]
        return self.section("deliveries_newest", columns, rows)

    def _titled(self, key: str) -> str:
        """The title of a source or a rule in every language, else its name."""
        titles = self._report.titles.get(key, {})
        return self.in_all(lambda language: titles.get(language, "")) or ("" if " " in key else escape(key))
