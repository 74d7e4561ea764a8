"""The same question twice: as a query to a Cube definition, and to the query core."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flis_semantic.catalogue.resolved import Catalogue, KeyFigure
from flis_semantic.vocabulary.model import BUILT_IN_GRAINS, Level
from tests.integration.cube.planner import Query

UNIT_PARTS = ("numerator", "denominator", "members")
AREA_PARTS = (*UNIT_PARTS, "status", "reason", "complete", "members_expected", "denominator_share", "series_break")


@dataclass(frozen=True)
class Question:
    """One key figure at one grain and area level, asked of the cube that adds units or of the cube of finished areas."""

    figure: KeyFigure
    grain: str
    level: Level
    of_areas: bool

    @property
    def name(self) -> str:
        """How the query is called."""
        return f"{self.figure.id} by {self.level.id} and {self.grain} from {self.cube}"

    @property
    def cube(self) -> str:
        """The cube that is asked."""
        return f"{self.figure.domain}_{self.grain}" + ("_areas" if self.of_areas else "")

    @property
    def area(self) -> str | None:
        """Member with the area's code; None for the whole, which no unit's row names."""
        return f"{self.cube}.area" if self.of_areas else f"{self.cube}.{self.level.code}" if self.level.code else None

    @property
    def parts(self) -> tuple[str, ...]:
        """Parts of the answer that the cube has beside the value."""
        if self.of_areas:
            return AREA_PARTS
        return UNIT_PARTS if self.figure.denominator else ("numerator", "members")

    def member(self, part: str) -> str:
        """Member with the value or a part of it."""
        return f"{self.cube}.{self.figure.name}" + ("" if part == "value" else f"_{part}")

    @property
    def query(self) -> Query:
        """The query in Cube's form: all periods, by label and by first day."""
        query: Query = {
            "measures": [self.member(part) for part in ("value", *self.parts)],
            "dimensions": [*([self.area] if self.area else []), f"{self.cube}.period"],
        }
        if self.grain in BUILT_IN_GRAINS:
            query["timeDimensions"] = [{"dimension": f"{self.cube}.period_start", "granularity": self.grain}]
        if self.of_areas:
            query["filters"] = [{"member": f"{self.cube}.area_level", "operator": "equals", "values": [self.level.id]}]
        return query


def questions(catalogue: Catalogue) -> Iterator[Question]:
    """Every key figure at every publish grain and level, from every cube that has it."""
    for figure in catalogue.figures.values():
        for grain in figure.publish_grains:
            for level in catalogue.vocabulary.reporting_unit.levels:
                yield Question(figure, grain, level, of_areas=True)
                if figure.adds_over_units:
                    yield Question(figure, grain, level, of_areas=False)
