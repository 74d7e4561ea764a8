"""SQL in the catalogue: expressions and conditions over one row, and conditions that have a name."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from flis_semantic.catalogue.model import Domain
from flis_semantic.errors import suggestion
from flis_semantic.strict_yaml import Location

OWN_COLUMNS = "Only the fact's own columns may be used."
_NAMED = re.compile(r"'(?:[^']|'')*'|\{([^{}]*)\}")
"""A string of SQL, in which braces are braces; else a name in braces."""

_MORE_THAN_A_ROW = (
    *(exp.Query, exp.AggFunc, exp.Window, exp.Star, exp.Columns, exp.UDTF, exp.Explode),
    *(exp.Placeholder, exp.Parameter, exp.Struct),
)
_UNSTEADY = (exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Rand, exp.Uuid)


class Conditions:
    """The named conditions of one domain. What is wrong with one, or with a filter, is reported where it stands."""

    def __init__(self, domain: Domain, report: Callable[..., None]) -> None:
        self._report = report
        self._known: dict[str, str] = {}
        for name, condition in domain.conditions.items():
            self._known[name] = self.written_out(condition, ("conditions", name))

    def written_out(self, condition: str, at: Location) -> str:
        """The condition with every `{name}` replaced by what it stands for, in parentheses."""

        def meaning(match: re.Match[str]) -> str:
            if match.group(1) is None:
                return match.group()
            name = match.group(1).strip()
            if name not in self._known:
                self._report(
                    f"There is no condition '{name}'.", at, hint=suggestion(name, self._known) if self._known else "Declare it above."
                )
                return "true"
            return f"({self._known[name]})"

        found = _NAMED.sub(meaning, condition)
        problem = expression_problem(found)
        if problem is not None:
            self._report(f"The condition {problem}", at, hint=OWN_COLUMNS)
        return found


def expression_problem(text: str) -> str | None:
    """What keeps a text from being an expression over one row; None when nothing does."""
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except ParseError:
        return "is not a SQL expression."
    if not isinstance(tree, exp.Condition) or tree.find(*_MORE_THAN_A_ROW) is not None:
        return "must be an expression over one row, without a query, aggregate or window."
    unsteady = tree.find(*_UNSTEADY)
    if unsteady is not None:
        return f"has another value every time it is read: {unsteady.sql(dialect='duckdb')}."
    qualified = next((c for c in tree.find_all(exp.Column) if c.table), None)
    return f"qualifies the column {qualified.sql()}." if qualified is not None else None
