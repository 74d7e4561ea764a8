"""Landing zone and ledger → dbt → a tested warehouse version that is made current in one step. The only user of dbt."""

from flis_semantic.build.report import BuildReport, Finding
from flis_semantic.build.run import KEPT_VERSIONS, build

__all__ = ["KEPT_VERSIONS", "BuildReport", "Finding", "build"]
