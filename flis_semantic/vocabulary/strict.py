"""What every model of a definition file is made of: frozen, nothing unknown, ids and days in one form."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _day_of_the_year(value: str) -> str:
    try:
        date.fromisoformat(f"2000-{value}")
    except ValueError:
        raise ValueError(f"'{value}' is no day of the year (MM-DD)") from None
    return value


MonthDay = Annotated[
    str, AfterValidator(_day_of_the_year), Field(description="MM-DD", json_schema_extra={"pattern": "^[0-9]{2}-[0-9]{2}$"})
]


class Strict(BaseModel):
    """Frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
