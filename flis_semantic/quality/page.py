"""One unit's quality as one page of HTML: nothing is fetched from elsewhere, everything reads on paper, two languages beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any

from flis_semantic.quality.page_words import STYLE, WORDS
from flis_semantic.quality.unit import UnitReport

_Cell = tuple[str, bool]
"""HTML of a cell, and whether it is a number."""

_MOST_MONTHS = 24
_MOST_PERIODS = 24


def page_of(report: UnitReport, languages: Sequence[str]) -> str:
    """The whole page. The first of the languages stands first; those without words of ours are left out."""
    return _Page(report, [name for name in languages if name in WORDS["needs"]] or ["en"]).html()


class _Page:
    def __init__(self, report: UnitReport, languages: Sequence[str]) -> None:
        self._report = report
        self._languages = languages

    def html(self) -> str:
        report, name = self._report, self._name(self._report.names)
        title = f"{name or report.unit}: {WORDS['title'][self._languages[0]]}"
        parts = [self._needs(), self._totals(), self._months(), self._sources(), self._suppliers(), self._rules(), self._calendar()]
        parts += [self._deliveries(), f"<section>{self._heading('reading')}{self._paragraphs('how')}</section>"]
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(self._languages[0])}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header><p>{self._word('title')}</p><h1>{escape(name or report.unit)} <small>{escape(report.unit)}</small></h1>"
            f"<p>{self._word('as_of')} {self._shown(report.on)}</p>{self._synthetic()}</header>\n"
            + "\n".join(part for part in parts if part)
            + "\n</body>\n</html>\n"
        )

    def _synthetic(self) -> str:
        made_up = any(row["synthetic"] for row in self._report.deliveries)
        return f'<p class="note">{self._word("synthetic")}</p>' if made_up else ""

    def _needs(self) -> str:
        needs = self._report.needs
        if not needs:
            return f'<section class="needs">{self._heading("needs")}<p>{self._word("nothing_needed")}</p></section>'
        parts: list[str] = []
        for kind in dict.fromkeys(need["kind"] for need in needs):
            rows = [need for need in needs if need["kind"] == kind]
            items = "".join(f'<li data-kind="{escape(kind)}">{self._need(need)}</li>' for need in rows)
            parts.append(f"<h3>{self._word(f'need_{kind}')}</h3><ul>{items}</ul>")
        return f'<section class="needs">{self._heading("needs")}{"".join(parts)}</section>'

    def _need(self, need: Mapping[str, Any]) -> str:
        """One thing that is asked for, in a line."""
        source = f"<b>{self._titled(need['source'])}</b>"
        span = need["from"] if need["from"] == need["to"] else f"{need['from']} – {need['to']}"
        match need["kind"]:
            case "overdue":
                count = f" ({self._number(need['periods'])} {self._word('periods')})" if need["periods"] > 1 else ""
                due = (
                    f"{self._word('was_due')} {self._shown(need['due_date'])}, {self._number(need['days_late'])} {self._word('days_late')}"
                )
                return f"{source}: {escape(span)}{count}; {due}"
            case "held":
                title = self._titled(f"{need['source']} {need['rule']}") if need["rule"] else ""
                return f"{source}: {escape(span)}. {title} {escape(str(need['reason'] or ''))}"
            case "gap":
                return f"{source}: {self._word('numbers')} {escape(span)}; {self._number(need['rows'])} {self._word('rows_wait')}"
            case _:
                rule = self._titled(f"{need['source']} {need['rule']}")
                return f"{source}: {self._number(need['rows'])} {self._word('rows')} – {rule} <code>{escape(need['rule'])}</code>"

    def _totals(self) -> str:
        own, everybody = self._report.own, self._report.everybody
        columns = ("deliveries", "delivered", "accepted", "set_aside", "set_aside_pct", "warned", "flagged")
        rows = [(self._word("you"), own), (self._word("everybody"), everybody)]
        cells = [[(label, False), *((self._number(row[name]), True) for name in columns)] for label, row in rows]
        return f'<section id="totals">{self._heading("totals")}{self._table(["", *columns], cells)}</section>'

    def _months(self) -> str:
        months = self._report.months[-_MOST_MONTHS:]
        largest = max((row["set_aside_pct"] or 0 for row in months), default=0)
        rows: list[list[_Cell]] = []
        for row in months:
            width = 100 * (row["set_aside_pct"] or 0) / largest if largest else 0
            bar = f'<div class="bar" style="width:{width:.1f}%"></div>' if width else ""
            numbers = [(self._number(row[name]), True) for name in ("deliveries", "delivered", "set_aside", "set_aside_pct")]
            rows.append([(escape(row["month"]), False), *numbers, (bar, False)])
        columns = ["month", "deliveries", "delivered", "set_aside", "set_aside_pct", ""]
        return self._section("months", columns, rows)

    def _sources(self) -> str:
        columns = ("deliveries", "delivered", "accepted", "set_aside", "set_aside_pct", "everybody_set_aside_pct")
        return self._part("sources", self._report.sources, ("source",), columns)

    def _suppliers(self) -> str:
        rows = self._report.suppliers if any(row["supplier"] for row in self._report.suppliers) else []
        return self._part("suppliers", rows, ("source", "supplier"), ("deliveries", "delivered", "set_aside", "set_aside_pct"))

    def _part(self, name: str, rows: Sequence[Mapping[str, Any]], texts: Sequence[str], numbers: Sequence[str]) -> str:
        """A section of figures: text columns, then numbers."""
        cells: list[list[_Cell]] = []
        for row in rows:
            words = [self._titled(row[text]) if text == "source" else self._shown(row[text] or None) for text in texts]
            cells.append([*((word, False) for word in words), *((self._number(row[number]), True) for number in numbers)])
        return self._section(name, [*texts, *numbers], cells)

    def _rules(self) -> str:
        rows: list[list[_Cell]] = []
        for row in sorted(self._report.rules, key=lambda row: (row["source"], -row["rows"], row["rule"])):
            action = self._word(f"action_{row['action']}")
            title = self._titled(f"{row['source']} {row['rule']}") or escape(row["title"])
            told = f"<code>{escape(row['rule'])}</code> {title}"
            numbers = [(self._number(row[name]), True) for name in ("rows", "rows_pct", "deliveries")]
            rows.append([(self._titled(row["source"]), False), (told, False), (action, False), *numbers])
        return self._section("rules", ["source", "rule", "action", "rows_hit", "rows_pct", "deliveries"], rows)

    def _calendar(self) -> str:
        """The latest periods of each source."""
        rows: list[list[_Cell]] = []
        by_source: dict[str, list[Mapping[str, Any]]] = {}
        for row in self._report.calendar:
            by_source.setdefault(row["source"], []).append(row)
        for found in by_source.values():
            for row in reversed(found[-_MOST_PERIODS:]):
                name = row["status"]
                status = f'<span class="{escape(name)}">{self._word(f"status_{name}")}</span>'
                days = self._shown(row["due_date"]), self._shown(row["received_on"])
                texts = [self._titled(row["source"]), escape(row["period"]), days[0], status, days[1]]
                late = self._number(row["days_late"]) if row["days_late"] else ""
                rows.append([*((text, False) for text in texts), (late, True), (escape(row["reason"] or ""), False)])
        return self._section("calendar", ["source", "period", "due_date", "status", "received_on", "late", "reason"], rows)

    def _deliveries(self) -> str:
        rows: list[list[_Cell]] = []
        for row in self._report.deliveries:
            texts = [self._shown(row["received_at"]), self._titled(row["source"]), f"<code>{escape(row['file'])}</code>"]
            texts.append(self._word(f"verdict_{row['verdict']}"))
            numbers = [(self._number(row[name]), True) for name in ("delivered", "accepted", "set_aside")]
            rows.append([(self._number(row["delivery_id"]), True), *((text, False) for text in texts), *numbers])
        columns = ["delivery_id", "received_at", "source", "file", "verdict", "delivered", "accepted", "set_aside"]
        return self._section("deliveries_newest", columns, rows)

    def _section(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> str:
        return f'<section id="{name}">{self._heading(name)}{self._table(columns, rows)}</section>' if rows else ""

    def _table(self, columns: Sequence[str], rows: Sequence[Sequence[_Cell]]) -> str:
        numeric = [all(row[n][1] for row in rows) for n in range(len(columns))]
        words = [self._word(name) if name else "" for name in columns]
        head = "".join(_cell("th", text, right) for text, right in zip(words, numeric, strict=True))
        lines = ("".join(_cell("td", text, right) for text, right in row) for row in rows)
        body = "".join(f"<tr>{line}</tr>\n" for line in lines)
        return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"

    def _heading(self, name: str) -> str:
        return f"<h2>{self._word(name)}</h2>"

    def _paragraphs(self, name: str) -> str:
        return "".join(f'<p lang="{language}"{self._beside(language)}>{escape(WORDS[name][language])}</p>' for language in self._languages)

    def _word(self, name: str) -> str:
        """A word of ours in every language of the page."""
        return self._in_all(lambda language: WORDS[name].get(language, ""))

    def _titled(self, key: str) -> str:
        """The title of a source or a rule in every language, else its name."""
        titles = self._report.titles.get(key, {})
        return self._in_all(lambda language: titles.get(language, "")) or ("" if " " in key else escape(key))

    def _in_all(self, text: Callable[[str], str]) -> str:
        said = dict.fromkeys(text(language) for language in self._languages)
        spoken = {words: next(name for name in self._languages if text(name) == words) for words in said if words}
        return " ".join(
            escape(words) if name == self._languages[0] else f'<span lang="{name}" class="beside">{escape(words)}</span>'
            for words, name in spoken.items()
        )

    def _beside(self, language: str) -> str:
        return "" if language == self._languages[0] else ' class="beside"'

    def _name(self, names: Mapping[str, str]) -> str:
        return next((names[language] for language in self._languages if names.get(language)), next(iter(names.values()), ""))

    def _number(self, value: float | None) -> str:
        """A number as it is written in the page's first language; its plain value stands in the mark-up."""
        if value is None:
            return "–"
        text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        if isinstance(value, float) and 0 < value < 0.05:
            text = "<0.1"
        if self._languages[0] == "da":
            text = text.translate({ord(","): ".", ord("."): ","})
        return f'<data value="{value}">{escape(text)}</data>'

    def _shown(self, value: object) -> str:
        if value is None:
            return "–"
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return escape(value.isoformat() if isinstance(value, date) else str(value))


def _cell(tag: str, html: str, is_number: bool) -> str:
    return f'<{tag} class="n">{html}</{tag}>' if is_number else f"<{tag}>{html}</{tag}>"
