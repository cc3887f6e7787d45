"""Records made readable: tables, figures and one page. Nothing here looks at anything but the records."""

from holdfast.report.records import Run, read_run, read_runs
from holdfast.report.tables import Comparison, Row, comparisons
from holdfast.report.write import write_report

__all__ = ["Comparison", "Row", "Run", "comparisons", "read_run", "read_runs", "write_report"]
