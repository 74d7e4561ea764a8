"""What became of every delivered row, and how complete the sources are."""

from flis_semantic.quality.coverage import coverage_rows, missing_rows
from flis_semantic.quality.report import QualityReport, quality_report

__all__ = ["QualityReport", "coverage_rows", "missing_rows", "quality_report"]
