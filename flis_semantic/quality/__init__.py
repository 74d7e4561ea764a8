"""What became of every delivered row, and how complete the sources are."""

from flis_semantic.quality.coverage import coverage_rows, missing_rows
from flis_semantic.quality.report import QualityReport, quality_report
from flis_semantic.quality.set_aside import set_aside_rows

__all__ = ["QualityReport", "coverage_rows", "missing_rows", "quality_report", "set_aside_rows"]
