"""From the catalogue and a request to SQL. Pure: knows neither warehouse nor ledger."""

from flis_semantic.compiler.cut_tables import cut_name, cut_table, too_many_rows
from flis_semantic.compiler.metric import Compiled, answer_columns, compile_request
from flis_semantic.compiler.reach import COVERAGE, HOW_FAR, OF_UNITS, Reach
from flis_semantic.compiler.request import Request
from flis_semantic.compiler.rows import UNKNOWN
from flis_semantic.compiler.tables import GeneratedColumn, GeneratedTable, key_figure_tables

__all__ = [
    "COVERAGE",
    "HOW_FAR",
    "OF_UNITS",
    "UNKNOWN",
    "Compiled",
    "GeneratedColumn",
    "GeneratedTable",
    "Reach",
    "Request",
    "answer_columns",
    "compile_request",
    "cut_name",
    "cut_table",
    "key_figure_tables",
    "too_many_rows",
]
