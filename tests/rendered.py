"""Generated models as SQL that runs without dbt."""

from __future__ import annotations

import re


def plain_sql(model: str) -> str:
    """The text of a generated model with tables for its refs, of all periods and units."""
    named = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", model)
    return re.sub(r"\{\{ flis_project\.touched_\w+\([^)]*\) \}\}", "true", named)
