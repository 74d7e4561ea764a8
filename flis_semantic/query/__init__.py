"""The one query core: every front end asks here."""

from flis_semantic.query.parse import Asked, parse_request
from flis_semantic.query.result import QueryResult
from flis_semantic.query.session import Session

__all__ = ["Asked", "QueryResult", "Session", "parse_request"]
