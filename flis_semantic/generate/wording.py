"""Titles and descriptions in generated files: the project's first language in front, the others beside it.

The few fixed words (a numerator, a status, a month) stand here in Danish and English; a project in another language gets
the English ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flis_semantic.vocabulary.model import Vocabulary

Texts = Mapping[str, str]
"""One text by language."""

ENGLISH = "en"

GRAINS: Mapping[str, Texts] = {
    "day": {"da": "Dag", "en": "Day"},
    "week": {"da": "Uge", "en": "Week"},
    "month": {"da": "Måned", "en": "Month"},
    "quarter": {"da": "Kvartal", "en": "Quarter"},
    "year": {"da": "År", "en": "Year"},
}
PARTS: Mapping[str, Texts] = {
    "numerator": {"da": "tæller", "en": "numerator"},
    "denominator": {"da": "nævner", "en": "denominator"},
    "status": {"da": "status", "en": "status"},
    "reason": {"da": "begrundelse", "en": "reason"},
    "complete": {"da": "fuldstændig", "en": "complete"},
    "members": {"da": "enheder, der indgår i værdien", "en": "units in the value"},
    "members_expected": {"da": "forventede enheder", "en": "units expected"},
    "denominator_share": {"da": "dækning af nævneren", "en": "share of the denominator covered"},
    "series_break": {"da": "databrud", "en": "break in the series"},
}
PER: Texts = {"da": "pr.", "en": "by"}
ABOUT_UNITS: Texts = {
    "da": "Nøgletal, der kan beregnes for enhver gruppe af enheder i én periode. Spænder en forespørgsel over flere perioder, "
    "er værdien tom, medmindre nøgletallet kan lægges sammen over tid.",
    "en": "Key figures that can be given for any set of units in one period. Where a query spans several periods the value is empty, "
    "unless the figure adds over time.",
}
ABOUT_CUTS: Texts = {
    "da": "Nøgletal opdelt efter kode, som kan beregnes for enhver gruppe af enheder i én periode. Lægges noget sammen, der er gentaget "
    "for hver kode (for eksempel et folketal), er værdien tom.",
    "en": "Key figures by code, which can be given for any set of units in one period. Where something is added that is repeated for "
    "every code (a population, say) the value is empty.",
}
ABOUT_AREAS: Texts = {
    "da": "Færdige nøgletal for hvert område og hver periode med status og dækning. De lægges aldrig sammen: spænder en forespørgsel over "
    "flere områder eller perioder, er værdien tom.",
    "en": "Finished key figures of each area and period, with status and coverage. They are never added: where a query spans several "
    "areas or periods the value is empty.",
}
ABOUT_FACTS: Texts = {
    "da": "Tallene, som de blev leveret: det, der mangler eller er tilbageholdt, er ikke med i summen. "
    "Nøgletallene viser, hvad der er fuldstændigt.",
    "en": "The numbers as delivered: what is missing or withheld is not in the sum. The key figures say what is complete.",
}
AREAS: Texts = {"da": "områder", "en": "areas"}
AREA: Texts = {"da": "Område", "en": "Area"}
AREA_LEVEL: Texts = {"da": "Områdets niveau", "en": "Level of the area"}
AREA_CODE: Texts = {"da": "Områdets kode", "en": "Code of the area"}
CODE: Texts = {"da": "kode", "en": "code"}
NAME: Texts = {"da": "navn", "en": "name"}
KIND: Texts = {"da": "Tæller med i totaler", "en": "Counted in totals"}
PERIOD: Texts = {"da": "Periode", "en": "Period"}
PERIOD_START: Texts = {"da": "Periodens første dag", "en": "First day of the period"}
PERIOD_END: Texts = {"da": "Periodens sidste dag", "en": "Last day of the period"}
PERIOD_GRAIN: Texts = {"da": "Periodetype", "en": "Kind of period"}
IN_FORCE_FROM: Texts = {"da": "Gælder fra", "en": "In force from"}
IN_FORCE_TO: Texts = {"da": "Gælder til og med", "en": "In force to"}
VERSION: Texts = {"da": "Version", "en": "Version"}
VINTAGE: Texts = {"da": "Datavintage", "en": "Vintage"}
FACTS: Texts = {"da": "Grundtal", "en": "Facts"}
SOURCES: Texts = {"da": "Kildernes status", "en": "Status of the sources"}
SOURCE: Texts = {"da": "Kilde", "en": "Source"}
SERIES: Texts = {"da": "Serie", "en": "Series"}
DATA_TO: Texts = {"da": "Data indtil (dagen ikke medregnet)", "en": "Data to (the day after)"}
SYNTHETIC: Texts = {"da": "Syntetiske data", "en": "Synthetic data"}


@dataclass(frozen=True)
class Wording:
    """Chooses among the languages of one project; the first is the default."""

    languages: tuple[str, ...]

    def main(self, texts: Texts) -> str:
        """The text in the project's first language that has one, else in English."""
        return next((texts[language] for language in (*self.languages, ENGLISH) if texts.get(language)), "")

    def english(self, texts: Texts) -> str:
        """The English text; the first language's where there is none."""
        return texts.get(ENGLISH) or self.main(texts)

    def others(self, field: str, texts: Texts) -> dict[str, str]:
        """The text in every other language of the project, as `<field>_<language>`."""
        return {f"{field}_{language}": texts[language] for language in self.languages[1:] if texts.get(language)}

    def joined(self, *parts: Texts, by: str = ", ") -> dict[str, str]:
        """Several texts side by side, in every language of the project."""
        return {language: by.join(part.get(language) or self.english(part) for part in parts) for language in self.languages}


def within(texts: Texts) -> dict[str, str]:
    """The texts as they stand inside a sentence: the first letter small."""
    return {language: text[:1].lower() + text[1:] for language, text in texts.items()}


def grain_title(vocabulary: Vocabulary, grain: str) -> Texts:
    """What a grain is called."""
    declared = vocabulary.calendars.get(grain)
    return declared.title if declared is not None else GRAINS[grain]
