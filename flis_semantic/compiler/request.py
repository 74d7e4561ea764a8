"""What the compiler is asked for. Names are resolved and checked before; the compiler refuses nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure
from flis_semantic.vocabulary.calendar import Calendar, Period
from flis_semantic.vocabulary.model import RANGE_GRAIN, Level, Vocabulary


@dataclass(frozen=True)
class Request:
    """Key figures by areas, dimensions and periods.

    `first` and `last` bound the periods of `grain` (both inclusive); None on either side means as far as the figures'
    sources reach. For the grain `range` both are the one range.
    """

    catalogue: Catalogue = field(repr=False)
    figures: tuple[KeyFigure, ...]
    levels: tuple[Level, ...]
    dimensions: tuple[str, ...]
    grain: str
    first: Period | None = None
    last: Period | None = None
    area_filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    dimension_filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary of the catalogue."""
        return self.catalogue.vocabulary

    @property
    def calendar(self) -> Calendar:
        """The calendar of the catalogue."""
        return self.catalogue.calendar

    @property
    def is_range(self) -> bool:
        """Whether the answer is about one free range of days."""
        return self.grain == RANGE_GRAIN
