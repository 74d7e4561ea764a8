"""From the catalogue to files that other tools read: key-figure models for dbt, definitions for Cube."""

from flis_semantic.generate.files import CheckReport, GenerateReport, check, check_once, generate

__all__ = ["CheckReport", "GenerateReport", "check", "check_once", "generate"]
