"""SARIF 2.1.0, both ways."""

from bot.findings.sarif_read import SarifReport, is_sarif, read_sarif
from bot.findings.sarif_write import write_sarif

__all__ = ["SarifReport", "is_sarif", "read_sarif", "write_sarif"]
