"""What the pages of HTML are made of: words in the languages beside each other, numbers, tables; nothing is fetched from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from html import escape

from flis_semantic.quality.page_words import STYLE, WORDS

Cell = tuple[str, bool]
"""HTML of a cell, and whether it is a number."""


class Parts:
    """The parts of a page in some languages. The first of them stands first; those without words of ours are left out."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = [name for name in languages if name in WORDS["needs"]] or ["en"]

    def document(self, title: str, header: str, parts: Sequence[str]) -> str:
        """The whole page. The title is text, the header and the parts are HTML."""
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(self.languages[0])}">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
            f"<header>{header}</header>\n" + "\n".join(part for part in parts if part) + "\n</body>\n</html>\n"
        )

    def section(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
        """A heading and its table; nothing without rows."""
        return f'<section id="{name}">{self.heading(name)}{self.table(columns, rows)}</section>' if rows else ""

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
        """A table; columns are names of words, empty for none."""
        numeric = [all(row[n][1] for row in rows) for n in range(len(columns))]
        words = [self.word(name) if name else "" for name in columns]
        head = "".join(_cell("th", text, right) for text, right in zip(words, numeric, strict=True))
        lines = ("".join(_cell("td", text, right) for text, right in row) for row in rows)
        body = "".join(f"<tr>{line}</tr>\n" for line in lines)
        return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"

    def heading(self, name: str) -> str:
        """A heading of the second order."""
        return f"<h2>{self.word(name)}</h2>"

    def paragraphs(self, name: str) -> str:
        """A longer text, a paragraph for each language."""
        return "".join(f'<p lang="{language}"{self._beside(language)}>{escape(WORDS[name][language])}</p>' for language in self.languages)

    def word(self, name: str) -> str:
        """A word of ours in every language of the page."""
        return self.in_all(lambda language: WORDS[name].get(language, ""))

    def in_all(self, text: Callable[[str], str]) -> str:
        """What `text` says in every language of the page, once where two say the same."""
        said = dict.fromkeys(text(language) for language in self.languages)
        spoken = {words: next(name for name in self.languages if text(name) == words) for words in said if words}
        return " ".join(
            escape(words) if name == self.languages[0] else f'<span lang="{name}" class="beside">{escape(words)}</span>'
            for words, name in spoken.items()
        )

    def _beside(self, language: str) -> str:
        return "" if language == self.languages[0] else ' class="beside"'

    def name(self, names: Mapping[str, str]) -> str:
        """A name in the first language that has one."""
        return next((names[language] for language in self.languages if names.get(language)), next(iter(names.values()), ""))

    def number(self, value: float | None) -> str:
        """A number as it is written in the page's first language; its plain value stands in the mark-up."""
        if value is None:
            return "–"
        text = f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
        if isinstance(value, float) and 0 < value < 0.05:
            text = "<0.1"
        if self.languages[0] == "da":
            text = text.translate({ord(","): ".", ord("."): ","})
        return f'<data value="{value}">{escape(text)}</data>'

    def shown(self, value: object) -> str:
        """A day, a moment or a text."""
        if value is None:
            return "–"
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return escape(value.isoformat() if isinstance(value, date) else str(value))


def _cell(tag: str, html: str, is_number: bool) -> str:
    return f'<{tag} class="n">{html}</{tag}>' if is_number else f"<{tag}>{html}</{tag}>"
